package supernet

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/tendril-nas/tendril/searchspace"
)

// evaluatorStep is architectures that were asked together. Once it is over, the measurements are
// left.
type evaluatorStep struct {
	archs   []searchspace.Arch
	from    *stored // what its models begin with; nil once it is over
	entries []*evaluatorEntry
}

// evaluatorEntry is one architecture of a step. What is not about the turn is guarded by the
// evaluator's mutex.
type evaluatorEntry struct {
	turn     chan struct{} // of those who evaluate it
	arch     searchspace.Arch
	measured bool
	m        searchspace.Measurement // if measured
	left     *legacy                 // if measured, until the step is over
	failure  error                   // of the last attempt, if that failed
	final    bool                    // another attempt fails in the same way
}

// settled reports that the entry is never trained again.
func (x *evaluatorEntry) settled() bool { return x.measured || x.final }

func newEvaluatorStep(archs []searchspace.Arch, from *stored) *evaluatorStep {
	s := &evaluatorStep{archs: slices.Clone(archs), from: from}
	for _, a := range archs {
		if !a.IsZero() && s.entry(a) == nil {
			s.entries = append(s.entries, &evaluatorEntry{arch: a, turn: make(chan struct{}, 1)})
		}
	}
	return s
}

// entry finds an architecture; nil if it is not of the step.
func (s *evaluatorStep) entry(a searchspace.Arch) *evaluatorEntry {
	for _, x := range s.entries {
		if x.arch == a {
			return x
		}
	}
	return nil
}

// BeginStep says which architectures are asked together, in their order, before any of them is
// measured. Steps are numbered from 0 and begin in this order; others may be open still. A step
// that has begun before, as when a search is resumed, must have the same architectures, and nothing
// happens.
func (e *TrainEvaluator) BeginStep(step int, archs []searchspace.Arch) error {
	if err := e.begin(step, archs); err != nil {
		return fmt.Errorf("supernet: begin step %d: %w", step, err)
	}
	return nil
}

func (e *TrainEvaluator) begin(step int, archs []searchspace.Arch) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case step < 0 || step > len(e.steps):
		return fmt.Errorf("the evaluator knows %d steps and expects the next; was it resumed with the search?",
			len(e.steps))
	case step < len(e.steps):
		if !slices.Equal(archs, e.steps[step].archs) {
			return errors.New("it has begun with other architectures; does the evaluator belong to this search?")
		}
		return nil
	}
	from := &stored{}
	if e.opts.Heritage != FromNone {
		from = e.store.present()
	}
	e.steps = append(e.steps, newEvaluatorStep(archs, from))
	return nil
}

// EvaluateStep measures an architecture of a step that has begun: its model begins with the weights
// of BeginStep, is trained and judged. It is trained once, however often it is asked for; only what
// failed is tried again, training that diverged (ErrNotFinite) excepted. When the context ends
// nothing is kept of it.
func (e *TrainEvaluator) EvaluateStep(ctx context.Context, a searchspace.Arch,
	step int) (searchspace.Measurement, error) {
	m, err := e.evaluate(ctx, a, step)
	if err != nil {
		return m, fmt.Errorf("supernet: evaluate: %w", err)
	}
	return m, nil
}

func (e *TrainEvaluator) evaluate(ctx context.Context, a searchspace.Arch, step int) (
	m searchspace.Measurement, err error) {
	m.Arch = a
	if err := ctx.Err(); err != nil {
		return m, err
	}
	e.mu.Lock()
	var x *evaluatorEntry
	if step >= 0 && step < len(e.steps) {
		x = e.steps[step].entry(a)
	}
	e.mu.Unlock()
	if x == nil {
		return m, fmt.Errorf("architecture %v does not belong to step %d, which BeginStep names", a, step)
	}
	select {
	case x.turn <- struct{}{}:
		defer func() { <-x.turn }()
	case <-ctx.Done():
		return m, ctx.Err()
	}
	e.mu.Lock()
	known, over, from := *x, step < e.ended, e.steps[step].from
	e.mu.Unlock()
	switch {
	case known.measured:
		return known.m, nil
	case known.final || over:
		return m, known.failure
	}
	var left *legacy
	err = errors.New("evaluation panicked") // what stays if it does
	defer func() {
		if err == nil || ctx.Err() == nil {
			e.settle(x, m, left, err)
		}
	}()
	m, left, err = e.measure(ctx, a, step, from)
	return m, err
}

// settle notes how an evaluation ended.
func (e *TrainEvaluator) settle(x *evaluatorEntry, m searchspace.Measurement, left *legacy, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err != nil {
		x.failure, x.final = err, errors.Is(err, ErrNotFinite)
		return
	}
	x.measured, x.m, x.left, x.failure = true, m, left, nil
}

// EndStep writes what the models of a step have learnt to the store, in the order in which they
// were asked; those that failed write nothing. Steps end in their order, when all their
// architectures are measured or have failed. For a step that has ended before nothing happens.
// After an error the store is as it was.
func (e *TrainEvaluator) EndStep(ctx context.Context, step int) error {
	if err := e.end(ctx, step); err != nil {
		return fmt.Errorf("supernet: end step %d: %w", step, err)
	}
	return nil
}

func (e *TrainEvaluator) end(ctx context.Context, step int) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case step >= 0 && step < e.ended:
		return nil
	case step != e.ended || step == len(e.steps):
		return fmt.Errorf("%d steps have ended and %d begun, expected step %d", e.ended, len(e.steps), e.ended)
	}
	s := e.steps[step]
	var left []*legacy
	for _, x := range s.entries {
		switch {
		case x.left != nil:
			left = append(left, x.left)
		case !x.measured && x.failure == nil:
			return fmt.Errorf("architecture %v was not measured; is the evaluator older than the search?",
				x.arch)
		}
	}
	err := e.store.change(func(now *stored) (*stored, error) { return e.bequeath(ctx, now, left) })
	if err != nil {
		return err
	}
	s.from = nil
	for _, x := range s.entries {
		x.left, x.final = nil, !x.measured
	}
	e.ended++
	return nil
}

// bequeath is what is there for the steps to come.
func (e *TrainEvaluator) bequeath(ctx context.Context, now *stored, left []*legacy) (next *stored, err error) {
	if n := len(left); n > 0 && e.opts.Heritage == FromLast {
		now, left = &stored{version: now.version}, left[n-1:]
	}
	for _, l := range left {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if now, err = now.with(l); err != nil {
			return nil, err
		}
	}
	return now, nil
}
