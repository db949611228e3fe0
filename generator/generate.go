package generator

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/tendril-nas/tendril/searchspace"
)

// inference is the memory of one Generate.
type inference struct {
	g       *Generator
	pass    pass
	probs   probabilities
	query   query
	pcg     rand.PCG
	rows    []float32 // probabilities of a scenario
	logs    []float64 // their logarithms, for adapt
	ends    []uint64  // see takeEnds
	mode    []int     // most probable choices, all decisions
	drawn   []int
	best    []int
	canon   []int   // an architecture that was looked at
	active  []bool  // its decisions that have an effect
	bestLog float64 // log-probability of best
	chosen  []int   // of all scenarios
}

// inference is memory for a call, which gives it back with release.
func (g *Generator) inference() *inference {
	g.idle.Lock()
	defer g.idle.Unlock()
	if n := len(g.idle.list); n > 0 {
		x := g.idle.list[n-1]
		g.idle.list = g.idle.list[:n-1]
		return x
	}
	n := len(g.plan.choices)
	return &inference{g: g, rows: make([]float32, g.plan.rows), logs: make([]float64, g.plan.rows),
		ends: make([]uint64, g.plan.rows),
		mode: make([]int, n), drawn: make([]int, n), best: make([]int, n), canon: make([]int, n),
		active: make([]bool, n)}
}

func (x *inference) release() {
	x.g.idle.Lock()
	x.g.idle.list = append(x.g.idle.list, x)
	x.g.idle.Unlock()
}

// Generate answers scenarios with one pass of the network (a pass for every 1024): for each an
// architecture whose cost is within its budget, as exactly as the tables of the cost are.
//
// The most probable architecture is taken if it is suitable, that is within the budget and not far
// below (GenerateOptions.Use); otherwise architectures are drawn, and those that are not suitable
// drawn again. If none was found, the most probable one is adapted: the decisions that cost the
// least probability for what they save change until it fits. With Evaluate, architectures are drawn
// in any case and the most accurate one is taken.
//
// The error wraps ErrSuperclass or ErrBudget for the first scenario that cannot be answered, and is
// that of Evaluate where that fails.
func (g *Generator) Generate(ctx context.Context, scenarios []Scenario, o *GenerateOptions) ([]Answer,
	error) {
	opts, err := o.clean()
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("generator: %w", err)
	}
	c, err := g.current()
	if err != nil {
		return nil, err
	}
	x := g.inference()
	defer x.release()
	answers := make([]Answer, len(scenarios))
	x.chosen = grownInts(x.chosen, len(scenarios)*len(g.plan.choices))
	for from := 0; from < len(scenarios); from += passRows {
		if err := x.batch(ctx, c, scenarios, answers, from, &opts); err != nil {
			return nil, fmt.Errorf("generator: %w", err)
		}
	}
	if len(scenarios) == 0 {
		return answers, nil
	}
	archs, err := g.space.NewAll(x.chosen)
	if err != nil {
		return nil, fmt.Errorf("generator: %w", err)
	}
	for i := range answers {
		answers[i].Arch = archs[i]
	}
	return answers, nil
}

func grownInts(x []int, n int) []int {
	if cap(x) < n {
		return make([]int, n)
	}
	return x[:n]
}

// passRows bounds the scenarios of one pass, and so its memory.
const passRows = 1024

// batch answers up to passRows scenarios.
func (x *inference) batch(ctx context.Context, c *compiled, scenarios []Scenario, answers []Answer, from int,
	o *GenerateOptions) error {
	part := scenarios[from:min(from+passRows, len(scenarios))]
	if err := x.forward(c, part, from); err != nil {
		return err
	}
	n := len(x.g.plan.choices)
	for i := range part {
		x.probs.of(c, &x.pass, i, x.rows)
		err := x.g.ask(&part[i], &x.query)
		if err == nil {
			err = x.answer(ctx, &part[i], o, &answers[from+i])
		}
		if err != nil {
			return fmt.Errorf("scenario %d, %s: %w", from+i, part[i], err)
		}
		copy(x.chosen[(from+i)*n:], x.best)
	}
	return nil
}

// forward runs the network for scenarios, the first of which has number from.
func (x *inference) forward(c *compiled, scenarios []Scenario, from int) error {
	x.pass.resize(c, len(scenarios))
	for i := range scenarios {
		if err := x.g.ask(&scenarios[i], &x.query); err != nil {
			return fmt.Errorf("scenario %d: %w", from+i, err)
		}
		x.pass.row(c, i, &x.query)
	}
	x.pass.run(c)
	x.probs.ready(c, &x.pass)
	return nil
}

// Probabilities is what the network says about a scenario: the probability of every choice of every
// decision, whether it has an effect or not. They do not depend on each other.
func (g *Generator) Probabilities(s Scenario) (searchspace.Relaxed, error) {
	c, err := g.current()
	if err != nil {
		return nil, err
	}
	x := g.inference()
	defer x.release()
	if err := x.forward(c, []Scenario{s}, 0); err != nil {
		return nil, fmt.Errorf("generator: %w", err)
	}
	x.probs.of(c, &x.pass, 0, x.rows)
	out := g.space.Zeros()
	for i, choice := range g.plan.choices {
		out[i][choice] = 1
	}
	for k := range g.plan.decisions {
		d := &g.plan.decisions[k]
		for j, choice := range d.candidates {
			out[d.index][choice] = float64(x.rows[d.row+j])
		}
	}
	return out, nil
}

// answer chooses for one scenario: choices go to best, the rest to a.
func (x *inference) answer(ctx context.Context, s *Scenario, o *GenerateOptions, a *Answer) error {
	x.mostProbable()
	least := o.Use * s.Budget
	modeCost := x.g.cost.at(x.mode)
	modeFits := modeCost <= s.Budget && x.settle(x.mode, s.Budget)
	if modeFits {
		x.accept()
	}
	if o.Evaluate != nil {
		if err := x.evaluate(ctx, s, o, a, modeFits && modeCost >= least); err != nil {
			return err
		}
	} else if !modeFits || modeCost < least {
		x.sample(s, o, a, least)
	}
	a.Cost, a.LogProb = x.g.cost.at(x.best), x.bestLog
	return nil
}

// sample draws until enough architectures are suitable and keeps the most probable one; without
// any, it adapts.
func (x *inference) sample(s *Scenario, o *GenerateOptions, a *Answer, least float64) {
	found, top := 0, math.Inf(-1)
	d := x.draws(s, o, least)
	for found < o.Samples && d.next() {
		found++
		if p := x.logProb(); p > top {
			top = p
			x.accept()
		}
	}
	a.Draws = d.made
	if found == 0 {
		x.adapt(s.Budget, least)
		a.Adapted = true
	}
}

// settle makes canon what choices are as an architecture and reports whether that is one, within
// the budget.
func (x *inference) settle(choices []int, budget float64) bool {
	copy(x.canon, choices)
	return x.g.space.Canonical(x.canon, x.active) == nil && x.g.cost.at(x.canon) <= budget
}

// accept keeps what settle saw.
func (x *inference) accept() {
	copy(x.best, x.canon)
	x.bestLog = x.logProb()
}
