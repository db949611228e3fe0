package pruning

import (
	"context"
	"fmt"
	"math"

	"github.com/tendril-nas/tendril/searchspace"
)

// choose finds the architectures of the result.
func (s *search) choose(ctx context.Context) error {
	_, choices := s.walk.argMax()
	if a, err := s.space.New(choices); err == nil {
		if s.res.ArgMax, err = s.found(a); err != nil {
			return fmt.Errorf("pruning: arg max: %w", err)
		}
	}
	p := s.space.Zeros()
	s.walk.softmax(p, nil, 1)
	var limits []searchspace.CostLimit
	if s.plan.Form != NoCost {
		l := s.plan.Cost
		l.Min, l.Max = s.band()
		limits = append(limits, l)
	}
	a, _, err := s.walk.space.MostProbable(ctx, p, limits...)
	if err != nil {
		return fmt.Errorf("pruning: final architecture: %w", err)
	}
	s.res.Final, err = s.found(a)
	return err
}

// found describes an architecture.
func (s *search) found(a searchspace.Arch) (Found, error) {
	f := Found{Arch: a, Text: s.space.Format(a)}
	var err error
	if f.Cost, err = s.cost.At(a); err != nil {
		return f, err
	}
	p := s.space.Zeros()
	s.walk.softmax(p, nil, 1)
	for i, active := range s.space.Active(a) {
		if active {
			f.LogProbability += math.Log(p[i][a.At(i)])
		}
	}
	return f, nil
}
