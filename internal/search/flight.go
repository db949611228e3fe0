package search

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/tendril-nas/tendril/searchspace"
)

// PanicError is the error of an evaluator that panicked.
type PanicError struct {
	Value any    // of the panic
	Stack []byte // of the goroutine, for people
}

// Error has the value without the stack, which would differ from run to run.
func (e *PanicError) Error() string { return fmt.Sprintf("evaluator panicked: %v", e.Value) }

// misuseError is an answer of an evaluator that no second attempt makes right.
type misuseError struct{ error }

// flight is the evaluations at work during one Run.
type flight struct {
	ctx    context.Context
	cancel context.CancelFunc
	landed chan landing
	busy   int
}

type landing struct {
	slot   *slot
	result Result
	err    error
}

func newFlight(ctx context.Context, workers int) *flight {
	f := &flight{landed: make(chan landing, workers)} // buffered, so that nobody waits to hand in
	f.ctx, f.cancel = context.WithCancel(ctx)
	return f
}

// launch starts waiting evaluations, in the order of asking, as long as there are free workers.
func (l *Loop[T]) launch(f *flight) {
	for _, s := range l.open {
		for _, c := range s.candidates {
			if f.busy == l.opts.Workers {
				return
			}
			if c.progress != waiting {
				continue
			}
			c.slot.progress = flying
			f.busy++
			go l.fly(f, c.slot, c.result.Arch, s.number)
		}
	}
}

func (l *Loop[T]) fly(f *flight, s *slot, a searchspace.Arch, number int) {
	out := landing{slot: s, err: errors.New("evaluator ended its goroutine")}
	defer func() { f.landed <- out }()
	ctx, end, err := l.opts.Quiet.begin(f.ctx, number)
	if err != nil {
		out.err = err
		return
	}
	defer end()
	out.result, out.err = l.attempt(ctx, a)
}

// land notes how an evaluation ended. The error, if any, is to end the search.
func (l *Loop[T]) land(f *flight, n landing) error {
	f.busy--
	s := n.slot
	s.reset()
	err := n.err
	if err == nil {
		err = l.check(n.result)
	}
	var misuse misuseError
	switch {
	case err == nil:
		s.result = n.result
	case errors.As(err, &misuse), errors.Is(err, ErrStale):
		return err
	case f.ctx.Err() != nil:
		return nil // cut off, not failed
	default:
		s.err = err
		s.result.Attempts, s.result.Failure = n.result.Attempts, cmp.Or(err.Error(), "failed")
	}
	s.progress = done
	l.unsaved++
	return l.countFailures()
}

// check refuses measurements that do not belong to the search.
func (l *Loop[T]) check(r Result) error {
	switch {
	case r.Measurement.Arch != r.Arch:
		return misuseError{fmt.Errorf("evaluator was asked for architecture %v and measured %v",
			r.Arch, r.Measurement.Arch)}
	case l.values >= 0 && len(r.Values) != l.values:
		return misuseError{fmt.Errorf("evaluator gave %d values for architecture %v, %d before",
			len(r.Values), r.Arch, l.values)}
	}
	stamp := StampOf(r.Measurement)
	if err := l.memo.check(stamp); err != nil {
		return err
	}
	l.values = len(r.Values)
	if l.opts.Stale == StaleError {
		return l.memo.adopt(stamp)
	}
	return nil
}

// countFailures looks at what is new, in the order of asking, and ends the search when too many
// candidates in a row have failed. The one that is too many is left to be evaluated again.
func (l *Loop[T]) countFailures() error {
	for _, s := range l.open {
		for ; s.counted < len(s.candidates); s.counted++ {
			c := s.candidates[s.counted]
			if c.progress != done {
				break
			}
			if c.cached || c.result.Arch.IsZero() {
				continue
			}
			if c.err == nil {
				l.failures = 0
				continue
			}
			if l.failures == l.opts.Failures {
				err := fmt.Errorf("step %d: evaluate architecture %v, attempt %d: %w",
					s.number, c.result.Arch, c.result.Attempts, c.err)
				c.slot.reset()
				return err
			}
			l.failures++
		}
		if s.counted < len(s.candidates) && !l.opts.Unordered {
			return nil
		}
	}
	return nil
}

// attempt evaluates an architecture, more than once when it fails.
func (l *Loop[T]) attempt(ctx context.Context, a searchspace.Arch) (r Result, err error) {
	r.Arch = a
	for {
		if err := ctx.Err(); err != nil {
			return r, err
		}
		r.Attempts++
		if r.Measurement, r.Values, err = l.call(ctx, a); err == nil {
			return r, nil
		}
		if ctx.Err() != nil || r.Attempts > l.opts.Retries || errors.Is(err, ErrStale) {
			return r, err
		}
	}
}

// call makes an error of a panic.
func (l *Loop[T]) call(
	ctx context.Context, a searchspace.Arch,
) (m searchspace.Measurement, values []float64, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &PanicError{Value: v, Stack: debug.Stack()}
		}
	}()
	return l.evaluate(ctx, a)
}
