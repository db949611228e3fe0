package evolution

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/tendril-nas/tendril/internal/stream"
)

// BreedOptions says how candidates come about; it is part of the options of every strategy that
// keeps a population.
type BreedOptions[G any] struct {
	// Population is how many candidates are kept; 0 = 100.
	Population int
	// Offspring is how many candidates make a generation after the first; 0 = Population.
	Offspring int
	// Initial candidates begin the first generation; random ones fill it up.
	Initial []G
	// Mutants makes every candidate the mutant of one parent, without crossover, and one that was
	// never proposed before: a known one is mutated again, at most 1000 times. So a generation is
	// exactly as many new candidates as there are workers to evaluate them, as NASOA has it.
	Mutants bool
	// Crossover is the probability that two parents are crossed rather than copied; 0 = 0.9,
	// negative = never.
	Crossover float64
	// Mutation is the probability that a child is handed to Mutate; 0 = 0.9, negative = never.
	Mutation float64
	// Seed of every random draw.
	Seed uint64
}

// resolved fills in defaults.
func (o BreedOptions[G]) resolved() (BreedOptions[G], error) {
	if o.Population < 0 || o.Offspring < 0 || !(o.Crossover <= 1) || !(o.Mutation <= 1) {
		return o, fmt.Errorf("evolution: population %d, offspring %d, crossover %g, mutation %g, expected "+
			"counts of at least 0 and rates of at most 1", o.Population, o.Offspring, o.Crossover, o.Mutation)
	}
	if o.Population == 0 {
		o.Population = 100
	}
	if o.Offspring == 0 {
		o.Offspring = o.Population
	}
	o.Crossover = max(orDefault(o.Crossover, 0.9), 0)
	o.Mutation = max(orDefault(o.Mutation, 0.9), 0)
	return o, nil
}

// member is a candidate of a population.
type member[G any] struct {
	Outcome[G]
	key       string
	violation float64
	rank      int
	crowd     float64
	count     int // measurements that the point is the mean of
}

// asked is a candidate that was proposed.
type asked[G any] struct {
	genome G
	key    string
	told   bool
}

// breeder holds a population and makes candidates of it.
type breeder[G any] struct {
	opts       BreedOptions[G]
	genes      Genes[G]
	purpose    string // of its random streams
	drawn      uint64 // streams used
	founders   int    // candidates of the first generation asked so far
	objectives int    // 0 = nothing told yet
	population []*member[G]
	byKey      map[string]*member[G]
	pending    []asked[G]      // in the order of asking; begins with one that is not told
	open       map[string]int  // how often a candidate is asked and not told
	known      map[string]bool // all that were ever asked or told, kept for Mutants
}

func newBreeder[G any](genes Genes[G], o BreedOptions[G], purpose string) (breeder[G], error) {
	if genes == nil {
		return breeder[G]{}, errors.New("evolution: a strategy needs genes")
	}
	o, err := o.resolved()
	if err != nil {
		return breeder[G]{}, err
	}
	return breeder[G]{opts: o, genes: genes, purpose: purpose, byKey: map[string]*member[G]{},
		open: map[string]int{}, known: map[string]bool{}}, nil
}

// taken reports that a candidate would be nothing new.
func (b *breeder[G]) taken(key string) bool {
	_, member := b.byKey[key]
	_, open := b.open[key]
	return member || open || b.known[key]
}

// ask makes at most n candidates out of parents that pick chooses.
func (b *breeder[G]) ask(n int, pick func(r *rand.Rand) *member[G]) (out []G, err error) {
	generation := b.opts.Offspring
	if b.founders < b.opts.Population {
		generation = b.opts.Population - b.founders
	}
	if n <= 0 || n > generation {
		n = generation
	}
	drawn, founders := b.drawn, b.founders
	defer func() {
		if err != nil {
			for _, g := range out {
				b.forget(b.genes.Key(g))
				delete(b.known, b.genes.Key(g))
			}
			b.drawn, b.founders, out = drawn, founders, nil
		}
	}()
	for misses := 0; len(out) < n && misses < maxDraws; misses++ {
		children, err := b.draw(pick)
		if err != nil {
			return out, err
		}
		for _, g := range children {
			if key := b.genes.Key(g); len(out) < n && !b.taken(key) {
				b.expect(g, key)
				out = append(out, g)
				misses = -1
			}
		}
	}
	if len(out) < n {
		b.founders = max(b.founders, b.opts.Population) // there are no more of them
	}
	return out, nil
}

// expect notes that a candidate is asked.
func (b *breeder[G]) expect(g G, key string) {
	b.pending = append(b.pending, asked[G]{genome: g, key: key})
	b.open[key]++
	if b.opts.Mutants {
		b.known[key] = true
	}
	if b.founders < b.opts.Population {
		b.founders++
	}
}

// forget notes that a candidate is told.
func (b *breeder[G]) forget(key string) {
	n := b.open[key]
	if n == 0 {
		return
	}
	if b.open[key]--; n == 1 {
		delete(b.open, key)
	}
	i := slices.IndexFunc(b.pending, func(p asked[G]) bool { return !p.told && p.key == key })
	b.pending[i].told = true
	for len(b.pending) > 0 && b.pending[0].told {
		b.pending = b.pending[1:]
	}
}

// draw makes one or two candidates, each draw from a stream of its own.
func (b *breeder[G]) draw(pick func(r *rand.Rand) *member[G]) ([]G, error) {
	r := stream.New(b.opts.Seed, b.purpose, b.drawn)
	b.drawn++
	if b.founders < b.opts.Population {
		if i := int(b.drawn - 1); i < len(b.opts.Initial) {
			return b.opts.Initial[i : i+1], nil
		}
		return b.random(r)
	}
	if len(b.population) == 0 {
		return b.random(r)
	}
	if b.opts.Mutants {
		return b.mutant(pick(r).Genome, r)
	}
	p, q := pick(r), pick(r)
	c, d := p.Genome, q.Genome
	var err error
	if r.Float64() < b.opts.Crossover {
		if c, d, err = b.genes.Cross(c, d, r); err != nil {
			return nil, err
		}
	}
	children := []G{c, d}
	for i, g := range children {
		if r.Float64() < b.opts.Mutation {
			if children[i], err = b.genes.Mutate(g, r); err != nil {
				return nil, err
			}
		}
	}
	return children, nil
}

func (b *breeder[G]) random(r *rand.Rand) ([]G, error) {
	g, err := b.genes.Random(r)
	if err != nil {
		return nil, err
	}
	return []G{g}, nil
}

// mutant mutates until the result is new.
func (b *breeder[G]) mutant(g G, r *rand.Rand) ([]G, error) {
	for range maxDraws {
		var err error
		if g, err = b.genes.Mutate(g, r); err != nil {
			return nil, err
		}
		if !b.taken(b.genes.Key(g)) {
			return []G{g}, nil
		}
	}
	return nil, nil
}

// admit checks outcomes and returns those measured as members, new ones and those whose
// measurements another of the same genome joins. average says that measurements of one candidate
// are pooled; otherwise the last one counts.
func (b *breeder[G]) admit(outcomes []Outcome[G], average bool) ([]*member[G], error) {
	m := b.objectives
	for _, o := range outcomes {
		if err := o.check(m); err != nil {
			return nil, err
		}
		if !o.Failed {
			m = len(o.Objectives)
		}
	}
	b.objectives = m
	var fresh []*member[G]
	for _, o := range outcomes {
		key := b.genes.Key(o.Genome)
		b.forget(key)
		if b.opts.Mutants {
			b.known[key] = true
		}
		if o.failed() {
			continue
		}
		if old := b.byKey[key]; old != nil {
			if average {
				old.pool(o.Point)
			} else {
				old.Point, old.violation = o.Point, o.Violation()
			}
			continue
		}
		n := &member[G]{Outcome: o, key: key, violation: o.Violation(), count: 1}
		b.byKey[key] = n
		fresh = append(fresh, n)
	}
	return fresh, nil
}

// Pending holds what was asked and not told, in the order of asking.
func (b *breeder[G]) Pending() []G {
	out := make([]G, 0, len(b.pending))
	for _, p := range b.pending {
		if !p.told {
			out = append(out, p.genome)
		}
	}
	return out
}

// Population is what the strategy goes on from, the best first.
func (b *breeder[G]) Population() []Outcome[G] { return b.outcomes() }

// drop removes a member from what is known to live.
func (b *breeder[G]) drop(x *member[G]) { delete(b.byKey, x.key) }

// outcomes are the members as callers see them.
func (b *breeder[G]) outcomes() []Outcome[G] {
	out := make([]Outcome[G], len(b.population))
	for i, x := range b.population {
		out[i] = x.Outcome
	}
	return out
}

// pool makes a member's point the mean of its measurements. All count alike: weights by the
// standard errors would prefer measurements that were lucky, where the error depends on the value.
func (x *member[G]) pool(p Point) {
	k := float64(x.count)
	mean := func(a, b []float64) []float64 {
		out := make([]float64, min(len(a), len(b)))
		for i := range out {
			out[i] = a[i] + (b[i]-a[i])/(k+1)
		}
		return out
	}
	var errs []float64
	if len(x.Errors) == len(x.Objectives) && len(p.Errors) == len(x.Objectives) {
		errs = make([]float64, len(p.Errors))
		for i, e := range p.Errors {
			errs[i] = math.Hypot(k*x.Errors[i], e) / (k + 1)
		}
	}
	x.Point = Point{mean(x.Objectives, p.Objectives), mean(x.Violations, p.Violations), errs}
	x.violation = x.Violation()
	x.count++
}
