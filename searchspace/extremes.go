package searchspace

import "math"

// Smallest is the architecture with the fewest multiply-adds. It is exact where the space has a
// cost model (CostModel) and few decisions meet in one layer; for ET-NAS and the chained widths of
// EAT-NAS, and where limits on costs (Space.Limit) exclude the smallest of the space without them,
// it is the best that a deterministic local search finds. It is the zero Arch in an empty space.
func (s *Space) Smallest() Arch {
	s.extremes.Do(s.findExtremes)
	return s.low
}

// Largest is the architecture with the most multiply-adds, found as Smallest is.
func (s *Space) Largest() Arch {
	s.extremes.Do(s.findExtremes)
	return s.high
}

func (s *Space) findExtremes() {
	terms, value := s.madds()
	if len(s.costs) == 0 {
		s.low, s.high = s.extremesOf(terms, value)
		return
	}
	free := s.free()
	s.low, s.high = free.Smallest(), free.Largest()
	if s.Valid(s.low) != nil {
		s.low = s.climb(1, value)
	}
	if s.Valid(s.high) != nil {
		s.high = s.climb(-1, value)
	}
}

// extremesOf is the architectures of lowest and highest cost: exact with terms, which may be nil.
// Limits on costs must not be there.
func (s *Space) extremesOf(terms []Term, value costFunc) (low, high Arch) {
	if terms != nil {
		low, errLow := s.extreme(terms, 1)
		high, errHigh := s.extreme(terms, -1)
		if errLow == nil && errHigh == nil {
			return low, high
		}
	}
	// No table form: climb from the corners of the space, which finds the extremes as long as the
	// cost grows with each decision on its own.
	return s.climb(1, value), s.climb(-1, value)
}

// madds is the multiply-adds: as terms, nil where there is no table form, and as a function.
func (s *Space) madds() ([]Term, costFunc) {
	l := CostLimit{Of: CostMAdds}
	if terms, err := s.costTerms(l); err == nil {
		return terms, termsValue(terms)
	}
	return nil, s.lowering(l)
}

// extreme minimises sign·cost exactly.
func (s *Space) extreme(terms []Term, sign float64) (Arch, error) {
	n := network[float64]{domains: s.domains(), ring: semiring[float64]{
		times: func(a, b float64) float64 { return a + b },
		reduce: func(values []float64) (float64, int) {
			best := 0
			for k, v := range values {
				if v < values[best] {
					best = k
				}
			}
			return values[best], best
		},
	}}
	if err := constrain(s, &n, 0, math.Inf(1)); err != nil {
		return Arch{}, err
	}
	for i := range terms {
		t := &terms[i]
		if err := n.add(t.Decisions,
			func(choices []int) float64 { return sign * t.at(choices) }); err != nil {
			return Arch{}, err
		}
	}
	_, choices, err := n.solve()
	if err != nil {
		return Arch{}, err
	}
	return s.New(choices[:len(s.decisions)])
}
