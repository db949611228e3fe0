package search

import (
	"context"
	"fmt"

	"github.com/tendril-nas/tendril/searchspace"
)

// maxRounds is how often one step is measured again because the weights moved (ours).
const maxRounds = 3

// settle applies the policy for moved weights to a step that is about to be told. moved says that
// some of its candidates must be measured again first.
func (l *Loop[T]) settle(s *step) (moved bool, err error) {
	stamp, ok := l.stampOf(s)
	if !ok {
		return false, nil
	}
	if err := l.memo.adopt(stamp); err != nil || l.opts.Stale != StaleForget {
		return false, err
	}
	for i, c := range s.candidates {
		if c.result.Measured() && StampOf(c.result.Measurement) != stamp {
			s.candidates[i] = l.resolve(c.result.Arch)
			moved = true
		}
	}
	if moved {
		if s.rounds++; s.rounds > maxRounds {
			return false, fmt.Errorf("step %d: %w: they moved each of %d times that it was measured", s.number, ErrStale, s.rounds)
		}
	}
	return moved, nil
}

// stampOf is the stamp that a step should be told with: that of now, or else of the last candidate
// that was measured for it.
func (l *Loop[T]) stampOf(s *step) (Stamp, bool) {
	if l.memo.at != nil {
		return l.memo.at(), true
	}
	for i := len(s.candidates) - 1; i >= 0; i-- {
		if c := s.candidates[i]; c.result.Measured() && !c.cached {
			return StampOf(c.result.Measurement), true
		}
	}
	return l.memo.now()
}

// SameWeights checks that m was made with the weights and on the data stage of this search's own
// measurements; the error wraps ErrStale. Under other policies than StaleError there is nothing to
// check.
func (l *Loop[T]) SameWeights(m searchspace.Measurement) error { return l.memo.check(StampOf(m)) }

// Measure returns the measurement of an architecture, made now or remembered. It is for a strategy's
// Tell, which passes its context on, and for users of the loop between two Runs. The measurement is
// part of State. An architecture that another open step proposes is measured for both.
func (l *Loop[T]) Measure(ctx context.Context, a searchspace.Arch) (Result, error) {
	if !l.opts.Repeat {
		if r, ok := l.known(a); ok {
			r.Cached, r.Attempts = true, 0
			return r, nil
		}
	}
	if taskOf(ctx) == nil {
		own, end, err := l.opts.Quiet.begin(ctx, l.told)
		if err != nil {
			return Result{}, err
		}
		defer end()
		ctx = own
	}
	r, err := l.attempt(ctx, a)
	if err != nil {
		return Result{}, fmt.Errorf("evaluate architecture %v, attempt %d: %w", a, r.Attempts, err)
	}
	if err := l.check(r); err != nil {
		return Result{}, err
	}
	if err := l.memo.adopt(StampOf(r.Measurement)); err != nil {
		return Result{}, err
	}
	l.remember(r)
	return r, nil
}

// known looks for an architecture among the measurements and in the step being told.
func (l *Loop[T]) known(a searchspace.Arch) (Result, bool) {
	if r, ok := l.memo.find(a); ok {
		return r, true
	}
	if l.telling != nil {
		for _, c := range l.telling.candidates {
			if c.result.Arch == a && c.result.Measured() && l.current(c.slot) {
				return c.result, true
			}
		}
	}
	return Result{}, false
}

// remember keeps a measurement that belongs to no step.
func (l *Loop[T]) remember(r Result) {
	l.memo.add(r)
	for i, x := range l.extra {
		if x.Arch == r.Arch && StampOf(x.Measurement) == StampOf(r.Measurement) {
			l.extra[i] = r
			return
		}
	}
	l.extra = append(l.extra, r)
}
