package main

import (
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/examples/eas/internal/eas"
	"github.com/tendril-nas/tendril/examples/internal/run/cells"
	"github.com/tendril-nas/tendril/examples/internal/run/cells/cellstest"
	"github.com/tendril-nas/tendril/generator"
)

var update = flag.Bool("update", false, "write the golden files anew")

// fakeReport is what a run might find: methods differ by a point each, seeds by half of one, and a
// rate is worth as many points as it says, times 5.
func fakeReport(rate float64, seed int, methods []string) *eas.Report {
	r := &eas.Report{Low: 2e6, High: 10e6, Budgets: []float64{3.2e6, 4.5e6, 5.7e6, 7e6}, Drop: rate,
		Trained: eas.Took{Seconds: 900, CPU: 700}, Fifty: 0.0008,
		Ends: eas.Ends{Cheapest: 0.4 + rate/10, Dearest: 0.6 + float64(seed)/100}}
	for k := range 10 {
		r.Superclasses = append(r.Superclasses, generator.Superclass{Name: fmt.Sprintf("group_%d", k)})
	}
	for b, budget := range r.Budgets {
		r.Headroom = append(r.Headroom, eas.Headroom{Budget: budget, Archs: 12, Split: eas.Split{Arch: 0.01,
			Superclass: 0.1, Interaction: 0.012, Noise: 0.011, Binomial: 0.02, PArch: 0.01 * float64(b*seed),
			PInteraction: 0.02}, Each: 0.015 + float64(seed)/1000, All: 0.008})
	}
	for i, m := range eas.Methods() {
		if !slices.Contains(methods, m) {
			continue
		}
		x := eas.MethodReport{Name: m, Title: title(m), Once: took(float64(200 / (i + 1))),
			Scenarios: took(float64(1 + 10*i)), Similarity: []float64{0.3, 0.4, 0.5, 0.55 + float64(seed)/100}}
		switch {
		case m == eas.EASOne:
			x.Scenarios = took(0.002)
		case m == eas.MultiPath || m == eas.OFAT && seed == 2:
			x.Once.CPU = 0 // it was killed and went on
		case m == eas.RandomN || m == eas.RandomOne:
			x.Once = eas.Took{}
		}
		for k, s := range r.Superclasses {
			for b, budget := range r.Budgets {
				right := 150 + 3*b + 2*k - 3*i + (7*seed+k*i)%5 + int(15*rate)
				x.Answers = append(x.Answers, eas.Answer{Superclass: s.Name, Budget: budget, Arch: "a",
					Cost: budget * (0.9 + float64(k)/100), Correct: right, Images: 300})
			}
		}
		r.Methods = append(r.Methods, x)
	}
	return r
}

func took(cpu float64) eas.Took { return eas.Took{Seconds: 2 * cpu, CPU: cpu} }

func fake(name string) result {
	for _, c := range thePage().Cells {
		if c.Name == name {
			cfg, err := eas.Program().Settings(c.Args)
			if err != nil {
				panic(err)
			}
			return result{fakeReport(cfg.Drop, int(cfg.Seed), cfg.Methods), 2000}
		}
	}
	return result{}
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
	cellstest.Has(t, text, "0 of 10 cells are done", "no cell was run",
		"Dropout at rate 0.6 less none, points: not run.",
		"Generator less evolution for each superclass, points: not run.",
		"| drop-0-2 | `go run ./examples/eas -headroom 12 -drop 0 -methods "+usual+" -seed 2 -data TINY` | "+
			"not run |")
	cellstest.Narrow(t, pageTemplate)
}

func TestWholePage(t *testing.T) {
	cellstest.Golden(t, render(t, fakes(func(string) bool { return true })), *update)
}

func TestHalfAPage(t *testing.T) {
	text := render(t, fakes(func(name string) bool {
		return name == "drop-0.6-1" || name == "drop-0-1" || name == "drop-1-1"
	}))
	cellstest.Has(t, text, "3 of 10 cells are done", "points: +3.00 (1 of 3 seeds). Decided when all",
		"one seed decides nothing")
	text = render(t, fakes(func(name string) bool { return strings.HasPrefix(name, "drop-0-") }))
	cellstest.Has(t, text, "3 of 10 cells are done", "Dropout at rate 0.6 less none, points: not run.")
}

// The least use is that of numbers, and every method that generates is held to its budgets.
func TestBudgets(t *testing.T) {
	answers := func(used ...float64) (out []eas.Answer) {
		for _, u := range used {
			out = append(out, eas.Answer{Budget: 1, Cost: u, Images: 1})
		}
		return out
	}
	var records []*record
	for seed, used := range [][]float64{{1, 1}, {0.955, 0.95}} {
		r := &eas.Report{Budgets: []float64{1}}
		for _, m := range []string{eas.EAS, eas.MultiPath, eas.EASV} {
			r.Methods = append(r.Methods, eas.MethodReport{Name: m, Answers: answers(used...)})
		}
		r.Methods[1].Answers = answers(1.01, 0.1)
		records = append(records, &record{Name: fmt.Sprintf("drop-0-%d", seed+1), Result: result{Report: r}})
	}
	cellstest.Has(t, tables{thePage().Results(records...)}.budgets(),
		"| generator | 4 | 0 | 97.6 ± 3.4 | 95.0 |", "| generator, most probable | not run |",
		"| multi-path generator | 4 | 2 | 55.5 ± 0.0 | 10.0 |",
		"- multi-path generator: **not every answer is within its budget**; on average **less than the 90 %**",
		"- generator: every answer is within its budget; on average the 90 %",
		"| generator, one for all (EAS-V) | 4 | 0 | 97.6 ± 3.4 | 95.0 |")
}

// The sentences on the primary endpoints say where the intervals lie.
func TestPrimary(t *testing.T) {
	for name, c := range map[string]struct {
		drop, search []int // more right answers of 300, for each seed
		wants        []string
	}{
		"both": {[]int{6, 7, 6}, []int{3, 4, 3}, []string{"dropout helps", "The generator finds better"}},
		"less": {[]int{-6, -7, -6}, []int{-3, -4, -3}, []string{"dropout harms", "Evolution finds better"}},
		"none": {[]int{6, -7, 1}, []int{3, -4, 1}, []string{"dropout is not shown", "between them is not shown"}},
		"single": {[]int{6}, []int{3}, []string{"+2.00 (1 of 3 seeds). Decided when all seeds are there.\n",
			"+1.00 (1 of 3 seeds). Decided when"}},
		"two": {[]int{6, 6}, []int{3, 3}, []string{"2 of 3 seeds). Decided when all seeds are there.\n"}},
	} {
		var records []*record
		for i := range c.drop {
			for _, d := range []drop{with(), without()} {
				r := &eas.Report{Budgets: []float64{1}}
				for _, m := range []string{eas.EAS, eas.OFAT} {
					right := 150
					if d == with() {
						right += c.drop[i]
					}
					if m == eas.EAS {
						right += c.search[i]
					}
					r.Methods = append(r.Methods, eas.MethodReport{Name: m, Answers: []eas.Answer{{Budget: 1, Cost: 1,
						Correct: right, Images: 300}}})
				}
				records = append(records, &record{Name: fmt.Sprintf("%s-%d", d.name, i+1), Result: result{Report: r}})
			}
		}
		text := tables{thePage().Results(records...)}.primary()
		for _, want := range c.wants {
			if !strings.Contains(text, want) {
				t.Errorf("%s: %q is not in %s", name, want, text)
			}
		}
	}
}
