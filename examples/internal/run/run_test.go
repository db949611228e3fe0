package run

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tendril-nas/tendril/internal/checkpoint"
)

// here runs the toy in this process.
func here(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = toy().Start(t.Context(), args, Streams{strings.NewReader(""), &out, &errs})
	return code, out.String(), errs.String()
}

// report runs the toy to its end and returns what -json says.
func report(t *testing.T, args ...string) (r toyReport) {
	t.Helper()
	code, out, errs := here(t, append(args, "-json", "-")...)
	if code != ExitOK {
		t.Fatalf("%v: exit code %d: %s", args, code, errs)
	}
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return r
}

// child runs the toy in a process of its own.
func child(t *testing.T, args ...string) (state *os.ProcessState, stderr string) {
	t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), childVariable+"=1")
	var errs bytes.Buffer
	cmd.Stderr = &errs
	if err := cmd.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		t.Fatal(err)
	}
	return cmd.ProcessState, errs.String()
}

func files(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// A run that is killed in, between and after its phases and goes on each time ends as one that was
// never killed, and leaves the same files. It needs its settings once.
func TestKilledRunEndsTheSame(t *testing.T) {
	whole, killed := filepath.Join(t.TempDir(), "whole"), filepath.Join(t.TempDir(), "killed")
	args := []string{"-seed", "7", "-shares", "10,20", "-phases", "4"}
	want := report(t, append(args, "-out", whole)...)
	for _, moment := range []string{"begin", "phase-1", "phase-1", "phase-2", "phase-2-after", "phase-4",
		"walker", "end"} {
		resumed := []string{"-resume", "-out", killed, "-at", moment}
		if moment == "begin" || !slices.Contains(files(t, killed), "phase-1.json") {
			resumed = append(resumed, args...)
		}
		if state, errs := child(t, resumed...); state.Exited() {
			t.Fatalf("%s: not killed but ended with %d: %s", moment, state.ExitCode(), errs)
		}
	}
	if d := cmp.Diff(want, report(t, "-resume", "-out", killed)); d != "" {
		t.Errorf("killed (-whole +killed):\n%s", d)
	}
	if d := cmp.Diff(files(t, whole), files(t, killed)); d != "" {
		t.Errorf("files (-whole +killed):\n%s", d)
	}
	a, _ := os.ReadFile(filepath.Join(whole, logFile))
	b, _ := os.ReadFile(filepath.Join(killed, logFile))
	if !bytes.Equal(a, b) || !strings.Contains(string(a), "phase-4 ends at") {
		t.Errorf("logs:\n%s\n%s", a, b)
	}
	if d := cmp.Diff(want, report(t, args...)); d != "" {
		t.Errorf("without a folder:\n%s", d)
	}
}

// Exit codes are those of shells, and a stopped run says how it goes on.
func TestExitCodes(t *testing.T) {
	for _, c := range []struct {
		do, at string
		code   int // 0 = killed by the signal itself
		want   string
	}{
		{"int", "phase-2", ExitInterrupted, "toy: stopped; go on with: go run ./examples/toy -resume -out "},
		{"term", "phase-2", ExitTerminated, "toy: stopped; go on with: go run ./examples/toy -resume -out "},
		{"int", "begin", ExitInterrupted, "toy: stopped before anything was kept; start it again\n"},
		{"stubborn", "phase-2", 0, ""},
		{"fail", "phase-2", ExitError, "toy: it was not to be\n"},
		{"die", "nowhere", ExitOK, ""},
	} {
		dir := filepath.Join(t.TempDir(), "a run")
		state, errs := child(t, "-out", dir, "-at", c.at, "-do", c.do)
		if c.code == 0 && c.do == "stubborn" {
			if w, ok := state.Sys().(syscall.WaitStatus); !ok || !w.Signaled() {
				t.Errorf("a second signal did not kill: %v", state)
			}
			continue
		}
		if state.ExitCode() != c.code || !strings.HasPrefix(errs, c.want) || c.want == "" && errs != "" {
			t.Errorf("%s at %s: exit code %d, %q; want %d, %q", c.do, c.at, state.ExitCode(), errs, c.code,
				c.want)
		}
		if strings.Contains(c.want, "-out") && !strings.HasSuffix(errs, `-out "`+dir+"\"\n") {
			t.Errorf("the folder is not one word: %q", errs)
		}
	}
}

// A command line is refused as a whole, before anything is done.
func TestUsage(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"-wat"}, "-wat"},
		{[]string{"extra"}, `unexpected argument "extra"`},
		{[]string{"-phases", "0"}, "-phases 0: expected at least 1"},
		{[]string{"-shares", "10,0"}, "percentages above 0"},
		{[]string{"-train-lr", "-1"}, "-train-lr -1: expected above 0"},
		{[]string{"-train-lr", "NaN"}, "-train-lr NaN: expected a finite number"},
		{[]string{"-train-decay", "-Inf"}, "-train-decay -Inf: expected a finite number"},
		{[]string{"-train-batch", "1"}, "-train-batch 1: expected at least 2"},
		{[]string{"-resume"}, "-resume needs -out"},
		{[]string{"-json", "/no/such/folder/x.json"}, "no such directory"},
	} {
		dir := filepath.Join(t.TempDir(), "run")
		args := c.args
		if args[0] != "-resume" {
			args = append(args, "-out", dir)
		}
		if code, out, errs := here(t, args...); code != ExitUsage || !strings.Contains(errs, c.want) ||
			out != "" {
			t.Errorf("%v: exit code %d, %q; want %q", c.args, code, errs, c.want)
		}
		if left := files(t, dir); left != nil {
			t.Errorf("%v left %v", c.args, left)
		}
	}
	code, out, errs := here(t, "-help")
	if code != ExitOK || errs != "" {
		t.Errorf("-help: %d, %q", code, errs)
	}
	for _, f := range []string{"-out", "-json", "-resume", "-plain", "-v", "-quick", "-seed",
		"-train-epochs"} {
		if !strings.Contains(out, "  "+f) {
			t.Errorf("-help does not list %s", f)
		}
	}
}

// The table behind the flags: the defaults, the quick ones, or those of the run that goes on.
func TestTables(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	if r := report(t); len(r.Positions) != 3 {
		t.Errorf("defaults: %d phases", len(r.Positions))
	}
	if r := report(t, "-quick", "-out", dir); len(r.Positions) != 1 {
		t.Errorf("quick: %d phases", len(r.Positions))
	}
	for _, args := range [][]string{{}, {"-quick"}, {"-phases", "1", "-seed", "1"}} {
		if r := report(t, append(args, "-resume", "-out", dir)...); len(r.Positions) != 1 {
			t.Errorf("resumed with %v: %d phases", args, len(r.Positions))
		}
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"-resume", "-seed", "2", "-train-epochs", "9"},
			"holds a run of other settings: seed is 1 there and 2 here, train.epochs is 2 there and 9 here"},
		{[]string{"-resume", "-shares", "50"}, "shares is [0.5,1] there and [0.5] here"},
		{nil, "holds a run already"},
	} {
		if code, _, errs := here(t, append(c.args, "-out", dir)...); code != ExitError ||
			!strings.Contains(errs, c.want) {
			t.Errorf("%v: exit code %d, %q; want %q", c.args, code, errs, c.want)
		}
	}
	plain := filepath.Join(t.TempDir(), "plain")
	report(t, "-phases", "1", "-out", plain)
	if code, _, errs := here(t, "-resume", "-quick", "-out", plain); code != ExitError ||
		!strings.Contains(errs, "quick is false there and true here") {
		t.Errorf("quick on a run that is not: %d, %q", code, errs)
	}
}

// What -out names must be a folder, or be free to become one: one line says so.
func TestOutIsNoFolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	for out, want := range map[string]string{file: "is a file, expected a folder",
		filepath.Join(file, "run"): "not a directory"} {
		for _, args := range [][]string{{"-out", out}, {"-resume", "-out", out}} {
			if code, _, errs := here(t, args...); code != ExitError || !strings.Contains(errs, want) ||
				strings.Count(errs, "\n") != 1 {
				t.Errorf("%v: exit code %d, %q; want %q", args, code, errs, want)
			}
		}
	}
}

// A run goes on with its own data only. One that has kept nothing takes any, and one of an earlier
// version, which does not know its data, those of its next start.
func TestOtherData(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	saved := filepath.Join(dir, settingsFile)
	start := func(data, at string) (int, string) {
		t.Helper()
		code, _, errs := here(t, "-resume", "-out", dir, "-on", data, "-at", at, "-do", "fail")
		return code, errs
	}
	refused := func(data, want string) {
		t.Helper()
		before, err := os.ReadFile(saved)
		if err != nil {
			t.Fatal(err)
		}
		if code, errs := start(data, ""); code != ExitError || !strings.Contains(errs, want) {
			t.Errorf("exit code %d, %q; want %q", code, errs, want)
		}
		if after, err := os.ReadFile(saved); err != nil || !bytes.Equal(before, after) {
			t.Errorf("settings changed to %s, %v", after, err)
		}
	}
	if code, errs := start("0", "begin"); code != ExitError {
		t.Errorf("%d, %q", code, errs)
	}
	if code, errs := start("1", "phase-2"); code != ExitError || strings.Contains(errs, "data") {
		t.Errorf("%d, %q", code, errs)
	}
	refused("2", dir+" holds a run on other data: images is \"1\" there and \"2\" here")
	if code, errs := start("1", ""); code != ExitOK {
		t.Errorf("the same data: %d, %q", code, errs)
	}
	refused("2", "images is")

	old, err := readSaved(dir)
	if err != nil {
		t.Fatal(err)
	}
	old.Data = nil
	if err := NewStore(dir).Write(settingsFile, old); err != nil {
		t.Fatal(err)
	}
	if code, errs := start("3", ""); code != ExitOK {
		t.Errorf("a run that does not know its data: %d, %q", code, errs)
	}
	refused("1", "images is \"3\" there and \"1\" here")
}

// A start that fails before it has kept anything does not block its folder.
func TestFailedStartBlocksNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	for _, at := range []string{"begin", "phase-1"} {
		if code, _, errs := here(t, "-out", dir, "-at", at, "-do", "fail", "-seed", "3"); code != ExitError {
			t.Fatalf("%d, %q", code, errs)
		}
	}
	if err := os.Remove(filepath.Join(dir, "phase-1"+scratchSuffix)); err != nil {
		t.Fatal(err)
	}
	report(t, "-out", dir, "-seed", "4")
	if code, _, errs := here(t, "-out", dir, "-resume", "-at", "phase-1", "-do", "fail"); code != ExitOK {
		t.Errorf("a finished phase was done again: %d, %q", code, errs)
	}
}

// Damaged state is an error that names the file; damaged wall times are not.
func TestDamage(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	want := report(t, "-out", dir)
	for name, fatal := range map[string]bool{secondsFile: false, cpuFile: false, "phase-2.json": true,
		"walker.ckpt": true, settingsFile: true} {
		path := filepath.Join(dir, name)
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("{\"a"), 0o644); err != nil {
			t.Fatal(err)
		}
		code, _, errs := here(t, "-resume", "-out", dir)
		if fatal != (code == ExitError) {
			t.Errorf("%s damaged: exit code %d, %q", name, code, errs)
		}
		if err := os.WriteFile(path, whole, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if text, err := os.ReadFile(filepath.Join(dir, secondsFile+damagedSuffix)); err != nil || string(text) != "{\"a" {
		t.Errorf("damaged wall times were not set aside: %q, %v", text, err)
	}
	for _, text := range []string{"null", `{"a":-1}`, `{"a":1e308,"b":1e308}`} {
		if err := os.WriteFile(filepath.Join(dir, secondsFile), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		report(t, "-resume", "-out", dir)
	}
	if d := cmp.Diff(want, report(t, "-resume", "-out", dir)); d != "" {
		t.Error(d)
	}
	litter := filepath.Join(dir, ".phase-1.json.tmp-123")
	if err := os.WriteFile(litter, []byte("half"), 0o644); err != nil {
		t.Fatal(err)
	}
	report(t, "-resume", "-out", dir)
	if _, err := os.Stat(litter); !errors.Is(err, os.ErrNotExist) {
		t.Error("the temporary file of a killed writer is still there")
	}
	other := toy()
	other.Path = "examples/other"
	var errs bytes.Buffer
	if code := other.Start(t.Context(), []string{"-resume", "-out", dir},
		Streams{nil, &errs, &errs}); code != ExitError ||
		!strings.Contains(errs.String(), "a run of toy, not of other") {
		t.Errorf("another program's run: %d, %q", code, errs.String())
	}
}

// Two starts do not share a folder: the second one names the process of the first, and does no
// harm.
func TestFolderInUse(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	want := report(t, "-out", dir)
	unlock, err := checkpoint.Lock(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"-out", dir}, {"-resume", "-out", dir}} {
		if code, _, errs := here(t, args...); code != ExitError || !strings.Contains(errs, "in use by this process") {
			t.Errorf("%v: exit code %d, %q", args, code, errs)
		}
	}
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, report(t, "-resume", "-out", dir)); d != "" {
		t.Error(d)
	}
	if _, err := os.Stat(filepath.Join(dir, ".lock")); !errors.Is(err, os.ErrNotExist) {
		t.Error("the lock is still there")
	}
}
