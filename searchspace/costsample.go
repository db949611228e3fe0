package searchspace

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/tendril-nas/tendril/internal/stream"
)

// findWitness looks for an architecture within the limits on costs: at the ends of the ranges, by
// draws that look ahead, and by descent to the limits.
func (s *Space) findWitness() error {
	free := s.free()
	var starts []Arch
	var ranges []string
	for i := range s.costs {
		c := &s.costs[i]
		low, high := free.extremesOf(c.terms, c.value)
		from, to, err := c.ends(low, high)
		if err != nil {
			return err
		}
		text := fmt.Sprintf("%s of %s reaches from %.6g to %.6g, expected %s", c.Of, s.fam.Name, from, to,
			c.CostLimit)
		if c.Max != 0 && from > c.Max || c.Min != 0 && to < c.Min {
			return fmt.Errorf("searchspace: %s: %w", text, ErrInfeasible)
		}
		starts, ranges = append(starts, low, high), append(ranges, text)
	}
	for _, a := range starts {
		if s.Valid(a) == nil {
			s.witness = a
			return nil
		}
	}
	r := stream.New(0, "searchspace.witness")
	if a, ok := s.ahead(r); ok {
		s.witness = a
		return nil
	}
	for range 8 {
		if a, err := free.Sample(r); err == nil {
			starts = append(starts, a)
		}
	}
	for _, a := range starts {
		if s.descend(&a, r) {
			s.witness = a
			return nil
		}
	}
	return fmt.Errorf("searchspace: none found within all limits: %s: %w", strings.Join(ranges, "; "),
		ErrInfeasible)
}

// ahead draws decision by decision among the choices that the limits on costs leave open, a few
// times.
func (s *Space) ahead(r *rand.Rand) (Arch, bool) {
	const few = 16
	for range few {
		w := s.Walk()
		for w.Next() {
			if w.Choose(w.allowed[r.IntN(len(w.allowed))]) != nil {
				return Arch{}, false
			}
		}
		if a, err := w.Arch(); err == nil {
			return a, true
		}
	}
	return Arch{}, false
}

// redraw draws one to three decisions of a anew, as Sample does. Any sequence of such draws is as
// likely as its reverse under Sample's distribution, so a walk that stays where a draw leaves the
// space keeps that distribution, as Metropolis et al. (1953) do.
func (s *Space) redraw(a Arch, r *rand.Rand) []int {
	choices := a.Choices()
	for range 1 + r.IntN(3) {
		i := r.IntN(len(choices))
		if s.active(i, choices) {
			before := newArch(choices)
			s.change(choices, i, false, r)
			s.settle(before, choices, r)
		}
	}
	return choices
}

// descend moves a, which keeps the other rules, to the limits on costs by steps that do not miss
// them by more, and reports whether it got there.
func (s *Space) descend(a *Arch, r *rand.Rand) bool {
	const steps = 4000
	missed := s.missed(a.Choices())
	for range steps {
		if missed == 0 {
			return true
		}
		choices := s.redraw(*a, r)
		if s.rules(choices) != nil {
			continue
		}
		if m := s.missed(choices); m <= missed {
			*a, missed = newArch(choices), m
		}
	}
	return missed == 0
}

// missed adds up by how much choices miss the limits on costs.
func (s *Space) missed(choices []int) float64 {
	var sum float64
	for i := range s.costs {
		v, err := s.costs[i].value(choices)
		if err != nil {
			return 1e300
		}
		sum += s.costs[i].miss(v)
	}
	return sum
}

// wander is an architecture of a space with limits on costs, for when repeated draws found none.
func (s *Space) wander(r *rand.Rand) Arch {
	const stepsPerDecision = 20
	a, ok := s.ahead(r)
	if !ok {
		a = s.witness
	}
	for range stepsPerDecision * len(s.decisions) {
		if choices := s.redraw(a, r); s.obeys(choices) == nil {
			a = newArch(choices)
		}
	}
	return a
}
