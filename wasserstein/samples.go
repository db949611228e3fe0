package wasserstein

import (
	"fmt"
	"math"
	"slices"

	"gorgonia.org/tensor"
)

// SquaredSamples is the squared 2-Wasserstein distance between the Gaussians fitted to two sets of
// vectors: tensors of shapes [n, q] and [m, q], float32 or float64, with n and m at least 1. See
// eq. (1) of the paper.
//
// A set with no more vectors than features never becomes a q×q covariance: the distance is then
// both more accurate and much faster than from [Moments]. The error wraps ErrDim, ErrEmpty or
// ErrValue.
func SquaredSamples(x, y *tensor.Dense) (float64, error) {
	a, err := newSample(x)
	if err != nil {
		return 0, fmt.Errorf("first sample: %w", err)
	}
	b, err := newSample(y)
	if err != nil {
		return 0, fmt.Errorf("second sample: %w", err)
	}
	if a.src.q != b.src.q {
		return 0, fmt.Errorf("%w: vectors of length %d and %d", ErrDim, a.src.q, b.src.q)
	}
	if a.compare(b) > 0 {
		a, b = b, a
	}
	delta := make([]float64, a.src.q)
	meanDifference(delta, a.hi, a.lo, a.src.n, b.hi, b.lo, b.src.n)
	return squared(delta, a, b)
}

// sample is a spread given by centred vectors.
type sample struct {
	src     rows
	hi, lo  []float64 // sum of the vectors
	centred matrix
}

func newSample(d *tensor.Dense) (*sample, error) {
	src, err := denseRows(d)
	if err != nil {
		return nil, err
	}
	if src.n == 0 {
		return nil, fmt.Errorf("%w: tensor of shape %v", ErrEmpty, d.Shape())
	}
	if err := src.check(); err != nil {
		return nil, err
	}
	s := &sample{src: src, centred: newMatrix(src.n, src.q)}
	s.hi, s.lo = src.sums(0, src.n)
	src.centre(s.centred, 0, src.n, s.hi, s.lo)
	return s, nil
}

// compare orders samples, so that both argument orders give the same bits.
func (s *sample) compare(o *sample) int {
	if s.src.n != o.src.n {
		return s.src.n - o.src.n
	}
	return slices.Compare(s.centred.data, o.centred.data)
}

func (s *sample) trace() float64 {
	var t float64
	for i := range s.src.n {
		var row float64
		for _, v := range s.centred.row(i) {
			row += v * v
		}
		t += row
	}
	return t / float64(s.src.n)
}

func (s *sample) same(other spread) bool {
	o, ok := other.(*sample)
	return ok && s.src.n == o.src.n && slices.Equal(s.centred.data, o.centred.data)
}

func (s *sample) factor(t *team) (factorisation, error) {
	n, q := s.src.n, s.src.q
	if n <= q {
		return factorisation{rows: s.contrasts()}, nil
	}
	cov := newMatrix(q, q)
	t.accumulate(cov, s.centred)
	for i := range cov.data {
		cov.data[i] /= float64(n)
	}
	return t.factorise(cov.data, q, distanceTol(q))
}

// contrasts turns n centred vectors into n−1 with the same scatter, divided by √n. Centred vectors
// sum to zero, which is a zero singular value that costs digits and time later; the Householder
// reflection that sends (1, …, 1)/√n to the last axis moves it into the last row, which is dropped.
// H = I − v·vᵀ/h with v = (1, …, 1, 1+√n) and h = n + √n.
func (s *sample) contrasts() matrix {
	n, q := s.src.n, s.src.q
	root := math.Sqrt(float64(n))
	// dot is vᵀ·X. The plain sum of the rows is zero up to rounding, so √n times the last row is
	// what counts.
	dot := make([]float64, q)
	for i := range n {
		for j, v := range s.centred.row(i) {
			dot[j] += v
		}
	}
	last := s.centred.row(n - 1)
	for j := range dot {
		dot[j] = (dot[j] + root*last[j]) / (float64(n) + root)
	}
	out := newMatrix(n-1, q)
	for i := range n - 1 {
		dst := out.row(i)
		for j, v := range s.centred.row(i) {
			dst[j] = (v - dot[j]) / root
		}
	}
	return out
}
