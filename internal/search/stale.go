package search

import (
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
			return false, fmt.Errorf("step %d: %w: they moved each of %d times that it was measured",
				s.number, ErrStale, s.rounds)
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
