package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tendril-nas/tendril/examples/eatnas/internal/eatnas"
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/examples/internal/run/runtest"
	"github.com/tendril-nas/tendril/examples/internal/stripes"
	"github.com/tendril-nas/tendril/supernet"
)

func TestMain(m *testing.M) { runtest.Main(m, main) }

// start is the program.
var start = runtest.Starter(eatnas.Program().Start)

// tiny are settings that go through everything as fast as can be.
func tiny(more ...string) []string {
	return append(strings.Fields("-size 16 -population 3 -sample 2 -cycles 2 -top 2 -val 0.3 -calibration 16 "+
		"-evaluate-batch 8 -evaluate-crop 1 -retrain-batch 8 -retrain-epochs 1 -retrain-crop 1 "+
		"-small-images 16 -small-retrain 16 -small-judged 40 -small-madds 0 -small-target 2 "+
		"-large-images 16 -large-judged 40 -large-retrain 16 -large-madds 0 -large-target 2"), more...)
}

// striped makes images of four classes.
func striped(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := stripes.Write(dir, 16, 60, 24); err != nil {
		t.Fatal(err)
	}
	return dir
}

// report runs the program to its end.
func report(t *testing.T, args ...string) (eatnas.Report, string) {
	t.Helper()
	r, out := runtest.Report[eatnas.Report](t, start, args...)
	return r.WithoutSeconds(), out
}

// TestKilledRunEndsTheSame kills or interrupts the program before, in and after each kind of work,
// and lets it go on each time.
func TestKilledRunEndsTheSame(t *testing.T) {
	args := tiny("-data", striped(t), "-large", striped(t), "-carry")
	want, _ := report(t, args...)

	out := filepath.Join(t.TempDir(), "run")
	args = append(args, "-out", out, "-resume")
	for _, moment := range []struct {
		file   string
		delay  time.Duration
		signal os.Signal
	}{
		{"settings.json", 0, os.Kill}, {"small-search.weights.part", 0, os.Kill},
		{"small-search.part", 30 * time.Millisecond, os.Interrupt}, {"small-search.json", 0, os.Kill},
		{"small-trained-1.ckpt", 0, os.Kill}, {"large-search.part", 5 * time.Millisecond, os.Kill},
		{"large-search.weights.part", 40 * time.Millisecond, os.Kill}, {"large-trained-1.ckpt", 0, os.Kill},
		{"model.ckpt", 0, os.Kill},
	} {
		file := filepath.Join(out, moment.file)
		_, before := os.Stat(file) // where it is there, the signal comes before the program listens
		code, errs := runtest.SignalWhen(t, moment.signal, file, moment.delay, args...)
		if moment.signal == os.Interrupt && before != nil && code != run.ExitInterrupted {
			t.Errorf("interrupted at %s: exit code %d, %q", moment.file, code, errs)
		}
	}
	got, _ := report(t, args...)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("the killed run ends otherwise (-whole +killed):\n%s", d)
	}
	for _, name := range []string{"model.onnx", "accuracy.svg", "quality.svg", "madds.svg", "architectures.svg",
		"report.txt", "report.json", "log.txt"} {
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

// Both tasks are searched and what they found is of their spaces; the first population of the large
// one lies around what the small one found.
func TestWholeRun(t *testing.T) {
	r, out := report(t, tiny("-large-madds", "4")...) // the embedded images
	for name, task := range map[string]*eatnas.TaskReport{"small": r.Small, "large": r.Large} {
		s := &task.Search
		if len(s.Tried) != 5 || len(s.Curve) != 5 || len(s.Best) != 2 || len(task.Trained) != 2 ||
			s.Curve[4].Quality == 0 || s.Curve[0].Accuracy != s.Tried[0].Accuracy {
			t.Errorf("%s: %+v", name, task)
		}
		for _, n := range task.Trained {
			if n.MAdds == 0 || n.Params == 0 || n.Held > task.Network().Held || !slices.Contains(s.Best, n.Arch) {
				t.Errorf("%s: %+v of %v", name, n, s.Best)
			}
		}
	}
	for _, c := range r.Large.Search.Tried {
		if c.MAdds > 4 {
			t.Errorf("%s has %v M MAdds, at most 4 were wanted", c.Arch, c.MAdds)
		}
	}
	if i := r.Small.Images; i.Classes != 5 || i.Train+i.Held != 4000 || i.Test != 750 {
		t.Errorf("small: %+v", i)
	}
	if i := r.Large.Images; i.Classes != 10 || i.Train+i.Held != 3000 || i.Test != 1500 {
		t.Errorf("large: %+v", i)
	}
	if r.Begin != eatnas.Transferred || r.Basic != r.Small.Network().Arch {
		t.Errorf("begins with %s of %s", r.Begin, r.Basic)
	}
	for _, text := range []string{"small task: embedded", "retrained: ", "without -out nothing is kept",
		"near the small task's best, " + r.Basic} {
		if !strings.Contains(out, text) {
			t.Errorf("%q is not in what was printed:\n%s", text, out)
		}
	}
}

// Every baseline leaves out the small task; those from scratch share the first population, which
// measures the same at the same place, and a given architecture begins as one that was found.
func TestBaselines(t *testing.T) {
	small, large := striped(t), striped(t)
	first := func(r eatnas.Report) []eatnas.Candidate { return r.Large.Search.Tried[:3] }
	var random []eatnas.Candidate
	for _, baseline := range []string{eatnas.Scratch, eatnas.Random, eatnas.Regularized, eatnas.RandomBasic} {
		r, _ := report(t, tiny("-large", large, "-baseline", baseline, "-sharing=false", "-top", "1")...)
		if r.Small != nil || r.Begin != baseline || len(r.Large.Search.Tried) != 5 || len(r.Large.Trained) != 1 ||
			(r.Basic != "") != (baseline == eatnas.RandomBasic) {
			t.Errorf("%s: %+v", baseline, r)
		}
		if random == nil {
			random = first(r)
		}
		if same := slices.Equal(first(r), random); same == (baseline == eatnas.RandomBasic) {
			t.Errorf("%s begins with %v, scratch with %v", baseline, first(r), random)
		}
	}
	found, _ := report(t, tiny("-data", small, "-transfer=false")...)
	if found.Large != nil || found.Begin != "" || found.Small == nil {
		t.Errorf("%+v", found)
	}
	whole, _ := report(t, tiny("-data", small, "-large", large)...)
	given, _ := report(t, tiny("-basic", found.Small.Network().Arch, "-large", large)...)
	if d := cmp.Diff(whole.Large, given.Large); d != "" || given.Begin != eatnas.Given {
		t.Errorf("-basic begins otherwise than transfer (-transfer +basic):\n%s", d)
	}
	alone, _ := report(t, tiny("-data", small, "-transfer=false", "-sharing=false")...)
	if a, b := found.Small.Search.Tried, alone.Small.Search.Tried; a[0] != b[0] || slices.Equal(a, b) {
		t.Errorf("the first candidate has nothing to share: %+v, alone %+v", a, b)
	}
}

// A search whose quality stays the same ends early.
func TestConverged(t *testing.T) {
	r, out := report(t, tiny("-data", striped(t), "-transfer=false", "-cycles", "40", "-tolerance", "1",
		"-top", "1")...)
	if n := len(r.Small.Search.Tried); !r.Small.Search.Converged || n >= 43 || !strings.Contains(out,
		"converged before") {
		t.Errorf("%d candidates, %+v", n, r.Small.Search.Converged)
	}
}

func TestMistakes(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		code int
		want string
	}{
		"baseline": {[]string{"-baseline", "none"}, run.ExitUsage,
			`-baseline "none": expected one of scratch, random,`},
		"two begins": {[]string{"-baseline", "scratch", "-basic", "x"}, run.ExitUsage, "give one of them"},
		"no large": {[]string{"-transfer=false", "-baseline", "scratch"}, run.ExitUsage,
			"-transfer=false leaves out"},
		"one folder": {[]string{"-data", "x"}, run.ExitUsage, "give both"},
		"no small":   {[]string{"-baseline", "scratch", "-data", "x"}, run.ExitUsage, "there is no small task"},
		"carry":      {[]string{"-carry", "-sharing=false"}, run.ExitUsage, "-carry needs"},
		"sample":     {[]string{"-sample", "13"}, run.ExitUsage, "-sample 13: expected at most the population, 12"},
		"channels":   {[]string{"-channels", "12"}, run.ExitUsage, "-channels 12: expected a multiple of 8"},
		"stride":     {[]string{"-small-stride", "3"}, run.ExitUsage, "-small-stride 3: expected 1 to 2"},
		"batch":      {[]string{"-retrain-batch", "1"}, run.ExitUsage, "-retrain-batch 1: expected at least 2"},
		"resume":     {[]string{"-resume"}, run.ExitUsage, "-resume needs -out"},
		"basic":      {tiny("-basic", "0,1"), run.ExitError, "-basic: "},
		"no folder": {tiny("-large", "nothing", "-baseline", "scratch"), run.ExitError,
			"large task: open data: "},
		"infeasible": {tiny("-small-madds", "0.0001"), run.ExitError, "small task: searchspace: madds"},
	} {
		if code, _, errs := start.Run(t, c.args...); code != c.code || !strings.Contains(errs, c.want) {
			t.Errorf("%s: exit code %d, %q; want %d, %q", name, code, errs, c.code, c.want)
		}
	}
}

// No number that makes no sense gets past the command line.
func TestNumbers(t *testing.T) { runtest.Numbers(t, eatnas.Program(), nil) }
