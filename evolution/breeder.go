package evolution

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"

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
	// Initial candidates begin the first generation; random ones fill it up. Those beyond
	// Population are not used.
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

// breeder holds a population and makes candidates of it.
type breeder[G any] struct {
	register[G]
	opts       BreedOptions[G]
	purpose    string // of its random streams
	drawn      uint64 // streams used
	founders   int    // candidates of the first generation asked so far
	objectives int    // 0 = nothing told yet
	population []*member[G]
	archive    bool // the population is all that was told, in the order of telling
	source     *rand.PCG
	random     *rand.Rand // of source
	brood      [2]G       // memory of children
	fresh      []*member[G]
}

func newBreeder[G any](genes Genes[G], o BreedOptions[G], purpose string) (breeder[G], error) {
	if genes == nil {
		return breeder[G]{}, errors.New("evolution: a strategy needs genes")
	}
	o, err := o.resolved()
	if err != nil {
		return breeder[G]{}, err
	}
	if c, ok := any(genes).(checker[G]); ok {
		for i, g := range o.Initial {
			if err := c.fits(g); err != nil {
				return breeder[G]{}, fmt.Errorf("%w: initial candidate %d", err, i)
			}
		}
	}
	return breederOf(genes, o, purpose), nil
}

// checker is genes that tell a genome of theirs from others.
type checker[G any] interface {
	fits(g G) error
}

// breederOf is newBreeder with options that are resolved.
func breederOf[G any](genes Genes[G], o BreedOptions[G], purpose string) breeder[G] {
	b := breeder[G]{register: newRegister(genes), opts: o, purpose: purpose, source: rand.NewPCG(0, 0)}
	b.random = rand.New(b.source)
	return b
}

// stream is the generator of the next draw, until the one after it.
func (b *breeder[G]) stream() *rand.Rand {
	b.source.Seed(stream.Key(b.opts.Seed, b.purpose, b.drawn))
	b.drawn++
	return b.random
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
	out = make([]G, 0, n)
	drawn, founders := b.drawn, b.founders
	defer func() {
		if err != nil {
			for _, g := range out {
				e := b.find(g)
				b.forget(e)
				e.known = false
				b.release(e)
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
			if len(out) == n {
				break
			}
			if e, isNew := b.entry(g); isNew {
				b.expect(g, e)
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

// expect notes that a candidate is asked, which may be for the first generation.
func (b *breeder[G]) expect(g G, e *entry[G]) {
	b.register.expect(g, e)
	e.known = e.known || b.opts.Mutants
	if b.founders < b.opts.Population {
		b.founders++
	}
}

// draw makes one or two candidates, each draw from a stream of its own.
func (b *breeder[G]) draw(breed func(r *rand.Rand) ([]G, error)) ([]G, error) {
	r := b.stream()
	if b.founders < b.opts.Population {
		if i := b.drawn - 1; i < uint64(len(b.opts.Initial)) {
			return b.opts.Initial[i : i+1], nil
		}
		return b.stranger(r)
	}
	if len(b.population) == 0 {
		return b.stranger(r)
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
		mutate := b.genes.Mutate
		var err error
		if r.Float64() < b.opts.Crossover {
			if c, d, err = b.genes.Cross(c, d, r); err != nil {
				return nil, err
			}
			if b.swift != nil {
				mutate = b.swift.alter
			}
		}
		b.brood = [2]G{c, d}
		for i, g := range b.brood {
			if r.Float64() < b.opts.Mutation {
				if b.brood[i], err = mutate(g, r); err != nil {
					return nil, err
				}
			}
		}
		return b.brood[:], nil
	}
}

func (b *breeder[G]) stranger(r *rand.Rand) ([]G, error) {
	g, err := b.genes.Random(r)
	if err != nil {
		return nil, err
	}
	return b.only(g), nil
}

// only is a brood of one.
func (b *breeder[G]) only(g G) []G {
	b.brood[0] = g
	return b.brood[:1]
}

// mutant mutates until the result is new.
func (b *breeder[G]) mutant(g G, r *rand.Rand) ([]G, error) {
	for range maxDraws {
		var err error
		if g, err = b.genes.Mutate(g, r); err != nil {
			return nil, err
		}
		if b.find(g) == nil {
			return b.only(g), nil
		}
	}
	return nil, nil
}
