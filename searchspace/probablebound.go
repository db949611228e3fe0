package searchspace

import "math"

// dualBound is a bound on the logarithm of every architecture within a limit: for any price,
//
//	log p ≤ (log p − price·cost) + price·(the end of the limit that the price is about),
//
// and the maximum of the bracket is found by elimination.
//
//	H. Everett: Generalized Lagrange multiplier method for solving problems of optimum allocation
//	of resources, Operations Research 11 (1963).
type dualBound struct {
	limit int // of the cost with the price
	price float64
	*toGo
}

// bound finds the ranges of the costs and the bounds.
func (m *mostProbable) bound() error {
	weights := make([]float64, 1+len(m.costs))
	run := func(which int, w, logarithm float64) (*toGo, error) {
		clear(weights)
		weights[0] = logarithm
		if which > 0 {
			weights[which] = w
		}
		return m.order.maximise(weights)
	}
	free, err := run(0, 0, 1)
	if err != nil {
		return err
	}
	m.dual = append(m.dual, dualBound{toGo: free})
	m.from, m.to = make([]float64, len(m.costs)), make([]float64, len(m.costs))
	for k := range m.costs {
		low, err := run(1+k, -1, 0)
		if err != nil {
			return err
		}
		high, err := run(1+k, 1, 0)
		if err != nil {
			return err
		}
		m.low, m.high = append(m.low, low), append(m.high, high)
		if math.IsInf(free.value, -1) || !(high.value > -low.value) {
			continue
		}
		d, err := m.price(k, free, 1/(high.value+low.value), func(price float64) (*toGo, error) {
			return run(1+k, -price, 1)
		})
		if err != nil {
			return err
		}
		if d.toGo != nil {
			m.dual = append(m.dual, d)
		}
	}
	return nil
}

// price looks for the price that makes the bound of limit k lowest: the one at which the cost of
// the best architecture crosses the end of the limit.
func (m *mostProbable) price(k int, free *toGo, unit float64, best func(price float64) (*toGo, error),
) (dualBound, error) {
	c := &m.costs[k]
	from, to := c.interval()
	cost := func(g *toGo) float64 {
		v, _ := c.value(m.order.choices(g.values, len(m.space.decisions)))
		return v
	}
	at := cost(free)
	sign, end := 1.0, to
	if at < from {
		sign, end = -1, from
	} else if at <= to {
		return dualBound{}, nil
	}
	const doublings, halvings = 60, 24
	lowest, d := math.Inf(1), dualBound{}
	try := func(price float64) (enough bool, err error) {
		g, err := best(price)
		if err != nil {
			return false, err
		}
		if v := g.value + price*end; v < lowest {
			lowest, d = v, dualBound{k, price, g}
		}
		return sign*(cost(g)-end) <= 0, nil
	}
	little, much := 0.0, sign*unit
	for range doublings {
		enough, err := try(much)
		if err != nil {
			return d, err
		}
		if enough {
			break
		}
		little, much = much, 2*much
	}
	for range halvings {
		middle := (little + much) / 2
		enough, err := try(middle)
		if err != nil {
			return d, err
		}
		if enough {
			much = middle
		} else {
			little = middle
		}
	}
	return d, nil
}
