package main

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"

	"github.com/tendril-nas/tendril/examples/internal/rank"
)

// agreement says how well times are predicted.
type agreement struct {
	Spearman float64 `json:"spearman"`
	Kendall  float64 `json:"kendall"`
	Relative float64 `json:"relative"` // mean of |predicted − measured| / measured
	Bias     float64 `json:"bias"`     // mean of (predicted − measured) / measured
	Worst    float64 `json:"worst"`    // largest |predicted − measured| / measured
}

// agree compares times; both have the same length of at least 2.
func agree(predicted, measured []float64) agreement {
	a := agreement{Spearman: rank.Spearman(predicted, measured), Kendall: rank.Kendall(predicted, measured)}
	for i, p := range predicted {
		e := (p - measured[i]) / measured[i]
		a.Bias += e / float64(len(predicted))
		a.Relative += math.Abs(e) / float64(len(predicted))
		a.Worst = max(a.Worst, math.Abs(e))
	}
	return a
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
