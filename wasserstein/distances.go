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

// Distances is the [n, m] float64 tensor of distances between points x, [n, d], and y, [m, d], of
// float32 or float64.
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
	out := newMatrix(a.rows, b.rows)
	for i := range a.rows {
		p, row := a.row(i), out.row(i)
		for j := range row {
			q := b.row(j)
			var s float64
			if metric == Manhattan {
				for k, v := range p {
					s += math.Abs(v - q[k])
				}
			} else {
				for k, v := range p {
					s += (v - q[k]) * (v - q[k])
				}
			}
			if metric == Euclidean {
				s = math.Sqrt(s)
			}
			row[j] = s
		}
	}
	return tensor.New(tensor.WithShape(a.rows, b.rows), tensor.WithBacking(out.data)), nil
}
