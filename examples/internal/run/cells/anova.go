package cells

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Variance is an analysis of variance of values in groups.
type Variance struct {
	// Between is the standard deviation of the groups' expectations by the component of variance:
	// (mean square between groups − mean square within) / size of a group, 0 where that is
	// negative.
	Between float64
	Within  float64 // standard deviation inside groups; with Blocked what blocks leave of it
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
	return variance(between, within, size, d1, d2)
}

// Blocked analyses groups of equal size whose values of the same place have something in common,
// the seed say (randomised complete blocks): what a place does to all groups alike is taken out
// first. Without two groups of two, or with groups of unequal size, all numbers are NaN.
func Blocked(groups ...[]float64) Variance { return blocked(1, groups) }

// BlockedOver is Blocked for what is left of the groups beside the straight line through their
// means over x, one number of each group. The line takes one of their degrees of freedom, so that
// it needs three groups, and an x that is not the same for all.
func BlockedOver(x []float64, groups ...[]float64) Variance {
	k := min(len(x), len(groups))
	means, rest := make([]float64, k), make([][]float64, k)
	for i := range k {
		means[i] = stat.Mean(groups[i], nil)
	}
	_, slope := stat.LinearRegression(x[:k], means, nil, false)
	for i := range k {
		for _, v := range groups[i] {
			rest[i] = append(rest[i], v-slope*x[i])
		}
	}
	return blocked(2, rest)
}

// blocked is Blocked for groups with so many degrees of freedom fewer than there are groups.
func blocked(fewer int, groups [][]float64) Variance {
	k, b := len(groups), 0
	if k > 0 {
		b = len(groups[0])
	}
	if k <= fewer || b < 2 || slices.ContainsFunc(groups, func(g []float64) bool { return len(g) != b }) {
		return Variance{math.NaN(), math.NaN(), math.NaN(), math.NaN()}
	}
	grand, blocks := 0.0, make([]float64, b)
	for _, g := range groups {
		for j, v := range g {
			grand += v / float64(k*b)
			blocks[j] += v / float64(k)
		}
	}
	var between, within float64
	for _, g := range groups {
		m := stat.Mean(g, nil)
		between += float64(b) * (m - grand) * (m - grand)
		for j, v := range g {
			rest := v - m - blocks[j] + grand
			within += rest * rest
		}
	}
	d1, d2 := float64(k-fewer), float64((k-1)*(b-1))
	return variance(between/d1, within/d2, float64(b), d1, d2)
}

// variance is the analysis of two mean squares with their degrees of freedom.
func variance(between, within, size, d1, d2 float64) Variance {
	v := Variance{Between: math.Sqrt(max(0, between-within) / size), Within: math.Sqrt(within),
		F: between / within}
	if !math.IsInf(v.F, 1) { // where the distribution says NaN
		v.P = distuv.F{D1: d1, D2: d2}.Survival(v.F)
	}
	return v
}

// Probability writes a p.
func Probability(p float64) string {
	if p < 0.001 {
		return "p < 0.001"
	}
	return fmt.Sprintf("p = %.3f", p)
}
