package generator

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/tendril-nas/tendril/internal/kernel"
	"github.com/tendril-nas/tendril/searchspace"
)

// Generator turns a superclass and a budget into an architecture: section 3.2 of the paper.
//
// Generate, Probabilities and Save may be called from several goroutines, also while Train runs,
// which then show the parameters of its last step. Only one Train can run.
type Generator struct {
	space    *searchspace.Space
	opts     Options
	index    map[string]int // of superclasses
	plan     *plan
	cost     *cost
	tied     bool
	cheapest searchspace.Arch
	params   *params

	mu       sync.RWMutex
	flat     []float32
	moments  [2][]float32 // of Adam
	training *trainState  // of a training that has begun
	compiled *compiled
	running  bool // a Train

	idle struct { // memory of calls that ended
		sync.Mutex
		list []*inference
	}
}

var errNoSpace = errors.New("generator: no space")

// made reports a Generator that New did not make.
func (g *Generator) made() error {
	if g == nil || g.space == nil {
		return errors.New("generator: a Generator that neither New nor Load has made")
	}
	return nil
}

// New makes a generator for a space, with parameters drawn from o.Seed: it answers within budgets,
// but knows nothing yet. The error wraps searchspace.ErrNoChoiceGraph, searchspace.ErrTooLarge or
// searchspace.ErrNoLatency where the cost of the space is no sum of tables.
func New(space *searchspace.Space, o *Options) (*Generator, error) {
	g, err := newGenerator(space, o)
	if err != nil {
		return nil, err
	}
	g.flat = g.params.initial(g.opts.Seed)
	return g, g.compile()
}

// newGenerator is a generator without parameters.
func newGenerator(space *searchspace.Space, o *Options) (*Generator, error) {
	if space == nil {
		return nil, errNoSpace
	}
	if err := kernel.CheckDefault(); err != nil {
		return nil, fmt.Errorf("generator: %w", err)
	}
	if o == nil {
		o = &Options{}
	}
	opts, err := o.clean()
	if err != nil {
		return nil, err
	}
	if opts, err = opts.copied(); err != nil {
		return nil, err
	}
	g := &Generator{space: space, opts: opts, index: map[string]int{}, tied: tied(space)}
	for i, name := range opts.Superclasses {
		g.index[name] = i
	}
	if g.plan, err = newPlan(space, opts.MultiPath); err != nil {
		return nil, err
	}
	if err := g.findCosts(); err != nil {
		return nil, err
	}
	g.params = shape{superclasses: len(opts.Superclasses), budgets: opts.Budgets, embedding: opts.Embedding,
		hidden: opts.Hidden, plan: g.plan}.layout()
	return g, nil
}

// findCosts makes the tables of costs, and finds their range.
func (g *Generator) findCosts() error {
	model, err := g.space.CostModel(g.opts.Cost)
	if err != nil {
		return fmt.Errorf("generator: %w", err)
	}
	cheapest, dearest, err := g.space.CostExtremes(searchspace.CostLimit{Of: searchspace.CostTerms,
		Terms: model.Terms})
	if err != nil {
		return fmt.Errorf("generator: %w", err)
	}
	g.cost, g.cheapest = newCost(model, g.space.Decisions(), g.plan), cheapest
	return g.opts.bounded(g.cost.at(cheapest.Choices()), g.cost.at(dearest.Choices()))
}

// compile makes the parameters ready to run. The caller has the lock, or the only reference. What
// others hold stays as it is.
func (g *Generator) compile() error {
	c := newCompiled(g.params, kernel.Default())
	if err := c.update(g.flat); err != nil {
		return fmt.Errorf("generator: %w", err)
	}
	g.compiled = c
	return nil
}

// current is the network of now.
func (g *Generator) current() (*compiled, error) {
	if err := g.made(); err != nil {
		return nil, err
	}
	g.mu.RLock()
	c := g.compiled
	g.mu.RUnlock()
	if c != nil {
		return c, nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.compiled == nil {
		if err := g.compile(); err != nil {
			return nil, err
		}
	}
	return g.compiled, nil
}

// Space is the space of the answers.
func (g *Generator) Space() *searchspace.Space { return g.space }

// Options are those in use, with every default filled in. Do not change what they point to.
func (g *Generator) Options() Options {
	o := g.opts
	o.Superclasses = slices.Clone(o.Superclasses)
	return o
}

// Superclasses is the names that scenarios may use, in the order of the learners of Train.
func (g *Generator) Superclasses() []string { return slices.Clone(g.opts.Superclasses) }

// Cheapest is the architecture of the lowest cost, which any budget allows.
func (g *Generator) Cheapest() searchspace.Arch { return g.cheapest }
