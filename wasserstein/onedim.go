package wasserstein

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// OneDim is the optimal transport cost between two weighted sets of numbers with ground distance
// |x−y|^p, p ≥ 1: for p = 1 the 1-Wasserstein distance, for p = 2 the square of the 2-Wasserstein
// distance. Weights are normalised by their sums; nil is uniform. On the line the cheapest plan
// keeps the order of the points, so that sorting solves the problem exactly.
func OneDim(u, v, uWeights, vWeights []float64, p float64) (float64, error) {
	if !(p >= 1) || math.IsInf(p, 1) {
		return 0, fmt.Errorf("transport on the line: %w: exponent %g, expected at least 1", ErrValue, p)
	}
	a, err := onLine(u, uWeights)
	if err != nil {
		return 0, fmt.Errorf("transport on the line: first distribution: %w", err)
	}
	b, err := onLine(v, vWeights)
	if err != nil {
		return 0, fmt.Errorf("transport on the line: second distribution: %w", err)
	}
	var cost, carry float64
	for i, j := 0, 0; i < len(a) && j < len(b); {
		mass := min(a[i].mass, b[j].mass)
		d := math.Abs(a[i].x - b[j].x)
		if p != 1 {
			d = math.Pow(d, p)
		}
		s, e := twoSum(cost, mass*d)
		cost, carry = s, carry+e
		a[i].mass -= mass
		b[j].mass -= mass
		if a[i].mass == 0 {
			i++
		}
		if b[j].mass == 0 {
			j++
		}
	}
	return finite(cost + carry)
}

type pointMass struct{ x, mass float64 }

func onLine(x, w []float64) ([]pointMass, error) {
	if len(x) == 0 {
		return nil, ErrEmpty
	}
	for i, v := range x {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, fmt.Errorf("%w: point %d is %g", ErrValue, i, v)
		}
	}
	mass, kept, err := normalise(w, len(x))
	if err != nil {
		return nil, err
	}
	out := make([]pointMass, len(kept))
	for k, i := range kept {
		out[k] = pointMass{x[i], mass[k]}
	}
	slices.SortStableFunc(out, func(a, b pointMass) int { return cmp.Compare(a.x, b.x) })
	return out, nil
}
