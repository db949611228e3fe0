package main

import (
	"flag"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/examples/internal/run/cells"
	"github.com/tendril-nas/tendril/examples/internal/run/cells/cellstest"
	"github.com/tendril-nas/tendril/examples/nasoa/internal/nasoa"
)

var update = flag.Bool("update", false, "write the golden files anew")

// numberOf is that in the name of a cell.
func numberOf(name string) int {
	var n int
	if i := strings.LastIndexByte(name, '-'); i >= 0 {
		fmt.Sscan(name[i+1:], &n)
	}
	return n
}

// fakeLog are outcomes that a cell might have.
func fakeLog(kind string, from, n int) (log outcomes) {
	for i := range n {
		k := from + i
		o := nasoa.Outcome{Kind: kind, Number: i + 1, Source: "cifar", Classes: 2 + k%8, Images: 100 + 10*(k%8),
			Similarity: 0.9, Model: fmt.Sprintf("ET-%c", 'A'+rune(k%3)), Rate: []float64{0.01, 0.1}[k%2],
			Frozen:     k % 5,
			Iterations: 10 + k, Steps: 10 + k, Batch: 32, Seconds: 1 + float64(k%4)/10, Accuracy: 0.5 +
				float64(k%7)/20,
			Samples: 400}
		o.Predicted, o.Low, o.High = 0.6, 0.51, 0.9
		if kind == "chosen" {
			if o.Limit = 1.35; k%9 == 0 {
				o.Limit = 1
			}
			if k%10 == 9 {
				o.Model = ""
			}
		}
		log = append(log, o)
	}
	return log
}

func fakeModel(name string, accuracy, step float64) nasoa.Model {
	return nasoa.Model{Name: name, Arch: "0-_32_1-2-1-2", Accuracy: accuracy, Samples: 3000, MAdds: 2e6,
		Params: 5e4,
		Steps:  []float64{step, step / 2}, Inference: step / 100, Memory: int64(1e9 * step)}
}

// fakeGrid is a held-out task.
func fakeGrid(k int) *nasoa.Grid {
	g := &nasoa.Grid{Source: "tiny", Classes: 2 + k, Images: 100, Similarity: 0.9, Samples: 400, Features: 0.1,
		Judging: map[string]float64{"ET-A": 0.1, "ET-B": 0.2}}
	for i, model := range []string{"ET-A", "ET-B"} {
		for r, rate := range []float64{0.01, 0.1} {
			for s, steps := range []int{40, 110, 300} {
				g.Cells = append(g.Cells, nasoa.GridCell{Model: model, Rate: rate, Frozen: 2, Iterations: steps,
					Accuracy: 0.4 + float64((i+2*r+3*s+k)%7)/20, Step: 0.01 * float64(1+i)})
			}
		}
	}
	return g
}

// fake is what a cell might find.
func fake(name string) result {
	n := numberOf(name)
	switch config := strings.TrimRight(name, "-0123456789"); config {
	case zooCell:
		return result{CPU: 600, Zoo: []nasoa.Model{fakeModel("ET-A", 0.3, 0.01), fakeModel("ET-B", 0.4, 0.03)},
			Points: []nasoa.Point{{Arch: "0-_32_1-2-1-2", Level: "block", Accuracy: 0.2, Step: 0.01}}}
	case network:
		m := fakeModel(nasoa.Networks()[n-1].Name, 0.28+float64(n)/100, 0.005+0.005*float64(n))
		m.Beside = map[string]float64{"ET-A": 0.011, "ET-B": 0.029} // where the zoo's record has 0.010 and 0.030
		return result{CPU: 100, Network: &m}
	case random:
		return result{CPU: 300, Log: fakeLog("random", 20*n, 20)}
	case taught, cold:
		log := fakeLog("chosen", 20*n, 20)
		for i := range log {
			if config == taught {
				log[i].Accuracy += 0.02
			}
		}
		return result{CPU: 300, Log: log}
	case grid:
		return result{CPU: 150, Grid: fakeGrid(n)}
	case replay:
		r := &replays{Outcomes: 1050}
		for i, rival := range nasoa.Rivals(1050) {
			e := rivalErrors{Name: rival.Name}
			for k := range 5 {
				v := 0.1 + float64(i)/100 + float64(k)/1000
				e.MAE, e.MSE, e.LastMAE = append(e.MAE, v), append(e.MSE, v*v), append(e.LastMAE, v/2)
				e.LastMSE, e.Covered = append(e.LastMSE, v*v/4), append(e.Covered, 0.9)
				if i < 5 {
					e.Regret, e.Evenness = append(e.Regret, v/100), append(e.Evenness, 0.5)
				}
			}
			if rival.Name == nasoa.Theorem {
				e.Bound = 0.04
			}
			e.Logs = []float64{0.1 + float64(i)/100, 0.11 + float64(i)/90, 0.12 + float64(i)/80}
			r.Rivals = append(r.Rivals, e)
		}
		return result{CPU: 30, Replays: r}
	case regret:
		r := &regrets{}
		for i, w := range ways() {
			one := wayRegret{Name: w, Trials: float64(i + 1)}
			for k := range gridTasks {
				one.Tasks = append(one.Tasks, 0.1-float64(i)/100+float64((k*i)%3)/200)
			}
			r.Ways = append(r.Ways, one)
		}
		return result{CPU: 20, Regrets: r}
	default:
		r := result{CPU: 1}
		for _, s := range []string{"concrete", "diabetes", "ames", "chicago"} {
			e := streamErrors{Name: s, Examples: 442}
			for i, rival := range nasoa.Rivals(442) {
				e.Learners, e.MAE = append(e.Learners, rival.Name), append(e.MAE, 0.1+float64(i)/50)
			}
			r.Streams = append(r.Streams, e)
		}
		return r
	}
}

// fakes are records of cells that were made with one another.
func fakes(chosen func(name string) bool) *cells.Results[result] {
	page := thePage()
	r := cellstest.Fake(page, chosen, fake)
	if zoo := r.Get(zooCell); zoo != nil {
		zoo.Result.Identity, _ = fakeIdentity("")
	}
	for _, config := range []string{random, grid, taught, cold, network, replay, regret} {
		for _, one := range r.Of(config) {
			one.Result.Made, _ = (tables{r}).madeWith(config)
		}
	}
	return r
}

func fakeIdentity(string) (string, error) { return "the zoo", nil }

func render(t *testing.T, r *cells.Results[result]) string {
	t.Helper()
	return cellstest.Render(t, thePage(), r)
}

func TestEmptyPage(t *testing.T) {
	text := render(t, thePage().Results())
	cellstest.Has(t, text, "0 of 30 cells are done", "no cell was run",
		"Error, ours − the best of the MLPs, points: not run.",
		"Regret, NASOA taught − MLP taught offline, points: not run.", "The zoo was not run.",
		"| zoo | `go run ./examples/nasoa/results -run '^zoo$'` | not run |")
	cellstest.Narrow(t, pageTemplate)
}

func TestWholePage(t *testing.T) {
	text := render(t, fakes(func(string) bool { return true }))
	cellstest.Golden(t, text, *update)
	cellstest.Has(t, text, "Ours foretells better.", "NASOA chooses better.", "Limits are not kept as asked",
		"go run ./examples/nasoa -more CIFAR,embedded -from ZOO -run stream",
		"-from ZOO -pretaught docs/results/nasoa/outcomes.csv -run stream", "83.3 % within the limit, 12 of 120 refused")
}

func TestHalfAPage(t *testing.T) {
	r := fakes(func(name string) bool {
		return name == zooCell || name == "random-1" || name == "taught-2" || name == "grid-3" ||
			name == "network-4"
	})
	cellstest.Has(t, render(t, r), "5 of 30 cells are done", "20 outcomes in 1 of 3 cells",
		"of 1 networks, a model of the zoo that is no slower")
}

// The picture of the front has the zoo's steps as they were measured beside other networks.
func TestFrontSeries(t *testing.T) {
	x := func(chosen func(name string) bool) []float64 {
		return (tables{fakes(chosen)}).frontSeries()[0].X
	}
	near := func(got []float64, want ...float64) bool {
		return slices.EqualFunc(got, want, func(a, b float64) bool { return math.Abs(a-b) < 1e-9 })
	}
	if got := x(func(string) bool { return true }); !near(got, 11, 29) {
		t.Errorf("%v", got)
	}
	if got := x(func(name string) bool { return name == zooCell }); !near(got, 10, 30) {
		t.Errorf("without networks: %v", got)
	}
}
