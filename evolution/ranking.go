package evolution

import (
	"cmp"
	"math"
	"slices"
)

// ranking sorts members into fronts by constrained domination: feasible ones dominate infeasible
// ones, among those the smaller sum of violations dominates, and feasible ones compare by their
// objectives. See section VI of
//
//	K. Deb, A. Pratap, S. Agarwal, T. Meyarivan: A fast and elitist multiobjective genetic
//	algorithm: NSGA-II. IEEE Transactions on Evolutionary Computation 6, 2002.
type ranking[G any] struct {
	sorter
	zero  bool    // copies have crowding 0
	noise float64 // standard errors of a difference that counts; 0 = every difference does

	feasible, rest []*member[G]
	points         [][]float64
	fronts         []int32
	distance       []float64
	starts         []int // of ranks
	before         []*member[G]
}

// rank sets rank and crowding of all members and sorts them by both, equal ones in their order.
func (k *ranking[G]) rank(all []*member[G]) {
	k.feasible, k.rest = k.feasible[:0], k.rest[:0]
	for _, x := range all {
		if x.violation > 0 {
			k.rest = append(k.rest, x)
		} else {
			k.feasible = append(k.feasible, x)
		}
	}
	k.points = k.points[:0]
	for _, x := range k.feasible {
		k.points = append(k.points, x.Objectives)
	}
	if k.noise > 0 {
		k.fronts = noisyRanks(k.feasible, k.noise)
	} else {
		k.fronts = k.ranks(k.points, k.fronts)
	}
	next := 0
	for i, x := range k.feasible {
		x.rank = int(k.fronts[i])
		next = max(next, x.rank+1)
	}
	slices.SortStableFunc(k.rest, func(a, b *member[G]) int { return cmp.Compare(a.violation, b.violation) })
	for i, x := range k.rest {
		if i > 0 && x.violation != k.rest[i-1].violation {
			next++
		}
		x.rank = next
	}
	k.group(all, next)
	for i := 0; i < len(all); {
		j := i + 1
		for j < len(all) && all[j].rank == all[i].rank {
			j++
		}
		k.spread(all[i:j])
		i = j
	}
}

// group sorts members by rank, equal ones in their order, for ranks up to most.
func (k *ranking[G]) group(all []*member[G], most int) {
	k.starts = slices.Grow(k.starts[:0], most+2)[:most+2]
	clear(k.starts)
	for _, x := range all {
		k.starts[x.rank+1]++
	}
	for r := range most {
		k.starts[r+1] += k.starts[r]
	}
	k.before = append(k.before[:0], all...)
	for _, x := range k.before {
		all[k.starts[x.rank]] = x
		k.starts[x.rank]++
	}
}

// survive adds members and keeps the best of all.
func (b *breeder[G]) survive(k *ranking[G], fresh []*member[G]) {
	b.population = append(b.population, fresh...)
	k.rank(b.population)
	if n := b.opts.Population; len(b.population) > n {
		for _, x := range b.population[n:] {
			b.drop(x)
		}
		clear(b.population[n:])
		b.population = b.population[:n]
	}
}

// spread sets the crowding of one front and sorts by it, equal ones in their order.
func (k *ranking[G]) spread(front []*member[G]) {
	k.points = k.points[:0]
	for _, x := range front {
		k.points = append(k.points, x.Objectives)
	}
	k.distance = slices.Grow(k.distance[:0], len(front))[:len(front)]
	k.crowding(k.points, k.zero, k.distance)
	k.keys = slices.Grow(k.keys[:0], len(front))[:len(front)]
	for i, x := range front {
		x.crowd = k.distance[i]
		k.keys[i] = keyed{keyOf(-x.crowd), int32(i)}
	}
	k.before = append(k.before[:0], front...)
	for i, e := range k.order(len(front)) {
		front[i] = k.before[e.index]
	}
}

// noisyRanks peels off fronts by a domination that asks for a difference: a dominates b when it
// does on the means and one objective differs by more than z standard errors of the difference.
// There are no cycles in it, though it is not transitive.
func noisyRanks[G any](all []*member[G], z float64) []int32 {
	ranks := make([]int32, len(all))
	for i := range ranks {
		ranks[i] = -1
	}
	var front []int
	for left, rank := len(all), int32(0); left > 0; rank++ {
		front = front[:0]
	next:
		for i, x := range all {
			if ranks[i] >= 0 {
				continue
			}
			for j, y := range all {
				if ranks[j] < 0 && surelyDominates(y.Point, x.Point, z) {
					continue next
				}
			}
			front = append(front, i)
		}
		for _, i := range front {
			ranks[i] = rank
		}
		left -= len(front)
	}
	return ranks
}

// surelyDominates is the relation of noisyRanks.
func surelyDominates(a, b Point, z float64) bool {
	sure := false
	for i, x := range a.Objectives {
		y := b.Objectives[i]
		if x > y {
			return false
		}
		se := 0.0
		if len(a.Errors) > 0 {
			se = a.Errors[i]
		}
		if len(b.Errors) > 0 {
			se = math.Hypot(se, b.Errors[i])
		}
		sure = sure || y-x > float64(z*se)
	}
	return sure
}
