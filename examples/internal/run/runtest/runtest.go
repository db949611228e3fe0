// Package runtest starts, stops and kills programs of package run in their tests.
//
// A test that kills its program needs it in a process of its own: the test binary becomes the
// program when it is started as a child. So the tests of a program have
//
//	func TestMain(m *testing.M) { runtest.Main(m, main) }
package runtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tendril-nas/tendril/examples/internal/run"
)

const childVariable = "TENDRIL_TEST_CHILD"

// Main runs the tests, or the program where a test has started it as a child. It does not return.
func Main(m *testing.M, program func()) {
	if os.Getenv(childVariable) != "" {
		program()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// Starter is the Start method of a Program.
type Starter func(ctx context.Context, args []string, s run.Streams) int

// Run runs the program here and returns its exit code and what it printed.
func (start Starter) Run(t testing.TB, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = start(t.Context(), args, run.Streams{In: strings.NewReader(""), Out: &out, Err: &errs})
	return code, out.String(), errs.String()
}

// Stop interrupts the program here as soon as it has printed a text, and expects that it says so.
func (start Starter) Stop(t testing.TB, text string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var errs bytes.Buffer
	code := start(ctx, args, run.Streams{In: strings.NewReader(""), Out: &stopper{text, cancel}, Err: &errs})
	if code != run.ExitInterrupted || !strings.Contains(errs.String(), "stopped") {
		t.Fatalf("interrupted after %q: exit code %d, %q", text, code, errs.String())
	}
}

// stopper calls stop when it is given a certain text.
type stopper struct {
	text string
	stop func()
}

func (s *stopper) Write(p []byte) (int, error) {
	if strings.Contains(string(p), s.text) {
		s.stop()
	}
	return len(p), nil
}

// Report runs the program here to its end and returns what -json says, in which nothing may be
// unknown to R.
func Report[R any](t testing.TB, start Starter, args ...string) (r R, stdout string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "report.json")
	code, stdout, stderr := start.Run(t, append(args[:len(args):len(args)], "-json", path)...)
	if code != run.ExitOK {
		t.Fatalf("%v: exit code %d\n%s%s", args, code, stdout, stderr)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&r); err != nil {
		t.Fatal(err)
	}
	return r, stdout
}

// SignalWhen starts the program as a child and sends it a signal some time after a file has
// appeared, or one that matches the pattern file as filepath.Glob has it. It returns the exit code,
// −1 after a kill, and what went to standard error. A program that ends before the file is there is
// left alone.
func SignalWhen(t testing.TB, s os.Signal, file string, delay time.Duration,
	args ...string) (code int, stderr string) {
	t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), childVariable+"=1")
	var errs bytes.Buffer
	cmd.Stderr = &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	for {
		select {
		case err := <-done:
			if err != nil && !errors.As(err, new(*exec.ExitError)) {
				t.Fatal(err)
			}
			return cmd.ProcessState.ExitCode(), errs.String()
		case <-time.After(time.Millisecond):
		}
		if there, _ := filepath.Glob(file); len(there) > 0 && s != nil {
			time.Sleep(delay)
			_ = cmd.Process.Signal(s) // it may have ended meanwhile
			s = nil
		}
	}
}
