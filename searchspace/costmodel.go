package searchspace

import (
	"errors"
	"fmt"
)

// errNoSum is returned for a cost that is no sum over layers.
var errNoSum = errors.New("no sum over layers")

// CostModel is the cost that l is about as a sum of tables; Max and Min of l may be 0. The error
// wraps ErrNoChoiceGraph and ErrTooLarge as LowerChoices and Terms do, and ErrNoLatency where a
// latency table lacks layers; CostActivationInfer is a peak and has no such form.
func (s *Space) CostModel(l CostLimit) (*CostModel, error) {
	l = l.clone()
	if err := l.check(s); err != nil {
		return nil, err
	}
	terms, err := s.costTerms(l)
	if err != nil {
		return nil, err
	}
	if terms == nil && l.Of == CostActivationInfer {
		return nil, fmt.Errorf("searchspace: cost model of %s: %w", l.Of, errNoSum)
	}
	return (&ChoiceGraph{Decisions: s.decisions}).model(terms), nil
}

// CostExtremes is the architectures of s with the lowest and the highest cost that l is about; Max
// and Min of l may be 0. They are found as Smallest and Largest are, within the limits on costs
// that s has.
func (s *Space) CostExtremes(l CostLimit) (cheapest, dearest Arch, err error) {
	c, err := s.resolveCost(l.clone())
	if err != nil {
		return Arch{}, Arch{}, err
	}
	cheapest, dearest = s.free().extremesOf(c.terms, c.value)
	if cheapest.IsZero() || s.Valid(cheapest) != nil {
		cheapest = s.climb(1, c.value)
	}
	if dearest.IsZero() || s.Valid(dearest) != nil {
		dearest = s.climb(-1, c.value)
	}
	if cheapest.IsZero() || dearest.IsZero() {
		return Arch{}, Arch{}, fmt.Errorf("searchspace: extremes of %s: %w", c.Of, ErrInfeasible)
	}
	return cheapest, dearest, nil
}
