package adjuster

import (
	"fmt"
	"math"
)

// Summary counts snapshots by what was done about them.
type Summary map[Action]int

// Total is the number of snapshots.
func (s Summary) Total() int {
	n := 0
	for _, k := range s {
		n += k
	}
	return n
}

func (s Summary) check() error {
	for action, n := range s {
		if n < 0 || n > math.MaxInt32 {
			return fmt.Errorf("adjuster: %d earlier snapshots %s, expected 0 to %d", n, action, math.MaxInt32)
		}
	}
	return nil
}

// Summary counts all snapshots finished so far, those beyond ExpertOptions.Remember included.
func (e *Expert) Summary() Summary {
	s := Summary{}
	for action, n := range e.earlier {
		s[action] = n
	}
	for i := range e.done {
		s[e.done[i].Action]++
	}
	return s
}

// remember appends an outcome, and gives up the oldest for a count when there are too many.
func (e *Expert) remember(o Outcome) {
	e.done = append(e.done, o)
	if e.opts.Remember == 0 {
		return
	}
	for len(e.done) > max(e.opts.Remember, 0) {
		if e.earlier == nil {
			e.earlier = Summary{}
		}
		e.earlier[e.done[0].Action]++
		e.done = e.done[1:]
	}
}
