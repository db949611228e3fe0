package evolution

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
)

// TournamentOptions sets up a Tournament. The zero value is the search of EAT-NAS, without an end.
type TournamentOptions[G any] struct {
	// Population is how many candidates are kept; 0 = 64.
	Population int
	// Sample is how many of the population a tournament is among; 0 = 16. Never more than there
	// are.
	Sample int
	// Offspring is how many children are asked for at once at most; 0 = 1. A search with a window
	// asks for one at a time anyway.
	Offspring int
	// Initial candidates begin the population; random ones fill it up. Those of Offspring make a
	// transfer of it.
	Initial []G
	// Ageing removes the oldest of the population instead of the worst of the sample, which is
	// regularised evolution.
	Ageing bool
	// Crossover is the probability that the best of a sample is crossed with the best of another;
	// 0 = never.
	Crossover float64
	// Mutation is the probability that a crossed child mutates too; 0 = 1, negative = only when it
	// is known already. A child of one parent always mutates.
	Mutation float64
	// Quality watches the population and ends the search when it changes no more; nil = not.
	Quality *QualityOptions
	// Seed of every random draw.
	Seed uint64
}

// Tournament is the evolutionary search for one objective, the first of those told, of
//
//	J. Fang, Y. Chen, X. Zhang, Q. Zhang, C. Huang, G. Meng, W. Liu, X. Wang: EAT-NAS: Elastic
//	Architecture Transfer for Accelerating Large-scale Neural Architecture Search. Science China
//	Information Sciences, 2021 (Algorithm 1).
//
// Each cycle draws a sample of the population, mutates its best, and adds the mutant, once it is
// measured, in place of the sample's worst. With Ageing the oldest leaves, as in
//
//	E. Real, A. Aggarwal, Y. Huang, Q. V. Le: Regularized Evolution for Image Classifier
//	Architecture Search. AAAI 2019.
//
// Nothing is proposed twice. A child that fails changes nothing. Where several children are being
// measured at a time, the worst of a sample may have left already when its child arrives; then the
// worst of the population leaves. Infeasible candidates come behind feasible ones, by their
// violation.
type Tournament[G any] struct {
	breeder[G]
	own     TournamentOptions[G]
	arrived int            // members so far
	losers  map[string]int // by a child asked and not told: the arrival of the one it replaces
	watch   qualityWatch[G]
	draws   []int // memory of sample
}

// NewTournament prepares the search; o may be nil.
func NewTournament[G any](genes Genes[G], o *TournamentOptions[G]) (*Tournament[G], error) {
	if o == nil {
		o = &TournamentOptions[G]{}
	}
	own := *o
	if own.Sample < 0 {
		return nil, fmt.Errorf("evolution: tournaments among %d, expected at least 0", own.Sample)
	}
	own.Sample, own.Mutation = cmp.Or(own.Sample, 16), cmp.Or(own.Mutation, 1)
	b, err := newBreeder(genes, BreedOptions[G]{Population: cmp.Or(own.Population, 64),
		Offspring: cmp.Or(own.Offspring, 1), Initial: own.Initial, Mutants: true,
		Crossover: own.Crossover, Mutation: own.Mutation, Seed: own.Seed}, "evolution.tournament")
	if err != nil {
		return nil, err
	}
	s := &Tournament[G]{breeder: b, own: own, losers: map[string]int{}}
	s.watch, err = newQualityWatch[G](own.Quality, b.opts.Population)
	return s, err
}

// Ask makes candidates: the first population, then children of the population as it is. None once
// the quality has converged.
func (s *Tournament[G]) Ask(n int) ([]G, error) {
	if s.Converged() {
		return nil, nil
	}
	out, err := s.ask(n, s.breed)
	if err != nil {
		for key := range s.losers {
			if e := s.entries[key]; e == nil || e.open == 0 {
				delete(s.losers, key)
			}
		}
	}
	return out, err
}

// breed makes a child of the best of a sample.
func (s *Tournament[G]) breed(r *rand.Rand) ([]G, error) {
	best, worst := s.ends(s.sample(r))
	g := best.Genome
	mutate := true
	if s.own.Crossover > 0 && r.Float64() < s.own.Crossover {
		var err error
		other, _ := s.ends(s.sample(r))
		if g, _, err = s.genes.Cross(g, other.Genome, r); err != nil {
			return nil, err
		}
		mutate = r.Float64() < s.own.Mutation || s.find(g) != nil
	}
	children := s.only(g)
	if mutate {
		var err error
		if children, err = s.mutant(g, r); err != nil {
			return nil, err
		}
	}
	for _, c := range children {
		s.losers[s.genes.Key(c)] = worst.born
	}
	return children, nil
}

// sample draws places in the population without replacement. The slice is lent until the next draw.
func (s *Tournament[G]) sample(r *rand.Rand) []int {
	s.draws = s.draws[:0]
	for i := range s.population {
		s.draws = append(s.draws, i)
	}
	k := min(s.own.Sample, len(s.draws))
	for i := range k {
		j := i + r.IntN(len(s.draws)-i)
		s.draws[i], s.draws[j] = s.draws[j], s.draws[i]
	}
	return s.draws[:k]
}

// ends are the best and the worst of some places, of equal ones those drawn first.
func (s *Tournament[G]) ends(places []int) (best, worst *member[G]) {
	best = s.population[places[0]]
	worst = best
	for _, at := range places[1:] {
		x := s.population[at]
		if x.better(best) {
			best = x
		}
		if worst.better(x) {
			worst = x
		}
	}
	return best, worst
}

// Tell adds what was measured to the population, each in place of another once it is full.
func (s *Tournament[G]) Tell(outcomes ...Outcome[G]) error {
	fresh, err := s.admit(outcomes, false)
	if err != nil {
		return err
	}
	for _, x := range fresh {
		x.born = s.arrived
		s.arrived++
		s.population = append(s.population, x)
		if len(s.population) > s.opts.Population {
			at := s.leaver(x.key)
			s.drop(s.population[at])
			s.population = slices.Delete(s.population, at, at+1)
		}
		if len(s.population) == s.opts.Population {
			s.watch.note(s.population)
		}
	}
	for _, o := range outcomes {
		delete(s.losers, s.genes.Key(o.Genome))
	}
	return nil
}

// leaver is the place of the member that makes room for a child. The population is in the order of
// arrival.
func (s *Tournament[G]) leaver(child string) int {
	if s.own.Ageing {
		return 0
	}
	if born, ok := s.losers[child]; ok {
		if at, ok := slices.BinarySearchFunc(s.population, born,
			func(x *member[G], born int) int { return x.born - born }); ok {
			return at
		}
	}
	worst := 0
	for at, x := range s.population {
		if s.population[worst].better(x) {
			worst = at
		}
	}
	return worst
}

// Population is what the search goes on from, the best first.
func (s *Tournament[G]) Population() []Outcome[G] { return sorted(s.population) }

// Qualities is the quality of the population, eq. (3), after each cycle since it was full: one
// number for each candidate that joined. It is empty without TournamentOptions.Quality.
func (s *Tournament[G]) Qualities() []float64 { return slices.Clone(s.watch.qualities) }

// BestPopulation is the population of the best quality seen, the best first, and that quality; nil
// before there is any.
func (s *Tournament[G]) BestPopulation() ([]Outcome[G], float64) {
	return slices.Clone(s.watch.population), s.watch.best
}

// Converged reports that the quality has stayed the same for QualityOptions.Window cycles. Then
// nothing more is proposed.
func (s *Tournament[G]) Converged() bool { return s.watch.converged() }
