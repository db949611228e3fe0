package search

import (
	"context"
	"fmt"
	"slices"

	"github.com/tendril-nas/tendril/searchspace"
)

// fill asks until the window is full, interrupted steps first.
func (l *Loop[T]) fill(ctx context.Context) error {
	for _, s := range l.open {
		if err := l.askAgain(ctx, s); err != nil {
			return err
		}
	}
	for len(l.open) < l.opts.Window && !l.exhausted && !l.finished() {
		number := l.asked()
		if len(l.open) > 0 && slices.Contains(l.barriers, number) {
			break
		}
		archs, err := l.ask(ctx, number)
		if err != nil {
			return err
		}
		if len(archs) == 0 {
			l.exhausted = true
			break
		}
		s := &step{number: number}
		l.open = append(l.open, s) // first, so that resolve sees the candidates before it
		for _, a := range archs {
			c := l.resolve(a)
			if c.progress == done {
				l.unsaved++
			}
			s.candidates = append(s.candidates, c)
		}
	}
	return l.countFailures()
}

func (l *Loop[T]) ask(ctx context.Context, number int) ([]searchspace.Arch, error) {
	if now, ok := l.memo.now(); ok {
		if err := l.memo.check(now); err != nil {
			return nil, err
		}
	}
	archs, err := l.strategy.Ask(ctx, number)
	if err != nil {
		return nil, fmt.Errorf("step %d: ask: %w", number, err)
	}
	return archs, nil
}

func (l *Loop[T]) askAgain(ctx context.Context, s *step) error {
	if !s.ask {
		return nil
	}
	archs, err := l.ask(ctx, s.number)
	if err != nil {
		return err
	}
	if !slices.Equal(archs, s.archs()) {
		return fmt.Errorf("step %d: asked again, the strategy proposes %v, %v before",
			s.number, archs, s.archs())
	}
	s.ask = false
	return nil
}

// tell hands a step's results to the strategy and makes them history.
func (l *Loop[T]) tell(ctx context.Context, s *step) error {
	results := s.results()
	l.work.step = s.number
	l.telling = s
	notes, err := l.strategy.Tell(ctx, s.number, results)
	l.telling = nil
	if err == nil && len(notes) != len(results) {
		err = fmt.Errorf("%d notes for %d results", len(notes), len(results))
	}
	if err != nil {
		return fmt.Errorf("step %d: tell: %w", s.number, err)
	}
	l.conclude(s, results, notes)
	return nil
}

// conclude moves a step from what is open to the history.
func (l *Loop[T]) conclude(s *step, results []Result, notes []T) {
	for i, r := range results {
		l.history = append(l.history, Record[T]{Step: s.number, Result: r, Note: notes[i]})
		if r.Measured() && !r.Cached {
			l.memo.add(r)
		}
	}
	l.open = slices.DeleteFunc(l.open, func(o *step) bool { return o == s })
	l.told++
}

func (l *Loop[T]) observe(s *step) error {
	records := l.history[len(l.history)-len(s.candidates):]
	for _, o := range l.observers {
		if err := o.Observe(records); err != nil {
			return err
		}
	}
	return nil
}
