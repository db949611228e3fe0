package eas

import (
	"context"

	"github.com/tendril-nas/tendril/searchspace"
)

// drawn are n architectures within a budget, from the stream of scenario i.
func (e *engine) drawn(i, n int, budget float64) ([]searchspace.Arch, error) {
	space, err := e.within(budget)
	if err != nil {
		return nil, err
	}
	r := e.cfg.Seed.Stream("eas.random", i)
	var out []searchspace.Arch
	for range n {
		a, err := space.Sample(r)
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, nil
}

// randomOne draws an architecture for every scenario.
func (e *engine) randomOne(context.Context) ([]found, error) {
	return e.forEach(titleDraw, func(i int, s scenario) (found, error) {
		list, err := e.drawn(i, 1, s.budget)
		if err != nil {
			return found{}, err
		}
		return found{Arch: list[0]}, nil
	})
}

// randomN draws as many architectures for every scenario as other methods choose from.
func (e *engine) randomN(ctx context.Context) ([]found, error) {
	return e.forEach(titleChoose(RandomN), func(i int, s scenario) (found, error) {
		list, err := e.drawn(i, e.cfg.Samples, s.budget)
		if err != nil {
			return found{}, err
		}
		return e.best(ctx, s.k, list)
	})
}
