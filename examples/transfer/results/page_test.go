package main

import (
	"flag"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/examples/adaxpert/job"
	"github.com/tendril-nas/tendril/examples/internal/run/cells"
	"github.com/tendril-nas/tendril/examples/internal/run/cells/cellstest"
	"github.com/tendril-nas/tendril/examples/transfer/internal/transfer"
)

var update = flag.Bool("update", false, "write the golden files anew")

// fake is what a cell might find. Seed 2 is a point better.
func fake(name string) result {
	bonus := 0.0
	if strings.HasSuffix(name, "-2") {
		bonus = 0.01
	}
	step := func(name string, accuracy float64, madds int64, seconds float64) transfer.StepReport {
		return transfer.StepReport{Name: name, Accuracy: accuracy + bonus, MAdds: madds, Seconds: seconds,
			CPU: 2 * seconds}
	}
	switch {
	case strings.HasPrefix(name, "scratch-"):
		return result{Steps: []transfer.StepReport{step(transfer.StepScratch, 0.4, 64e6, 120)}}
	case strings.HasPrefix(name, "adaxpert-"):
		return result{Job: &job.Report{First: 0.7, Accuracy: 0.76 + bonus, MAdds: 24e6, Changes: 1, Rival: 0.77,
			RivalMAdds: 30e6, Seconds: 300}}
	case strings.HasPrefix(name, "main-"):
		return result{Job: &job.Report{First: 0.3, Accuracy: 0.47, MAdds: 3e6, Changes: 2, Rival: 0.5, RivalMAdds: 2e6,
			Seconds: 200}}
	case strings.HasPrefix(name, "peer-"):
		one := round{training{Seconds: 100, CPU: 190, Accuracy: 0.82, Steps: 1060},
			training{Seconds: 125, CPU: 250, Accuracy: 0.83, Steps: 1060}}
		return result{Rounds: []round{one, one}, Torch: "2"}
	}
	steps := []transfer.StepReport{step(transfer.StepHead, 0.73, 64e6, 10), step(transfer.StepTuned, 0.82, 64e6, 120),
		step(transfer.StepKept, 0.82, 64e6, 40), step(transfer.StepAdapted, 0.815-bonus, 48e6, 50)}
	if strings.HasSuffix(name, "-3") {
		steps = steps[:3] // no change was worth making
	}
	return result{Steps: steps}
}

func fakes(chosen func(name string) bool) *cells.Results[result] {
	return cellstest.Fake(thePage(), chosen, fake)
}

func render(t *testing.T, r *cells.Results[result]) string {
	t.Helper()
	return cellstest.Render(t, thePage(), r)
}

func TestEmptyPage(t *testing.T) {
	text := render(t, thePage().Results())
	cellstest.Has(t, text, "0 of 86 cells are done", "no cell was run", "all test images, %: not run.",
		"| `go run ./examples/transfer -size 96 -per-class 400 -tune-epochs 10 -tune-crop 6 -last-epochs 3 "+
			"-last-crop 6 -search-images 300 -minutes 60 -seed 1 -data CIFAR` | not run |",
		"| `go run ./examples/transfer/results -run '^peer-cifar-400-64-1$'` | not run |")
	cellstest.Narrow(t, pageTemplate)
}

func TestWholePage(t *testing.T) {
	cellstest.Golden(t, render(t, fakes(func(string) bool { return true })), *update)
}

func TestHalfAPage(t *testing.T) {
	r := fakes(func(name string) bool {
		return name == "cifar-400-96-1" || strings.HasPrefix(name, "fashion-40-64-") || name == "scratch-fashion-40-64-1" ||
			name == "adaxpert-cifar-400-64-1"
	})
	r.Get("cifar-400-96-1").Result.Steps[1].Accuracy = 0.79
	r.Get("cifar-400-96-1").Result.Steps[1].CPU = 0
	cellstest.Has(t, render(t, r), "79.00 (1 of 3 seeds). The floor of 80 % is missed",
		"took 130 s of wall time; the time of processors is not known.",
		"| 40 | 64 | +9.00 (95 % interval +9.00 to +9.00, 3 seeds) | +42.00 (1 of 3 seeds) | "+
			"-0.67 (95 % interval -2.56 to +1.23, 3 seeds) | 0.83 |",
		"AdaXpert from pretrained less fine-tuned at 64 px on the same images, points: not run.")
}

// Findings count intervals on either side of zero; a configuration of one seed has none.
func TestFindings(t *testing.T) {
	var x tally
	for _, differences := range [][]float64{nil, {1, 1.1}, {-1, -1.1}, {-5, 5}, {7}} {
		x.add(differences)
	}
	want := "+1.8 points on average over 4 rows of the tables (-1.1 to +7.0); of 3 intervals 1 lie above zero and 1 below"
	if got := x.String(); got != want {
		t.Errorf("%s, not %s", got, want)
	}
	if got := new(tally).String(); got != cells.NotRun {
		t.Errorf("nothing was run: %s", got)
	}
	if got := (tables{thePage().Results()}).unchanged(); !strings.Contains(got, cells.NotRun) {
		t.Errorf("nothing was run: %s", got)
	}
}

// The sentence on the primary endpoint says where the interval lies.
func TestPrimary(t *testing.T) {
	for name, c := range map[string]struct {
		accuracies []float64
		seconds    float64
		wants      []string
	}{
		"reached":  {[]float64{0.82, 0.821, 0.822}, 100, []string{"is reached, by the whole interval.", "Wall time is within"}},
		"just so":  {[]float64{0.79, 0.82, 0.82}, 350, []string{"is reached; the interval includes it.", "Wall time is beyond"}},
		"missed":   {[]float64{0.78, 0.781, 0.782}, 700, []string{"is missed, by the whole interval.", "more than five minutes"}},
		"one seed": {[]float64{0.8}, 100, []string{"80.00 (1 of 3 seeds). The floor of 80 % is reached.\n"}},
	} {
		var records []*record
		for i, a := range c.accuracies {
			r := fake("cifar-400-96-1")
			r.Steps[1].Accuracy, r.Steps[1].Seconds, r.Steps[1].CPU = a, c.seconds, 1.4*c.seconds
			records = append(records, &record{Name: cells.Seeded("cifar-400-96", i+1), Result: r})
		}
		text := tables{thePage().Results(records...)}.primary()
		for _, want := range c.wants {
			if !strings.Contains(text, want) {
				t.Errorf("%s: %q is not in %s", name, want, text)
			}
		}
	}
}
