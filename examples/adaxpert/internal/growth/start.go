package growth

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/tendril-nas/tendril/searchspace"
)

// start is the architecture that a method serves with at snapshot t as long as it has not searched
// for another one.
func (s *setting) start(method string, t int) (searchspace.Arch, error) {
	switch method {
	case Largest:
		return s.full.Largest(), nil
	case Middle:
		return middle(s.full)
	case Random:
		return s.random(t)
	}
	switch s.cfg.Start {
	case "":
		return s.origin.start(s.full)
	case Smallest:
		return s.full.Smallest(), nil
	}
	a, err := s.full.Parse(s.cfg.Start)
	if err != nil {
		return a, fmt.Errorf("-start: %w", err)
	}
	return a, nil
}

// middle has the middle choice everywhere.
func middle(space *searchspace.Space) (searchspace.Arch, error) {
	var choices []int
	for _, d := range space.Decisions() {
		choices = append(choices, d.Allowed[len(d.Allowed)/2])
	}
	return space.New(choices)
}

// random is an architecture of the multiply-adds that the configuration asks for at snapshot t; the
// one before as long as these stay the same.
func (s *setting) random(t int) (searchspace.Arch, error) {
	want := s.cfg.MAdds
	if len(want) != 1 && len(want) != s.scenario.Len() {
		return searchspace.Arch{}, fmt.Errorf("-madds: %d numbers, expected 1 or %d, one for each snapshot",
			len(want), s.scenario.Len())
	}
	at := func(u int) float64 { return want[min(u, len(want))-1] }
	since := t
	for since > 1 && at(since-1) == at(t) {
		since--
	}
	space, err := s.space(since)
	if err != nil {
		return searchspace.Arch{}, err
	}
	return atMAdds(space, at(t), s.cfg.Seed.Stream(seedArch, since))
}

// The walk of atMAdds: how near is near enough, how far it may lead, and how long it goes on where
// it is near.
const (
	nearMAdds = 0.03
	longWalk  = 20000
	mixing    = 300
)

// atMAdds draws an architecture within 3 % of so many million multiply-adds. Where these are rare,
// a uniform draw would not find one: a walk of single changes begins with one and never leads away
// from the goal. Inside it goes on for a while, so that where it came in matters no more.
func atMAdds(space *searchspace.Space, millions float64, r *rand.Rand) (searchspace.Arch, error) {
	var none searchspace.Arch
	off := func(a searchspace.Arch) (float64, error) { // signed, 0 = near enough
		c, err := space.Cost(a)
		d := float64(c.MAdds)/(1e6*millions) - 1
		return math.Copysign(max(0, math.Abs(d)-nearMAdds), d), err
	}
	least, err := off(space.Smallest())
	if err != nil {
		return none, err
	}
	most, err := off(space.Largest())
	if err != nil {
		return none, err
	}
	if least > 0 || most < 0 {
		return none, fmt.Errorf("-madds %g: no architecture of the space has about as many", millions)
	}
	a, err := space.Sample(r)
	if err != nil {
		return none, err
	}
	far, err := off(a)
	for inside, step := 0, 0; err == nil && step < longWalk; step++ {
		if far == 0 {
			if inside++; inside > mixing {
				return a, nil
			}
		}
		var next searchspace.Arch
		if next, err = space.Mutate(a, r, searchspace.MutateOptions{}); err != nil {
			break
		}
		var d float64
		if d, err = off(next); err == nil && math.Abs(d) <= math.Abs(far) {
			a, far = next, d
		}
	}
	if err == nil && far != 0 {
		err = fmt.Errorf("-madds %g: found no architecture within 3 %%", millions)
	}
	return a, err
}
