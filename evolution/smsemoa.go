package evolution

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
)

// SMSEMOAOptions sets up SMS-EMOA; the zero value is the published algorithm.
type SMSEMOAOptions[G any] struct {
	BreedOptions[G]
}

// SMSEMOA is the algorithm that selects by hypervolume, of
//
//	N. Beume, B. Naujoks, M. Emmerich: SMS-EMOA: Multiobjective selection based on dominated
//	hypervolume. European Journal of Operational Research 181, 2007.
//
// Outcomes join the population one by one, and each time the member of the last front that adds
// least to the hypervolume of that front leaves. Parents are drawn uniformly. The reference point
// lies one unit beyond the worst value of the last front in every objective, in units of the
// front's range (ours: the published one unit depends on how objectives are scaled); with two
// objectives the extreme points of a front are kept, as published. Constraints are those of NSGA2.
//
// It takes fewer evaluations than NSGA2 to a front of the same hypervolume, and more time of its
// own: with m objectives O(n·n^(m−1)) or less for each candidate.
type SMSEMOA[G any] struct {
	breeder[G]
	ranking ranking[G]
}

// NewSMSEMOA prepares the algorithm; o may be nil.
func NewSMSEMOA[G any](genes Genes[G], o *SMSEMOAOptions[G]) (*SMSEMOA[G], error) {
	if o == nil {
		o = &SMSEMOAOptions[G]{}
	}
	b, err := newBreeder(genes, o.BreedOptions, "evolution.smsemoa")
	if err != nil {
		return nil, err
	}
	return &SMSEMOA[G]{breeder: b}, nil
}

// Ask makes candidates: the first generation, then offspring of the population as it is.
func (s *SMSEMOA[G]) Ask(n int) ([]G, error) {
	return s.ask(n, s.children(func(r *rand.Rand) *member[G] { return s.population[r.IntN(len(s.population))] }))
}

// Tell adds what was measured and removes the least members.
func (s *SMSEMOA[G]) Tell(outcomes ...Outcome[G]) error {
	fresh, err := s.admit(outcomes, false)
	if err != nil {
		return err
	}
	for _, x := range fresh {
		s.population = append(s.population, x)
		s.ranking.rank(s.population)
		if len(s.population) > s.opts.Population {
			s.removeLeast()
		}
	}
	return nil
}

// removeLeast removes the member of the last front that is missed least. The population is sorted
// by front.
func (s *SMSEMOA[G]) removeLeast() {
	from := len(s.population) - 1
	for from > 0 && s.population[from-1].rank == s.population[from].rank {
		from--
	}
	front := s.population[from:]
	least := from + leastContribution(front)
	s.drop(s.population[least])
	copy(s.population[least:], s.population[least+1:])
	s.population[len(s.population)-1] = nil
	s.population = s.population[:len(s.population)-1]
}

// leastContribution is the index of the point without which the hypervolume falls least; of equal
// ones the last.
func leastContribution[G any](front []*member[G]) int {
	m := len(front[0].Objectives)
	if len(front) == 1 || m == 1 { // those of one objective are copies
		return len(front) - 1
	}
	points := make([][]float64, len(front))
	low, high := make([]float64, m), make([]float64, m)
	for i, x := range front {
		points[i] = x.Objectives
		for j, v := range x.Objectives {
			if i == 0 || v < low[j] {
				low[j] = v
			}
			if i == 0 || v > high[j] {
				high[j] = v
			}
		}
	}
	if m == 2 {
		return leastArea(points)
	}
	reference := make([]float64, m)
	for j := range reference {
		reference[j] = high[j] + (high[j] - low[j])
		if high[j] == low[j] {
			reference[j] = high[j] + max(1, math.Abs(high[j]))
		}
	}
	order := make([]int, len(points))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(points[i][2], points[j][2]) })
	var v volumes
	best, least := 0, math.Inf(1)
	others := make([][]float64, 0, len(points))
	for i, p := range points {
		others = others[:0]
		for _, j := range order {
			if j != i {
				others = append(others, points[j])
			}
		}
		if c := v.exclusive(p, others, reference, least); c <= least {
			best, least = i, c
		}
	}
	return best
}

// leastArea is leastContribution for two objectives, between the neighbours of each point; the ends
// stay as long as there are others.
func leastArea(points [][]float64) int {
	var s sorter
	k := s.lexicographic(points)
	best, least := int(k[len(k)-1].index), math.Inf(1)
	for i := 1; i < len(k); i++ {
		p, q := points[k[i-1].index], points[k[i].index]
		if p[0] == q[0] && p[1] == q[1] {
			return int(k[i].index) // a copy adds nothing
		}
		if i+1 == len(k) {
			break
		}
		if c := (points[k[i+1].index][0] - q[0]) * (p[1] - q[1]); c < least {
			best, least = int(k[i].index), c
		}
	}
	return best
}
