package search

import (
	"context"
	"errors"
	"fmt"

	"github.com/tendril-nas/tendril/searchspace"
)

// Loop is one search: what was asked, measured and told so far.
type Loop[T any] struct {
	strategy  Strategy[T]
	evaluate  EvaluateValues
	opts      Options
	observers []Observer[T]

	history   []Record[T]
	told      int
	open      []*step // asked and not told, in the order of asking
	telling   *step   // inside Tell
	work      *task   // inside Ask, Tell, Observe and Save: the loop's own hold on Quiet
	exhausted bool
	barriers  []int // steps before which all must be told
	memo      memo
	values    int // of each measurement beside it; -1 before the first
	failures  int // in a row
	unsaved   int // results
	status    searchspace.Status
}

// New prepares a search; Run starts it.
func New[T any](s Strategy[T], e Evaluate, o Options) (*Loop[T], error) {
	if e == nil {
		return NewWithValues(s, nil, o)
	}
	plain := func(ctx context.Context, a searchspace.Arch) (searchspace.Measurement, []float64, error) {
		m, err := e(ctx, a)
		return m, nil, err
	}
	return NewWithValues(s, plain, o)
}

// NewWithValues is New with an evaluator that finds more than a measurement.
func NewWithValues[T any](s Strategy[T], e EvaluateValues, o Options) (*Loop[T], error) {
	if s == nil || e == nil {
		return nil, errors.New("search: a loop needs a strategy and an evaluator")
	}
	o, err := o.resolved()
	if err != nil {
		return nil, err
	}
	l := &Loop[T]{strategy: s, evaluate: e, opts: o, memo: newMemo(&o), values: -1}
	if own, ok := s.(Observer[T]); ok {
		l.Observe(own)
	}
	return l, nil
}

// Observe adds an observer, called after those before it.
func (l *Loop[T]) Observe(o Observer[T]) { l.observers = append(l.observers, o) }

// History is every proposal told so far, in the order of telling. The slice is the loop's own: read
// it only.
func (l *Loop[T]) History() []Record[T] { return l.history }

// Step is the number of steps told.
func (l *Loop[T]) Step() int { return l.told }

// Status says why the last Run returned; searchspace.StatusNone before the first.
func (l *Loop[T]) Status() searchspace.Status { return l.status }

// Distinct is the number of different architectures measured, those of open steps aside.
func (l *Loop[T]) Distinct() int { return len(l.memo.archs) }

// Run takes steps until the search ends, and says why it did:
//
//   - StatusFinished: Options.Steps are told.
//   - StatusExhausted: the strategy had nothing more to ask, and everything is told.
//   - StatusStopped: an Observer returned an error, which is Run's, or ErrStop, which is not.
//   - StatusCancelled: the context ended. Evaluations that did not end with it are waited for, and
//     kept.
//   - StatusFailed: the strategy, Options.Save, or more than Options.Failures candidates in a row
//     failed, or ErrStale.
//
// After all of these the history holds every step told, State every result, and Run may be called
// again to go on.
func (l *Loop[T]) Run(ctx context.Context) (searchspace.Status, error) {
	status, err := l.run(ctx)
	l.status = status
	if status == searchspace.StatusStopped && errors.Is(err, ErrStop) {
		err = nil
	}
	if errors.As(err, new(saveError)) {
		l.status = searchspace.StatusFailed
		return l.status, err
	}
	if saveErr := l.save(); saveErr != nil {
		l.status = searchspace.StatusFailed
		err = errors.Join(err, saveErr)
	}
	return l.status, err
}

func (l *Loop[T]) run(ctx context.Context) (searchspace.Status, error) {
	f := newFlight(ctx, l.opts.Workers)
	defer l.settleDown(f)
	l.failures = 0
	for {
		status, err := l.advance(ctx, f)
		if err != nil && ctx.Err() != nil && status == searchspace.StatusFailed {
			status = searchspace.StatusCancelled
		}
		if err != nil || status != searchspace.StatusNone {
			return status, err
		}
		select {
		case n := <-f.landed:
			if err := l.land(f, n); err != nil {
				return searchspace.StatusFailed, err
			}
		case <-ctx.Done():
			return searchspace.StatusCancelled, ctx.Err()
		}
	}
}

// settleDown ends a Run: evaluations in flight are called off, what is finished is kept, and what
// another Run must see afresh is reset.
func (l *Loop[T]) settleDown(f *flight) {
	f.cancel()
	for f.busy > 0 {
		// Errors are those of evaluations that were called off, or come after one that ends the
		// search.
		_ = l.land(f, <-f.landed)
	}
	for _, s := range l.open {
		for _, c := range s.candidates[s.counted:] {
			// Which of those behind the end have failed by now depends on timing.
			if c.progress == done && c.err != nil {
				c.slot.reset()
			}
		}
		s.ask = l.opts.Window == 1
	}
}

// advance asks and tells until every open step waits for an evaluation, or the search ends, and
// launches what can be. No evaluation is alone meanwhile.
func (l *Loop[T]) advance(ctx context.Context, f *flight) (searchspace.Status, error) {
	if l.complete() {
		return l.end(), nil
	}
	ctx, end, err := l.opts.Quiet.begin(ctx, l.told)
	if err != nil {
		return searchspace.StatusFailed, err
	}
	l.work = taskOf(ctx)
	defer func() {
		l.work = nil
		end()
	}()
	for {
		if err := l.fill(ctx); err != nil {
			return searchspace.StatusFailed, err
		}
		if l.complete() {
			return l.end(), nil
		}
		s := l.ready()
		if s == nil {
			l.launch(f)
			if err := l.saveIfDue(); err != nil {
				return searchspace.StatusFailed, err
			}
			return searchspace.StatusNone, nil
		}
		if moved, err := l.settle(s); err != nil {
			return searchspace.StatusFailed, err
		} else if moved {
			continue
		}
		if err := l.tell(ctx, s); err != nil {
			return searchspace.StatusFailed, err
		}
		if err := l.observe(s); err != nil {
			return searchspace.StatusStopped, err
		}
		if err := l.saveIfDue(); err != nil {
			return searchspace.StatusFailed, err
		}
		if err := ctx.Err(); err != nil && !l.complete() {
			return searchspace.StatusFailed, err
		}
	}
}

// complete reports that nothing is left to ask or to tell.
func (l *Loop[T]) complete() bool { return len(l.open) == 0 && (l.exhausted || l.finished()) }

// finished reports that all of Options.Steps were asked.
func (l *Loop[T]) finished() bool { return l.opts.Steps > 0 && l.asked() >= l.opts.Steps }

func (l *Loop[T]) asked() int { return l.told + len(l.open) }

func (l *Loop[T]) end() searchspace.Status {
	if l.finished() {
		return searchspace.StatusFinished
	}
	return searchspace.StatusExhausted
}

// saveError marks an error of Options.Save, after which Run does not try once more.
type saveError struct{ error }

func (e saveError) Unwrap() error { return e.error }

func (l *Loop[T]) saveIfDue() error {
	if l.opts.SaveEvery == 0 || l.unsaved < l.opts.SaveEvery {
		return nil
	}
	return l.save()
}

func (l *Loop[T]) save() error {
	if l.opts.Save == nil {
		return nil
	}
	if err := l.opts.Save(); err != nil {
		return saveError{fmt.Errorf("save the search after step %d: %w", l.told, err)}
	}
	l.unsaved = 0
	return nil
}
