package generator

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
)

// opposed are learners of a chain of convolutions that differ in where they like large kernels:
// superclass 0 in the first half, 1 in the second.
func opposed(space *searchspace.Space) []Learner {
	var out []Learner
	for k := range 2 {
		l := &taste{worth: space.Zeros(), images: 40}
		for i, row := range l.worth {
			gain := 0.01
			if (i < len(l.worth)/2) == (k == 0) {
				gain = 0.06
			}
			for c := range row {
				row[c] = gain * float64(c)
			}
		}
		out = append(out, l)
	}
	return out
}

// best is the value of the best architecture within a budget, and the mean of all of them, by
// looking at each.
func best(g *Generator, l *taste, budget float64) (top, mean float64) {
	top = math.Inf(-1)
	n := 0.0
	var all func(choices []int)
	all = func(choices []int) {
		if len(choices) < len(g.plan.choices) {
			for _, c := range g.space.Decisions()[len(choices)].Allowed {
				all(append(choices, c))
			}
			return
		}
		if g.cost.at(choices) > budget {
			return
		}
		v := 0.0
		for i, c := range choices {
			v += l.worth[i][c]
		}
		top = max(top, v)
		mean += v
		n++
	}
	all(make([]int, 0, len(g.plan.choices)))
	return top, mean / n
}

// The generator learns which architecture is best for each superclass and budget: it gains most of
// what the best gains over a random one, and answers of different superclasses differ.
func TestLearns(t *testing.T) {
	space := chain(t, false, []int{3, 5, 7}, []int{3, 5, 7}, []int{3, 5, 7}, []int{3, 5, 7}, []int{3, 5, 7},
		[]int{3, 5, 7})
	learners := opposed(space)
	for _, multiPath := range []bool{false, true} {
		g := must[*Generator](t)(New(space, &Options{Superclasses: []string{"front", "back"},
			MultiPath: multiPath, Seed: 2}))
		if _, err := g.Train(t.Context(), learners, &TrainOptions{Steps: 1000, LR: 3e-3,
			Seed: 1}); err != nil {
			t.Fatal(err)
		}
		r := rand.New(rand.NewPCG(1, 3))
		gained, use, same, n := 0.0, 0.0, 0, 30
		for range n {
			budget := g.opts.Low + (0.1+0.8*r.Float64())*(g.opts.High-g.opts.Low)
			answers := must[[]Answer](t)(g.Generate(t.Context(), []Scenario{{[]string{"front"}, budget},
				{[]string{"back"}, budget}}, nil))
			for k, a := range answers {
				l := learners[k].(*taste)
				top, mean := best(g, l, budget)
				gained += (l.value(space, a.Arch) - mean) / (top - mean) / float64(2*n)
				use += a.Cost / budget / float64(2*n)
			}
			if answers[0].Arch == answers[1].Arch {
				same++
			}
		}
		t.Logf("multi-path %v: gained %.3f of what is to be gained, %.3f of budgets used, %d of %d equal",
			multiPath, gained, use,
			same, n)
		if gained < 0.85 || use < 0.9 || same > n/3 {
			t.Errorf("multi-path %v: gained %.3f of what is to be gained, used %.3f of the budgets, %d of %d equal",
				multiPath,
				gained, use, same, n)
		}
	}
}

// With the caller's accuracy the most accurate of the architectures drawn is chosen, which is no
// worse than without, and every architecture is judged once.
func TestEvaluate(t *testing.T) {
	space := chain(t, false, []int{3, 5, 7}, []int{3, 5, 7}, []int{3, 5, 7}, []int{3, 5, 7})
	g := newTrained(t, space, 2, 100, false)
	l := newTaste(space, 0, 0.005)
	all := scenarios(g, 20, 7)
	seen := map[string]int{}
	judged := must[[]Answer](t)(g.Generate(t.Context(), all, &GenerateOptions{Evaluate: evaluator(space, l,
		seen)}))
	for i, a := range judged {
		if a.Cost > all[i].Budget || a.Measurement.Arch != a.Arch ||
			a.Measurement.Accuracy != accuracy(space, l, a.Arch) {
			t.Errorf("%v: %+v", all[i], a)
		}
	}
	plain := must[[]Answer](t)(g.Generate(t.Context(), all, nil))
	var with, without float64
	for i := range all {
		with += accuracy(space, l, judged[i].Arch)
		without += accuracy(space, l, plain[i].Arch)
	}
	if with <= without {
		t.Errorf("mean accuracy %v with an evaluation, %v without", with/20, without/20)
	}
	for key, n := range seen {
		if n > 1 {
			t.Errorf("%s was judged %d times", key, n)
		}
	}
	untrained, most := newTrained(t, space, 2, 0, false), 0
	for i := range all {
		seen := map[string]int{}
		must[[]Answer](t)(untrained.Generate(t.Context(), all[i:i+1], &GenerateOptions{Samples: 3, Use: -1,
			Evaluate: evaluator(space, l, seen)}))
		most = max(most, len(seen))
	}
	if most != 3 {
		t.Errorf("up to %d architectures were judged to choose from 3", most)
	}
}
