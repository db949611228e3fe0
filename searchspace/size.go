package searchspace

import (
	"math"
	"math/big"

	"github.com/tendril-nas/tendril/internal/stream"
)

// Size is the number of different architectures of the space. It is exact, restrictions and limits
// included, unless restrictions and limits tie so many decisions together that counting would need
// a table of more than a million entries: then limits are left out and Size is an upper bound.
func (s *Space) Size() *big.Int {
	n, err := s.count()
	if err == nil {
		return n
	}
	free := &Space{fam: s.fam, decisions: s.decisions, activity: s.activity, index: s.index}
	n, err = free.count()
	if err == nil {
		return n
	}
	n = big.NewInt(1)
	for i := range s.decisions {
		n.Mul(n, big.NewInt(int64(s.decisions[i].Len())))
	}
	return n
}

func (s *Space) count() (*big.Int, error) {
	n := network[*big.Int]{domains: s.domains(), ring: semiring[*big.Int]{
		one:   big.NewInt(1),
		times: func(a, b *big.Int) *big.Int { return new(big.Int).Mul(a, b) },
		reduce: func(values []*big.Int) (*big.Int, int) {
			sum := new(big.Int)
			for _, v := range values {
				sum.Add(sum, v)
			}
			return sum, 0
		},
	}}
	if err := constrain(s, &n, big.NewInt(1), new(big.Int)); err != nil {
		return nil, err
	}
	total, _, err := n.solve()
	return total, err
}

// Smallest is the architecture with the fewest multiply-adds. It is exact where the space has a
// cost model (CostModel) and few decisions meet in one layer; for ET-NAS and the chained widths of
// EAT-NAS it is the best that a deterministic local search finds. It is the zero Arch in an empty
// space.
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
	terms, err := s.maddsTerms()
	if err == nil {
		if s.low, err = s.extreme(terms, 1); err == nil {
			if s.high, err = s.extreme(terms, -1); err == nil {
				return
			}
		}
	}
	// No table form: climb from the corners of the space, which finds the extremes as long as the
	// cost grows with each decision on its own.
	s.low, s.high = s.climb(1), s.climb(-1)
}

func (s *Space) maddsTerms() ([]Term, error) {
	g, err := s.LowerChoices()
	if err != nil {
		return nil, err
	}
	return g.Terms(func(n *Node) float64 { return float64(n.MAdds()) })
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
			func(choices []int) float64 { return sign * t.At(choices) }); err != nil {
			return Arch{}, err
		}
	}
	_, choices, err := n.solve()
	if err != nil {
		return Arch{}, err
	}
	return s.New(choices[:len(s.decisions)])
}

// climb minimises sign·MAdds from each decision's first and from its last allowed choices by
// changing one decision at a time, and two at a time where a limit on a sum ties a few decisions
// together, until nothing helps.
func (s *Space) climb(sign int64) Arch {
	var best Arch
	var bestCost int64
	for _, start := range s.starts() {
		c := climber{s: s, sign: sign, at: start, cost: s.signedCost(start, sign)}
		for c.singles() || c.pairs() {
		}
		if best.IsZero() || c.cost < bestCost {
			best, bestCost = c.at, c.cost
		}
	}
	return best
}

// climber is a position of a local search.
type climber struct {
	s    *Space
	sign int64
	at   Arch
	cost int64
}

// try moves to the architecture that differs by one or two decisions if that is better.
func (c *climber) try(i, ci, j, cj int) bool {
	choices := c.at.Choices()
	choices[i], choices[j] = ci, cj
	c.s.settle(c.at, choices, nil)
	if a := newArch(choices); a != c.at && c.s.obeys(choices) == nil {
		if v := c.s.signedCost(a, c.sign); v < c.cost {
			c.at, c.cost = a, v
			return true
		}
	}
	return false
}

// singles tries every change of one decision.
func (c *climber) singles() bool {
	improved := false
	for i := range c.s.decisions {
		for _, ci := range c.s.decisions[i].Allowed {
			improved = c.s.active(i, c.at.Choices()) && c.try(i, ci, i, ci) || improved
		}
	}
	return improved
}

// pairs tries every change of two decisions that a limit adds up.
func (c *climber) pairs() bool {
	const few = 16
	improved := false
	for _, l := range c.s.limits {
		if l.Add == nil || len(l.decisions) > few {
			continue
		}
		for k, j := range l.decisions {
			for _, i := range l.decisions[:k] {
				improved = c.pair(i, j) || improved
			}
		}
	}
	return improved
}

func (c *climber) pair(i, j int) bool {
	improved := false
	for _, ci := range c.s.decisions[i].Allowed {
		for _, cj := range c.s.decisions[j].Allowed {
			improved = c.s.active(i, c.at.Choices()) && c.s.active(j, c.at.Choices()) &&
				c.try(i, ci, j, cj) || improved
		}
	}
	return improved
}

func (s *Space) signedCost(a Arch, sign int64) int64 {
	c, err := s.Cost(a)
	if err != nil {
		return math.MaxInt64
	}
	return sign * c.MAdds
}

// starts is a few valid architectures, always the same ones.
func (s *Space) starts() []Arch {
	var out []Arch
	for _, last := range []bool{false, true} {
		choices := make([]int, len(s.decisions))
		for i := range choices {
			allowed := s.decisions[i].Allowed
			choices[i] = allowed[0]
			if last {
				choices[i] = allowed[len(allowed)-1]
			}
		}
		if a, err := s.New(choices); err == nil {
			out = append(out, a)
		}
	}
	if len(out) == 0 {
		if a, err := s.Sample(stream.New(0, "searchspace.corner")); err == nil {
			out = append(out, a)
		}
	}
	return out
}
