package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tendril-nas/tendril/examples/adaxpert/internal/growth"
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/examples/internal/stripes"
)

// childVariable makes the test binary be the program, so that a test can kill it.
const childVariable = "TENDRIL_ADAXPERT_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" {
		main()
	}
	os.Exit(m.Run())
}

// tinyData makes images of four classes.
func tinyData(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := stripes.Write(dir, 12, 240, 80); err != nil {
		t.Fatal(err)
	}
	return dir
}

// tiny is a configuration that goes through everything in about a second.
func tiny(data string, more ...string) []string {
	return append([]string{"-data", data, "-width", "0.2", "-volumes", "20,60,100", "-val", "0.25", "-epsilon", "0.1",
		"-supernet-epochs", "2", "-supernet-later-epochs", "1", "-supernet-steps", "8", "-supernet-batch", "16",
		"-retrain-epochs", "4", "-retrain-later-epochs", "3", "-retrain-steps", "10", "-retrain-batch", "16",
		"-iterations", "12", "-candidates", "3", "-reward-images", "12", "-calibration", "24", "-adjuster-lr", "0.01"}, more...)
}

func start(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	return growth.Program().Start(ctx, args, run.Streams{In: strings.NewReader(""), Out: stdout, Err: stderr})
}

func runHere(t *testing.T, args []string) (stdout string) {
	t.Helper()
	var out, errs bytes.Buffer
	if code := start(t.Context(), args, &out, &errs); code != run.ExitOK {
		t.Fatalf("exit code %d\n%s%s", code, out.String(), errs.String())
	}
	return out.String()
}

func readReport(t *testing.T, path string) growth.Report {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var r growth.Report
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&r); err != nil {
		t.Fatal(err)
	}
	return r
}

// TestKilledRunEndsTheSame kills the program whenever a certain file appears, which is just before, in or after each kind of work, and
// at odd moments between, and lets it go on each time.
func TestKilledRunEndsTheSame(t *testing.T) {
	data := tinyData(t)
	whole := filepath.Join(t.TempDir(), "whole.json")
	runHere(t, tiny(data, "-final-epochs", "2", "-json", whole))
	want := readReport(t, whole)

	out := filepath.Join(t.TempDir(), "run")
	result := filepath.Join(t.TempDir(), "killed.json")
	args := tiny(data, "-final-epochs", "2", "-out", out, "-resume", "-json", result)
	for _, moment := range []struct {
		file  string
		delay time.Duration
	}{
		{"settings.json", 0}, {"supernet-1.part", 0}, {"supernet-1.ckpt", time.Millisecond}, {"retrain-1.part", 2 * time.Millisecond},
		{"retrain-1.json", 0}, {"measure-2.json", 20 * time.Millisecond}, {"supernet-2.ckpt", 60 * time.Millisecond},
		{"retrain-2.part", 5 * time.Millisecond}, {"model-2.ckpt", 0}, {"supernet-3.ckpt", 150 * time.Millisecond}, {"final.part", 0}, {"model.ckpt", 0}, {"final.json", 0},
	} {
		killWhen(t, args, filepath.Join(out, moment.file), moment.delay)
	}
	child(t, args, nil)
	got := readReport(t, result)
	if d := cmp.Diff(want.WithoutSeconds(), got.WithoutSeconds()); d != "" {
		t.Errorf("the killed run ends otherwise (-whole +killed):\n%s", d)
	}
	for _, name := range []string{"accuracy.png", "madds.png", "architectures.svg", "model.ckpt", "log.txt"} {
		if info, err := os.Stat(filepath.Join(out, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	left, err := filepath.Glob(filepath.Join(out, "*.part"))
	if err != nil || len(left) > 0 {
		t.Errorf("left over: %v %v", left, err)
	}
	// A finished run can be shown again, without its settings.
	again := filepath.Join(t.TempDir(), "again.json")
	runHere(t, []string{"-resume", "-out", out, "-json", again})
	if d := cmp.Diff(got.WithoutSeconds(), ptr(readReport(t, again)).WithoutSeconds()); d != "" {
		t.Errorf("shown again (-first +again):\n%s", d)
	}
}

func ptr[T any](v T) *T { return &v }

// killWhen starts the program and kills it some time after a file has appeared. A program that ends before is left alone.
func killWhen(t *testing.T, args []string, file string, delay time.Duration) {
	t.Helper()
	child(t, args, func(kill func(), done <-chan struct{}) {
		for {
			select {
			case <-done:
				return
			case <-time.After(time.Millisecond):
			}
			if _, err := os.Stat(file); err == nil {
				time.Sleep(delay)
				kill()
				return
			}
		}
	})
}

// child runs the program in a process of its own.
func child(t *testing.T, args []string, watch func(kill func(), done <-chan struct{})) {
	t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), childVariable+"=1")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done, watched := make(chan struct{}), make(chan struct{})
	killed := false
	go func() {
		defer close(watched)
		if watch != nil {
			watch(func() { killed = true; _ = cmd.Process.Kill() }, done)
		}
	}()
	err := cmd.Wait()
	close(done)
	<-watched
	var exit *exec.ExitError
	if err != nil && !(killed && errors.As(err, &exit)) {
		t.Fatalf("%v\n%s", err, out.String())
	}
}

func TestBaselinesAndScenarios(t *testing.T) {
	data := tinyData(t)
	for name, c := range map[string]struct {
		args  []string
		check func(t *testing.T, r growth.Report)
	}{
		"fixed": {[]string{"-baseline", "fixed"}, func(t *testing.T, r growth.Report) {
			for _, s := range r.Snapshots[1:] {
				if s.Decision != growth.Kept || s.ArchAfter != r.Snapshots[0].ArchAfter {
					t.Errorf("fixed: %s, %s", s.Decision, s.ArchAfter)
				}
			}
		}},
		"largest": {[]string{"-baseline", "largest"}, func(t *testing.T, r growth.Report) {
			if !strings.HasPrefix(r.Final.Arch, "4,4,4,4,4:7,7,7,7") {
				t.Errorf("largest is %s", r.Final.Arch)
			}
		}},
		"scratch": {[]string{"-baseline", "scratch"}, func(t *testing.T, r growth.Report) {
			for _, s := range r.Snapshots[1:] {
				if s.Decision != growth.Adjusted || s.Seconds[growth.SecondsSupernet] == 0 || s.Seconds[growth.SecondsAdjuster] == 0 {
					t.Errorf("scratch: %s, %v", s.Decision, s.Seconds)
				}
			}
		}},
		"random": {[]string{"-baseline", "random", "-always"}, func(t *testing.T, r growth.Report) {
			if s := r.Snapshots[2]; s.Decision != growth.Adjusted || s.Seconds[growth.SecondsAdjuster] == 0 {
				t.Errorf("random: %s, %v", s.Decision, s.Seconds)
			}
		}},
		"classes": {[]string{"-scenario", "II", "-classes", "2,4"}, func(t *testing.T, r growth.Report) {
			if r.Snapshots[0].Classes != 2 || r.Snapshots[1].Classes != 4 || r.Snapshots[1].H < 20 || r.Snapshots[1].Decision != growth.Adjusted {
				t.Errorf("classes: %+v", r.Snapshots)
			}
			if before := r.Snapshots[1].AccBefore; before > 0.5 {
				t.Errorf("a model of two classes is right on %.2f of four", before)
			}
		}},
		"copies kept": {[]string{"-volumes", "100", "-copies", "-epsilon", "100"}, func(t *testing.T, r growth.Report) {
			s := r.Snapshots[1]
			if s.Images != 2*r.Snapshots[0].Images || s.Decision != growth.Kept || s.ArchBefore != s.ArchAfter || s.AccBefore != s.AccAfter {
				t.Errorf("copies: %+v", s)
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "r.json")
			out := runHere(t, tiny(data, append(c.args, "-json", path)...))
			r := readReport(t, path)
			c.check(t, r)
			last := r.Snapshots[len(r.Snapshots)-1]
			if r.Final.Arch != last.ArchAfter || r.Final.MAdds != last.MAddsAfter || r.Final.TestAccuracy != last.AccAfter {
				t.Errorf("final %+v after %+v", r.Final, last)
			}
			stopped := filepath.Join(t.TempDir(), "stopped")
			args := tiny(data, append(c.args, "-json", path, "-out", stopped, "-resume")...)
			stopAfter(t, "snapshot 1/", args)
			runHere(t, args)
			if d := cmp.Diff(r.WithoutSeconds(), ptr(readReport(t, path)).WithoutSeconds()); d != "" {
				t.Errorf("stopped and resumed (-whole +resumed):\n%s", d)
			}
			if !strings.Contains(out, "snapshot 2/") || !strings.Contains(out, "H_t = ") || !strings.Contains(out, "test accuracy") {
				t.Errorf("printed:\n%s", out)
			}
		})
	}
}

// stopAfter runs the program and interrupts it as soon as it has printed a text.
func stopAfter(t *testing.T, text string, args []string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var errs bytes.Buffer
	if code := start(ctx, args, &stopper{text: text, stop: cancel}, &errs); code != run.ExitInterrupted || !strings.Contains(errs.String(), "-resume") {
		t.Fatalf("exit code %d: %s", code, errs.String())
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

func TestUsageErrors(t *testing.T) {
	saved := filepath.Join(t.TempDir(), "run")
	if err := os.MkdirAll(saved, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(saved, "settings.json"), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"-scenario", "III"}, run.ExitUsage, `-scenario "III"`},
		{[]string{"-baseline", "worst"}, run.ExitUsage, "fixed, largest, scratch, random"},
		{[]string{"-resume"}, run.ExitUsage, "-resume needs -out"},
		{[]string{"-resume", "-out", saved}, run.ExitError, "damaged"},
		{[]string{"-wat"}, run.ExitUsage, "-wat"},
		{[]string{"extra"}, run.ExitUsage, `unexpected argument "extra"`},
		{[]string{"-json", filepath.Join(saved, "no", "r.json")}, run.ExitUsage, "no such directory"},
		{[]string{"-data", filepath.Join(saved, "nothing")}, run.ExitError, "nothing"},
		{[]string{"-start", "2,2"}, run.ExitError, "-start"},
	} {
		var out, errs bytes.Buffer
		if code := start(t.Context(), c.args, &out, &errs); code != c.code || !strings.Contains(errs.String(), c.want) {
			t.Errorf("%v: exit code %d, %q; want %d, %q", c.args, code, errs.String(), c.code, c.want)
		}
	}
	var out, errs bytes.Buffer
	if code := start(t.Context(), []string{"-help"}, &out, &errs); code != run.ExitOK || !strings.Contains(out.String(), "-baseline") || errs.Len() > 0 {
		t.Errorf("-help: %d, %q", code, errs.String())
	}
}

func TestFailedStartBlocksNothing(t *testing.T) {
	data, dir := tinyData(t), filepath.Join(t.TempDir(), "run")
	for _, args := range [][]string{{"-start", "2,2"}, {"-volumes", "60,20"}, {"-scenario", "II", "-classes", "2,99"}} {
		var out, errs bytes.Buffer
		if code := start(t.Context(), tiny(data, append(args, "-out", dir)...), &out, &errs); code != run.ExitError {
			t.Errorf("%v: exit code %d, %q", args, code, errs.String())
		}
		if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%v left a folder: %v", args, err)
		}
	}
}

// Ctrl-C while a network trains: one line that says how to go on, and the exit code of shells.
func TestInterrupt(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	cmd := exec.Command(os.Args[0], tiny(tinyData(t), "-retrain-steps", "100000", "-out", dir)...)
	cmd.Env = append(os.Environ(), childVariable+"=1")
	var errs bytes.Buffer
	cmd.Stderr = &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for range 3000 {
		if _, err := os.Stat(filepath.Join(dir, "retrain-1.part")); err == nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // the exit code says it
	if code, want := cmd.ProcessState.ExitCode(), "adaxpert: stopped; go on with: go run ./examples/adaxpert -resume -out "+dir+"\n"; code != run.ExitInterrupted || errs.String() != want {
		t.Errorf("exit code %d, %q; want %d, %q", code, errs.String(), run.ExitInterrupted, want)
	}
}
