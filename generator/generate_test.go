package generator

import (
	"math/rand/v2"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
)

// newTrained is a generator for n superclasses after some steps with made-up learners.
func newTrained(t testing.TB, space *searchspace.Space, n, steps int, multiPath bool) *Generator {
	t.Helper()
	names, learners := tastes(space, n)
	g := must[*Generator](t)(New(space, &Options{Superclasses: names, MultiPath: multiPath, Seed: 1}))
	if steps > 0 {
		if _, err := g.Train(t.Context(), learners, &TrainOptions{Steps: steps, LR: 3e-3}); err != nil {
			t.Fatal(err)
		}
	}
	return g
}

// scenarios are random ones.
func scenarios(g *Generator, n int, seed uint64) []Scenario {
	r := rand.New(rand.NewPCG(seed, 1))
	out := make([]Scenario, n)
	for i := range out {
		out[i] = Scenario{Superclasses: []string{g.opts.Superclasses[r.IntN(len(g.opts.Superclasses))]},
			Budget: g.opts.Low + r.Float64()*(g.opts.High-g.opts.Low)}
	}
	out[0].Budget = g.opts.Low
	out[len(out)-1].Budget = g.opts.High
	return out
}

// families are spaces of many kinds.
func families(t testing.TB) map[string]*searchspace.Space {
	space := must[*searchspace.Space](t)
	restricted := space(paper(t).Restrict(searchspace.Restriction{Decisions: []string{"stage1.*"},
		Keep: []int{1, 2}},
		searchspace.Restriction{Decisions: []string{"stage2.layer0.kernel", "stage2.layer0.expand"},
			Combinations: [][]int{{0, 2}, {2, 0}}}))
	return map[string]*searchspace.Space{
		"mobilenetv3":      paper(t),
		"small":            small(t),
		"restricted":       restricted,
		"proxylessnas":     space(searchspace.ProxylessNAS(searchspace.ProxylessNASOptions{})),
		"resnet50":         space(searchspace.ResNet50(searchspace.ResNet50Options{})),
		"danas":            space(searchspace.DANAS(searchspace.DANASOptions{})),
		"efficientnetlite": space(searchspace.EfficientNetLite(searchspace.EfficientNetLiteOptions{})),
		"eatnas":           space(searchspace.EATNAS(searchspace.EATNASOptions{})),
		"chain":            chain(t, true, []int{3, 5, 7, 9, 11}, []int{5, 3}, []int{3}),
		"limited": space(paper(t).Limit(searchspace.CostLimit{Of: searchspace.CostParams,
			Max: 9e5})),
	}
}

// Every answer is an architecture of the space whose cost, by its layer graph, is within the
// budget, whatever the generator knows, down to the smallest budget.
func TestAnswersFit(t *testing.T) {
	for name, space := range families(t) {
		for _, steps := range []int{0, 40} {
			for _, multiPath := range []bool{false, true} {
				if steps == 0 && multiPath {
					continue
				}
				g := newTrained(t, space, 3, steps, multiPath)
				all := scenarios(g, 20, 5)
				answers := must[[]Answer](t)(g.Generate(t.Context(), all, &GenerateOptions{Seed: 3}))
				use := 0.0
				for i, a := range answers {
					if err := space.Valid(a.Arch); err != nil {
						t.Fatalf("%s: %v", name, err)
					}
					c := must[searchspace.Cost](t)(space.Cost(a.Arch))
					if float64(c.MAdds) > all[i].Budget || float64(c.MAdds) != a.Cost {
						t.Fatalf("%s: %v: cost %d, said to be %v", name, all[i], c.MAdds, a.Cost)
					}
					use += a.Cost / all[i].Budget / float64(len(all))
				}
				if use < 0.85 {
					t.Errorf("%s after %d steps: %.3f of the budgets used", name, steps, use)
				}
			}
		}
	}
}

func BenchmarkGenerate50(b *testing.B) {
	g := newTrained(b, paper(b), 10, 1500, false)
	all := scenarios(g, 50, 1)
	b.ReportAllocs()
	adapted, draws, use := 0, 0, 0.0
	answers := must[[]Answer](b)(g.Generate(b.Context(), all, nil))
	for i, a := range answers {
		draws += a.Draws
		use += a.Cost / all[i].Budget / float64(len(all))
		if a.Adapted {
			adapted++
		}
	}
	for b.Loop() {
		if _, err := g.Generate(b.Context(), all, nil); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(draws), "draws")
	b.ReportMetric(float64(adapted), "adapted")
	b.ReportMetric(use, "use")
}
