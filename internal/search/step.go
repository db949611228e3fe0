package search

import (
	"slices"

	"github.com/tendril-nas/tendril/searchspace"
)

// progress of a slot.
type progress uint8

const (
	waiting progress = iota
	flying           // in the hands of an evaluator
	done
)

// slot is one evaluation, shared by all open proposals of the same architecture.
type slot struct {
	result   Result // Arch from the start, the rest when done
	err      error  // what Result.Failure is the text of
	progress progress
}

// reset makes the slot one that nobody has evaluated.
func (s *slot) reset() { *s = slot{result: Result{Arch: s.result.Arch}} }

// candidate is one proposal of a step. The first to propose an architecture owns its slot; for
// those after it the result is cached.
type candidate struct {
	*slot
	cached bool
}

// step is one answer of Ask that has not been told.
type step struct {
	number     int
	candidates []candidate
	counted    int  // candidates, from the first, that the count of failures has seen
	ask        bool // to be asked again, because what the strategy keeps of it may be lost
	rounds     int  // of measuring again because the weights moved
}

func (s *step) done() bool {
	return !slices.ContainsFunc(s.candidates, func(c candidate) bool { return c.progress != done })
}

func (s *step) archs() []searchspace.Arch {
	out := make([]searchspace.Arch, len(s.candidates))
	for i, c := range s.candidates {
		out[i] = c.result.Arch
	}
	return out
}

// results are those of a step that is done.
func (s *step) results() []Result {
	out := make([]Result, len(s.candidates))
	for i, c := range s.candidates {
		out[i] = c.seen()
	}
	return out
}

// seen is the result as the candidate has it.
func (c candidate) seen() Result {
	r := c.result
	if c.cached {
		r.Cached, r.Attempts = true, 0
	}
	return r
}

// resolve finds or opens the slot of a proposal: a measurement that is known, an evaluation that
// another open proposal waits for, or a new evaluation.
func (l *Loop[T]) resolve(a searchspace.Arch) candidate {
	fresh := &slot{result: Result{Arch: a}}
	if a.IsZero() {
		fresh.progress = done
		return candidate{slot: fresh}
	}
	if l.opts.Repeat {
		return candidate{slot: fresh}
	}
	if r, ok := l.memo.find(a); ok {
		fresh.result, fresh.progress = r, done
		return candidate{fresh, true}
	}
	for _, s := range l.open {
		for _, c := range s.candidates {
			if c.result.Arch == a && l.current(c.slot) {
				return candidate{c.slot, true}
			}
		}
	}
	return candidate{slot: fresh}
}

// current reports that what a slot holds, or will hold, was not overtaken by a move of the weights.
func (l *Loop[T]) current(s *slot) bool {
	if s.progress != done || !s.result.Measured() {
		return true
	}
	now, ok := l.memo.now()
	return !ok || now == StampOf(s.result.Measurement)
}

// ready is the next step to tell, nil when all wait.
func (l *Loop[T]) ready() *step {
	for _, s := range l.open {
		if s.done() {
			return s
		}
		if !l.opts.Unordered {
			break
		}
	}
	return nil
}
