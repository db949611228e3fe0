package main

import (
	"math"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/examples/adaxpert/internal/growth"
	"github.com/tendril-nas/tendril/examples/internal/run/cells"
	"github.com/tendril-nas/tendril/examples/internal/run/cells/cellstest"
)

// Two architectures of the space, small and larger.
const (
	archA = "2,2,2,2,2:3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3:3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3"
	archB = "2,2,2,2,4:3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,7,3,5,7:3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3,3"
)

// fakeReport is a run of two snapshots that ends with these figures.
func fakeReport(h, acc float64, madds int64, decision string) *growth.Report {
	arch := archA
	if decision == growth.Adjusted {
		arch = archB
	}
	first := growth.SnapshotReport{Images: 800, Classes: 10, Decision: growth.First, ArchBefore: archA,
		ArchAfter: archA, AccAfter: 0.5, MAddsAfter: 1e6, Seconds: map[string]float64{growth.SecondsSupernet: 20}}
	second := growth.SnapshotReport{Images: 1600, Classes: 10, H: h, D: 0.25, Decision: decision,
		ArchBefore: archA, ArchAfter: arch, AccBefore: 0.5, AccAfter: acc, MAddsAfter: madds,
		Seconds: map[string]float64{growth.SecondsSupernet: 10, growth.SecondsAdjuster: 5,
			growth.SecondsTrial: 2, growth.SecondsCompare: 3, growth.SecondsRetrain: 7}}
	return &growth.Report{Snapshots: []growth.SnapshotReport{first, second},
		Final: growth.FinalReport{Arch: arch, MAdds: madds, TestAccuracy: acc}}
}

// fakeAlone are networks whose accuracy, 50 % for a million multiply-adds, rises by five points
// with each doubling; those of equal multiply-adds differ by a point each.
func fakeAlone(names ...string) (out []growth.Alone) {
	for i, name := range names {
		a := growth.Alone{Name: name, Arch: archA, MAdds: 4e6, Accuracy: 0.6 + 0.01*float64(i), Loss: 1}
		switch name {
		case growth.Smallest:
			a.MAdds, a.Accuracy = 1e6, 0.5
		case growth.Middle:
			a.Accuracy = 0.6
		case growth.Largest:
			a.MAdds, a.Accuracy = 16e6, 0.7
		}
		out = append(out, a)
	}
	return out
}

// fake is what a cell might find. Even seeds are a point better.
func fake(name string) result {
	bonus := 0.0
	if strings.HasSuffix(name, "2") || strings.HasSuffix(name, "4") {
		bonus = 0.01
	}
	switch {
	case strings.HasPrefix(name, "headroom"):
		list := fakeAlone(growth.Smallest, growth.Middle, growth.Largest, "random 1", "random 2", "random 3",
			"random 4", "random 5")
		for i := range list {
			list[i].Accuracy += bonus
		}
		return result{Alone: list}
	case strings.HasPrefix(name, "independent"):
		return result{Alone: fakeAlone(growth.Smallest, growth.Middle, growth.Largest, growth.Ours,
			growth.Random)}
	case name == "policy":
		l := growth.Learnt{First: -0.1, Last: 0.1, EntropyFirst: 30, EntropyLast: 20, Policy: 0.2, Random: 0.1}
		more := l
		more.Last = 0.2
		return result{Learnt: []growth.Learnt{l, more}}
	case name == "rank":
		return result{Ranked: []growth.Ranked{{Arch: "a", Inherited: 0.1, Retrained: 0.5, MAdds: 3},
			{Arch: "b", Inherited: 0.2, Retrained: 0.6, MAdds: 2},
			{Arch: "c", Inherited: 0.3, Retrained: 0.7, MAdds: 1}}}
	case strings.Contains(name, "-ours-"), strings.Contains(name, "unseen-adjusted"):
		return result{Report: fakeReport(4, 0.80+bonus, 2e6, growth.Adjusted)}
	case strings.Contains(name, "-largest-"):
		return result{Report: fakeReport(4, 0.805, 8e6, growth.Kept)}
	case strings.Contains(name, "-scratch-"):
		return result{Report: fakeReport(4, 0.79, 4e6, growth.Adjusted)}
	}
	return result{Report: fakeReport(3, 0.78, 1e6, growth.Kept)}
}

// whole is every cell of the page, done.
func whole(t *testing.T) *cells.Results[result] {
	t.Helper()
	page := thePage()
	var records []*record
	for _, c := range page.Cells {
		args := c.Args
		if c.More != nil {
			more, err := c.More(page.Results(records...))
			if err != nil {
				t.Fatalf("%s: %v", c.Name, err)
			}
			args = append(args[:len(args):len(args)], more...)
		}
		records = append(records, cellstest.Record(c, args, fake(c.Name)))
	}
	return page.Results(records...)
}

func render(t *testing.T, r *cells.Results[result]) string {
	t.Helper()
	return cellstest.Render(t, thePage(), r)
}

func TestEmptyPage(t *testing.T) {
	text := render(t, thePage().Results())
	cellstest.Has(t, text, "0 of 67 cells are done", "no cell was run", "less that of fixed smallest, points: not run.",
		"No architecture of the service cells was adjusted so far.",
		"| cifar-random-3 | `go run ./examples/adaxpert/results -run '^cifar-random-3$'` | not run |")
	if n := strings.Count(text, cells.NotRun); n < 61 {
		t.Errorf("an empty page says %d times that cells were not run", n)
	}
	cellstest.Narrow(t, pageTemplate)
}

func TestHalfAPage(t *testing.T) {
	var some []*record
	all := whole(t)
	for _, name := range strings.Fields("headroom-cifar-last-1 cifar-ours-1 cifar-smallest-1 cifar-ours-2 " +
		"cifar-smallest-2 cifar-largest-1 tiny-ours-1 independent-cifar-1 table3-copies-adjusted-1 " +
		"table3-copies-fixed-1") {
		some = append(some, all.Get(name))
	}
	some[1].CPU, some[1].Seconds = "CPU B", 300
	text := render(t, thePage().Results(some...))
	cellstest.Has(t, text, "10 of 67 cells are done", "CPU A, 2 cores; CPU B, 2 cores",
		"smallest, points: +2.50 (95 % interval -3.85 to +8.85, 2 of 5 seeds). The interval includes zero, no difference",
		"largest, points: -0.50 (1 of 5 seeds), at 0.25 times the multiply-adds. The endpoint is met:",
		"one seed cannot tell architectures from noise",
		"Tiny-ImageNet, final accuracy of AdaXpert less that of fixed largest, points: not run.",
		"| random | not run | not run | – | – | – |", "**middle**: not run", "CIFAR-10: not run.",
		"less gain on copies, points: not run.")
}

func TestWholePage(t *testing.T) {
	text := render(t, whole(t))
	cellstest.Has(t, text, "67 of 67 cells are done", "Machine: CPU A, 2 cores;",
		// 2, 3, 2, 3, 2 points: mean 2.4, t(4) 2.776, standard deviation 0.5477
		"smallest, points: +2.40 (95 % interval +1.72 to +3.08, 5 seeds). The interval is clear of zero, AdaXpert is "+
			"more accurate; the point estimate is not below.",
		"largest, points: -0.10 (95 % interval -0.78 to +0.58, 5 seeds), at 0.25 times the multiply-adds. The endpoint "+
			"is met: as point estimates, within one point at no more than half the multiply-adds; the whole interval is "+
			"within one point or above.",
		"| scratch | +1.00 (one seed) | +0.50 (one seed) | 0.50 | 0.60 | 1.00 |",
		"| ours | 80.40 ± 0.55 | 65.20 ± 0.27 | 2.00 ± 0.00 | 1.50 ± 0.00 | 37 ± 0 | 3 ± 0 | 7 ± 0 | 100 ± 0 |",
		"5 seeds, mean ± standard deviation", "| all | 37 | 37 | 1.00 | 3 |",
		"less the random architecture, points: -1.00 (95 % interval -1.00 to -1.00, 3 seeds). The interval is clear "+
			"of zero, it is the worse architecture.",
		"less the line through smallest, middle and largest, points: +3.00",
		"| unseen images of the same classes | 4.00 ± 0.00 | 0.25 ± 0 | 78.00 ± 0.00 | 80.33 ± 0.58 | "+
			"+2.33 ± 0.58 | 1.00 ± 0.00 → 2.00 ± 0.00 |",
		"rises by 0.2500 (standard error 0.0500, ratio 5.0)",
		"accuracy is 1.00, not below 0.5; of MAdds and retrained accuracy, -1.00",
		// the same differences on Tiny-ImageNet: of the first three the mean is 2.333, t(2) 4.303
		"planned with 3 seeds, and those gave +2.33 (95 % interval +0.90 to +3.77, 3 seeds) beside",
		"makes up for that, is +1.54 to +3.26.",
		// of 10 architectures of depth 4 in unit 5, layers 2 to 4 have kernels 3, 5, 7
		"The 10 adjusted architectures have 30 such layers, 10 of them with kernel 3: 33 %",
		"go run ./examples/adaxpert -volumes 10,40,100", "-baseline random -madds 1.0000,2.0000 -data CIFAR`",
	)
	if strings.Contains(text, cells.NotRun) {
		t.Error("a whole page says that a cell was not run")
	}
}

// The gain on unseen images less that on copies pairs four cells by their seed.
func TestInteraction(t *testing.T) {
	var records []*record
	for name, acc := range map[string]float64{
		"table3-copies-adjusted-1": 0.51, "table3-copies-fixed-1": 0.50, "table3-unseen-adjusted-1": 0.64,
		"table3-unseen-fixed-1": 0.60, "table3-copies-adjusted-2": 0.9, "table3-copies-fixed-2": 0.1,
		"table3-unseen-adjusted-2": 0.2,
	} {
		records = append(records, &record{Name: name,
			Result: result{Report: fakeReport(1, acc, 1e6, growth.Kept)}})
	}
	text := tables{thePage().Results(records...)}.table3()
	cellstest.Has(t, text, "less gain on copies, points: +3.00 (1 of 3 seeds). One seed has no interval.")
}

// A line through the fixed architectures of a data set that follows one.
func TestBesideLine(t *testing.T) {
	r := result{Alone: []growth.Alone{
		{Name: growth.Smallest, MAdds: 1e6, Accuracy: 0.50}, {Name: growth.Middle, MAdds: 4e6, Accuracy: 0.54},
		{Name: growth.Largest, MAdds: 8e6, Accuracy: 0.56}, {Name: growth.Ours, MAdds: 2e6, Accuracy: 0.535},
		{Name: growth.Random, MAdds: 2e6, Accuracy: 0.51},
	}}
	if d := besideLine(&r); math.Abs(d-1.5) > 1e-9 {
		t.Errorf("beside the line: %v", d)
	}
	if d := besideRandom(&r); math.Abs(d-2.5) > 1e-9 {
		t.Errorf("beside random: %v", d)
	}
	if a, b := lineOver(r.Alone[:3], criteria()[0]); math.Abs(a-50) > 1e-9 || math.Abs(b-2) > 1e-9 {
		t.Errorf("line %v + %v·x", a, b)
	}
}
