package eas

import (
	"context"
	"fmt"
	"slices"

	"github.com/tendril-nas/tendril/adjuster"
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/searchspace"
)

// method is one way to find an architecture for every scenario.
type method struct {
	name, title string
	// once are the phases that come before the first scenario, however many there are, and ready
	// does them; nil = there are none.
	once  []string
	ready func(e *engine, ctx context.Context) error
	find  func(e *engine, ctx context.Context) ([]found, error)
}

// found is an architecture that a method has found for a scenario.
type found struct {
	Arch searchspace.Arch `json:"choices"`
	Held float64          `json:"held"` // accuracy on the images that choose; 0 = nothing was to choose
}

func methods() []method {
	return []method{
		{EAS, "generator", []string{generatorPhase(EAS)}, learnt(EAS), byGenerator(EAS)},
		{EASOne, "generator, most probable", []string{generatorPhase(EAS)}, learnt(EAS), (*engine).mostProbable},
		{MultiPath, "multi-path generator", []string{generatorPhase(MultiPath)}, learnt(MultiPath),
			byGenerator(MultiPath)},
		{EASV, "generator, one for all", []string{generatorPhase(EASV)}, learnt(EASV), byGenerator(EASV)},
		{OFAT, "evolution", []string{sampledPhase, predictorPhase(OFAT)}, predicting(OFAT), byEvolution(OFAT)},
		{OFAV, "evolution, one for all", []string{sampledPhase, predictorPhase(OFAV)}, predicting(OFAV),
			byEvolution(OFAV)},
		{RandomN, "random, best of n", nil, nil, (*engine).randomN},
		{RandomOne, "random, one", nil, nil, (*engine).randomOne},
	}
}

func methodNamed(name string) method {
	for _, m := range methods() {
		if m.name == name {
			return m
		}
	}
	return method{}
}

// rounding is what two sums of the same seconds may differ by, relatively.
const rounding = 1e-9

// Phases of a method.
func answersPhase(method string) string { return method + "-answers" }
func testedPhase(method string) string  { return method + "-tested" }

// solve answers all scenarios by a method, and tests what it has found.
func (e *engine) solve(ctx context.Context, m method) (*MethodReport, error) {
	list, err := e.answered(ctx, m)
	if err != nil {
		return nil, err
	}
	tallies, err := run.Once(e.job, testedPhase(m.name), func() ([]adjuster.Tally, error) {
		return e.tested(ctx, m, list)
	})
	if err != nil {
		return nil, err
	}
	r := &MethodReport{Name: m.name, Title: m.title, Similarity: e.similarities(list),
		Once: e.took(m.once...), Scenarios: e.took(answersPhase(m.name))}
	for i, s := range e.scenarios() {
		c, err := e.space.CostOf(list[i].Arch, e.cost)
		if err != nil {
			return nil, err
		}
		if c > s.budget*(1+rounding) {
			return nil, fmt.Errorf("%s: %s costs %s, over the budget of %s", m.name, e.space.Format(list[i].Arch),
				e.unit.Text(c), e.unit.Text(s.budget))
		}
		r.Answers = append(r.Answers, Answer{Superclass: e.superclasses[s.k].Name, Budget: s.budget,
			Arch: e.space.Format(list[i].Arch), Cost: c, Held: list[i].Held, Correct: tallies[i].Correct,
			Images: tallies[i].Total})
	}
	return r, nil
}

// answered are a method's answers to all scenarios.
func (e *engine) answered(ctx context.Context, m method) ([]found, error) {
	list, over, err := run.Recall[[]found](e.job, answersPhase(m.name))
	if over || err != nil {
		return list, err
	}
	if m.ready != nil {
		if err := m.ready(e, ctx); err != nil {
			return nil, err
		}
	}
	return run.Once(e.job, answersPhase(m.name), func() ([]found, error) { return m.find(e, ctx) })
}

// took is the time of phases, one after the other. That of processors is known if it is for all.
func (e *engine) took(phases ...string) (t Took) {
	known := true
	for _, phase := range phases {
		cpu := e.job.Clock.CPU(phase)
		known = known && cpu > 0
		t.Seconds += e.job.Clock.Seconds(phase)
		t.CPU += cpu
	}
	if !known {
		t.CPU = 0
	}
	return t
}

// tested are the test figures of the architectures that were found, each gone through once.
func (e *engine) tested(ctx context.Context, m method, list []found) ([]adjuster.Tally, error) {
	scenarios := e.scenarios()
	shown, done := e.job.Out.Phase(titleTest(m.name), len(list)), 0
	out := make([]adjuster.Tally, len(list))
	for i, f := range list {
		if slices.ContainsFunc(list[:i], func(g found) bool { return g.Arch == f.Arch }) {
			continue
		}
		for n := i; n < len(list); n++ {
			if list[n].Arch != f.Arch {
				continue
			}
			var err error
			if out[n], err = e.test.one(ctx, scenarios[n].k, f.Arch); err != nil {
				return nil, err
			}
			done++
			shown.Set(done, "")
		}
	}
	return out, nil
}

// best is the architecture of several that is right most often about the images of a superclass
// that choose.
func (e *engine) best(ctx context.Context, k int, list []searchspace.Arch) (best found, err error) {
	for i, a := range list {
		t, err := e.choose.one(ctx, k, a)
		if err != nil {
			return best, err
		}
		if i == 0 || t.Accuracy() > best.Held {
			best = found{a, t.Accuracy()}
		}
	}
	return best, nil
}

// bestForAll is the architecture of several that is right most often about the images of all
// superclasses that choose, by the mean over superclasses.
func (e *engine) bestForAll(ctx context.Context, list []searchspace.Arch) (best found, err error) {
	for i, a := range list {
		t, err := e.choose.each(ctx, a)
		if err != nil {
			return best, err
		}
		if m := mean(t); i == 0 || m > best.Held {
			best = found{a, m}
		}
	}
	return best, nil
}

// forAll answers scenarios by one architecture for each budget.
func (e *engine) forAll(find func(i int, budget float64) (found, error)) ([]found, error) {
	var list []found
	for i, b := range e.budgets {
		f, err := find(i, b)
		if err != nil {
			return nil, err
		}
		list = append(list, f)
	}
	var out []found
	for range e.superclasses {
		out = append(out, list...)
	}
	return out, nil
}

// forEach answers scenarios one by one.
func (e *engine) forEach(title string, find func(i int, s scenario) (found, error)) ([]found, error) {
	list := e.scenarios()
	shown := e.job.Out.Phase(title, len(list))
	var out []found
	for i, s := range list {
		f, err := find(i, s)
		if err != nil {
			return nil, err
		}
		out = append(out, f)
		shown.Set(i+1, "")
	}
	return out, nil
}
