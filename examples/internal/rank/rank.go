// Package rank correlates orders.
package rank

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
)

// Spearman is the correlation of the ranks of two equally long lists; equal values share the mean
// of their ranks.
func Spearman(x, y []float64) float64 { return stat.Correlation(ranks(x), ranks(y), nil) }

// ranks of values from 1; equal ones share the mean of their ranks.
func ranks(xs []float64) []float64 {
	order := make([]int, len(xs))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int {
		switch {
		case xs[i] < xs[j]:
			return -1
		case xs[i] > xs[j]:
			return 1
		}
		return 0
	})
	out := make([]float64, len(xs))
	for from := 0; from < len(order); {
		to := from
		for to < len(order) && xs[order[to]] == xs[order[from]] {
			to++
		}
		for _, i := range order[from:to] {
			out[i] = float64(from+to+1) / 2
		}
		from = to
	}
	return out
}

// Kendall is τ-b: pairs in the same order less pairs in the other order, over the geometric mean of
// the pairs that are not equal in x and in y.
func Kendall(x, y []float64) float64 {
	var sum, nx, ny float64
	for i := range x {
		for j := range i {
			dx, dy := sign(x[i]-x[j]), sign(y[i]-y[j])
			sum, nx, ny = sum+dx*dy, nx+dx*dx, ny+dy*dy
		}
	}
	return sum / math.Sqrt(nx*ny)
}

func sign(x float64) float64 {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return 0
}
