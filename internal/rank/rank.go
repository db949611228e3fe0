// Package rank correlates orders.
package rank

import (
	"cmp"
	"math"
	"slices"
)

// Spearman is the correlation of the ranks of two equally long lists; equal values share the mean
// of their ranks. It is NaN where one of them is constant.
func Spearman(x, y []float64) float64 { return pearson(ranks(x), ranks(y)) }

func pearson(x, y []float64) float64 {
	n := float64(len(x))
	var mx, my float64
	for i := range x {
		mx, my = mx+x[i]/n, my+y[i]/n
	}
	var xx, yy, xy float64
	for i := range x {
		dx, dy := x[i]-mx, y[i]-my
		xx, yy, xy = xx+dx*dx, yy+dy*dy, xy+dx*dy
	}
	return xy / math.Sqrt(xx*yy)
}

// order is the places of xs from the smallest value to the largest.
func order(xs []float64) []int {
	out := make([]int, len(xs))
	for i := range out {
		out[i] = i
	}
	slices.SortFunc(out, func(i, j int) int { return cmp.Compare(xs[i], xs[j]) })
	return out
}

// ranks of values from 1; equal ones share the mean of their ranks.
func ranks(xs []float64) []float64 {
	out := make([]float64, len(xs))
	sorted := order(xs)
	for from := 0; from < len(sorted); {
		to := from
		for to < len(sorted) && xs[sorted[to]] == xs[sorted[from]] {
			to++
		}
		to = max(to, from+1) // NaN equals nothing
		for _, i := range sorted[from:to] {
			out[i] = float64(from+to+1) / 2
		}
		from = to
	}
	return out
}

// Kendall is τ-b: pairs in the same order less pairs in the other order, over the geometric mean of
// the pairs that are not equal in x and in y. It is NaN where one of the lists is constant, and
// takes n·log n steps: sorted by x, pairs in the other order are inversions of y (Knight: A
// Computer Method for Calculating Kendall's Tau with Ungrouped Data, 1966).
func Kendall(x, y []float64) float64 {
	n := len(x)
	sorted := order(x)
	slices.SortFunc(sorted, func(i, j int) int { return cmp.Or(cmp.Compare(x[i], x[j]), cmp.Compare(y[i], y[j])) })
	ys := make([]float64, n)
	for i, k := range sorted {
		ys[i] = y[k]
	}
	all := pairsOf(n)
	tiedX, tiedBoth := 0.0, 0.0
	for from := 0; from < n; {
		to := from + 1
		for to < n && x[sorted[to]] == x[sorted[from]] {
			to++
		}
		tiedX += pairsOf(to - from)
		tiedBoth += ties(ys[from:to])
		from = to
	}
	inversions := mergeSort(ys, make([]float64, n))
	tiedY := ties(ys)
	sum := all - tiedX - tiedY + tiedBoth - 2*float64(inversions)
	return sum / math.Sqrt((all-tiedX)*(all-tiedY))
}

func pairsOf(n int) float64 { return float64(n) * float64(n-1) / 2 }

// ties counts the equal pairs of a sorted list.
func ties(sorted []float64) (sum float64) {
	for from := 0; from < len(sorted); {
		to := from + 1
		for to < len(sorted) && sorted[to] == sorted[from] {
			to++
		}
		sum += pairsOf(to - from)
		from = to
	}
	return sum
}

// mergeSort sorts xs and counts the pairs that were in the wrong order.
func mergeSort(xs, space []float64) (inversions int) {
	if len(xs) < 2 {
		return 0
	}
	half := len(xs) / 2
	inversions = mergeSort(xs[:half], space) + mergeSort(xs[half:], space)
	a, b, out := xs[:half], xs[half:], space[:0]
	for len(a) > 0 && len(b) > 0 {
		if b[0] < a[0] {
			inversions += len(a)
			out, b = append(out, b[0]), b[1:]
		} else {
			out, a = append(out, a[0]), a[1:]
		}
	}
	out = append(append(out, a...), b...)
	copy(xs, out)
	return inversions
}
