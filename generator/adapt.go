package generator

import (
	"math"

	"github.com/tendril-nas/tendril/searchspace"
)

// adapt makes the most probable architecture suitable and leaves it in best, which holds it if it
// fits already. Where changes of single decisions do not lead to an architecture, because
// restrictions and limits tie decisions together, it climbs from the cheapest.
func (x *inference) adapt(budget, least float64) {
	x.takeLogs()
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
	x.climb(budget)
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

// climb goes from the cheapest architecture to neighbours of higher probability within the budget,
// as long as there is one, and leaves the end in best.
func (x *inference) climb(budget float64) {
	at := x.g.cheapest
	// Per active decision, so that making decisions inactive is no gain by itself.
	score := func(a searchspace.Arch) float64 {
		if !x.settle(a.Choices(), budget) {
			return math.Inf(-1)
		}
		active := 0
		for k := range x.g.plan.decisions {
			if x.active[x.g.plan.decisions[k].index] {
				active++
			}
		}
		return x.logProb() / float64(max(active, 1))
	}
	for top := score(at); ; {
		next := at
		for a := range x.g.space.Neighbours(at) {
			if v := score(a); v > top {
				top, next = v, a
			}
		}
		if next == at {
			break
		}
		at = next
	}
	x.settle(at.Choices(), budget)
	x.accept()
}
