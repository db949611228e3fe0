package search

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/tendril-nas/tendril/searchspace"
)

// ErrStale is wrapped when a measurement was made with other weights, or on another data stage, than those before it in the
// same search: their accuracies cannot be compared.
var ErrStale = errors.New("shared weights or data changed during the search")

// Options sets up a Loop. The zero value runs until the strategy has nothing more to ask, without saving.
type Options struct {
	// Steps is the number of steps after which the search ends; 0 = when Ask returns nothing.
	Steps int
	// Retries is how often a failed measurement is tried again before the search stops with its error. 0 = 2, negative = never.
	Retries int
	// Repeat measures an architecture every time it is proposed, for evaluators that draw fresh data.
	Repeat bool
	// Workers bounds the concurrent measurements of one step; 0 = 1.
	Workers int
	// Save, when set, is called after every SaveEvery steps, when the search ends, and when it stops early.
	Save func() error
	// SaveEvery is in steps; 0 = only at the end and when it stops early.
	SaveEvery int
}

// Loop is one search: what was asked, measured and told so far.
type Loop[T any] struct {
	strategy Strategy[T]
	evaluate Evaluate
	opts     Options
	next     int
	done     bool
	history  []Record[T]
	memo     map[searchspace.Arch]searchspace.Measurement
	stamp    *searchspace.Measurement // first one made: its stage and weight version bind the others
}

// New prepares a search; Run starts it.
func New[T any](s Strategy[T], e Evaluate, o Options) (*Loop[T], error) {
	if s == nil || e == nil {
		return nil, errors.New("search: a loop needs a strategy and an evaluator")
	}
	if o.Steps < 0 || o.Workers < 0 || o.SaveEvery < 0 {
		return nil, fmt.Errorf("search: steps %d, workers %d, save every %d, expected none below 0", o.Steps, o.Workers, o.SaveEvery)
	}
	switch {
	case o.Retries == 0:
		o.Retries = 2
	case o.Retries < 0:
		o.Retries = 0
	}
	return &Loop[T]{strategy: s, evaluate: e, opts: o, memo: map[searchspace.Arch]searchspace.Measurement{}}, nil
}

// Run takes steps until the search ends. It returns the first error: of the context, of the strategy, or of a measurement
// that failed Retries times over. Every finished step is in the history then, and Run may be called again to go on.
func (l *Loop[T]) Run(ctx context.Context) error {
	saved := l.next
	for !l.done && (l.opts.Steps == 0 || l.next < l.opts.Steps) {
		if err := l.step(ctx); err != nil {
			return errors.Join(err, l.save())
		}
		if l.opts.SaveEvery > 0 && l.next-saved >= l.opts.SaveEvery {
			if err := l.save(); err != nil {
				return err
			}
			saved = l.next
		}
	}
	l.done = true
	return l.save()
}

func (l *Loop[T]) save() error {
	if l.opts.Save == nil {
		return nil
	}
	if err := l.opts.Save(); err != nil {
		return fmt.Errorf("save the search after step %d: %w", l.next, err)
	}
	return nil
}

// History is every proposal so far, in order. The slice is the loop's own: read it only.
func (l *Loop[T]) History() []Record[T] { return l.history }

// Step is the number of finished steps.
func (l *Loop[T]) Step() int { return l.next }

// Done reports that the search has ended, and that Run would return at once.
func (l *Loop[T]) Done() bool { return l.done || l.opts.Steps > 0 && l.next >= l.opts.Steps }

// Distinct is the number of different architectures measured.
func (l *Loop[T]) Distinct() int { return len(l.memo) }

// Measure returns the measurement of an architecture, made now or remembered.
func (l *Loop[T]) Measure(ctx context.Context, a searchspace.Arch) (Result, error) {
	results, err := l.measureAll(ctx, []searchspace.Arch{a})
	if err != nil {
		return Result{}, err
	}
	return results[0], nil
}

func (l *Loop[T]) step(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	archs, err := l.strategy.Ask(ctx, l.next)
	if err != nil {
		return fmt.Errorf("step %d: ask: %w", l.next, err)
	}
	if len(archs) == 0 {
		l.done = true
		return nil
	}
	results, err := l.measureAll(ctx, archs)
	if err != nil {
		return fmt.Errorf("step %d: %w", l.next, err)
	}
	notes, err := l.strategy.Tell(ctx, l.next, results)
	if err == nil && len(notes) != len(results) {
		err = fmt.Errorf("%d notes for %d results", len(notes), len(results))
	}
	if err != nil {
		l.forget(results)
		return fmt.Errorf("step %d: tell: %w", l.next, err)
	}
	for i, r := range results {
		l.history = append(l.history, Record[T]{Step: l.next, Result: r, Note: notes[i]})
	}
	l.next++
	if o, ok := l.strategy.(Observer[T]); ok {
		return o.Observe(l.history[len(l.history)-len(results):])
	}
	return nil
}

// measureAll measures what is not known yet, each architecture once, and returns results in the order of archs.
func (l *Loop[T]) measureAll(ctx context.Context, archs []searchspace.Arch) ([]Result, error) {
	results := make([]Result, len(archs))
	var missing []int
	first := make(map[searchspace.Arch]int, len(archs))
	for i, a := range archs {
		results[i].Arch = a
		if a.IsZero() {
			continue
		}
		if !l.opts.Repeat {
			if m, ok := l.memo[a]; ok {
				results[i].Measurement, results[i].Cached = m, true
				continue
			}
			if _, ok := first[a]; ok {
				continue
			}
			first[a] = i
		}
		missing = append(missing, i)
	}
	errs := make([]error, len(archs))
	l.each(missing, func(i int) {
		results[i].Measurement, results[i].Attempts, errs[i] = l.attempt(ctx, archs[i])
	})
	for _, i := range missing {
		err := errs[i]
		if err == nil {
			err = l.remember(results[i].Measurement, archs[i])
		}
		if err != nil {
			l.forget(results)
			return nil, err
		}
	}
	for i, a := range archs {
		if j, ok := first[a]; ok && j != i {
			results[i].Measurement, results[i].Cached = results[j].Measurement, true
		}
	}
	return results, nil
}

// forget drops what an unfinished step measured, so that the step, when it is taken again, leaves the same records behind.
func (l *Loop[T]) forget(results []Result) {
	for _, r := range results {
		if r.Attempts > 0 {
			delete(l.memo, r.Arch)
		}
	}
}

func (l *Loop[T]) each(missing []int, do func(i int)) {
	workers := min(l.opts.Workers, len(missing))
	if workers <= 1 {
		for _, i := range missing {
			do(i)
		}
		return
	}
	var wg sync.WaitGroup
	queue := make(chan int)
	for range workers {
		wg.Go(func() {
			for i := range queue {
				do(i)
			}
		})
	}
	for _, i := range missing {
		queue <- i
	}
	close(queue)
	wg.Wait()
}

func (l *Loop[T]) attempt(ctx context.Context, a searchspace.Arch) (m searchspace.Measurement, attempts int, err error) {
	for attempts = 1; ; attempts++ {
		if err = ctx.Err(); err != nil {
			return m, attempts, err
		}
		if m, err = l.evaluate(ctx, a); err == nil {
			return m, attempts, nil
		}
		if ctx.Err() != nil || attempts > l.opts.Retries {
			return m, attempts, fmt.Errorf("evaluate architecture %v, attempt %d: %w", a, attempts, err)
		}
	}
}

// SameWeights checks that m was made with the weights and on the data stage of this search's own measurements; the error wraps
// ErrStale.
func (l *Loop[T]) SameWeights(m searchspace.Measurement) error {
	if s := l.stamp; s != nil && (s.WeightVersion != m.WeightVersion || s.Stage != m.Stage) {
		return fmt.Errorf("%w: measured with weights %d on stage %d, now %d on %d", ErrStale, s.WeightVersion, s.Stage, m.WeightVersion, m.Stage)
	}
	return nil
}

func (l *Loop[T]) remember(m searchspace.Measurement, a searchspace.Arch) error {
	if m.Arch != a {
		return fmt.Errorf("evaluator was asked for architecture %v and measured %v", a, m.Arch)
	}
	if err := l.SameWeights(m); err != nil {
		return err
	}
	if l.stamp == nil {
		l.stamp = &m
	}
	l.memo[a] = m
	return nil
}
