package searchspace

import (
	"fmt"
	"slices"
)

// Walk makes the decisions of a space one after the other, for what decides step by step: a policy,
// a person, a tree search. Decisions that the choices so far have made inactive are passed over.
//
//	w := space.Walk()
//	for w.Next() {
//		if err := w.Choose(pick(w.Decision(), w.Allowed())); err != nil {
//			return err
//		}
//	}
//	arch, err := w.Arch()
//
// A Walk is a cursor and must not be used by several goroutines at a time; the space may. A step
// needs no memory beyond what the walk holds.
type Walk struct {
	space   *Space
	choices []int // 0 for decisions to come and inactive ones
	at      int   // the decision to make; -1 before the first
	allowed []int
	chosen  bool
	err     error
}

// Walk is a walk before its first decision.
func (s *Space) Walk() *Walk {
	return &Walk{space: s, choices: make([]int, len(s.decisions)), at: -1, chosen: true}
}

// Next goes to the next active decision and reports whether there is one that can be made. It is
// false at the end, when the decision before was not made, and when restrictions of several
// decisions leave no choice; Arch then says which.
func (w *Walk) Next() bool {
	if w.err != nil || w.at == len(w.choices) {
		return false
	}
	if !w.chosen {
		w.err = fmt.Errorf("searchspace: decision %s was passed without a choice: %w", w.name(), ErrInvalid)
		return false
	}
	w.allowed = w.allowed[:0]
	for w.at++; w.at < len(w.choices) && !w.space.active(w.at, w.choices); w.at++ {
	}
	if w.at == len(w.choices) {
		return false
	}
	w.chosen = false
	w.look()
	if len(w.allowed) == 0 {
		w.err = fmt.Errorf("searchspace: the choices so far leave none for %s: %w", w.name(), ErrInfeasible)
		return false
	}
	return true
}

// look lists the choices of the current decision that agree with the groups.
func (w *Walk) look() {
	for _, c := range w.space.decisions[w.at].Allowed {
		w.choices[w.at] = c
		open := true
		for g := range w.space.groups {
			open = open && w.space.groups[g].open(w.space, w.choices, w.at+1)
		}
		if open && w.space.mayFit(w.choices, w.at) {
			w.allowed = append(w.allowed, c)
		}
	}
	w.choices[w.at] = 0
}

// Decision is the index of the current decision in Space.Decisions; -1 before the first Next, the
// number of decisions after the last.
func (w *Walk) Decision() int { return w.at }

// Allowed is the choices of the current decision that restrictions leave open after the choices
// made, ascending. Two restrictions may still contradict each other later on, and limits that a
// family states as a function are not looked ahead to. Limits on costs (Space.Limit) are, where the
// cost is a sum of tables: what is left to decide is bounded table by table, which excludes no
// architecture but may leave a choice that leads to none. The slice is valid until the next call of
// Next.
func (w *Walk) Allowed() []int { return w.allowed }

// Choose makes the current decision; until Next it may be made anew. A choice that is not in
// Allowed is refused with an error that wraps ErrInvalid and changes nothing.
func (w *Walk) Choose(c int) error {
	if !slices.Contains(w.allowed, c) {
		if w.at < 0 || w.at == len(w.choices) {
			return fmt.Errorf("searchspace: choice %d where there is no decision to make: %w", c, ErrInvalid)
		}
		return fmt.Errorf("searchspace: choice %d of decision %s, expected one of %v: %w", c, w.name(),
			w.allowed, ErrInvalid)
	}
	w.choices[w.at], w.chosen = c, true
	return nil
}

// name is that of the current decision.
func (w *Walk) name() string { return w.space.decisions[w.at].Name }

// Arch is the architecture at the end of the walk. The error wraps ErrInvalid where decisions are
// left or a limit refuses the architecture, ErrInfeasible where restrictions left no choice.
func (w *Walk) Arch() (Arch, error) {
	if w.err != nil {
		return Arch{}, w.err
	}
	if w.at < len(w.choices) {
		return Arch{}, fmt.Errorf("searchspace: walk at decision %d, expected its end, %d: %w", w.at,
			len(w.choices), ErrInvalid)
	}
	if err := w.space.obeys(w.choices); err != nil {
		return Arch{}, err
	}
	return newArch(w.choices), nil
}
