package cells

import (
	"math"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Variance is a one-way analysis of variance of values in groups.
type Variance struct {
	// Between is the standard deviation of the groups' expectations by the component of variance:
	// (mean square between groups − mean square within) / size of a group, 0 where that is
	// negative.
	Between float64
	Within  float64 // standard deviation inside groups
	F       float64 // mean square between over mean square within
	P       float64 // probability of a greater F where all groups have one expectation
}

// OneWay analyses groups, which may differ in size; empty ones do not count. Without two groups, or
// without a group of two, there is nothing to compare, and all numbers are NaN.
func OneWay(groups ...[]float64) Variance {
	var all, means, sizes []float64
	var within, between, squares float64
	for _, g := range groups {
		if len(g) == 0 {
			continue
		}
		m := stat.Mean(g, nil)
		for _, v := range g {
			within += (v - m) * (v - m)
		}
		all, means, sizes = append(all, g...), append(means, m), append(sizes, float64(len(g)))
	}
	n := float64(len(all))
	d1, d2 := float64(len(means)-1), n-float64(len(means))
	if d1 < 1 || d2 < 1 {
		return Variance{math.NaN(), math.NaN(), math.NaN(), math.NaN()}
	}
	grand := stat.Mean(all, nil)
	for i, m := range means {
		between += sizes[i] * (m - grand) * (m - grand)
		squares += sizes[i] * sizes[i]
	}
	between, within = between/d1, within/d2
	size := (n - squares/n) / d1 // that of all groups where it is one
	v := Variance{Between: math.Sqrt(max(0, between-within) / size), Within: math.Sqrt(within),
		F: between / within}
	if !math.IsInf(v.F, 1) { // where the distribution says NaN
		v.P = distuv.F{D1: d1, D2: d2}.Survival(v.F)
	}
	return v
}
