package searchspace

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
)

// maxTries bounds the draws of Sample and Mutate.
const maxTries = 1000

// Sample draws every active decision from its allowed choices, uniformly unless the family gives
// them weights, and every restricted combination uniformly from its list. Draws outside the space's
// limits are repeated, at most 1000 times; then the error wraps ErrInfeasible and says what the
// space reaches of what the family limits. Given equal generators the result is equal.
//
// Under limits on costs (Space.Limit) 1000 draws may all fail although architectures exist. Then a
// random walk of 20 steps per decision inside the limits goes on from an architecture within them.
// Each step draws one to three decisions anew and is taken back where it leaves the space, so the
// walk keeps the distribution that repeated draws have; it reaches it as far as such steps connect
// the space.
func (s *Space) Sample(r *rand.Rand) (Arch, error) {
	if r == nil {
		return Arch{}, errNoRand
	}
	var last error
	for range maxTries {
		choices, ok := s.draw(r)
		if !ok {
			continue
		}
		if last = s.obeys(choices); last == nil {
			return newArch(choices), nil
		}
	}
	if len(s.costs) > 0 {
		return s.wander(r), nil
	}
	return Arch{}, s.infeasible(last)
}

func (s *Space) infeasible(last error) error {
	if last == nil {
		return fmt.Errorf("searchspace: %s, %d tries%s: %w", s.fam.Name, maxTries, s.reaches(), ErrInfeasible)
	}
	return fmt.Errorf("searchspace: %s, %d tries (last: %v)%s: %w", s.fam.Name, maxTries, last, s.reaches(), ErrInfeasible)
}

// draw makes canonical choices that obey single choices and each group that shares no decision with
// another.
func (s *Space) draw(r *rand.Rand) (choices []int, ok bool) {
	choices = make([]int, len(s.decisions))
	fixed := make([]int, len(s.decisions)) // choice+1 from a group
	for g := range s.groups {
		combo := s.groups[g].combos[r.IntN(len(s.groups[g].combos))]
		for k, d := range s.groups[g].decisions {
			fixed[d] = combo[k] + 1
		}
	}
	for i := range choices {
		if !s.active(i, choices) {
			continue
		}
		if fixed[i] > 0 {
			choices[i] = fixed[i] - 1
			if !slices.Contains(s.decisions[i].Allowed, choices[i]) {
				return nil, false
			}
			continue
		}
		choices[i] = s.decisions[i].draw(r)
	}
	return choices, true
}

// groupOf is the first group that decision i is in, or -1.
func (s *Space) groupOf(i int) int {
	return slices.IndexFunc(s.groups, func(g group) bool { return slices.Contains(g.decisions, i) })
}

// change draws decision i, or its whole group, anew; to another value if other.
func (s *Space) change(choices []int, i int, other bool, r *rand.Rand) {
	if g := s.groupOf(i); g >= 0 {
		combo := s.groups[g].combos[r.IntN(len(s.groups[g].combos))]
		for k, d := range s.groups[g].decisions {
			choices[d] = combo[k]
		}
		return
	}
	if !other {
		choices[i] = s.decisions[i].draw(r)
		return
	}
	others := slices.DeleteFunc(slices.Clone(s.decisions[i].Allowed),
		func(c int) bool { return c == choices[i] })
	if len(others) > 0 {
		choices[i] = others[r.IntN(len(others))]
	}
}

// settle makes choices canonical after a change of a: what became inactive is 0, what became active
// is drawn (or, without r, its first allowed choice).
func (s *Space) settle(a Arch, choices []int, r *rand.Rand) {
	before := s.Active(a)
	for i := range choices {
		switch on := s.active(i, choices); {
		case !on:
			choices[i] = 0
		case !before[i] && s.groupOf(i) < 0:
			choices[i] = s.decisions[i].Allowed[0]
			if r != nil {
				choices[i] = s.decisions[i].draw(r)
			}
		}
	}
}

// Neighbours yields the valid architectures that differ from a in one decision (or one restricted
// combination), each once, in the order of decisions and choices. Decisions that become active take
// their first allowed choice.
func (s *Space) Neighbours(a Arch) iter.Seq[Arch] {
	return func(yield func(Arch) bool) {
		active := s.Active(a)
		seen := map[Arch]bool{a: true}
		try := func(choices []int) bool {
			s.settle(a, choices, nil)
			n := newArch(choices)
			if seen[n] || s.obeys(choices) != nil {
				return true
			}
			seen[n] = true
			return yield(n)
		}
		for i, on := range active {
			if !on {
				continue
			}
			if g := s.groupOf(i); g >= 0 {
				for _, combo := range s.groups[g].combos {
					choices := a.Choices()
					for k, d := range s.groups[g].decisions {
						choices[d] = combo[k]
					}
					if !try(choices) {
						return
					}
				}
				continue
			}
			for _, c := range s.decisions[i].Allowed {
				choices := a.Choices()
				choices[i] = c
				if !try(choices) {
					return
				}
			}
		}
	}
}
