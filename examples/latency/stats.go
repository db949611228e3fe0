package main

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"

	"github.com/tendril-nas/tendril/internal/rank"
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

// median of xs; 0 of nothing.
func median(xs []float64) float64 {
	if len(xs) == 0 {
		return 0
	}
	xs = slices.Sorted(slices.Values(xs))
	return (xs[(len(xs)-1)/2] + xs[len(xs)/2]) / 2
}
