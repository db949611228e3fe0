package wasserstein

import (
	"fmt"
	"math"

	"gorgonia.org/tensor"
)

// rows reads n vectors of length q from wherever they are.
type rows struct {
	n, q int
	f32  []float32 // one of the two is set
	f64  []float64
	bad  error // what is wrong with the source
}

func flatRows[T float32 | float64](data []T, q int) rows {
	if q < 1 {
		return rows{bad: fmt.Errorf("%w: vectors of length %d; moments are made by NewMoments", ErrDim, q)}
	}
	r := rows{n: len(data) / q, q: q}
	if len(data)%q != 0 {
		r.bad = fmt.Errorf("%w: %d numbers, expected a multiple of %d", ErrDim, len(data), q)
	}
	switch d := any(data).(type) {
	case []float32:
		r.f32 = d
	case []float64:
		r.f64 = d
	}
	return r
}

// denseRows reads a tensor of shape [n, q]. Views and column-major tensors are copied into order.
func denseRows(d *tensor.Dense) (r rows, err error) {
	if d == nil {
		return rows{}, fmt.Errorf("%w: no tensor", ErrDim)
	}
	shape := d.Shape()
	if len(shape) != 2 || shape[1] < 1 {
		return rows{}, fmt.Errorf("%w: tensor of shape %v, expected [n, features]", ErrDim, shape)
	}
	if d.IsMasked() {
		return rows{}, fmt.Errorf("%w: masked tensor", ErrValue)
	}
	n, q := shape[0], shape[1]
	plain := d.DataOrder().IsRowMajor() && d.DataOrder().IsContiguous() && !d.RequiresIterator() &&
		!d.DataOrder().IsTransposed()
	switch d.Dtype() {
	case tensor.Float32:
		if data, ok := d.Data().([]float32); plain && ok && len(data) == n*q {
			return flatRows(data, q), nil
		}
	case tensor.Float64:
		if data, ok := d.Data().([]float64); plain && ok && len(data) == n*q {
			return flatRows(data, q), nil
		}
	default:
		return rows{}, fmt.Errorf("%w: tensor of %v, expected float32 or float64", ErrValue, d.Dtype())
	}
	data := make([]float64, 0, n*q)
	for i := range n {
		for j := range q {
			v, err := d.At(i, j)
			if err != nil {
				return rows{}, fmt.Errorf("read tensor of shape %v: %w", shape, err)
			}
			switch v := v.(type) {
			case float32:
				data = append(data, float64(v))
			case float64:
				data = append(data, v)
			}
		}
	}
	return flatRows(data, q), nil
}

// check refuses numbers that are not finite or too large to be squared.
func (r rows) check() error {
	if i, v, ok := r.beyond(maxValue); ok {
		return fmt.Errorf("%w: feature %d of vector %d is %g", ErrValue, i%r.q, i/r.q, v)
	}
	return r.bad
}

// beyond finds the first number that is not within ±limit.
func (r rows) beyond(limit float64) (i int, v float64, ok bool) {
	for i, v := range r.f32 {
		if !(math.Abs(float64(v)) <= limit) {
			return i, float64(v), true
		}
	}
	for i, v := range r.f64 {
		if !(math.Abs(v) <= limit) {
			return i, v, true
		}
	}
	return 0, 0, false
}

// checkFor is check for vectors that must have length dim.
func (r rows) checkFor(dim int) error {
	if err := r.check(); err != nil {
		return err
	}
	if r.q != dim {
		return fmt.Errorf("%w: vectors of length %d, expected %d", ErrDim, r.q, dim)
	}
	return nil
}

// load writes vector i to dst.
func (r rows) load(dst []float64, i int) {
	if r.f64 != nil {
		copy(dst, r.f64[i*r.q:(i+1)*r.q])
		return
	}
	for j, v := range r.f32[i*r.q : (i+1)*r.q] {
		dst[j] = float64(v)
	}
}

// sums adds up vectors from to from+n−1.
func (r rows) sums(from, n int) (hi, lo []float64) {
	hi, lo = make([]float64, r.q), make([]float64, r.q)
	x := make([]float64, r.q)
	for i := from; i < from+n; i++ {
		r.load(x, i)
		for j, v := range x {
			s, e := twoSum(hi[j], v)
			hi[j], lo[j] = s, lo[j]+e
		}
	}
	for j := range hi {
		hi[j], lo[j] = twoSum(hi[j], lo[j])
	}
	return hi, lo
}

// centre writes vectors from to from+n−1 minus the mean (hi+lo)/n to the first n rows of dst.
func (r rows) centre(dst matrix, from, n int, hi, lo []float64) {
	mh, ml := make([]float64, r.q), make([]float64, r.q)
	for j := range mh {
		mh[j], ml[j] = ddDiv(hi[j], lo[j], float64(n))
	}
	for i := range n {
		row := dst.row(i)
		r.load(row, from+i)
		for j := range row {
			row[j] = (row[j] - mh[j]) - ml[j]
		}
	}
}
