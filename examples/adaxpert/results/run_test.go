package main

import (
	"bytes"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/examples/adaxpert/internal/growth"
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/examples/internal/run/runtest"
	"github.com/tendril-nas/tendril/examples/internal/stripes"
)

// Every kind of cell runs on small images, those that wait for AdaXpert's behind it.
func TestCellsRun(t *testing.T) {
	place, dir := t.TempDir(), t.TempDir()
	if err := stripes.Write(place, 12, 240, 40); err != nil {
		t.Fatal(err)
	}
	small := cifar()
	small.arrival, small.retrain, small.supernet, small.batch = "-volumes 40,100", 48, 32, 16
	small.flags = "-width 0.2 -val 0.25 -epsilon 0.1 -iterations 10 -candidates 2 -reward-images 20 -calibration 20"
	page := thePage()
	page.Cells = slices.Concat(headroomCells(small), serviceCells(small), independentCells(small),
		table3Cells(small))
	start := func(cells string) string {
		t.Helper()
		var out, errs bytes.Buffer
		code := page.Program().Start(t.Context(), []string{"-dir", dir, "-page", filepath.Join(dir, "page.md"),
			"-work", filepath.Join(dir, "work"), "-cifar", place, "-run", "^(" + cells + ")-1$"},
			run.Streams{Out: &out, Err: &errs})
		if code != run.ExitOK {
			t.Fatalf("exit code %d\n%s%s", code, out.String(), errs.String())
		}
		return out.String()
	}
	if out := start("independent-cifar"); !strings.Contains(out, "independent-cifar-1 waits for cifar-ours-1") {
		t.Errorf("printed:\n%s", out)
	}
	start("cifar-ours|cifar-random|independent-cifar|headroom-cifar-last|table3-unseen-.*")
	r, err := page.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	mine := r.Get("cifar-ours-1").Result.Report
	for i, s := range r.Get("cifar-random-1").Result.Report.Snapshots {
		if ratio := float64(s.MAddsAfter) / float64(mine.Snapshots[i].MAddsAfter); ratio < 0.97 || ratio > 1.03 {
			t.Errorf("snapshot %d: random has %.2f times our multiply-adds", i+1, ratio)
		}
	}
	if a := named(r.Get("independent-cifar-1").Result.Alone, growth.Ours); a.Arch != mine.Final.Arch {
		t.Errorf("independent: %s, AdaXpert ended with %s", a.Arch, mine.Final.Arch)
	}
	if n := len(r.Get("headroom-cifar-last-1").Result.Alone); n != 8 {
		t.Errorf("headroom: %d networks", n)
	}
	base := r.Get("table3-unseen-fixed-1").Result.Report.Snapshots
	other := r.Get("table3-unseen-adjusted-1").Result.Report.Snapshots
	if base[0].AccAfter != other[0].AccAfter || base[1].H != other[1].H || other[1].Decision != growth.Adjusted {
		t.Errorf("table 3: fixed %+v, adjusted %+v", base, other)
	}
}

// No number that makes no sense gets past the command line.
func TestNumbers(t *testing.T) { runtest.Numbers(t, thePage().Program(), nil) }
