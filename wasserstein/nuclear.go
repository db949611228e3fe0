package wasserstein

import (
	"errors"
	"math"
	"slices"

	"gonum.org/v1/gonum/lapack/gonum"
)

// nuclearNorm is the sum of the singular values of m, with an absolute error of about 1e-15 × size,
// where size is at least the norm. m is overwritten.
//
// Singular values are first taken as the square roots of the eigenvalues of the smaller of m·mᵀ and
// mᵀ·m, which costs a quarter of a singular value decomposition. An eigenvalue is off by about eps
// times the largest one, and the root of a small one by much more. The bound on the sum is
// computed; when it exceeds 2e-13 × size (errors met are a hundred times smaller than the bound), m
// is reduced to bidiagonal form instead, which has no such weakness.
func (t *team) nuclearNorm(m matrix, size float64) (float64, error) {
	var largest float64
	for _, v := range m.data {
		largest = max(largest, math.Abs(v))
	}
	if largest == 0 {
		return 0, nil
	}
	_, e := math.Frexp(largest)
	scale := math.Ldexp(1, e)
	for i := range m.data {
		m.data[i] /= scale
	}
	if min(m.rows, m.cols) <= smallNorm {
		return t.directNorm(m, scale)
	}
	gram := newMatrix(min(m.rows, m.cols), min(m.rows, m.cols))
	if m.rows <= m.cols {
		t.product(gram.whole(), 1, m.whole(), m.whole(), false, true, shape{upper: true})
	} else {
		t.product(gram.whole(), 1, m.whole(), m.whole(), true, false, shape{upper: true})
	}
	if sum, ok := t.rootSum(gram, 2e-13*size/scale); ok {
		return sum * scale, nil
	}
	return t.directNorm(m, scale)
}

// smallNorm is the size up to which the direct way costs nothing that matters.
const smallNorm = 48

// directNorm is scale times the sum of the singular values of m, from its bidiagonal form.
func (t *team) directNorm(m matrix, scale float64) (float64, error) {
	if m.rows < m.cols {
		m = transpose(m)
	}
	d, off := t.bidiagonalise(m)
	sum, err := singularSum(d, off)
	return sum * scale, err
}

// rootSum adds up the square roots of the eigenvalues of a symmetric positive semidefinite matrix,
// which it overwrites; ok is false when the rounding errors of the eigenvalues may move the sum by
// more than tol.
func (t *team) rootSum(a matrix, tol float64) (sum float64, ok bool) {
	d, e := t.tridiagonalise(a)
	if !(gonum.Implementation{}).Dsterf(len(d), d, e) {
		return 0, false
	}
	slices.Sort(d) // smallest first, for the sum
	noise := eps * d[len(d)-1]
	var bound float64 // of the variance of the sum, for independent errors of size noise
	for _, v := range d {
		sum += math.Sqrt(max(0, v))
		bound += noise * noise / (4 * max(v, noise))
	}
	return sum, math.Sqrt(bound) <= tol
}

// singularSum adds up the singular values of an upper bidiagonal matrix, whose diagonals it
// overwrites.
func singularSum(d, e []float64) (float64, error) {
	if (gonum.Implementation{}).Dlasq1(len(d), d, e, make([]float64, 4*len(d))) != 0 {
		return 0, errors.New("singular values did not converge")
	}
	slices.Sort(d)
	var sum float64
	for _, v := range d {
		sum += v
	}
	return sum, nil
}

func transpose(m matrix) matrix {
	out := newMatrix(m.cols, m.rows)
	for i := range m.rows {
		for j, v := range m.row(i) {
			out.data[j*m.rows+i] = v
		}
	}
	return out
}
