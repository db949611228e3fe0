package generator

import (
	"math"
	"slices"

	"github.com/tendril-nas/tendril/internal/stream"
	"github.com/tendril-nas/tendril/searchspace"
)

// tied reports whether restrictions or limits of a space tie decisions together, so that choices
// have to be made one after the other.
func tied(space *searchspace.Space) bool {
	spec := space.Spec()
	return len(spec.Limits) > 0 || slices.ContainsFunc(spec.Restrictions,
		func(r searchspace.Restriction) bool { return r.Combinations != nil })
}

// draws is the architectures drawn for a scenario that are suitable, one after the other.
type draws struct {
	x             *inference
	budget, least float64
	made, most    int // draws
	refused       int // those that the space refuses, of which more are allowed
}

// refusedPerTry is how many draws that are no architecture of the space count as one.
const refusedPerTry = 16

// draws begins the draws for a scenario, whose query is x.query. Their stream is that of the
// scenario, not of its place in a batch.
func (x *inference) draws(s *Scenario, o *GenerateOptions, least float64) draws {
	hi, lo := stream.Key(o.Seed, "generator.draw", math.Float64bits(s.Budget))
	for _, k := range x.query.superclasses {
		hi, lo = stream.Key(hi, "generator.draw", lo, uint64(k))
	}
	x.pcg.Seed(hi, lo)
	x.takeEnds()
	return draws{x: x, budget: s.Budget, least: least, most: o.Tries}
}

// next draws until an architecture is suitable, which canon then holds, or there were enough draws.
func (d *draws) next() bool {
	for d.made < d.most {
		d.x.draw()
		if c := d.x.g.cost.at(d.x.drawn); c > d.budget || c < d.least {
			d.made++
			continue
		}
		if d.x.settle(d.x.drawn, d.budget) {
			d.made++
			return true
		}
		if d.refused++; d.refused%refusedPerTry == 0 {
			d.made++
		}
	}
	return false
}

// uniform is a number from 0 on, below 1.
func (x *inference) uniform() float32 { return float32(x.pcg.Uint64()>>40) / (1 << 24) }

// draw draws choices, those of inactive decisions too.
func (x *inference) draw() {
	if x.g.tied {
		x.walk(x.drawn, func(d *decided, allowed []int) int {
			var sum float32
			for _, c := range allowed {
				sum += x.rows[d.row+d.candidate(c)]
			}
			u := x.uniform() * sum
			for _, c := range allowed[:len(allowed)-1] {
				if u -= x.rows[d.row+d.candidate(c)]; u < 0 {
					return c
				}
			}
			return allowed[len(allowed)-1]
		})
		return
	}
	copy(x.drawn, x.g.plan.choices)
	var bits uint64 // of two decisions
	for k := range x.g.plan.decisions {
		d := &x.g.plan.decisions[k]
		if bits >>= 32; k%2 == 0 {
			bits = x.pcg.Uint64()
		}
		// The number of ends that are not above a number below 2³², without a branch that nobody
		// can predict.
		u, j := bits&(1<<32-1), 0
		for _, end := range x.ends[d.row:][:len(d.candidates)-1] {
			j += int(1 - (u-end)>>63)
		}
		x.drawn[d.index] = d.candidates[j]
	}
}

// takeEnds computes where the probabilities of candidates end, one after the other, in units of
// 2⁻³².
func (x *inference) takeEnds() {
	for k := range x.g.plan.decisions {
		d := &x.g.plan.decisions[k]
		sum := 0.0
		for j := range d.candidates {
			sum += float64(x.rows[d.row+j])
			x.ends[d.row+j] = uint64(min(sum, 1) * (1 << 32))
		}
	}
}

// mostProbable sets mode to the most probable choices; where decisions are tied, to those of a walk
// that always takes the most probable one.
func (x *inference) mostProbable() {
	if x.g.tied {
		x.walk(x.mode, func(d *decided, allowed []int) int {
			best := allowed[0]
			for _, c := range allowed {
				if x.rows[d.row+d.candidate(c)] > x.rows[d.row+d.candidate(best)] {
					best = c
				}
			}
			return best
		})
		return
	}
	copy(x.mode, x.g.plan.choices)
	for k := range x.g.plan.decisions {
		d := &x.g.plan.decisions[k]
		best := 0
		for j := range d.candidates {
			if x.rows[d.row+j] > x.rows[d.row+best] {
				best = j
			}
		}
		x.mode[d.index] = d.candidates[best]
	}
}

// walk makes choices one after the other, each among those that are still allowed. Where the walk
// ends early, for restrictions left nothing, the choices are no architecture.
func (x *inference) walk(choices []int, pick func(d *decided, allowed []int) int) {
	copy(choices, x.g.plan.choices)
	w := x.g.space.Walk()
	k := 0
	for w.Next() {
		for k < len(x.g.plan.decisions) && x.g.plan.decisions[k].index < w.Decision() {
			k++
		}
		c := w.Allowed()[0]
		if k < len(x.g.plan.decisions) && x.g.plan.decisions[k].index == w.Decision() {
			c = pick(&x.g.plan.decisions[k], w.Allowed())
		}
		if w.Choose(c) != nil {
			return
		}
		choices[w.Decision()] = c
	}
}
