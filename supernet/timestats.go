package supernet

import "slices"

// middle is the mean of the middle half of xs, which may not be empty. Like the median it is deaf
// to outliers; unlike it, where times have two levels, as on a machine shared with others, the
// middles of parts still add up to about the middle of the whole.
func middle(xs []float64) float64 {
	xs = slices.Sorted(slices.Values(xs))
	cut := len(xs) / 4
	return mean(xs[cut : len(xs)-cut])
}

// halfRange is half the distance between the quartiles of xs.
func halfRange(xs []float64) float64 { return (quantile(xs, 0.75) - quantile(xs, 0.25)) / 2 }

// quantile is the value below which a share q of xs lies, between neighbours in proportion; 0 of
// nothing.
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

// mean of xs; 0 of nothing.
func mean(xs []float64) float64 {
	sum := 0.0
	for _, x := range xs {
		sum += x
	}
	return sum / float64(max(len(xs), 1))
}
