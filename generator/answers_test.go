package generator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tendril-nas/tendril/searchspace"
)

var compareArchs = cmp.Comparer(func(a, b searchspace.Arch) bool { return a == b })

func accuracy(space *searchspace.Space, l *taste, a searchspace.Arch) float64 {
	return 1 / (1 + math.Exp(-l.value(space, a)))
}

// evaluator judges by a taste and counts what it is asked.
func evaluator(space *searchspace.Space, l *taste,
	seen map[string]int) func(context.Context, Scenario, searchspace.Arch) (searchspace.Measurement, error) {
	return func(_ context.Context, s Scenario, a searchspace.Arch) (searchspace.Measurement, error) {
		seen[fmt.Sprint(s, a)]++
		return searchspace.Measurement{Arch: a, Accuracy: accuracy(space, l, a)}, nil
	}
}

// A scenario gets the same answer whatever stands beside it, a union whatever the order of its
// superclasses.
func TestAnswersDoNotDependOnNeighbours(t *testing.T) {
	g := newTrained(t, paper(t), 3, 60, false)
	all := scenarios(g, 30, 2)
	all[4].Superclasses = []string{"class0", "class2"}
	all[5] = Scenario{[]string{"class2", "class0"}, all[4].Budget}
	answers := must[[]Answer](t)(g.Generate(t.Context(), all, nil))
	for i := range all {
		one := must[[]Answer](t)(g.Generate(t.Context(), all[i:i+1], nil))
		if d := cmp.Diff(one[0], answers[i], compareArchs); d != "" {
			t.Errorf("%v: %s", all[i], d)
		}
	}
	if d := cmp.Diff(answers[4], answers[5], compareArchs); d != "" {
		t.Error(d)
	}
	// More than a pass takes.
	var many []Scenario
	for len(many) < passRows+40 {
		many = append(many, all...)
	}
	for i, a := range must[[]Answer](t)(g.Generate(t.Context(), many, nil)) {
		if d := cmp.Diff(a, answers[i%len(all)], compareArchs); d != "" {
			t.Fatalf("%d: %s", i, d)
		}
	}
	if none := must[[]Answer](t)(g.Generate(t.Context(), nil, nil)); len(none) != 0 {
		t.Errorf("%d answers to nothing", len(none))
	}
}

// The memory of a call does not grow with the scenarios, but for the answers themselves.
func TestAllocations(t *testing.T) {
	g := newTrained(t, paper(t), 3, 200, false)
	count := func(n int) float64 {
		all := scenarios(g, n, 1)
		return testing.AllocsPerRun(20, func() {
			if _, err := g.Generate(context.Background(), all, nil); err != nil {
				t.Fatal(err)
			}
		})
	}
	few, many := count(10), count(900)
	if many > few {
		t.Errorf("%v allocations for 10 scenarios, %v for 900", few, many)
	}
}

// What cannot be answered is an error that says what could.
func TestRefusals(t *testing.T) {
	space := small(t)
	g := newTrained(t, space, 3, 0, false)
	inside := (g.opts.Low + g.opts.High) / 2
	for _, c := range []struct {
		s    Scenario
		want error
		says string
	}{
		{Scenario{[]string{"dog"}, inside}, ErrSuperclass, `["class0" "class1" "class2"]`},
		{Scenario{[]string{"class1", "dog"}, inside}, ErrSuperclass, `"dog"`},
		{Scenario{[]string{"class1", "class1"}, inside}, ErrSuperclass, "twice"},
		{Scenario{nil, inside}, ErrSuperclass, "no superclass"},
		{Scenario{[]string{"class1"}, g.opts.Low * 0.99}, ErrBudget, fmt.Sprintf("%.6g to %.6g", g.opts.Low,
			g.opts.High)},
		{Scenario{[]string{"class1"}, g.opts.High * 1.01}, ErrBudget, "of madds"},
		{Scenario{[]string{"class1"}, math.NaN()}, ErrBudget, "NaN"},
	} {
		good := Scenario{[]string{"class0"}, inside}
		_, err := g.Generate(t.Context(), []Scenario{good, c.s}, nil)
		if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) ||
			!strings.Contains(err.Error(), "scenario 1") {
			t.Errorf("%v: %v, expected %v with %q", c.s, err, c.want, c.says)
		}
		if _, err := g.Probabilities(c.s); !errors.Is(err, c.want) {
			t.Errorf("%v: probabilities: %v", c.s, err)
		}
	}
	all := []Scenario{{[]string{"class0"}, inside}}
	gone := errors.New("gone")
	for name, o := range map[string]*GenerateOptions{
		"samples": {Samples: -1}, "tries": {Samples: 5, Tries: 4}, "use": {Use: 1.5},
		"not a number": {Use: math.NaN()},
		"evaluate": {Evaluate: func(context.Context, Scenario, searchspace.Arch) (searchspace.Measurement,
			error) {
			return searchspace.Measurement{}, gone
		}},
		"accuracy": {Evaluate: func(context.Context, Scenario, searchspace.Arch) (searchspace.Measurement,
			error) {
			return searchspace.Measurement{Accuracy: math.NaN()}, nil
		}},
	} {
		if _, err := g.Generate(t.Context(), all, o); err == nil || name == "evaluate" && !errors.Is(err,
			gone) {
			t.Errorf("%s: %v", name, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := g.Generate(ctx, all, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// Options that make no generator are refused with the reason.
func TestNewRefuses(t *testing.T) {
	space := small(t)
	one := []string{"a"}
	low, high := must2(t)(space.CostRange(searchspace.CostLimit{Of: searchspace.CostMAdds}))
	for name, o := range map[string]*Options{
		"nil": nil, "no superclass": {}, "empty name": {Superclasses: []string{""}},
		"same names": {Superclasses: []string{"a", "a"}},
		"hidden":     {Superclasses: one, Hidden: 20}, "negative": {Superclasses: one, Embedding: -1},
		"many": {Superclasses: one, Budgets: 1 << 20}, "low": {Superclasses: one, Low: low / 2},
		"range": {Superclasses: one, Low: high, High: low}, "no number": {Superclasses: one,
			High: math.NaN()},
		"peak":     {Superclasses: one, Cost: searchspace.CostLimit{Of: searchspace.CostActivationInfer}},
		"kind":     {Superclasses: one, Cost: searchspace.CostLimit{Of: "weight"}},
		"no table": {Superclasses: one, Cost: searchspace.CostLimit{Of: searchspace.CostSeconds}},
	} {
		if g, err := New(space, o); err == nil {
			t.Errorf("%s: no error, %+v", name, g.opts)
		}
	}
	if _, err := New(nil, &Options{Superclasses: one}); err == nil {
		t.Error("no space: no error")
	}
	nas := must[*searchspace.Space](t)(searchspace.ETNAS(searchspace.ETNASOptions{}))
	if _, err := New(nas, &Options{Superclasses: one}); !errors.Is(err, searchspace.ErrNoChoiceGraph) {
		t.Errorf("space without a choice graph: %v", err)
	}
	fixed := must[*searchspace.Space](t)(space.Restrict(searchspace.Restriction{Decisions: []string{"*"},
		Keep: []int{0}}))
	if _, err := New(fixed, &Options{Superclasses: one}); err == nil {
		t.Error("nothing to decide: no error")
	}
}

func must2(t testing.TB) func(a, b float64, err error) (float64, float64) {
	return func(a, b float64, err error) (float64, float64) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return a, b
	}
}

// Budgets may be seconds of a latency table, or any sum of tables.
func TestOtherCosts(t *testing.T) {
	space := small(t)
	g := must[*searchspace.ChoiceGraph](t)(space.LowerChoices())
	table := &searchspace.LatencyTable{Batch: 1, Workers: 1, Fixed: 1e-4}
	for i, l := range must[[]searchspace.LatencyLayer](t)(g.Latencies()) {
		table.Entries = append(table.Entries, searchspace.Latency{Layer: l,
			Seconds: 1e-5 * float64(1+i%7) * float64(l.Kernel+1)})
	}
	own := must[*searchspace.CostModel](t)(g.Model(func(n *searchspace.Node) float64 {
		return math.Sqrt(float64(n.Out.C))
	}))
	for _, l := range []searchspace.CostLimit{{Of: searchspace.CostSeconds, Table: table},
		{Of: searchspace.CostParams},
		{Of: searchspace.CostTerms, Terms: own.Terms}} {
		names, learners := tastes(space, 2)
		gen := must[*Generator](t)(New(space, &Options{Superclasses: names, Cost: l}))
		if _, err := gen.Train(t.Context(), learners, &TrainOptions{Steps: 50}); err != nil {
			t.Fatal(err)
		}
		low, high := must2(t)(space.CostRange(l))
		if math.Abs(gen.opts.Low-low) > 1e-12*low || math.Abs(gen.opts.High-high) > 1e-12*high {
			t.Errorf("%s: budgets from %v to %v, expected %v to %v", l.Of, gen.opts.Low, gen.opts.High, low,
				high)
		}
		all := scenarios(gen, 30, 1)
		for i, a := range must[[]Answer](t)(gen.Generate(t.Context(), all, nil)) {
			c := must[float64](t)(space.CostOf(a.Arch, l))
			if math.Abs(c-a.Cost) > 1e-12*c || a.Cost > all[i].Budget {
				t.Errorf("%s: budget %v, cost %v, by the network %v", l.Of, all[i].Budget, a.Cost, c)
			}
		}
	}
}

// Steps and heads are those of the paper: one step for each stage and each layer, three heads.
func TestPlan(t *testing.T) {
	p := must[*plan](t)(newPlan(paper(t), false))
	var names []string
	for _, h := range p.heads {
		names = append(names, fmt.Sprint(h.name, h.outputs))
	}
	slices.Sort(names)
	if d := cmp.Diff(names, []string{"depth2", "expand2", "kernel2"}); d != "" || p.steps != 25 ||
		p.outputs != 6 || len(p.decisions) != 45 {
		t.Errorf("%d steps, %d outputs, %d decisions, heads %s", p.steps, p.outputs, len(p.decisions), d)
	}
	multi := must[*plan](t)(newPlan(paper(t), true))
	if multi.steps != 25 || multi.outputs != 9 {
		t.Errorf("multi-path: %d steps, %d outputs", multi.steps, multi.outputs)
	}
	// Decisions of one kind that share a place have steps of their own.
	symbols := must[*plan](t)(newPlan(chain(t, true, []int{3, 5, 7}, []int{7, 5}, []int{3}), false))
	seen := map[[2]int]bool{}
	for _, d := range symbols.decisions {
		if at := [2]int{d.step, d.output}; seen[at] {
			t.Errorf("two decisions read output %d of step %d", at[1], at[0])
		} else {
			seen[at] = true
		}
	}
}

// The JSON form of an answer keeps its names, and reads back.
func TestAnswerJSON(t *testing.T) {
	space := small(t)
	a := Answer{Arch: space.Smallest(), Cost: 12, LogProb: -1.5, Draws: 3, Adapted: true}
	text := must[[]byte](t)(json.Marshal(a))
	if want := `{"choices":"` + a.Arch.String() +
		`","cost":12,"log_prob":-1.5,"draws":3,"adapted":true}`; string(text) != want {
		t.Errorf("%s, expected %s", text, want)
	}
	var back Answer
	if err := json.Unmarshal(text, &back); err != nil || back != a {
		t.Errorf("%+v, %v", back, err)
	}
}
