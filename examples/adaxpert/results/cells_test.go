package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/examples/adaxpert/internal/growth"
)

func TestCells(t *testing.T) {
	page := thePage()
	done := whole(t)
	seen := map[string]bool{}
	for _, c := range page.Cells {
		if seen[c.Name] {
			t.Errorf("two cells are named %s", c.Name)
		}
		seen[c.Name] = true
		if _, err := growth.Program().Settings(done.Get(c.Name).Args); err != nil {
			t.Errorf("%s: %v", c.Name, err)
		}
		if _, known := page.Data[c.Data]; c.Data != "" && !known {
			t.Errorf("%s: unknown data %q", c.Name, c.Data)
		}
	}
	for _, name := range strings.Fields("headroom-cifar-first-1 headroom-tiny-last-2 cifar-ours-5 " +
		"cifar-smallest-5 cifar-largest-5 cifar-random-5 cifar-middle-1 cifar-scratch-1 tiny-ours-5 " +
		"tiny-random-3 tiny-scratch-1 independent-cifar-3 table3-copies-adjusted-3 table3-unseen-fixed-3 " +
		"policy rank") {
		if !seen[name] {
			t.Errorf("no cell %s", name)
		}
	}
	if len(seen) != 8+22+20+3+12+2 {
		t.Errorf("%d cells", len(seen))
	}
}

// All arms of a data set have the same settings but for what makes the arm, and the image-steps
// that were promised.
func TestCommonSettings(t *testing.T) {
	for _, d := range []dataSet{cifar(), tiny()} {
		want, err := growth.Program().Settings(append(d.service(), "-seed", "1"))
		if err != nil {
			t.Fatal(err)
		}
		got := want.Retrain.MinSteps * want.Retrain.Batch
		if got < d.retrain || got >= d.retrain+d.batch || !want.Keep {
			t.Errorf("%s: %d image-steps, %d are promised; %+v", d.title, got, d.retrain, want.Service)
		}
		for _, c := range serviceCells(d) {
			got, err := growth.Program().Settings(append(c.Args, "-baseline", "", "-seed", "1"))
			if err != nil {
				t.Fatal(err)
			}
			if got.Seed != want.Seed || got.Retrain != want.Retrain || got.Supernet != want.Supernet ||
				got.Service != want.Service || got.Adjuster != want.Adjuster || got.Width != want.Width {
				t.Errorf("%s: %+v, others %+v", c.Name, got, want)
			}
		}
		text := settings(d)
		for line := range strings.Lines(text) {
			if len(line) > 101 {
				t.Errorf("a line of %d columns: %s", len(line), line)
			}
		}
		if got := strings.Fields(strings.ReplaceAll(text, "\\\n", " ")); !slices.Equal(got[3:], d.service()) {
			t.Errorf("%v are shown of %v", got, d.service())
		}
	}
}

// Random gets the multiply-adds of AdaXpert, and changes where that changes; the independent
// protocol gets the architecture that AdaXpert ended with. Both wait.
func TestMore(t *testing.T) {
	page := thePage()
	none := page.Results()
	for _, more := range []func() ([]string, error){
		func() ([]string, error) { return maddsOf("cifar-ours-2")(none) },
		func() ([]string, error) { return archOf("cifar-ours-2")(none) },
	} {
		if args, err := more(); err == nil || err.Error() != "waits for cifar-ours-2" {
			t.Errorf("%v, %v", args, err)
		}
	}
	snap := func(before, after string, madds int64) growth.SnapshotReport {
		return growth.SnapshotReport{ArchBefore: before, ArchAfter: after, MAddsAfter: madds}
	}
	some := page.Results(&record{Name: "cifar-ours-2", Result: result{Report: &growth.Report{
		Snapshots: []growth.SnapshotReport{snap("a", "a", 1_612_345), snap("a", "a", 1_700_000),
			snap("a", "b", 2_500_000), snap("b", "b", 2_600_000)},
		Final: growth.FinalReport{Arch: "b"},
	}}})
	if args, err := maddsOf("cifar-ours-2")(some); err != nil ||
		!slices.Equal(args, []string{"-madds", "1.6123,1.6123,2.5000,2.5000"}) {
		t.Errorf("%v, %v", args, err)
	}
	if args, err := archOf("cifar-ours-2")(some); err != nil || !slices.Equal(args, []string{"-start", "b"}) {
		t.Errorf("%v, %v", args, err)
	}
	for _, c := range page.Cells {
		needs := strings.Contains(c.Name, "-random-") || strings.HasPrefix(c.Name, "independent-")
		if (c.More != nil) != needs {
			t.Errorf("%s: waits for others: %v", c.Name, c.More != nil)
		}
	}
}
