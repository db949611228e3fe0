package searchspace

import (
	"math"

	"github.com/tendril-nas/tendril/internal/stream"
)

// climb minimises sign·value from each decision's first and from its last allowed choices by
// changing one decision at a time, and two at a time where a limit on a sum ties a few decisions
// together, until nothing helps.
func (s *Space) climb(sign float64, value costFunc) Arch {
	var best Arch
	var bestCost float64
	for _, start := range s.starts() {
		c := climber{s: s, sign: sign, value: value, at: start}
		c.cost = c.signed(start.Choices())
		for c.singles() || c.pairs() {
		}
		if best.IsZero() || c.cost < bestCost {
			best, bestCost = c.at, c.cost
		}
	}
	return best
}

// climber is a position of a local search.
type climber struct {
	s     *Space
	sign  float64
	value costFunc
	at    Arch
	cost  float64
}

// try moves to the architecture that differs by one or two decisions if that is better.
func (c *climber) try(i, ci, j, cj int) bool {
	choices := c.at.Choices()
	choices[i], choices[j] = ci, cj
	c.s.settle(c.at, choices, nil)
	if a := newArch(choices); a != c.at && c.s.obeys(choices) == nil {
		if v := c.signed(choices); v < c.cost {
			c.at, c.cost = a, v
			return true
		}
	}
	return false
}

// singles tries every change of one decision.
func (c *climber) singles() bool {
	improved := false
	for i := range c.s.decisions {
		for _, ci := range c.s.decisions[i].Allowed {
			improved = c.s.active(i, c.at.Choices()) && c.try(i, ci, i, ci) || improved
		}
	}
	return improved
}

// pairs tries every change of two decisions that a limit adds up, of any two where costs have
// limits.
func (c *climber) pairs() bool {
	const few = 16
	improved := false
	if len(c.s.costs) > 0 {
		for j := range c.s.decisions {
			for i := range j {
				improved = c.pair(i, j) || improved
			}
		}
		return improved
	}
	for _, l := range c.s.limits {
		if l.Add == nil || len(l.decisions) > few {
			continue
		}
		for k, j := range l.decisions {
			for _, i := range l.decisions[:k] {
				improved = c.pair(i, j) || improved
			}
		}
	}
	return improved
}

func (c *climber) pair(i, j int) bool {
	improved := false
	for _, ci := range c.s.decisions[i].Allowed {
		for _, cj := range c.s.decisions[j].Allowed {
			improved = c.s.active(i, c.at.Choices()) && c.s.active(j, c.at.Choices()) &&
				c.try(i, ci, j, cj) || improved
		}
	}
	return improved
}

func (c *climber) signed(choices []int) float64 {
	v, err := c.value(choices)
	if err != nil {
		return math.Inf(1)
	}
	return c.sign * v
}

// starts is a few valid architectures, always the same ones.
func (s *Space) starts() []Arch {
	var out []Arch
	for _, last := range []bool{false, true} {
		choices := make([]int, len(s.decisions))
		for i := range choices {
			allowed := s.decisions[i].Allowed
			choices[i] = allowed[0]
			if last {
				choices[i] = allowed[len(allowed)-1]
			}
		}
		if a, err := s.New(choices); err == nil {
			out = append(out, a)
		}
	}
	if !s.witness.IsZero() {
		out = append(out, s.witness)
	}
	if len(out) == 0 {
		if a, err := s.Sample(stream.New(0, "searchspace.corner")); err == nil {
			out = append(out, a)
		}
	}
	return out
}
