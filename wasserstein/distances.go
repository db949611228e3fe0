package wasserstein

import (
	"fmt"
	"math"

	"gorgonia.org/tensor"
)

// Metric is a ground distance between points.
type Metric int

// Ground distances.
const (
	Euclidean        Metric = iota // the square root of the sum of squared differences
	SquaredEuclidean               // the sum of squared differences
	Manhattan                      // the sum of absolute differences
)

// String names the metric.
func (m Metric) String() string {
	switch m {
	case Euclidean:
		return "Euclidean"
	case SquaredEuclidean:
		return "squared Euclidean"
	case Manhattan:
		return "Manhattan"
	}
	return fmt.Sprintf("Metric(%d)", int(m))
}

// mostCosts is the largest number of pairs of points: 16 GiB of costs.
const mostCosts = math.MaxInt32

// Distances is the [n, m] float64 tensor of distances between points x, [n, d], and y, [m, d], of
// float32 or float64; n·m is at most 2³¹−1. The error wraps ErrDim, ErrEmpty or ErrValue; numbers
// beyond ±0x1p480 are refused, because their squares may overflow. Squares of differences below
// some 1e-160 vanish.
func Distances(x, y *tensor.Dense, metric Metric) (*tensor.Dense, error) {
	if metric < Euclidean || metric > Manhattan {
		return nil, fmt.Errorf("distances: %w: %v", ErrValue, metric)
	}
	var points [2]matrix
	for i, d := range []*tensor.Dense{x, y} {
		src, err := denseRows(d)
		if err == nil {
			err = src.check()
		}
		if err == nil && src.n == 0 {
			err = fmt.Errorf("%w: points of shape %v", ErrEmpty, d.Shape())
		}
		if err != nil {
			return nil, fmt.Errorf("distances: %w", err)
		}
		points[i] = newMatrix(src.n, src.q)
		for k := range src.n {
			src.load(points[i].row(k), k)
		}
	}
	a, b := points[0], points[1]
	if a.cols != b.cols {
		return nil, fmt.Errorf("distances: %w: points in %d and %d dimensions", ErrDim, a.cols, b.cols)
	}
	if a.rows > mostCosts/b.rows {
		return nil, fmt.Errorf("distances: %w: %d × %d points, expected at most %d pairs", ErrDim, a.rows, b.rows,
			mostCosts)
	}
	out := newMatrix(a.rows, b.rows)
	newTeam().run(a.rows, func(_, i int) { metric.row(out.row(i), a.row(i), b) })
	return tensor.New(tensor.WithShape(a.rows, b.rows), tensor.WithBacking(out.data)), nil
}

// row writes the distances of p from the points of b. Four at a time do not wait for each other's
// sums.
func (m Metric) row(out, p []float64, b matrix) {
	j := 0
	for ; j+4 <= len(out); j += 4 {
		q0, q1 := b.row(j)[:len(p)], b.row(j + 1)[:len(p)]
		q2, q3 := b.row(j + 2)[:len(p)], b.row(j + 3)[:len(p)]
		var s0, s1, s2, s3 float64
		if m == Manhattan {
			for k, v := range p {
				s0 += math.Abs(v - q0[k])
				s1 += math.Abs(v - q1[k])
				s2 += math.Abs(v - q2[k])
				s3 += math.Abs(v - q3[k])
			}
		} else {
			for k, v := range p {
				d0, d1, d2, d3 := v-q0[k], v-q1[k], v-q2[k], v-q3[k]
				s0 += d0 * d0
				s1 += d1 * d1
				s2 += d2 * d2
				s3 += d3 * d3
			}
		}
		out[j], out[j+1], out[j+2], out[j+3] = s0, s1, s2, s3
	}
	for ; j < len(out); j++ {
		var s float64
		for k, v := range b.row(j) {
			if d := math.Abs(p[k] - v); m == Manhattan {
				s += d
			} else {
				s += d * d
			}
		}
		out[j] = s
	}
	if m == Euclidean {
		for j, s := range out {
			out[j] = math.Sqrt(s)
		}
	}
}
