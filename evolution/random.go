package evolution

import "math/rand/v2"

// RandomOptions sets up Random.
type RandomOptions[G any] struct {
	// Population is how many candidates are kept, and asked for at once at most; 0 = 100.
	Population int
	// Initial candidates are proposed first.
	Initial []G
	// Seed of every random draw.
	Seed uint64
}

// Random is random search without repetition: the baseline that every other strategy has to beat.
// It keeps the best fronts of what it is told, as NSGA2 ranks them.
type Random[G any] struct {
	breeder[G]
	ranking ranking[G]
}

// NewRandom prepares the search; o may be nil.
func NewRandom[G any](genes Genes[G], o *RandomOptions[G]) (*Random[G], error) {
	if o == nil {
		o = &RandomOptions[G]{}
	}
	b, err := newBreeder(genes, BreedOptions[G]{Population: o.Population, Initial: o.Initial, Mutants: true,
		Seed: o.Seed}, "evolution.random")
	if err != nil {
		return nil, err
	}
	return &Random[G]{breeder: b}, nil
}

// Ask draws candidates that were never proposed; fewer, or none, when 1000 draws find nothing new.
func (s *Random[G]) Ask(n int) ([]G, error) {
	return s.ask(n, func(r *rand.Rand) ([]G, error) { return s.stranger(r) })
}

// Tell keeps the best.
func (s *Random[G]) Tell(outcomes ...Outcome[G]) error {
	fresh, err := s.admit(outcomes, false)
	if err != nil {
		return err
	}
	s.survive(&s.ranking, fresh)
	return nil
}
