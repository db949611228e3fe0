package generator

import (
	"math"

	"github.com/tendril-nas/tendril/searchspace"
)

// adapt makes the most probable architecture suitable and leaves it in best.
func (x *inference) adapt(budget, least float64) {
	x.takeLogs()
	if !x.g.tied {
		copy(x.drawn, x.mode)
		if x.g.cost.at(x.drawn) > budget {
			x.shrink(budget)
		} else {
			x.grow(budget, least)
		}
		if x.settle(x.drawn, budget) {
			x.accept()
			return
		}
	}
	// Changes of single decisions did not lead to an architecture that fits.
	if mode, err := x.g.space.New(x.mode); err == nil && x.step(mode, budget, least) {
		return
	}
	x.step(x.g.cheapest, budget, least)
}

// shrink changes one decision after the other in drawn, each time the one that loses the least
// probability for what it saves of the excess, until the cost is within the budget or nothing
// saves.
func (x *inference) shrink(budget float64) {
	for cost := x.g.cost.at(x.drawn); cost > budget; cost = x.g.cost.at(x.drawn) {
		excess := cost - budget
		if !x.change(func(saved float64) float64 { return min(saved, excess) }) {
			return
		}
	}
}

// grow does the opposite as long as the cost is below least and what it adds fits.
func (x *inference) grow(budget, least float64) {
	for cost := x.g.cost.at(x.drawn); cost < least; cost = x.g.cost.at(x.drawn) {
		room, missing := budget-cost, least-cost
		if !x.change(func(saved float64) float64 {
			if -saved > room {
				return 0
			}
			return min(-saved, missing)
		}) {
			return
		}
	}
}

// change makes the change of one decision with the least loss of log-probability per gain. The gain
// of what the change saves is 0 or less where it is not wanted.
func (x *inference) change(gain func(saved float64) float64) bool {
	best, bestDecision, bestChoice := math.Inf(1), -1, 0
	for k := range x.g.plan.decisions {
		d := &x.g.plan.decisions[k]
		now := x.drawn[d.index]
		cost, log := x.g.cost.of(k, x.drawn), x.logs[d.row+d.candidate(now)]
		for j, c := range d.candidates {
			if c == now {
				continue
			}
			x.drawn[d.index] = c
			g := gain(cost - x.g.cost.of(k, x.drawn))
			if !(g > 0) {
				continue
			}
			if loss := (log - x.logs[d.row+j]) / g; loss < best {
				best, bestDecision, bestChoice = loss, d.index, c
			}
		}
		x.drawn[d.index] = now
	}
	if bestDecision < 0 {
		return false
	}
	x.drawn[bestDecision] = bestChoice
	return true
}

// step goes from an architecture to neighbours, which restrictions and limits allow, as change
// does: cheaper ones until one fits, then dearer ones until one is suitable. It leaves the last
// that fits in best and reports whether there is one.
func (x *inference) step(at searchspace.Arch, budget, least float64) (fits bool) {
	for {
		here := at.Choices()
		cost := x.g.cost.at(here)
		if x.settle(here, budget) {
			x.accept()
			fits = true
		}
		if cost >= least && fits {
			return true
		}
		active := x.g.space.Active(at)
		best, next := math.Inf(1), at
		for n := range x.g.space.Neighbours(at) {
			to := n.Choices()
			there := x.g.cost.at(to)
			gain := min(cost-there, cost-budget)
			if fits {
				gain = min(there-cost, least-cost)
				if there > budget {
					gain = 0
				}
			}
			if !(gain > 0) {
				continue
			}
			if loss := x.loss(here, to, active, x.g.space.Active(n)) / gain; loss < best {
				best, next = loss, n
			}
		}
		if next == at {
			return fits
		}
		at = next
	}
}

// loss is the log-probability that is lost between choices, over the decisions that have an effect
// on both sides.
func (x *inference) loss(from, to []int, a, b []bool) (sum float64) {
	for k := range x.g.plan.decisions {
		if d := &x.g.plan.decisions[k]; a[d.index] && b[d.index] {
			sum += x.logs[d.row+d.candidate(from[d.index])] - x.logs[d.row+d.candidate(to[d.index])]
		}
	}
	return sum
}
