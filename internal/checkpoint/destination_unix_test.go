//go:build unix

package checkpoint

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
)

// A symbolic link stays one, also through a second one and when it leads nowhere yet.
func TestLinkStays(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "d"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "d", "file"), []byte("old"), 0o640); err != nil {
		t.Fatal(err)
	}
	for link, to := range map[string]string{"one": "d/file", "two": "one", "none": "d/new", "round": "round",
		"lost": "nowhere/x"} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	for link, file := range map[string]string{"one": "d/file", "two": "d/file", "none": "d/new"} {
		if err := WriteBytesAtomic(filepath.Join(dir, link), []byte(link)); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(filepath.Join(dir, file)); err != nil || string(got) != link {
			t.Errorf("%s holds %q, %v", file, got, err)
		}
	}
	for _, link := range []string{"round", "lost"} {
		if err := WriteBytesAtomic(filepath.Join(dir, link), nil); err == nil {
			t.Errorf("%s: no error", link)
		}
	}
	for _, link := range []string{"one", "two", "none", "round", "lost"} {
		if info, err := os.Lstat(filepath.Join(dir, link)); err != nil || info.Mode()&os.ModeSymlink == 0 {
			t.Errorf("%s is no link any more: %v", link, err)
		}
	}
	if info, err := os.Stat(filepath.Join(dir, "d", "file")); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("permissions %v, %v", info.Mode(), err)
	}
	if n := names(t, filepath.Join(dir, "d")); len(n) != 2 {
		t.Errorf("the folder holds %q", n)
	}
}

// A named pipe gets the whole file and stays a pipe.
func TestPipeIsWrittenInto(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(path, filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path, filepath.Join(dir, "link")} {
		wrote := make(chan error)
		go func() {
			meta, tensors := sample()
			wrote <- Write(name, "demo", 2, meta, tensors)
		}()
		got, err := os.ReadFile(path)
		if err := <-wrote; err != nil {
			t.Fatal(err)
		}
		if err != nil || string(got) != string(encoded(t)) {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
		if info, err := os.Lstat(path); err != nil || info.Mode()&os.ModeNamedPipe == 0 {
			t.Errorf("%s is no pipe any more: %v", path, err)
		}
	}
	if n := names(t, dir); len(n) != 2 {
		t.Errorf("the folder holds %q", n)
	}
}

// A device is written into through a link to it: should that be replaced, the link would be, and
// not the machine's device.
func TestDeviceIsWrittenInto(t *testing.T) {
	path := filepath.Join(t.TempDir(), "null")
	if err := os.Symlink(os.DevNull, path); err != nil {
		t.Fatal(err)
	}
	if err := WriteBytesAtomic(path, []byte("gone")); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(path); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link was replaced: %v", err)
	}
	if info, err := os.Stat(os.DevNull); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		t.Errorf("%s is no device any more: %v", os.DevNull, err)
	}
}

// What is open already, as standard output is, is added to and not replaced.
func TestOpenFileIsAddedTo(t *testing.T) {
	if _, err := os.Stat("/proc/self/fd"); err != nil {
		t.Log("files that are open have no names here")
		return
	}
	f, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	io.WriteString(f, "before ")
	path := filepath.Join("/proc/self/fd", strconv.Itoa(int(f.Fd())))
	if err := WriteBytesAtomic(path, []byte("saved")); err != nil {
		t.Fatal(err)
	}
	io.WriteString(f, " after")
	if got, err := os.ReadFile(f.Name()); err != nil || string(got) != "before saved after" {
		t.Errorf("file holds %q, %v", got, err)
	}
}

// What is written late and read back has to be a regular file, in a folder that takes files. Asking
// leaves nothing behind, and reading a pipe does not wait for a writer.
func TestWritable(t *testing.T) {
	dir := t.TempDir()
	pipe, null, link := filepath.Join(dir, "pipe"), filepath.Join(dir, "null"), filepath.Join(dir, "link")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for from, to := range map[string]string{null: os.DevNull, link: "new"} {
		if err := os.Symlink(to, from); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{pipe, null} {
		if err := Writable(path); !errors.Is(err, errStream) {
			t.Errorf("%s: error %v", path, err)
		}
		if _, err := Read(path, "demo", 1, nil); !errors.Is(err, errStream) {
			t.Errorf("reading %s: error %v", path, err)
		}
		if _, err := Inspect(path); !errors.Is(err, errStream) {
			t.Errorf("looking at %s: error %v", path, err)
		}
	}
	for _, path := range []string{dir, filepath.Join(dir, "none", "file")} {
		if err := Writable(path); err == nil {
			t.Errorf("%s: no error", path)
		}
	}
	for _, path := range []string{link, filepath.Join(dir, "file")} {
		if err := Writable(path); err != nil {
			t.Error(err)
		}
	}
	if n := names(t, dir); len(n) != 3 {
		t.Errorf("the folder holds %q", n)
	}
}
