package searchspace

import (
	"cmp"
	"math"
	"slices"
)

// step leads from a partial architecture to a longer one.
type step struct {
	parent int32 // in the layer before
	value  int32 // of the last variable
}

// partial is a partial architecture: the values of the variables up to one.
type partial struct {
	key uint64 // the joint values of those that factors tie to later variables
	step
	logP  float64
	bound float64   // on the logarithm of its completions
	cost  []float64 // so far, of every limit
	above bool      // cannot exceed the only limit any more
	below bool      // cannot miss its minimum
}

// search decides one variable after the other, keeps the width most promising partial architectures
// of each layer, and reports whether there were more. It improves best.
func (m *mostProbable) search(width int) (cut bool, err error) {
	o := m.order
	layers := make([][]step, len(o.of))
	before := []partial{{cost: make([]float64, len(m.costs))}}
	values := make([]int, len(o.of))
	for k := range layers {
		var live []int
		if k > 0 {
			live = o.live[k-1]
		}
		var next []partial
		for i := range before {
			if i%1024 == 0 && m.ctx.Err() != nil {
				return cut, m.ctx.Err()
			}
			o.unpack(before[i].key, live, values)
			next = m.extend(next, &before[i], i, k, values, layers)
		}
		next = m.undominated(next)
		if len(next) > width {
			next, cut = m.keep(next, width), true
		}
		layers[k] = make([]step, len(next))
		for i := range next {
			layers[k][i] = next[i].step
		}
		before = next
	}
	return cut, nil
}

// keep is so many of the partial architectures, the most promising. Until there is a best one, half
// of them are spread over the costs instead, lest all promise the same and end on one side of a
// limit.
func (m *mostProbable) keep(all []partial, width int) []partial {
	slices.SortStableFunc(all, func(a, b partial) int { return cmp.Compare(b.bound, a.bound) })
	if !m.best.IsZero() || len(m.costs) == 0 {
		return all[:width]
	}
	out, rest := all[:width/2], all[width/2:]
	slices.SortStableFunc(rest, func(a, b partial) int { return slices.Compare(a.cost, b.cost) })
	for n, i := width-len(out), 0; i < n; i++ { // overwrites only what was read
		out = append(out, rest[i*len(rest)/n])
	}
	return out
}

// extend adds what p, at index i of the layer before k, can become.
func (m *mostProbable) extend(next []partial, p *partial, i, k int, values []int, layers [][]step) []partial {
	o := m.order
	cost := make([]float64, len(p.cost))
	for values[k] = range o.sizes[k] {
		copy(cost, p.cost)
		q := partial{step: step{int32(i), int32(values[k])}, logP: p.logP, cost: cost, above: true, below: true}
		for _, f := range o.at[k] {
			if f.which == 0 {
				q.logP += f.at(values)
			} else {
				q.cost[f.which-1] += f.at(values)
			}
		}
		if math.IsInf(q.logP, -1) || !m.promising(&q, k, values) {
			continue
		}
		if k == len(o.of)-1 {
			m.finish(&q, layers)
			continue
		}
		q.cost = slices.Clone(cost)
		q.key = o.pack(o.live[k], values)
		next = append(next, q)
	}
	return next
}

// promising reports whether a completion of q, whose last variable is k, may keep the limits and be
// more probable than the best.
func (m *mostProbable) promising(q *partial, k int, values []int) bool {
	const slack = 1e-12 // sums in another order
	q.bound = q.logP + m.dual[0].at(k, values)
	if math.IsInf(q.bound, -1) {
		return false // nothing allowed lies behind
	}
	from, to := m.from, m.to
	for j := range m.costs {
		low, high := q.cost[j]-m.low[j].at(k, values), q.cost[j]+m.high[j].at(k, values)
		least, most := m.costs[j].interval()
		if low > most+slack*math.Abs(most) || high < least-slack*math.Abs(least) {
			return false
		}
		q.above, q.below = q.above && high <= most, q.below && low >= least
		from[j], to[j] = max(low, least), min(high, most)
	}
	for i := range m.dual[1:] {
		d := &m.dual[1+i]
		end := to[d.limit]
		if d.price < 0 {
			end = from[d.limit]
		}
		q.bound = min(q.bound, q.logP+d.at(k, values)+d.price*(end-q.cost[d.limit]))
	}
	return m.best.IsZero() || q.bound > m.logP+slack*(1+math.Abs(m.logP))
}

// finish keeps q, whose variables are all decided, if it is valid and the best.
func (m *mostProbable) finish(q *partial, layers [][]step) {
	if !m.best.IsZero() && q.logP <= m.logP {
		return
	}
	values := make([]int, len(m.order.of))
	at := q.step
	for k := len(values) - 1; ; k-- {
		values[k] = int(at.value)
		if k == 0 {
			break
		}
		at = layers[k-1][at.parent]
	}
	choices := m.order.choices(values, len(m.space.decisions))
	for j := range m.costs {
		if m.costs[j].check(choices) != nil {
			return
		}
	}
	if a, err := m.space.New(choices); err == nil {
		m.best, m.logP = a, q.logP
	}
}

// undominated is the partial architectures that may win against the others with the same
// consequences.
func (m *mostProbable) undominated(all []partial) []partial {
	slices.SortStableFunc(all, func(a, b partial) int {
		return cmp.Or(cmp.Compare(a.key, b.key), slices.Compare(a.cost, b.cost), cmp.Compare(b.logP, a.logP))
	})
	all = slices.CompactFunc(all, func(a, b partial) bool {
		return a.key == b.key && slices.Equal(a.cost, b.cost)
	})
	if len(m.costs) != 1 {
		return all
	}
	slices.SortStableFunc(all, func(a, b partial) int {
		return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(b.logP, a.logP))
	})
	out := all[:0]
	var cheap, dear float64
	var key uint64
	for i, p := range all {
		if i == 0 || p.key != key {
			key, cheap, dear = p.key, math.Inf(1), math.Inf(-1)
		}
		// A more probable one that costs less wins unless it may end below the minimum.
		if p.cost[0] >= cheap || p.cost[0] <= dear {
			continue
		}
		if p.below {
			cheap = p.cost[0]
		}
		if p.above {
			dear = p.cost[0]
		}
		out = append(out, p)
	}
	return out
}
