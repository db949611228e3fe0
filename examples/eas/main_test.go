package main

import (
	"math"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tendril-nas/tendril/examples/eas/internal/eas"
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/examples/internal/run/runtest"
	"github.com/tendril-nas/tendril/examples/internal/stripes"
)

func TestMain(m *testing.M) { runtest.Main(m, main) }

// start is the program.
var start = runtest.Starter(eas.Program().Start)

// tiny are settings that go through everything as fast as can be, on images of stripes.
func tiny(t *testing.T, more ...string) []string {
	t.Helper()
	dir := t.TempDir()
	if err := stripes.Write(dir, 16, 80, 24); err != nil {
		t.Fatal(err)
	}
	groups := filepath.Join(dir, "superclasses.json")
	if err := os.WriteFile(groups, []byte(`{"0": "first", "2": "second", "1": "first", "3": "second"}`),
		0o644); err != nil {
		t.Fatal(err)
	}
	return append(append(strings.Fields("-size 16 -width 0.25 -stem-stride 2 -learn 0.2 -choose 0.2 "+
		"-calibration 16 "+
		"-supernet-epochs 5 -supernet-batch 8 -supernet-crop 1 "+
		"-generator-steps 3 -generator-batch 4 -samples 2 -ofa-archs 10 -ofa-population 6 -ofa-generations 2 "+
		"-headroom 2"),
		"-data", dir, "-superclasses", groups), more...)
}

// report runs the program to its end.
func report(t *testing.T, args ...string) (eas.Report, string) {
	t.Helper()
	r, out := runtest.Report[eas.Report](t, start, args...)
	return r.WithoutSeconds(), out
}

// TestWholeRun: every method answers every scenario within its budget, and the pictures are there.
func TestWholeRun(t *testing.T) {
	out := filepath.Join(t.TempDir(), "run")
	r, text := report(t, tiny(t, "-out", out)...)
	if len(r.Methods) != len(eas.Methods()) || len(r.Budgets) != 4 || len(r.Headroom) != 4 {
		t.Fatalf("%d methods, %d budgets, %d headrooms", len(r.Methods), len(r.Budgets), len(r.Headroom))
	}
	if i := r.Images; i.Classes != 4 || i.Superclasses != 2 || i.Train+i.Learn+i.Choose != 80 || i.Test != 24 {
		t.Errorf("%+v", i)
	}
	// Shares of 12 images of each of two superclasses.
	for _, v := range []float64{r.Ends.Cheapest, r.Ends.Dearest} {
		if n := 24 * v; !(v > 0 && v <= 1) || math.Abs(n-math.Round(n)) > 1e-9 {
			t.Errorf("ends of the range: %+v", r.Ends)
		}
	}
	for _, m := range r.Methods {
		if len(m.Answers) != 8 || len(m.Similarity) != 4 {
			t.Fatalf("%s: %d answers, %d similarities", m.Name, len(m.Answers), len(m.Similarity))
		}
		for i, a := range m.Answers {
			if a.Budget != r.Budgets[i%4] || a.Superclass != r.Superclasses[i/4].Name || a.Cost > a.Budget ||
				a.Cost < 0.8*a.Budget || a.Images != 12 || a.Correct < 0 || a.Correct > 12 {
				t.Errorf("%s: %+v", m.Name, a)
			}
			other := m.Answers[(i+4)%8].Arch
			if strings.HasSuffix(m.Name, "-v") && (a.Arch != other || math.Abs(m.Similarity[i%4]-1) > 1e-9) {
				t.Errorf("%s: one architecture for all is not: %+v", m.Name, a)
			}
		}
		if !strings.Contains(text, m.Title) {
			t.Errorf("%s is not in what was printed", m.Title)
		}
	}
	for _, name := range []string{"accuracy.svg", "accuracy-first.svg", "accuracy-second.svg", "similarity.svg",
		"break-even.svg", "report.txt", "report.json", "log.txt", "supernet.ckpt", "eas-generator.ckpt"} {
		if info, err := os.Stat(filepath.Join(out, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if left, err := filepath.Glob(filepath.Join(out, "*.part")); err != nil || len(left) > 0 {
		t.Errorf("left over: %v %v", left, err)
	}
}

// TestNothingIsDoneTwice: methods share a generator also where no folder keeps it, and all times
// of processors are known where one start does everything.
func TestNothingIsDoneTwice(t *testing.T) {
	for _, args := range [][]string{nil, {"-out", filepath.Join(t.TempDir(), "run")}} {
		r, _ := runtest.Report[eas.Report](t, start, tiny(t, append(args, "-methods", "eas,eas-one,ofa-t,random")...)...)
		if a, b := r.Methods[0].Once, r.Methods[1].Once; a != b || a.Seconds == 0 {
			t.Errorf("%v: before the first scenario %+v, and %+v with the same generator", args, a, b)
		}
		for _, m := range r.Methods {
			known := m.Once.Seconds == 0 || m.Once.CPU > 0
			if runtime.GOOS == "linux" && !(known && m.Scenarios.CPU > 0 && r.Trained.CPU > 0 && r.Fifty > 0) {
				t.Errorf("%v: %s took %+v and %+v, the supernet %+v, fifty answers %v", args, m.Name, m.Once, m.Scenarios,
					r.Trained, r.Fifty)
			}
		}
	}
}

// TestQuery: a finished run answers in a fresh process without its images, and gives networks for
// the classes of a superclass with them.
func TestQuery(t *testing.T) {
	out := filepath.Join(t.TempDir(), "run")
	args := tiny(t, "-methods", "eas", "-headroom", "0", "-out", out)
	first, _ := report(t, args...)
	budget := first.Budgets[1]
	query := "first:" + first.Unit.Text(budget) + ",second+first:" + first.Unit.Text(first.Budgets[3])
	if code, _, errs := start.Run(t, "-out", out, "-query", query); code == run.ExitOK {
		t.Error("a query without -resume was taken for a new run:", errs)
	}
	nets := filepath.Join(t.TempDir(), "nets")
	with, _ := report(t, "-resume", "-out", out, "-query", query, "-extract", nets)
	twice, _ := report(t, "-resume", "-out", out, "-query", query+","+query, "-extract", nets)
	if q := twice.Queries; len(q) != 4 || q[0].File == q[2].File || q[1].File == q[3].File {
		t.Errorf("equal queries share a file: %+v", q)
	}
	data := args[slices.Index(args, "-data")+1]
	if err := os.RemoveAll(data); err != nil {
		t.Fatal(err)
	}
	without, text := report(t, "-resume", "-out", out, "-query", query)
	if len(without.Queries) != 2 || !strings.Contains(text, "2 answers in") {
		t.Fatalf("%+v\n%s", without.Queries, text)
	}
	for i, q := range without.Queries {
		w := with.Queries[i]
		if info, err := os.Stat(w.File); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", w.File, err)
		}
		if w.File = ""; !reflect.DeepEqual(q, w) || q.Cost > q.Budget {
			t.Errorf("%+v, with the images %+v", q, w)
		}
	}
	if c := without.Queries; !slices.Equal(c[0].Classes, []string{"0", "1"}) || len(c[1].Classes) != 4 {
		t.Errorf("classes %q and %q", c[0].Classes, c[1].Classes)
	}
	for query, want := range map[string]string{"cat:1M": "unknown superclass", "first:1000M": "out of range, expected from 0.",
		"first:1ms": "expected a number and the unit"} {
		code, _, errs := start.Run(t, "-resume", "-out", out, "-query", query)
		if code == run.ExitOK || !strings.Contains(errs, want) {
			t.Errorf("%s: exit code %d, %s", query, code, errs)
		}
	}
}

// TestKilledRunEndsTheSame kills or interrupts the program before, in and after each kind of work,
// and lets it go on each time.
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
		{"settings.json", 0, os.Kill}, {"supernet*.part", 5 * time.Millisecond, os.Kill},
		{"supernet*.part", 20 * time.Millisecond, os.Interrupt}, {"supernet.ckpt", 0, os.Kill},
		{"eas-generator.part", 0, os.Kill}, {"eas-generator.ckpt", 0, os.Kill},
		{"eas-answers.json", 10 * time.Millisecond, os.Kill}, {"ofa-sampled.json", 0, os.Kill},
		{"report.json", 0, os.Kill},
	} {
		_, _ = runtest.SignalWhen(t, moment.signal, filepath.Join(out, moment.file), moment.delay, args...)
	}
	got, _ := report(t, args...)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("the killed run ends otherwise (-whole +killed):\n%s", d)
	}
}

// Settings that make no sense are refused before any work, other images and superclasses when a
// run goes on.
func TestRefused(t *testing.T) {
	for _, args := range [][]string{{"-methods", "eas,x"}, {"-methods", "eas,eas"}, {"-methods", ""},
		{"-query", "x"}, {"-extract", "x"}, {"-learn", "0.5", "-choose", "0.5"}, {"-headroom", "1"},
		{"-methods", "random", "-query", "a:1M"}, {"-budgets", "0"}, {"-query", "a:1ms"},
		{"-generator-lr", "1.5"}} {
		if code, _, errs := start.Run(t, args...); code != run.ExitUsage {
			t.Errorf("%q: exit code %d, %s", args, code, errs)
		}
	}
	out := filepath.Join(t.TempDir(), "run")
	args := tiny(t, "-methods", "random", "-headroom", "0")
	if code, _, errs := start.Run(t, append(args, "-out", out)...); code != run.ExitOK {
		t.Fatal(errs)
	}
	other := tiny(t, "-methods", "random", "-headroom", "0", "-out", out, "-resume")
	groups := other[slices.Index(other, "-superclasses")+1]
	given := args[slices.Index(args, "-superclasses")+1]
	if err := os.Rename(groups, given); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(given, []byte(`{"0": "a", "1": "a", "2": "b", "3": "b"}`), 0o644); err != nil {
		t.Fatal(err)
	}
	code, _, errs := start.Run(t, append(args, "-out", out, "-resume")...)
	if code != run.ExitError || !strings.Contains(errs, "superclasses") {
		t.Errorf("other superclasses: exit code %d, %s", code, errs)
	}
	for text, want := range map[string]string{`{"0": "a", "x": "a"}`: `no class "x"`,
		`{"0": "a", "1": "b"}`: "one class",
		`{"0": "a", "1": "a"}`: "one superclass", `[`: given,
		`{"0": "a+b", "1": "a+b", "2": "c", "3": "c"}`: "plus sign"} {
		if err := os.WriteFile(given, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if code, _, errs := start.Run(t, args...); code != run.ExitError || !strings.Contains(errs, want) {
			t.Errorf("%s: exit code %d, %s", text, code, errs)
		}
	}
}

// No number that makes no sense gets past the command line.
func TestNumbers(t *testing.T) { runtest.Numbers(t, eas.Program(), nil) }
