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
	a, _, err := s.walk.space.MostProbable(ctx, s.walk.likely(), s.limits()...)
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
	p := s.walk.likely()
	for i, active := range s.space.Active(a) {
		if active {
			f.LogProbability += math.Log(p[i][a.At(i)])
		}
	}
	return f, nil
}

// limits is what the final architecture has to keep.
func (s *search) limits() []searchspace.CostLimit {
	if s.plan.Form == NoCost {
		return nil
	}
	l := s.plan.Cost
	l.Min, l.Max = s.band()
	return []searchspace.CostLimit{l}
}

// impossible is what probabilities are at least that a float64 rounds to 0.
const impossible = 1e-300

// likely is softmax(a), where no choice that is left is impossible: the target may need it.
func (l *logits) likely() searchspace.Relaxed {
	p := l.space.Zeros()
	l.softmax(p, nil, 1)
	for i, allowed := range l.allow {
		for _, c := range allowed {
			p[i][c] = max(p[i][c], impossible)
		}
	}
	return p
}
