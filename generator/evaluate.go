package generator

import (
	"context"
	"fmt"
	"slices"

	"github.com/tendril-nas/tendril/searchspace"
)

// candidate is an architecture to be evaluated.
type candidate struct {
	arch    searchspace.Arch
	choices []int
	logProb float64
}

// evaluate draws suitable architectures, lets the caller judge the different ones, and leaves the
// most accurate one in best; of equal ones the more probable. first says that best holds a suitable
// one, the most probable.
func (x *inference) evaluate(ctx context.Context, s *Scenario, o *GenerateOptions, a *Answer,
	first bool) error {
	least := o.Use * s.Budget
	var found []candidate
	add := func() error {
		arch, err := x.g.space.New(x.canon)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(found, func(c candidate) bool { return c.arch == arch }) {
			found = append(found, candidate{arch, slices.Clone(x.canon), x.logProb()})
		}
		return nil
	}
	if first {
		if err := add(); err != nil {
			return err
		}
	}
	d := x.draws(s, o, least)
	for suitable := len(found); suitable < o.Samples && d.next(); suitable++ {
		if err := add(); err != nil {
			return err
		}
	}
	a.Draws = d.made
	if len(found) == 0 {
		x.adapt(s.Budget, least)
		a.Adapted = true
		copy(x.canon, x.best)
		if err := add(); err != nil {
			return err
		}
	}
	best := -1
	for i, c := range found {
		if err := ctx.Err(); err != nil {
			return err
		}
		m, err := o.Evaluate(ctx, *s, c.arch)
		if err != nil {
			return fmt.Errorf("evaluate: %w", err)
		}
		if !(m.Accuracy >= 0 && m.Accuracy <= 1) {
			return fmt.Errorf("evaluate: accuracy %v, expected 0 to 1", m.Accuracy)
		}
		if best < 0 || m.Accuracy > a.Measurement.Accuracy ||
			m.Accuracy == a.Measurement.Accuracy && c.logProb > found[best].logProb {
			best, a.Measurement = i, m
		}
	}
	copy(x.best, found[best].choices)
	x.bestLog = found[best].logProb
	return nil
}
