package main

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
)

// agreement says how well times are predicted.
type agreement struct {
	spearman, kendall float64
	relative          float64 // mean of |predicted − measured| / measured
	bias              float64 // mean of (predicted − measured) / measured
	worst             float64 // largest |predicted − measured| / measured
}

// agree compares times; both have the same length of at least 2.
func agree(predicted, measured []float64) agreement {
	a := agreement{spearman: spearman(predicted, measured), kendall: kendall(predicted, measured)}
	for i, p := range predicted {
		e := (p - measured[i]) / measured[i]
		a.bias += e / float64(len(predicted))
		a.relative += math.Abs(e) / float64(len(predicted))
		a.worst = max(a.worst, math.Abs(e))
	}
	return a
}

// spearman is the correlation of ranks.
func spearman(x, y []float64) float64 { return stat.Correlation(ranks(x), ranks(y), nil) }

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

// kendall is τ-b: pairs in the same order less pairs in the other order, over
// the geometric mean of the pairs that are not equal in x and in y.
func kendall(x, y []float64) float64 {
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

// line fits y ≈ fixed + factor·x by least squares.
func line(x, y []float64) (fixed, factor float64) { return stat.LinearRegression(x, y, nil, false) }

// middle is the mean of the middle half of xs. Like the median it is deaf to
// outliers; unlike it, where times have two levels, as on a machine shared with
// others, the middles of parts still add up to about the middle of the whole.
func middle(xs []float64) float64 {
	xs = slices.Sorted(slices.Values(xs))
	cut := len(xs) / 4
	return mean(xs[cut : len(xs)-cut])
}

// halfRange is half the distance between the quartiles of xs.
func halfRange(xs []float64) float64 { return (quantile(xs, 0.75) - quantile(xs, 0.25)) / 2 }

// quantile is the value below which a share q of xs lies, between neighbours
// in proportion; 0 of nothing.
func quantile(xs []float64, q float64) float64 {
	if len(xs) == 0 {
		return 0
	}
	xs = slices.Sorted(slices.Values(xs))
	at := q * float64(len(xs)-1)
	i := int(at)
	if i+1 == len(xs) {
		return xs[i]
	}
	return xs[i] + (at-float64(i))*(xs[i+1]-xs[i])
}

func mean(xs []float64) float64 {
	sum := 0.0
	for _, x := range xs {
		sum += x
	}
	return sum / float64(max(len(xs), 1))
}
