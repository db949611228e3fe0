package checkpoint

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var s []string
	for _, e := range entries {
		s = append(s, e.Name())
	}
	return s
}

func TestFailedWriteKeepsTheOldFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x")
	if err := WriteBytesAtomic(path, []byte("old")); err != nil {
		t.Fatal(err)
	}
	boom := errors.New("boom")
	err := WriteFileAtomic(path, func(w io.Writer) error {
		io.WriteString(w, "half of the new")
		return boom
	})
	if !errors.Is(err, boom) {
		t.Errorf("error %v", err)
	}
	if got, _ := os.ReadFile(path); string(got) != "old" {
		t.Errorf("file holds %q", got)
	}
	if n := names(t, dir); len(n) != 1 {
		t.Errorf("directory holds %q", n)
	}
	if err := WriteBytesAtomic(filepath.Join(dir, "none", "x"), nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing directory: %v", err)
	}
	if err := os.Mkdir(filepath.Join(dir, "d"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := WriteBytesAtomic(filepath.Join(dir, "d"), nil); err == nil {
		t.Error("a directory was replaced")
	}
	if n := names(t, dir); len(n) != 2 {
		t.Errorf("directory holds %q", n)
	}
}

// A writer that was killed leaves its temporary file; readers and later writers do not mind, and it
// can be cleaned away.
func TestTemporaryFileOfAKilledWriter(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.ckpt")
	meta, tensors := sample()
	if err := Write(path, "demo", 1, meta, tensors); err != nil {
		t.Fatal(err)
	}
	whole := encoded(t)
	for i := range 3 {
		name := fmt.Sprintf(".x.ckpt%s%d-%d", tempMark, os.Getpid(), i)
		if err := os.WriteFile(filepath.Join(dir, name), whole[:i*100], 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, other := range []string{".x.ckpt.tmp-a", ".y.ckpt.tmp-1-0", "x.ckpt.tmp-1-0"} {
		if err := os.WriteFile(filepath.Join(dir, other), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Read(path, "demo", 1, nil); err != nil {
		t.Error(err)
	}
	if err := Write(path, "demo", 2, meta, tensors); err != nil {
		t.Error(err)
	}
	if n := names(t, dir); len(n) != 7 {
		t.Errorf("directory holds %q", n)
	}
	if err := RemoveTemporaries(dir); err != nil {
		t.Error(err)
	}
	if n := names(t, dir); len(n) != 3 {
		t.Errorf("directory holds %q", n)
	}
	if err := RemoveTemporaries(filepath.Join(dir, "none")); err != nil {
		t.Error(err)
	}
}

func TestConcurrentWriters(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	var wg sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		wg.Go(func() {
			for range 5 {
				errs[i] = errors.Join(errs[i], Write(path, "k", 1, i, map[string]Tensor{"w": Of([]int{1000}, make([]float64, 1000))}))
				var got int
				_, err := Read(path, "k", 1, &got)
				errs[i] = errors.Join(errs[i], err)
			}
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Error(err)
	}
}

// crashEnv names the file that a child process of TestKilledWriter rewrites until it is killed.
const crashEnv = "TENDRIL_TEST_CHECKPOINT_CRASH"

// lockEnv names the folder that a child process locks until it is killed.
const lockEnv = "TENDRIL_TEST_CHECKPOINT_LOCK"

func TestMain(m *testing.M) {
	if dir := os.Getenv(lockEnv); dir != "" {
		if _, err := Lock(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println("locked")
		time.Sleep(time.Minute)
		os.Exit(0)
	}
	if path := os.Getenv(crashEnv); path != "" {
		tensors := map[string]Tensor{"w": Of([]int{1 << 18}, make([]float64, 1<<18))}
		for i := 1; ; i++ {
			if err := Write(path, "crash", 1, i, tensors); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
		}
	}
	os.Exit(m.Run())
}

// A process killed at any moment leaves a whole checkpoint.
func TestKilledWriter(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.ckpt")
	for i := range 6 {
		if err := Write(path, "crash", 1, 0, nil); err != nil {
			t.Fatal(err)
		}
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), crashEnv+"="+path)
		child.Stderr = os.Stderr
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		round := 0
		for round < 2 { // until it is at work; every read on the way must succeed too
			if _, err := Read(path, "crash", 1, &round); err != nil {
				t.Errorf("beside a writer: %v", err)
				break
			}
		}
		time.Sleep(time.Duration(3*i) * time.Millisecond)
		if err := child.Process.Kill(); err != nil {
			t.Fatalf("the writer ended by itself: %v", err)
		}
		child.Wait() // reports the kill
		if _, err := Read(path, "crash", 1, &round); err != nil {
			t.Fatalf("after kill %d: %v", i, err)
		}
	}
	if err := RemoveTemporaries(filepath.Dir(path)); err != nil {
		t.Fatal(err)
	}
	if n := names(t, filepath.Dir(path)); len(n) != 1 {
		t.Errorf("directory holds %q", n)
	}
}

// A folder is made with those above it, and one that is there stays.
func TestMakeDir(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a", "b")
	for range 2 {
		if err := MakeDir(path); err != nil {
			t.Fatal(err)
		}
		if err := WriteBytesAtomic(filepath.Join(path, "x"), nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := MakeDir(filepath.Join(path, "x")); err == nil {
		t.Error("a file is taken for a folder")
	}
	if n := names(t, path); len(n) != 1 {
		t.Errorf("directory holds %q", n)
	}
}
