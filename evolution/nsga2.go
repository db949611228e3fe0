package evolution

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// NSGA2Options sets up NSGA-II. The zero value is Deb's algorithm with the rates that it is usually
// judged with.
type NSGA2Options[G any] struct {
	BreedOptions[G]
	// CopiesLast gives candidates that equal an earlier one in all objectives a crowding distance
	// of 0.
	CopiesLast bool
	// Noise asks that a candidate be better by so many standard errors of the difference in at
	// least one objective to dominate another: 1.96 for a level of 95 %. 0 = every difference
	// counts. Measurements of one candidate are then averaged.
	Noise float64
	// Again is how many candidates of a generation are members of the first front that are proposed
	// once more, those with the fewest measurements first. It needs Noise, an evaluator that draws
	// anew, and SearchOptions.Repeat. 0 = none.
	Again int
}

// NSGA2 is the genetic algorithm of
//
//	K. Deb, A. Pratap, S. Agarwal, T. Meyarivan: A fast and elitist multiobjective genetic
//	algorithm: NSGA-II. IEEE Transactions on Evolutionary Computation 6, 2002.
//
// Parents are winners of binary tournaments by front and, within a front, by crowding distance;
// children are crossed and mutated, and of parents and children together the best fronts survive,
// the last of them by crowding distance. A candidate that is in the population already, or being
// measured, is not proposed. With Mutants the generation is the one of
//
//	H. Xu, N. Kang, G. Zhang, C. Xie, X. Liang, Z. Li: NASOA: Towards Faster Task-oriented Online
//	Fine-tuning with a Zoo of Models. ICCV 2021.
//
// Deb draws the opponents of a generation without replacement; here they are drawn independently,
// because any number of candidates may be asked for. Told one at a time it is the steady-state
// form.
type NSGA2[G any] struct {
	breeder[G]
	ranking ranking[G]
	own     NSGA2Options[G]
	debt    int // of proposals of elites, in units of 1/Offspring
}

// NewNSGA2 prepares the algorithm; o may be nil.
func NewNSGA2[G any](genes Genes[G], o *NSGA2Options[G]) (*NSGA2[G], error) {
	if o == nil {
		o = &NSGA2Options[G]{}
	}
	b, err := newBreeder(genes, o.BreedOptions, "evolution.nsga2")
	if err != nil {
		return nil, err
	}
	if !(o.Noise >= 0) || math.IsInf(o.Noise, 0) || o.Again < 0 || o.Again > b.opts.Offspring ||
		o.Again > 0 && o.Noise == 0 {
		return nil, fmt.Errorf("evolution: noise %g, again %d of %d offspring, expected finite numbers of at "+
			"least 0, and none again without noise", o.Noise, o.Again, b.opts.Offspring)
	}
	return &NSGA2[G]{breeder: b, own: *o, ranking: ranking[G]{zero: o.CopiesLast, noise: o.Noise}}, nil
}

// Ask makes candidates: the first generation, then offspring of the population as it is.
func (s *NSGA2[G]) Ask(n int) ([]G, error) {
	if s.founders < s.opts.Population || s.own.Again == 0 {
		return s.ask(n, s.children(s.tournament))
	}
	if n <= 0 || n > s.opts.Offspring {
		n = s.opts.Offspring
	}
	debt := s.debt
	s.debt += n * s.own.Again
	var elites []G
	for s.debt >= s.opts.Offspring {
		s.debt -= s.opts.Offspring
		if x := s.elite(); x != nil {
			s.expect(x.Genome, x.entry)
			elites = append(elites, x.Genome)
		}
	}
	if len(elites) >= n {
		return elites, nil
	}
	fresh, err := s.ask(n-len(elites), s.children(s.tournament))
	if err != nil {
		for _, g := range elites {
			s.forget(s.find(g))
		}
		s.debt = debt
		return nil, err
	}
	return append(elites, fresh...), nil
}

// elite is the member of the first front with the fewest measurements that is not being measured.
func (s *NSGA2[G]) elite() (best *member[G]) {
	for _, x := range s.population {
		if x.rank == 0 && x.entry.open == 0 && (best == nil || x.count < best.count) {
			best = x
		}
	}
	return best
}

// tournament picks the better of two members.
func (s *NSGA2[G]) tournament(r *rand.Rand) *member[G] {
	n := len(s.population)
	i := r.IntN(n)
	if n > 1 {
		j := r.IntN(n - 1)
		if j >= i {
			j++
		}
		a, b := s.population[i], s.population[j]
		switch {
		case b.rank < a.rank, b.rank == a.rank && b.crowd > a.crowd:
			return b
		case b.rank == a.rank && b.crowd == a.crowd && r.Uint64()>>63 == 1:
			return b
		}
	}
	return s.population[i]
}

// Tell adds what was measured to the population and keeps the best.
func (s *NSGA2[G]) Tell(outcomes ...Outcome[G]) error {
	fresh, err := s.admit(outcomes, s.own.Noise > 0)
	if err != nil {
		return err
	}
	s.survive(&s.ranking, fresh)
	return nil
}
