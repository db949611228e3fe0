package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/examples/internal/run/runtest"
	"github.com/tendril-nas/tendril/examples/internal/stripes"
)

// Every kind of cell runs on small images.
func TestCellsRun(t *testing.T) {
	place, dir := t.TempDir(), t.TempDir()
	if err := stripes.Write(place, 16, 60, 24); err != nil {
		t.Fatal(err)
	}
	toy := func(args []string) []string {
		return append(args, strings.Fields("-size 16 -population 3 -sample 2 -cycles 1 -top 1 -val 0.3 -calibration 16 "+
			"-evaluate-batch 8 -evaluate-crop 1 -retrain-batch 8 -retrain-epochs 1 -retrain-crop 1 -small-images 16 "+
			"-small-retrain 16 -small-madds 0 -small-target 2 -large-images 16 -large-retrain 16 -large-madds 0 "+
			"-large-target 2")...)
	}
	page := thePage()
	var some []cell
	for _, c := range page.Cells {
		args := toy(c.Args)
		switch c.Name {
		case "headroom-small-1", "headroom-large-1":
			some = append(some, headroomCell(c.Name, c.Data, args))
		case "small-1", "alone-1", "transfer-1", "scratch-1", "basic-1", "worse-1", "random-1":
			some = append(some, searchCell(c.Name, c.Data, args, c.More))
		case "headroom-small-2", "headroom-small-3", "pymoo":
			some = append(some, c)
		}
	}
	page.Cells = some
	start := func(more ...string) string {
		t.Helper()
		var out, errs bytes.Buffer
		code := page.Program().Start(t.Context(), append([]string{"-dir", dir, "-page", filepath.Join(dir,
			"page.md"),
			"-work", filepath.Join(dir, "work"), "-cifar", place, "-tiny", place}, more...),
			run.Streams{Out: &out, Err: &errs})
		if code != run.ExitOK {
			t.Fatalf("exit code %d\n%s%s", code, out.String(), errs.String())
		}
		return out.String()
	}
	out := start("-run", "^[^h].*|-1$")
	for _, text := range []string{"pymoo waits for -python", "worse-1 waits for headroom-small-2"} {
		if !strings.Contains(out, text) {
			t.Errorf("%q is not in what was printed:\n%s", text, out)
		}
	}
	r, err := page.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	found, transfer := r.Get("small-1").Result, r.Get("transfer-1").Result
	if transfer.Begin != "given" || transfer.Basic != found.Task.Network().Arch ||
		transfer.Task.Images.Path != "" {
		t.Errorf("%+v, the small task found %+v", transfer, found)
	}
	for name, want := range map[string]string{"scratch-1": "scratch", "basic-1": "random-basic",
		"random-1": "random",
		"small-1":  "", "alone-1": ""} {
		if got := r.Get(name).Result; got.Begin != want || len(got.Task.Search.Curve) != 4 || got.CPU == 0 {
			t.Errorf("%s: %+v", name, got)
		}
	}
	for i, n := range r.Get("headroom-small-1").Result.Alike {
		other := r.Get("headroom-large-1").Result.Alike[i]
		if n.MAdds == 0 || n.Accuracy == 0 && n.StandardError == 0 || n.MAdds == other.MAdds {
			t.Errorf("%+v, %+v", n, other)
		}
	}
}

// A stand-in for the benchmark's tables and what go test prints around them.
func TestTablesOf(t *testing.T) {
	const out = "goos: linux\n\nproblem  hypervolume\nzdt1     0.87\n\npoints sorted  ms\n2000x2  0.2\n" +
		"BenchmarkComparison-2   1   5 ns/op\nPASS\nok  x\n"
	if got, want := tablesOf(out), "problem  hypervolume\nzdt1     0.87\n\npoints sorted  ms\n2000x2  "+
		"0.2\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if _, err := os.Stat(filepath.Join("..", "..", "..", "evolution", "testdata",
		"pymoo_speed.py")); err != nil {
		t.Error(err)
	}
}

// No number that makes no sense gets past the command line.
func TestNumbers(t *testing.T) { runtest.Numbers(t, thePage().Program(), nil) }
