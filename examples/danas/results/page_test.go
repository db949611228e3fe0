package main

import (
	"flag"
	"fmt"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/examples/danas/internal/danas"
	"github.com/tendril-nas/tendril/examples/internal/run/cells"
	"github.com/tendril-nas/tendril/examples/internal/run/cells/cellstest"
	"github.com/tendril-nas/tendril/pruning"
)

var update = flag.Bool("update", false, "write the golden files anew")

// seedOf is the seed in the name of a cell.
func seedOf(name string) float64 {
	if i := strings.LastIndexByte(name, '-'); i >= 0 {
		return float64(name[i+1] - '0')
	}
	return 0
}

// searched is what a search might find whose network is so many points above 40 %.
func searched(name string, points, relative, predicted float64) result {
	s := seedOf(name)
	return result{CPU: 300, Search: &search{Target: 1.8, Final: 1.75 + s/100, ArgMax: 1.5 + s/10,
		Relative: relative, Predicted: predicted, Candidates: []int{2, 2, 3}, Seconds: 400 * relative,
		CPU: 700 * relative},
		Trained: &danas.Trained{Arch: "ir3k5,ir3k3,ir6k3", MAdds: 1.75 + s/100, Params: 50000,
			Accuracy: 0.4 + points/100 + s/500, StandardError: 0.01, Seconds: 60}}
}

// fake is what a cell might find.
func fake(name string) result {
	s := seedOf(name)
	switch config := strings.TrimRight(name, "-0123456789"); config {
	case ranked:
		r := &danas.EasinessReport{Easiness: &pruning.Easiness{Classes: make([]pruning.ClassEasiness, 5)}}
		for i, family := range []string{"vgg", "resnet"} {
			r.References = append(r.References, &danas.Reference{Family: family, MAdds: 6 + float64(i),
				Accuracy: 0.4 + float64(i)/50})
			r.Learnt = append(r.Learnt, &pruning.Agreement{A: family, B: "epoch learnt", Classes: 100,
				Spearman: 0.5, SpearmanRange: [2]float64{0.4, 0.6}, Kendall: 0.4, P: 0.001})
		}
		r.Agreements = []*pruning.Agreement{{A: "vgg", B: "resnet", Classes: 100, Spearman: 0.8,
			SpearmanRange: [2]float64{0.7, 0.9}, Kendall: 0.6, P: 0.001}}
		return result{CPU: 900, Easiness: r}
	case "headroom":
		r := result{CPU: 700}
		for i := range headroomArchs {
			r.Alike = append(r.Alike, danas.Trained{Arch: fmt.Sprintf("ir1k5,ir6k3,ir3k%d", i), MAdds: 1.8,
				Accuracy: 0.38 + float64(i)/200 + float64((7*i+3*int(s))%5)/300})
		}
		return r
	case "schedule":
		return searched(name, 0.2, 0.55, 0.56)
	case "pruning":
		return searched(name, -0.1, 0.75, 0.76)
	case "neither", "smallonly", "hardonly", "randomonly":
		return searched(name, 0.1*s, 1, 1)
	case singlePath:
		return result{CPU: 300, Search: &search{Target: 1.8, Final: 1.8, Seconds: 200, CPU: 390},
			Trained: searched(name, -2, 0, 0).Trained}
	case "target":
		var tenth float64
		fmt.Sscanf(name, "target-%f", &tenth)
		r := searched(name, 0, 0.36, 0.36)
		r.Search.Target, r.Search.Final, r.Search.ArgMax = tenth/10, tenth/10*(1+s/100), tenth/8
		return r
	default:
		return searched(name, 0, 0.35+s/1000, 0.36)
	}
}

func render(t *testing.T, r *cells.Results[result]) string {
	t.Helper()
	return cellstest.Render(t, thePage(), r)
}

func TestEmptyPage(t *testing.T) {
	text := render(t, thePage().Results())
	cellstest.Has(t, text, fmt.Sprintf("0 of %d cells are done", len(thePage().Cells)), "no cell was run",
		"Work of both over that of neither: not run.\nAccuracy, both − neither, points: not run",
		"| small, pruning | 0 | not run | not run |",
		"| headroom-1 | `go run ./examples/danas/results -run '^headroom-1$'` | not run |")
	cellstest.Narrow(t, pageTemplate)
}

func TestWholePage(t *testing.T) {
	cellstest.Golden(t, render(t, cellstest.Fake(thePage(), func(string) bool { return true }, fake)), *update)
}

func TestHalfAPage(t *testing.T) {
	r := cellstest.Fake(thePage(), func(name string) bool {
		return name == ranked || name == "headroom-1" || name == "both-1" || name == "neither-1"
	}, fake)
	cellstest.Has(t, render(t, r), fmt.Sprintf("4 of %d cells are done", len(thePage().Cells)),
		"Accuracy, both − neither, points: -0.10 (1 of 5 seeds): undecided", "One seed cannot tell")
}
