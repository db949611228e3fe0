package searchspace

import (
	"fmt"
	"math"
)

// costFunc is a cost under canonical choices.
type costFunc func(choices []int) (float64, error)

// termsValue is the sum of terms.
func termsValue(terms []Term) costFunc {
	return func(choices []int) (float64, error) {
		var sum float64
		for i := range terms {
			sum += terms[i].at(choices)
		}
		return sum, nil
	}
}

// lowered is a cost that is read from the network.
func (s *Space) lowered(cost func(g *Graph) (float64, error)) costFunc {
	return func(choices []int) (float64, error) {
		g, err := s.lower(choices)
		if err != nil {
			return 0, err
		}
		return cost(g)
	}
}

// costLimit is a CostLimit of a space. Without terms value lowers the network.
type costLimit struct {
	CostLimit
	terms  []Term
	value  costFunc
	bounds []termBounds
}

// check says how choices miss the limit.
func (c *costLimit) check(choices []int) error {
	v, err := c.value(choices)
	if err != nil {
		return fmt.Errorf("%w: %w", err, ErrInvalid)
	}
	if c.miss(v) > 0 {
		return fmt.Errorf("searchspace: %s is %.6g, expected %s: %w", c.Of, v, c.CostLimit, ErrInvalid)
	}
	return nil
}

// miss is how far v lies outside the limit, as a share of the limit; 0 inside.
func (c *costLimit) miss(v float64) float64 {
	switch {
	case c.Max != 0 && v > c.Max:
		return (v - c.Max) / math.Abs(c.Max)
	case c.Min != 0 && v < c.Min:
		return (c.Min - v) / math.Abs(c.Min)
	}
	return 0
}

// ends is the cost of two architectures.
func (c *costLimit) ends(low, high Arch) (from, to float64, err error) {
	if low.IsZero() || high.IsZero() {
		return 0, 0, fmt.Errorf("searchspace: range of %s: %w", c.Of, ErrInfeasible)
	}
	if from, err = c.value(low.Choices()); err == nil {
		to, err = c.value(high.Choices())
	}
	return from, to, err
}

// String is the limit in words, e.g. "madds at most 6e+08".
func (l CostLimit) String() string {
	switch {
	case l.Max == 0:
		return fmt.Sprintf("%s at least %.6g", l.Of, l.Min)
	case l.Min == 0:
		return fmt.Sprintf("%s at most %.6g", l.Of, l.Max)
	}
	return fmt.Sprintf("%s from %.6g to %.6g", l.Of, l.Min, l.Max)
}

// termBounds are the least and greatest values of a term once the first k of its decisions are
// made, indexed by k and their joint choice.
type termBounds struct {
	term      *Term
	low, high [][]float64
}

func (s *Space) newBounds(terms []Term) []termBounds {
	out := make([]termBounds, len(terms))
	for i := range terms {
		t := &terms[i]
		n := len(t.Decisions)
		b := termBounds{term: t, low: make([][]float64, n+1), high: make([][]float64, n+1)}
		b.low[n], b.high[n] = t.Table, t.Table
		for k := n - 1; k >= 0; k-- {
			radix, allowed := t.radix[k], s.decisions[t.Decisions[k]].Allowed
			for at := 0; at < len(b.low[k+1]); at += radix {
				low, high := math.Inf(1), math.Inf(-1)
				for _, c := range allowed {
					low, high = min(low, b.low[k+1][at+c]), max(high, b.high[k+1][at+c])
				}
				b.low[k], b.high[k] = append(b.low[k], low), append(b.high[k], high)
			}
		}
		out[i] = b
	}
	return out
}

// at is the bounds once the decisions up to last are made.
func (b *termBounds) at(choices []int, last int) (low, high float64) {
	i, k := 0, 0
	for ; k < len(b.term.Decisions) && b.term.Decisions[k] <= last; k++ {
		i = i*b.term.radix[k] + max(choices[b.term.Decisions[k]], b.term.first[k])
	}
	return b.low[k][i], b.high[k][i]
}

// mayFit reports whether the choices of the decisions up to last can be completed within the limits
// on costs, as far as bounds of the single tables tell.
func (s *Space) mayFit(choices []int, last int) bool {
	const slack = 1e-12 // sums in another order
	for i := range s.costs {
		c := &s.costs[i]
		if c.terms == nil {
			continue
		}
		var low, high float64
		for k := range c.bounds {
			l, h := c.bounds[k].at(choices, last)
			low, high = low+l, high+h
		}
		if c.Max != 0 && low > c.Max+slack*math.Abs(c.Max) || c.Min != 0 && high < c.Min-slack*math.Abs(c.Min) {
			return false
		}
	}
	return true
}
