package evolution

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/tendril-nas/tendril/internal/stream"
	"github.com/tendril-nas/tendril/searchspace"
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
	o.Crossover = max(cmp.Or(o.Crossover, 0.9), 0)
	o.Mutation = max(cmp.Or(o.Mutation, 0.9), 0)
	return o, nil
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
	archive    bool            // the population is all that was told, in the order of telling
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

// ask makes at most n candidates: founders, then what breed makes, of which there are two at most.
func (b *breeder[G]) ask(n int, breed func(r *rand.Rand) ([]G, error)) (out []G, err error) {
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
		candidates, err := b.draw(breed)
		if err != nil {
			return out, err
		}
		if len(candidates) == 0 { // a thousand draws found nothing: ten parents in a row are enough
			misses += maxDraws / 10
		}
		for _, g := range candidates {
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
func (b *breeder[G]) draw(breed func(r *rand.Rand) ([]G, error)) ([]G, error) {
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
	children, err := breed(r)
	if errors.Is(err, searchspace.ErrInfeasible) {
		return nil, nil // this parent has no such child; others may
	}
	return children, err
}

// children crosses and mutates parents that pick chooses.
func (b *breeder[G]) children(pick func(r *rand.Rand) *member[G]) func(r *rand.Rand) ([]G, error) {
	return func(r *rand.Rand) ([]G, error) {
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
