package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tendril-nas/tendril/examples/danas/internal/danas"
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/examples/internal/run/cells/cellstest"
	"github.com/tendril-nas/tendril/examples/internal/run/runtest"
	"github.com/tendril-nas/tendril/examples/internal/stripes"
)

func TestMain(m *testing.M) { runtest.Main(m, main) }

// Every cell is a command line of the program, and the two times two has all seeds.
func TestCells(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range thePage().Cells {
		if seen[c.Name] {
			t.Errorf("two cells are named %s", c.Name)
		}
		seen[c.Name] = true
		cfg, err := danas.Program().Settings(withData(c.Args, "/place"))
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
		}
		if cfg.Prune == strings.Contains(strings.Join(c.Args, " "), "-prune=false") || cfg.PerClass != 240 ||
			cfg.OnlyEasiness != (c.Name == ranked) {
			t.Errorf("%s: %+v", c.Name, cfg)
		}
	}
	if want := 1 + headroomSeeds + 4*seeds + 7*fewSeeds + 3*fewSeeds; len(seen) != want {
		t.Errorf("%d cells, expected %d", len(seen), want)
	}
}

// The settings are those that the page tells.
func TestProtocol(t *testing.T) {
	got, err := danas.Program().Settings(withData(args(1, ""), "/place"))
	if err != nil {
		t.Fatal(err)
	}
	want := got
	want.Size, want.PerClass, want.Val, want.Variant, want.Width, want.Layers, want.Stride = 32, 240, 50,
		"mobile", 0.25, 2, 1
	want.Warmup, want.Search.Epochs, want.Search.LR, want.Search.Batch = 1, 2, 0.1, 64
	want.Shares, want.Prune, want.Fraction, want.Sure, want.Pairs = []float64{0.1, 0.3, 0.6, 1}, true, 0.4, 0, false
	want.Tau, want.LastTau, want.Every, want.Form, want.Gamma, want.Hard = 3, 3, 5, "absolute", 1, false
	want.Target, want.Retrain.Epochs, want.Evaluations = 1.8, 6, 100
	want.References = []string{"vgg", "resnet", "mobilenet", "shufflenet"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("the page says otherwise (-page +settings):\n%s", d)
	}
}

// Every kind of cell runs on small images, and the page is written from what they found.
func TestCellsRun(t *testing.T) {
	place, dir := t.TempDir(), t.TempDir()
	if err := stripes.Write(place, 16, 80, 24); err != nil {
		t.Fatal(err)
	}
	page := thePage()
	var some []cell
	for _, c := range page.Cells {
		args := append(c.Args[:len(c.Args):len(c.Args)],
			strings.Fields("-size 16 -val 6 -layers 1 -stride 2 -target 0.1 "+
				"-references shufflenet,resnet -reference-epochs 1 -reference-batch 16 -reference-crop "+
				"1 -calibration 16 "+
				"-search-batch 8 -search-epochs 1 -search-crop 1 -every 1 -shares 50,75,100 "+
				"-retrain-epochs 1 "+
				"-retrain-batch 16 -retrain-crop 1 -evaluations 4")...)
		switch c.Name {
		case "headroom-1":
			some = append(some, headroomCell(c.Name, args))
		case ranked:
			some = append(some, searchCellOf(c.Name, args, nil))
		case "both-1", "both-2", "neither-1", "neither-2", "path-1":
			some = append(some, searchCell(c.Name, args))
		}
	}
	page.Cells = some
	out := filepath.Join(dir, "page.md")
	var text, errs bytes.Buffer
	code := page.Program().Start(t.Context(), []string{"-dir", dir, "-page", out, "-work", filepath.Join(dir,
		"work"),
		"-tiny", place, "-run", "."}, run.Streams{Out: &text, Err: &errs})
	if code != run.ExitOK {
		t.Fatalf("exit code %d\n%s%s", code, text.String(), errs.String())
	}
	r, err := page.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	written, err := page.Render(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"| easy → all, pruning | 2 |", "shufflenet, resnet",
		"both − neither, points:",
		"Twelve random", "-ranking RANKING -data TINY`", "| random, mean of 12 | 1 |",
		"| single path, equal multiply-adds | 1 |", "| hard → all | 0 | not run |"} {
		if !strings.Contains(string(written), want) {
			t.Errorf("%q is not on the page:\n%s", want, written)
		}
	}
	if one := r.Get("both-1"); one == nil || one.Result.Search.Target != 0.1 ||
		one.Result.Search.Relative >= 1 || one.Result.Search.CPU <= 0 {
		t.Errorf("both-1: %+v", one)
	}
	if one := r.Get(ranked); one == nil || one.Result.Easiness.Confusion != nil ||
		one.Result.Easiness.Classes != nil || len(one.Result.Easiness.Easiness.Ranking()) != 4 {
		t.Errorf("easiness: %+v", one)
	}
	if one := r.Get("neither-1"); one == nil || one.Result.Search.Relative != 1 {
		t.Errorf("neither-1: %+v", one)
	}
}

// Equivalence is an interval within a point; a difference is one that excludes 0.
func TestVerdict(t *testing.T) {
	for _, c := range []struct {
		x    []float64
		want string
	}{{nil, "undecided"}, {[]float64{3}, "undecided"}, {[]float64{0.1, -0.1, 0, 0.05, -0.05},
		"equal within ±1 point"},
		{[]float64{3, 3.1, 2.9, 3, 3}, "better"}, {[]float64{-3, -3.1, -2.9}, "worse"}, {[]float64{-3, 3, 0},
			"undecided"}} {
		if got := verdict(c.x); got != c.want {
			t.Errorf("%v: %s, expected %s", c.x, got, c.want)
		}
	}
}

// The first endpoint holds where it holds with every seed.
func TestPrimaryWork(t *testing.T) {
	for _, c := range []struct {
		of   func(name string) result
		want string
	}{
		{fake, ", at most 0.4 with every seed.\n"},
		{func(name string) result {
			r := fake(name)
			if name == "both-3" {
				r.Search.Relative = 0.41
			}
			return r
		}, ", **above 0.4**, 0.410, with at least one seed.\n"},
	} {
		page := tables{cellstest.Fake(thePage(), func(string) bool { return true }, c.of)}
		if text := page.primary(); !strings.Contains(text, c.want) {
			t.Errorf("%q, expected %q", text, c.want)
		}
	}
}

// Times that no clock knows are no times.
func TestUnknownTimes(t *testing.T) {
	page := tables{cellstest.Fake(thePage(), func(string) bool { return true }, func(name string) result {
		r := fake(name)
		if r.Search != nil && (name == "neither-2" || name == "both-1" || strings.HasPrefix(name, "pruning")) {
			r.Search.CPU = 0
		}
		return r
	})}
	if got := page.known("%.0f", "neither", cpu); got != "700 ± 0" {
		t.Errorf("neither: %s", got)
	}
	if got := page.ratio("pruning", "neither", cpu) + page.known("%.0f", "pruning", cpu); got != "––" {
		t.Errorf("pruning: %s", got)
	}
	if got := page.ratio("both", "neither", cpu); got != "0.35 ± 0.00" {
		t.Errorf("both: %s", got)
	}
}
