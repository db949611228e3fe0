package search

import (
	"context"
	"fmt"

	"github.com/tendril-nas/tendril/searchspace"
)

// Measure returns the measurement of an architecture, made now or remembered. It is for a
// strategy's Tell, for observers, and for users of the loop between two Runs. The measurement is
// part of State. An architecture that another open step proposes is measured for both. A failure is
// an error.
func (l *Loop[T]) Measure(ctx context.Context, a searchspace.Arch) (Result, error) {
	if !l.opts.Repeat {
		if r, ok := l.known(a); ok {
			r.Cached, r.Attempts = true, 0
			return r, nil
		}
	}
	if l.work != nil {
		ctx = context.WithValue(ctx, taskKey{}, l.work)
	} else {
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
	l.memo.addExtra(r)
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
