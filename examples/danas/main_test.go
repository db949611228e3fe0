package main

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tendril-nas/tendril/examples/danas/internal/danas"
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/examples/internal/run/runtest"
	"github.com/tendril-nas/tendril/examples/internal/stripes"
	"github.com/tendril-nas/tendril/pruning"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
)

func TestMain(m *testing.M) { runtest.Main(m, main) }

// start is the program.
var start = runtest.Starter(danas.Program().Start)

// tiny are settings that go through everything as fast as can be, on striped images of four
// classes.
func tiny(t *testing.T, more ...string) []string {
	t.Helper()
	dir := t.TempDir()
	if err := stripes.Write(dir, 16, 80, 24); err != nil {
		t.Fatal(err)
	}
	return append(strings.Fields("-data "+dir+" -size 16 -val 6 -layers 1 -stride 2 -target 0.1 "+
		"-references shufflenet -reference-epochs 2 -reference-batch 16 -reference-crop 1 -calibration 16 "+
		"-search-batch 8 -search-epochs 1 -search-crop 1 -every 1 -shares 50,75,100 "+
		"-retrain-epochs 1 -retrain-batch 16 -retrain-crop 1 -evaluations 4"), more...)
}

// report runs the program to its end.
func report(t *testing.T, args ...string) (danas.Report, string) {
	t.Helper()
	r, out := runtest.Report[danas.Report](t, start, args...)
	return r.WithoutSeconds(), out
}

// TestKilledRunEndsTheSame kills or interrupts the program in and after each kind of work, and lets
// it go on each time.
func TestKilledRunEndsTheSame(t *testing.T) {
	args := tiny(t)
	want, _ := report(t, args...)

	out := filepath.Join(t.TempDir(), "run")
	args = append(args, "-out", out, "-resume")
	for _, moment := range []struct {
		file   string
		delay  time.Duration
		signal os.Signal
	}{
		{"settings.json", 0, os.Kill}, {"reference-shufflenet.part", 0, os.Kill},
		{"reference-shufflenet.json", 0, os.Kill}, {"search.0.part", 0, os.Kill},
		{"search.1.part", 10 * time.Millisecond, os.Interrupt}, {"search.2.part", 0, os.Kill},
		{"search.json", 0, os.Kill}, {"trained.ckpt", 0, os.Kill}, {"model.ckpt", 0, os.Kill},
	} {
		file := filepath.Join(out, moment.file)
		_, before := os.Stat(file)
		code, errs := runtest.SignalWhen(t, moment.signal, file, moment.delay, args...)
		if moment.signal == os.Interrupt && before != nil && code != run.ExitInterrupted &&
			code != run.ExitOK {
			t.Errorf("interrupted at %s: exit code %d, %q", moment.file, code, errs)
		}
	}
	got, _ := report(t, args...)
	if d := cmp.Diff(want, got, cmpopts.IgnoreUnexported(danas.SinglePathReport{},
		searchspace.Arch{})); d != "" {
		t.Errorf("the killed run ends otherwise (-whole +killed):\n%s", d)
	}
	for _, name := range []string{"model.onnx", "easiness.svg", "learning.svg", "confusion.svg",
		"candidates.svg",
		"architecture.svg", "report.txt", "report.json", "log.txt"} {
		if info, err := os.Stat(filepath.Join(out, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if left, err := filepath.Glob(filepath.Join(out, "*.part")); err != nil || len(left) > 0 {
		t.Errorf("left over: %v %v", left, err)
	}
	if _, err := supernet.LoadModel(filepath.Join(out, "model.ckpt"), nil); err != nil {
		t.Error(err)
	}
}

// A run finds an architecture around the target, among the candidates that are left, and says what
// it saved.
func TestWholeRun(t *testing.T) {
	r, out := report(t, tiny(t)...)
	s := r.Search
	if c := s.Final.Cost; math.Abs(c/1e5-1) > 0.05 || math.Abs(1e6*r.Trained.MAdds-c) > 1 {
		t.Errorf("found %v multiply-adds, trained %v M, expected 100000 ± 5 %%", c, r.Trained.MAdds)
	}
	if len(s.Phases) != 3 || s.Phases[0].Classes != 2 || s.Phases[1].Classes != 3 ||
		s.Phases[2].Classes != 4 {
		t.Errorf("phases %+v", s.Phases)
	}
	for i, left := range s.Left {
		if len(left) != 3 || s.Phases[1].Candidates[i] != 6 || s.Phases[2].Candidates[i] != 4 {
			t.Errorf("layer %d: %v left, expected 6, 4 and 3", i, left)
		}
	}
	if !(s.Relative > 0 && s.Relative < 1 && s.Predicted < 1) || s.Steps == 0 {
		t.Errorf("work %v, by arithmetic %v, %d steps", s.Relative, s.Predicted, s.Steps)
	}
	if e := r.Easiness; len(e.Easiness.Classes) != 4 || len(e.References[0].Curve) != 2 ||
		len(e.Classes) != 4 {
		t.Errorf("easiness %+v", e)
	}
	if i := r.Images; len(i.Classes) != 4 || i.Train != 56 || i.Val != 24 || i.Test != 24 {
		t.Errorf("images %+v", i)
	}
	for _, text := range []string{"classes from easy to hard", "warm-up: 2 classes",
		"without -out nothing is kept",
		r.Trained.Arch} {
		if !strings.Contains(out, text) {
			t.Errorf("%q is not in what was printed:\n%s", text, out)
		}
	}
}

// What the search is compared with, and its options, find an architecture as well.
func TestVariants(t *testing.T) {
	for name, more := range map[string][]string{
		"single path": {"-baseline", danas.SinglePath, "-search-epochs", "2"},
		"own weights": {"-baseline", danas.SinglePath, "-variant", string(searchspace.DANASShuffle),
			"-target", "0.13"},
		"neither":  {"-order", string(pruning.AllClasses), "-prune=false", "-ranking", "2,0,3,1"},
		"easiness": {"-only-easiness"},
		"pairs":    {"-pairs", "-sure", "2", "-order", string(pruning.HardToAll)},
		"supernet": {"-references", danas.Supernet, "-form", string(pruning.OneSided), "-hard"},
	} {
		r, _ := report(t, tiny(t, more...)...)
		if (r.Easiness == nil) != (name == "neither") {
			t.Errorf("%s: easiness %+v", name, r.Easiness)
		}
		if name == "easiness" {
			if r.Trained != nil || r.Search != nil {
				t.Errorf("%s: %+v", name, r)
			}
			continue
		}
		want := 0.1
		if name == "own weights" {
			want = 0.13
		}
		if m := r.Trained.MAdds; m > 1.05*want || m < 0.95*want && name != "supernet" {
			t.Errorf("%s: %v M multiply-adds, expected %v ± 5 %%", name, m, want)
		}
		if name == "pairs" && r.Search.Predicted != 0.75 { // of 2, 3 and 4 of 4 classes
			t.Errorf("pairs: work %v by arithmetic, expected that of the schedule alone", r.Search.Predicted)
		}
		if name == "neither" && (r.Search.Relative != 1 || r.Search.Predicted != 1) {
			t.Errorf("work %v, by arithmetic %v, expected 1", r.Search.Relative, r.Search.Predicted)
		}
		if path := name == "single path" || name == "own weights"; (r.SinglePath != nil) != path ||
			(r.Search == nil) != path {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

func TestMistakes(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		code int
		want string
	}{
		"baseline": {[]string{"-baseline", "none"}, run.ExitUsage, `-baseline "none": expected single-path`},
		"family": {[]string{"-references", "vgg,alexnet"}, run.ExitUsage,
			`-references "alexnet": expected different`},
		"twice": {[]string{"-references", "vgg,vgg"}, run.ExitUsage,
			`-references "vgg": expected different`},
		"order":     {[]string{"-order", "x"}, run.ExitUsage, `-order "x": expected one of easy-to-all`},
		"form":      {[]string{"-form", "x"}, run.ExitUsage, `-form "x": expected one of absolute`},
		"shares":    {[]string{"-shares", "50,20"}, run.ExitUsage, "-shares, -warmup: "},
		"resume":    {[]string{"-resume"}, run.ExitUsage, "-resume needs -out"},
		"no folder": {[]string{"-data", "nothing"}, run.ExitError, "open data: "},
		"target":    {tiny(t, "-target", "100"), run.ExitError, "-target 100: the space has "},
		"val":       {tiny(t, "-val", "1000"), run.ExitError, "more than 1000 images for validation"},
		"ranking": {tiny(t, "-ranking", "0,1,2"), run.ExitError,
			"-ranking: 3 numbers, expected each of 0 to 3 once"},
		"numbers": {[]string{"-ranking", "a"}, run.ExitUsage, `"a": expected numbers from 0`},
		"nothing": {[]string{"-only-easiness", "-baseline", "single-path"}, run.ExitUsage,
			"searches nothing"},
		"mixed": {[]string{"-references", "shufflenet,supernet"}, run.ExitUsage,
			"needs -unseen"},
		"steps": {[]string{"-search-steps", "100"}, run.ExitUsage,
			"-search-steps: the phases of a search have -search-epochs"},
	} {
		if code, _, errs := start.Run(t, c.args...); code != c.code || !strings.Contains(errs, c.want) {
			t.Errorf("%s: exit code %d, %q; want %d, %q", name, code, errs, c.code, c.want)
		}
	}
}

// No number that makes no sense gets past the command line.
func TestNumbers(t *testing.T) { runtest.Numbers(t, danas.Program(), nil) }
