package searchspace

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// MutateOptions sets how Mutate changes an architecture.
type MutateOptions struct {
	// Rate is the probability that each active decision is drawn anew; 0 means that exactly one
	// decision takes another value.
	Rate float64
	// Kinds weighs decisions by their kind: the one that changes is drawn in proportion to its
	// weight, and Rate, if set, is multiplied by it. Kinds that are not listed weigh 1.
	Kinds map[Kind]float64
	// PerStage changes one decision of every stage that has one to change; those of the whole
	// network count as a stage of their own. It does not go with Rate.
	PerStage bool
	// Steps is how many changes are made one after the other before the space's limits are looked
	// at; 0 = 1. Limits that a single change cannot meet may be met by several.
	Steps int
}

// Mutate is a changed copy of a: valid, different, and with another network (rounded widths may
// make one of two choices; only names tell their networks apart). Decisions that become active are
// drawn uniformly. A decision inside a restricted combination changes together with the others of
// its group. Invalid results are drawn again, at most 1000 times; then the error wraps
// ErrInfeasible. Under limits on costs no single change may be valid: after 1000 draws two
// decisions take other values, then three and four, 1000 draws each. Of a itself only the number
// and range of its choices need to fit, so it may come from a space with other limits.
func (s *Space) Mutate(a Arch, r *rand.Rand, o MutateOptions) (Arch, error) {
	if a.Len() != len(s.decisions) || s.inRange(a) != nil {
		return Arch{}, s.Valid(a)
	}
	if r == nil {
		return Arch{}, errNoRand
	}
	if err := o.check(); err != nil {
		return Arch{}, err
	}
	m := mutation{space: s, o: &o}
	m.look(a)
	tries := maxTries
	if len(s.costs) > 0 {
		tries *= 4
	}
	var last error
	for try := range tries {
		if len(m.open) == 0 {
			break
		}
		choices := a.Choices()
		m.step(a, choices, try/maxTries, r)
		for range o.Steps - 1 {
			between := newArch(choices)
			if m.look(between); len(m.open) > 0 {
				m.step(between, choices, 0, r)
			}
		}
		if o.Steps > 1 {
			m.look(a)
		}
		if newArch(choices) == a {
			continue
		}
		if last = s.obeys(choices); last == nil && !s.sameNetwork(a.Choices(), choices) {
			return newArch(choices), nil
		}
	}
	return Arch{}, s.infeasible(last)
}

func (o *MutateOptions) check() error {
	if !(o.Rate >= 0 && o.Rate <= 1) || o.Rate > 0 && o.PerStage {
		return fmt.Errorf("searchspace: mutation rate %v, expected 0 to 1, and 0 for a change per stage", o.Rate)
	}
	if o.Steps < 0 {
		return fmt.Errorf("searchspace: mutation of %d steps, expected at least 0", o.Steps)
	}
	for k, w := range o.Kinds {
		if !(w >= 0) || math.IsInf(w, 1) {
			return fmt.Errorf("searchspace: mutation weight %v of kind %v, expected a number of at least 0", w, k)
		}
	}
	return nil
}

// mutation is a way to change architectures of a space.
type mutation struct {
	space *Space
	o     *MutateOptions
	open  []int // decisions that may change
}

// look finds the decisions of a that may change, in order; by stages where each has its turn.
func (m *mutation) look(a Arch) {
	m.open = m.open[:0]
	s := m.space
	for i, on := range s.Active(a) {
		if on && m.weight(i) > 0 && (len(s.decisions[i].Allowed) > 1 || s.groupOf(i) >= 0) {
			m.open = append(m.open, i)
		}
	}
	if m.o.PerStage {
		slices.SortStableFunc(m.open, func(i, j int) int {
			return cmp.Compare(s.decisions[i].Stage, s.decisions[j].Stage)
		})
	}
}

// weight is that of a decision's kind.
func (m *mutation) weight(i int) float64 {
	if w, ok := m.o.Kinds[m.space.decisions[i].Kind]; ok {
		return w
	}
	return 1
}

// step changes choices, which are those of a; more is how many further decisions change at once.
func (m *mutation) step(a Arch, choices []int, more int, r *rand.Rand) {
	switch {
	case m.o.PerStage && more == 0:
		for from := 0; from < len(m.open); {
			stage := m.space.decisions[m.open[from]].Stage
			to := from + 1
			for to < len(m.open) && m.space.decisions[m.open[to]].Stage == stage {
				to++
			}
			m.space.change(choices, m.draw(m.open[from:to], r), true, r)
			from = to
		}
	case m.o.Rate == 0 || more > 0:
		for range 1 + more {
			m.space.change(choices, m.draw(m.open, r), true, r)
		}
	default:
		for _, i := range m.open {
			if r.Float64() < m.o.Rate*m.weight(i) {
				m.space.change(choices, i, false, r)
			}
		}
	}
	m.space.settle(a, choices, r)
}

// draw picks one of some decisions by weight.
func (m *mutation) draw(from []int, r *rand.Rand) int {
	if len(m.o.Kinds) == 0 {
		return from[r.IntN(len(from))]
	}
	sum := 0.0
	for _, i := range from {
		sum += m.weight(i)
	}
	u := r.Float64() * sum
	for _, i := range from[:len(from)-1] {
		if u -= m.weight(i); u < 0 {
			return i
		}
	}
	return from[len(from)-1]
}
