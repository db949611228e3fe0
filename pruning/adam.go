package pruning

import (
	"math"

	"github.com/tendril-nas/tendril/searchspace"
)

// adam is Adam with β₁ = 0 and β₂ = 0.999, as ProxylessNAS trains its architecture: every number
// has a count of its own steps, since with two paths most steps touch few of them.
type adam struct {
	rate   float64
	second searchspace.Relaxed // mean of squares
	steps  [][]int64
}

const (
	adamDecay = 0.999
	adamEps   = 1e-8
)

func newAdam(rate float64, space *searchspace.Space) *adam {
	a := &adam{rate: rate, second: space.Zeros()}
	for _, row := range a.second {
		a.steps = append(a.steps, make([]int64, len(row)))
	}
	return a
}

// step moves the values at some entries of every row against grad.
func (a *adam) step(values, grad searchspace.Relaxed, entries [][]int) {
	for i, row := range entries {
		if len(row) < 2 {
			continue // one candidate has nothing to be weighed against
		}
		for _, c := range row {
			g := grad[i][c]
			a.steps[i][c]++
			a.second[i][c] = adamDecay*a.second[i][c] + (1-adamDecay)*g*g
			v := a.second[i][c] / (1 - math.Pow(adamDecay, float64(a.steps[i][c])))
			values[i][c] -= a.rate * g / (math.Sqrt(v) + adamEps)
		}
	}
}
