package search

import (
	"errors"
	"fmt"
	"slices"

	"github.com/tendril-nas/tendril/searchspace"
)

// State is what a search needs to go on in another process. A Codec writes it as columns.
type State[T any] struct {
	Records []Record[T] // told, in the order of telling
	Open    []Open      // asked and not told, in the order of asking
	Extra   []Result    // measured aside, with Loop.Measure
	// Exhausted says that the strategy had nothing more to ask. Who has a strategy ask again that
	// had come to an end adds a barrier.
	Exhausted bool
	// Barriers are steps that are asked only when all before them are told. A Codec leaves them to
	// the caller.
	Barriers []int
}

// Steps is how many steps were asked.
func (s State[T]) Steps() int {
	n := 0
	for _, r := range s.Records {
		n = max(n, r.Step+1)
	}
	for _, o := range s.Open {
		n = max(n, o.Step+1)
	}
	return n
}

// Open is one proposal of a step that has not been told.
type Open struct {
	Step   int
	Done   bool // Result is complete; otherwise it has only Arch, and Cached when it waits for another's
	Result Result
}

// State describes the search as it is. It shares memory with the loop: use it before the search
// goes on. It may be asked for inside Options.Save and Observer.Observe.
func (l *Loop[T]) State() State[T] {
	s := State[T]{Records: l.history, Extra: slices.Clip(l.memo.extra), Exhausted: l.exhausted,
		Barriers: l.barriers}
	for _, st := range l.open {
		for _, c := range st.candidates {
			if c.progress == done {
				s.Open = append(s.Open, Open{Step: st.number, Done: true, Result: c.seen()})
			} else {
				waiting := Result{Arch: c.result.Arch, Cached: c.cached}
				s.Open = append(s.Open, Open{Step: st.number, Result: waiting})
			}
		}
	}
	return s
}

// Restore puts a new loop where the one was that wrote s. The strategy must be as it was when s was
// written: after the last step told. A step that is open is asked again by Run, and has to propose
// what it proposed before; its results are not measured again. The window must be one, for with
// more steps open nobody could ask for them again: use Replay.
func (l *Loop[T]) Restore(s State[T]) error {
	fresh, err := l.rebuild(s)
	if err != nil {
		return err
	}
	if l.opts.Window > 1 {
		return fmt.Errorf("search: restore with a window of %d, expected 1; replay it", l.opts.Window)
	}
	for _, st := range fresh.open {
		st.ask = true
	}
	*l = *fresh
	return nil
}

// rebuild makes the loop that wrote s.
func (l *Loop[T]) rebuild(s State[T]) (*Loop[T], error) {
	if l.told != 0 || len(l.open) != 0 || len(l.memo.extra) != 0 {
		return nil, fmt.Errorf("search: restore into a loop that has taken %d steps", l.told)
	}
	fresh := *l
	fresh.memo = newMemo(&l.opts)
	steps, err := s.steps(l.opts.Unordered)
	if err != nil {
		return nil, err
	}
	fresh.told, fresh.exhausted, fresh.barriers = steps, s.Exhausted, s.Barriers
	fresh.history = slices.Clip(s.Records)
	for i, r := range s.Records {
		if err := fresh.readmit(r.Result); err != nil {
			return nil, fmt.Errorf("search: state: record %d: %w", i, err)
		}
	}
	for i, r := range s.Extra {
		if err := fresh.readmitExtra(r); err != nil {
			return nil, fmt.Errorf("search: state: measurement %d beside the records: %w", i, err)
		}
	}
	for i, o := range s.Open {
		if err := fresh.reopen(o); err != nil {
			return nil, fmt.Errorf("search: state: open proposal %d: %w", i, err)
		}
	}
	if len(fresh.open) > l.opts.Window {
		return nil, fmt.Errorf("search: state has %d open steps, expected at most %d",
			len(fresh.open), l.opts.Window)
	}
	return &fresh, nil
}

// steps checks the numbers of all steps and returns how many were told.
func (s State[T]) steps(unordered bool) (told int, err error) {
	seen := map[int]bool{}
	last := -1
	for i, r := range s.Records {
		if i > 0 && r.Step == last {
			continue
		}
		if seen[r.Step] || r.Step < 0 || !unordered && r.Step != len(seen) {
			return 0, fmt.Errorf("search: state: record %d is of step %d after %d steps",
				i, r.Step, len(seen))
		}
		seen[r.Step], last = true, r.Step
	}
	told = len(seen)
	last = -1
	for i, o := range s.Open {
		if o.Step == last {
			continue
		}
		if seen[o.Step] || o.Step < last || !unordered && o.Step != len(seen) {
			return 0, fmt.Errorf("search: state: open proposal %d is of step %d after %d steps",
				i, o.Step, len(seen))
		}
		seen[o.Step], last = true, o.Step
	}
	for step := range seen {
		if step < 0 || step >= len(seen) {
			return 0, fmt.Errorf("search: state has %d steps, one with the number %d", len(seen), step)
		}
	}
	return told, nil
}

// readmitExtra is readmit for a measurement that belongs to no step. Where measurements of several
// stamps are kept it may be older than the last record, whose stamp counts.
func (l *Loop[T]) readmitExtra(r Result) error {
	if err := l.check(r); err != nil {
		return err
	}
	if l.opts.Stale != StaleKeep {
		if err := l.memo.adopt(StampOf(r.Measurement)); err != nil {
			return err
		}
	}
	l.memo.addExtra(r)
	return nil
}

// readmit takes a result of the past into the memo.
func (l *Loop[T]) readmit(r Result) error {
	if !r.Measured() || r.Cached {
		return nil
	}
	if err := l.check(r); err != nil {
		return err
	}
	if err := l.memo.adopt(StampOf(r.Measurement)); err != nil {
		return err
	}
	l.memo.add(r)
	return nil
}

// reopen appends an open proposal to the step it belongs to.
func (l *Loop[T]) reopen(o Open) error {
	if n := len(l.open); n == 0 || l.open[n-1].number != o.Step {
		l.open = append(l.open, &step{number: o.Step})
	}
	s := l.open[len(l.open)-1]
	c := candidate{&slot{result: Result{Arch: o.Result.Arch}}, o.Result.Cached}
	switch {
	case o.Result.Arch.IsZero():
		c.progress = done
	case o.Done:
		c.result, c.progress = o.Result, done
		if o.Result.Failure != "" {
			c.err = errors.New(o.Result.Failure)
		} else if err := l.check(o.Result); err != nil {
			return err
		}
	case c.cached:
		owner := l.owner(o.Result.Arch)
		if owner == nil {
			return fmt.Errorf("architecture %v waits for a measurement that nobody makes", o.Result.Arch)
		}
		c.slot = owner
	}
	s.candidates = append(s.candidates, c)
	return nil
}

// owner is the slot of the open proposal that an architecture is measured for.
func (l *Loop[T]) owner(a searchspace.Arch) *slot {
	for _, s := range l.open {
		for _, c := range s.candidates {
			if c.result.Arch == a && !c.cached {
				return c.slot
			}
		}
	}
	return nil
}
