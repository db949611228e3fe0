package search

import (
	"fmt"

	"github.com/tendril-nas/tendril/searchspace"
)

// State is what a search needs to go on in another process, ready for JSON. The strategy saves its own state beside it.
type State[T any] struct {
	Steps   int                       `json:"steps"` // finished
	Done    bool                      `json:"done,omitempty"`
	Records []Record[T]               `json:"records"`
	Extra   []searchspace.Measurement `json:"extra,omitempty"` // measured on the side, with Loop.Measure
}

// State describes the search after its last finished step. It shares memory with the loop: use it before the next step.
func (l *Loop[T]) State() State[T] {
	s := State[T]{Steps: l.next, Done: l.done, Records: l.history}
	seen := make(map[searchspace.Arch]bool, len(l.memo))
	for _, r := range l.history {
		seen[r.Arch] = true
	}
	for a, m := range l.memo {
		if !seen[a] {
			s.Extra = append(s.Extra, m)
		}
	}
	sortByArch(s.Extra)
	return s
}

// Restore puts a new loop where the one was that wrote s. Architectures come from outside: check says whether one belongs to
// the space.
func (l *Loop[T]) Restore(s State[T], check func(searchspace.Arch) error) error {
	if l.next != 0 || len(l.memo) != 0 {
		return fmt.Errorf("search: restore into a loop that has taken %d steps", l.next)
	}
	if s.Steps < 0 {
		return fmt.Errorf("search: state says %d steps", s.Steps)
	}
	fresh := Loop[T]{strategy: l.strategy, evaluate: l.evaluate, opts: l.opts, next: s.Steps, done: s.Done,
		memo: make(map[searchspace.Arch]searchspace.Measurement)}
	known := func(a searchspace.Arch, m searchspace.Measurement) error {
		if err := check(a); err != nil {
			return fmt.Errorf("search: state: %w", err)
		}
		if err := fresh.remember(m, a); err != nil {
			return fmt.Errorf("search: state: %w", err)
		}
		return nil
	}
	last := 0
	for i, r := range s.Records {
		if r.Step < last || r.Step >= s.Steps {
			return fmt.Errorf("search: state: record %d is of step %d, expected %d to %d", i, r.Step, last, s.Steps-1)
		}
		last = r.Step
		if r.Arch.IsZero() {
			continue
		}
		if err := known(r.Arch, r.Measurement); err != nil {
			return err
		}
	}
	for _, m := range s.Extra {
		if err := known(m.Arch, m); err != nil {
			return err
		}
	}
	fresh.history = s.Records
	*l = fresh
	return nil
}

// Measurements are all measurements of the search, those of the records first.
func (s State[T]) Measurements() []searchspace.Measurement {
	var out []searchspace.Measurement
	for _, r := range s.Records {
		if !r.Arch.IsZero() {
			out = append(out, r.Measurement)
		}
	}
	return append(out, s.Extra...)
}
