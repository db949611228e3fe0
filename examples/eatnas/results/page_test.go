package main

import (
	"flag"
	"fmt"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/examples/eatnas/internal/eatnas"
	"github.com/tendril-nas/tendril/examples/internal/run/cells"
	"github.com/tendril-nas/tendril/examples/internal/run/cells/cellstest"
)

var update = flag.Bool("update", false, "write the golden files anew")

// seedOf is the seed in the name of a cell.
func seedOf(name string) float64 {
	if i := strings.LastIndexByte(name, '-'); i >= 0 {
		return float64(name[i+1] - '0')
	}
	return 0
}

// search is what a cell might find: a population whose accuracy rises from start by a point with
// each evaluation, times 1 + seed/100.
func search(name string, start float64, arch string, accuracy float64) result {
	s := seedOf(name)
	r := &eatnas.TaskReport{Search: eatnas.SearchReport{Target: 7, Quality: start + 0.1 + s/100,
		CPU: 800 + 10*s},
		Trained: []eatnas.Trained{{Arch: arch, MAdds: int64(8e6 + 1e5*s), Accuracy: accuracy + s/100}}}
	if s == 2 {
		r.Search.CPU = 0 // it was stopped and went on
	}
	for i := range 42 {
		// All but every fourth candidate have another kernel in their first block.
		kernel := min(i%4, 1)
		r.Search.Tried = append(r.Search.Tried, eatnas.Candidate{Accuracy: start + float64(i)*float64(i)/2000,
			Arch: fmt.Sprintf("0,%d,0,0,3:2,0,0,2,2", kernel)})
		r.Search.Curve = append(r.Search.Curve, eatnas.Point{Accuracy: (start + float64(i)/100) * (1 + s/100),
			MAdds: 9 - s/10})
	}
	return result{Basic: arch, Task: r, CPU: 840}
}

// fake is what a cell might find.
func fake(name string) result {
	switch config := strings.TrimRight(name, "-0123456789"); config {
	case "pymoo":
		return result{Text: "problem  hypervolume\nzdt1     0.87\n", CPU: 60}
	case headroomOf("small"), headroomOf("large"):
		r := result{CPU: 100}
		for i := range headroomArchs {
			a := float64(i)
			r.Alike = append(r.Alike, eatnas.Trained{Arch: fmt.Sprintf("arch %d", i), MAdds: int64(5e6 + 1e6*a*a),
				Accuracy: 0.5 + a*a/100 + float64(int(7*a+3*seedOf(name))%5)/200, Held: 0.9 - a/10})
		}
		return r
	case small:
		return search(name, 0.3, "found "+name, 0.7)
	case alone:
		return search(name, 0.2, "alone "+name, 0.69)
	case "transfer":
		return search(name, 0.16, "best "+name, 0.33)
	case "basic":
		return search(name, 0.15+seedOf(name)/1000, "random "+name, 0.31)
	case "worse":
		return search(name, 0.15, "arch 5", 0.3)
	default:
		return search(name, 0.1, "", 0.3)
	}
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
	cellstest.Has(t, text, "0 of 42 cells are done", "no cell was run", "Area, transfer − scratch, points: not run.",
		"| small-1 | `go run ./examples/eatnas -transfer=false -small-retrain 12000 -seed 1 -data CIFAR` | "+
			"not run |",
		"| scratch-2 | `go run ./examples/eatnas -large-images 5000 -large-retrain 12000 -baseline scratch "+
			"-seed 2 -large TINY` | "+
			"not run |",
		"| transfer-1 | `go run ./examples/eatnas/results -run '^transfer-1$'` | not run |")
	cellstest.Narrow(t, pageTemplate)
}

func TestWholePage(t *testing.T) {
	cellstest.Golden(t, render(t, fakes(func(string) bool { return true })), *update)
}

func TestHalfAPage(t *testing.T) {
	r := fakes(func(name string) bool {
		return name == "transfer-1" || name == "scratch-1" || name == "headroom-small-1" || name == "small-2" ||
			name == "alone-2"
	})
	cellstest.Has(t, render(t, r), "5 of 42 cells are done", "Area, transfer − scratch, points: +6.06 (1 of 5 "+
		"seeds). \n",
		"Area, transfer − random basic, points: not run.", "one seed cannot tell architectures from noise")
}

// The sentences on the primary endpoint say where the intervals lie.
func TestPrimary(t *testing.T) {
	for name, c := range map[string]struct {
		scratch, basic []float64 // areas of transfer above them
		wants          []string
	}{
		"both": {[]float64{5, 5.1, 5.2}, []float64{1, 1.1, 1.2},
			[]string{"The population is better with transfer.", "is worth something on the large one."}},
		"the first": {[]float64{5, 5.1, 5.2}, []float64{-1, 1.1, 1},
			[]string{"The population is better with transfer.", "a population of neighbours explains the gain " +
				"as well."}},
		"neither": {[]float64{-1, 1.1, 1}, []float64{5, 5.1, 5.2},
			[]string{"A difference is not shown.", "The first step was not passed, so this one has no say."}},
		"the other way": {[]float64{5, 5.1, 5.2}, []float64{-1, -1.1, -1.2},
			[]string{"The population is better with transfer.", "is worth less on the large one than a random"}},
		"worse":    {[]float64{-5, -5.1, -5.2}, nil, []string{"The population is worse with transfer.", "no say"}},
		"one seed": {[]float64{5}, []float64{1}, []string{"+5.00 (1 of 5 seeds). \n", "+1.00 (1 of 5 seeds). \n"}},
	} {
		var records []*record
		add := func(arm string, seed int, area float64) {
			records = append(records, &record{Name: cells.Seeded(arm, seed), Result: result{Task: &eatnas.TaskReport{
				Search: eatnas.SearchReport{Curve: []eatnas.Point{{Accuracy: area / 100}}}}}})
		}
		for i, d := range c.scratch {
			add("transfer", i+1, 30)
			add("scratch", i+1, 30-d)
		}
		for i, d := range c.basic {
			add("basic", i+1, 30-d)
		}
		text := tables{thePage().Results(records...)}.primary()
		for _, want := range c.wants {
			if !strings.Contains(text, want) {
				t.Errorf("%s: %q is not in %s", name, want, text)
			}
		}
	}
}

// A search reaches the accuracy that it ends with, which a hundred times it and back may not be.
func TestReachesItsOwnEnd(t *testing.T) {
	own := 29.0 / 4000
	if back := 100 * own / 100; back <= own {
		t.Fatalf("%v is no example", own)
	}
	r := thePage().Results(&record{Name: "alone-1", Result: result{Task: &eatnas.TaskReport{
		Search: eatnas.SearchReport{Curve: []eatnas.Point{{Accuracy: 0.001}, {Accuracy: own}}}}}})
	text := (tables{r}).reaches()
	for _, want := range []string{"| not run | not run | 2.0 | – |", "| 20 % | not run | not run | never (1 seeds) | – |"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
}

// The sentences on headroom say whether architectures differ, and whether beside their size.
func TestRoom(t *testing.T) {
	for want, accuracies := range map[string][]float64{
		"there is headroom.":                             {0.3, 0.5, 0.4, 0.7},
		"there is headroom, though none is shown beside": {0.3, 0.4, 0.5, 0.6},
		"**No headroom is shown;":                        {0.4, 0.41, 0.4, 0.39},
	} {
		var records []*record
		for seed := 1; seed <= headroomSeeds; seed++ {
			var list []eatnas.Trained
			for i, a := range accuracies {
				noise := float64((3*i+5*seed)%7) / 100
				list = append(list, eatnas.Trained{MAdds: 1e6 << i, Accuracy: a + noise})
			}
			records = append(records, &record{Name: cells.Seeded(headroomOf("small"), seed), Result: result{Alike: list}})
		}
		if text := (tables{thePage().Results(records...)}).room(); !strings.Contains(text, want) ||
			!strings.Contains(text, "large task: not run.") {
			t.Errorf("%v: %s", accuracies, text)
		}
	}
}
