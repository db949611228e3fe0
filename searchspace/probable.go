package searchspace

import (
	"context"
	"fmt"
	"math"
)

// MostProbable is the architecture that is drawn most often when decision i takes choice c with
// probability p[i][c], independently, among those within limits and the limits of s, and the
// logarithm of its probability: the sum over its active decisions. Without limits on costs it is
// the arg max of every row, unless decisions depend on each other. It turns what a differentiable
// search has learnt into a network of a wanted size.
//
// It is exact, up to rounding of 1e-12 in the logarithm. Where architectures are equally probable,
// the same one is returned every time.
//
// Costs are sums of tables (CostModel), and the errors for costs that have no such form are those
// of CostModel. The error wraps ErrInfeasible, and gives the lowest and highest cost that p leaves
// possible, when no architecture of positive probability keeps the limits; ErrTooLarge when too
// many would have to be compared, 65536 partial ones at a time, which takes seconds; and that of
// ctx when it ends first. Beside the last two stands the best architecture found, if there is one.
//
// The decisions are made one after the other for all partial architectures at once, as in dynamic
// programming. A partial architecture is given up when another one with the same consequences is as
// probable and cannot miss a limit that it would keep, or when a bound says that it cannot win:
// elimination gives the lowest and highest cost and the Lagrangian bound of all completions.
func (s *Space) MostProbable(ctx context.Context, p Relaxed, limits ...CostLimit) (a Arch, logP float64,
	err error) {
	if err := s.CheckRelaxed(p); err != nil {
		return Arch{}, 0, err
	}
	for i, row := range p {
		for c, v := range row {
			if v < 0 {
				return Arch{}, 0, fmt.Errorf("searchspace: probability %v of %s for decision %s, expected at least 0",
					v, s.decisions[i].Labels[c], s.decisions[i].Name)
			}
		}
	}
	if len(s.decisions) == 0 {
		return Arch{}, 0, fmt.Errorf("searchspace: most probable architecture of a space without decisions: %w",
			ErrInfeasible)
	}
	m := &mostProbable{ctx: ctx, space: s}
	for _, l := range append(s.costLimits(), limits...) {
		if err := m.limit(l.clone()); err != nil {
			return Arch{}, 0, err
		}
	}
	if m.order, err = s.jointOrder(p, m.costs); err != nil {
		return Arch{}, 0, err
	}
	if err := m.bound(); err != nil {
		return Arch{}, 0, err
	}
	// Few partial architectures first: what they find lets the next round give up more.
	const fewest, most = 1 << 8, 1 << 16
	for width := fewest; width <= most; width <<= 4 {
		cut, err := m.search(width)
		if err != nil {
			return m.best, m.logP, fmt.Errorf("searchspace: most probable architecture of %s: %w", s.fam.Name, err)
		}
		if !cut {
			if m.best.IsZero() {
				return Arch{}, 0, m.infeasible()
			}
			return m.best, m.logP, nil
		}
	}
	return m.best, m.logP, fmt.Errorf("searchspace: most probable architecture of %s: more than %d partial "+
		"ones to compare: %w", s.fam.Name, most, ErrTooLarge)
}

// mostProbable is one search for the most probable architecture.
type mostProbable struct {
	ctx   context.Context
	space *Space
	costs []costLimit // with terms
	order *jointOrder
	dual  []dualBound // upper bounds on the logarithm, the first without a price
	low   []*toGo     // least cost to go, negated, of every limit
	high  []*toGo     // greatest
	best  Arch
	logP  float64

	from, to []float64 // of the costs of a partial architecture's completions, within the limits
}

// limit adds a limit, which must be on a sum of tables.
func (m *mostProbable) limit(l CostLimit) error {
	c, err := m.space.resolveCost(l)
	if err == nil && c.terms == nil {
		if _, err = m.space.CostModel(l); err == nil {
			err = errNoSum
		}
	}
	m.costs = append(m.costs, c)
	return err
}

// interval is the limit as an interval, infinite where it has no end.
func (c *costLimit) interval() (from, to float64) {
	from, to = math.Inf(-1), math.Inf(1)
	if c.Min != 0 {
		from = c.Min
	}
	if c.Max != 0 {
		to = c.Max
	}
	return from, to
}

// infeasible says which costs are possible.
func (m *mostProbable) infeasible() error {
	text := ""
	for i := range m.costs {
		c := &m.costs[i]
		text += fmt.Sprintf("; %s reaches from %.6g to %.6g, expected %s", c.Of, -m.low[i].value, m.high[i].value,
			c.CostLimit)
	}
	return fmt.Errorf("searchspace: most probable architecture of %s%s: %w", m.space.fam.Name, text,
		ErrInfeasible)
}
