package wasserstein

import (
	"fmt"
	"math"
)

// eps is the distance from 1 to the next float64.
const eps = 0x1p-52

// factorisation of a covariance: rows is r×q with rowsᵀ·rows = Σ. Row k is zero in the columns pivot[:k], and
// pivot[:r] are linearly independent dimensions that determine all others.
type factorisation struct {
	rows  matrix
	pivot []int // all q dimensions, the r pivots first
}

// factorise computes a Cholesky factor with symmetric pivoting and a rank decision.
//
// Every dimension is first scaled to a variance in [1, 4) by a power of two, which is exact and makes the rank decision
// independent of units. A dimension whose variance, given those already taken, has fallen to q·2⁻⁵² of its own is
// determined by them up to rounding; the factor ends when only such are left. See Higham, "Accuracy and Stability of
// Numerical Algorithms", 2nd ed., section 10.3 for the error bound that the threshold comes from.
func factorise(cov []float64, q int) (factorisation, error) {
	scale := make([]float64, q) // 0 marks a dimension without variance
	pivot := make([]int, q)
	for i := range q {
		pivot[i] = i
		if v := cov[i*q+i]; v > 0 {
			_, e := math.Frexp(v)
			scale[i] = math.Ldexp(1, (e-1)>>1)
		}
	}
	s := newMatrix(q, q) // the scaled matrix in pivoted order; rows become rows of the factor
	for i := range q {
		row := s.row(i)
		if scale[i] == 0 {
			continue
		}
		for j := range q {
			if scale[j] != 0 {
				row[j] = cov[i*q+j] / scale[i] / scale[j]
			}
		}
	}
	variance := make([]float64, q) // of each position, before any elimination
	left := make([]float64, q)     // and what is left of it
	for i := range q {
		variance[i] = s.row(i)[i]
		left[i] = variance[i]
	}
	tol := float64(q) * eps
	r := 0
	for ; r < q; r++ {
		best, ratio := -1, tol
		for j := r; j < q; j++ {
			if variance[j] > 0 && left[j] > ratio*variance[j] {
				best, ratio = j, left[j]/variance[j]
			}
		}
		if best < 0 {
			break
		}
		if best != r {
			swapDimensions(s, r, r, best)
			pivot[r], pivot[best] = pivot[best], pivot[r]
			variance[r], variance[best] = variance[best], variance[r]
			left[r], left[best] = left[best], left[r]
		}
		row := s.row(r)
		for k := range r {
			f := s.row(k)
			c := f[r]
			if c == 0 {
				continue
			}
			for j := r; j < q; j++ {
				row[j] -= c * f[j]
			}
		}
		root := math.Sqrt(row[r])
		if !(root > 0) {
			break // left[r] and row[r] sum the same terms in another order; at the threshold they may differ in sign
		}
		row[r] = root
		for j := r + 1; j < q; j++ {
			row[j] /= root
			left[j] -= row[j] * row[j]
		}
	}
	if err := checkResidual(s, r, variance, left, pivot); err != nil {
		return factorisation{}, err
	}
	out := newMatrix(r, q)
	for k := range r {
		src, dst := s.row(k), out.row(k)
		for j := k; j < q; j++ {
			dst[pivot[j]] = src[j] * scale[pivot[j]]
		}
	}
	return factorisation{rows: out, pivot: pivot}, nil
}

// swapDimensions exchanges positions a < b of a matrix whose rows from r on hold the symmetric rest in full and whose
// rows before r hold a factor.
func swapDimensions(s matrix, r, a, b int) {
	ra, rb := s.row(a), s.row(b)
	for j := range ra {
		ra[j], rb[j] = rb[j], ra[j]
	}
	for i := range s.rows {
		row := s.row(i)
		row[a], row[b] = row[b], row[a]
	}
}

// checkResidual refuses a matrix whose rest, after its positive part has been taken off, is more than rounding errors.
func checkResidual(s matrix, r int, variance, left []float64, pivot []int) error {
	q := s.cols
	for i := r; i < q; i++ {
		if left[i] < -covSlack*max(variance[i], 0) {
			return fmt.Errorf("%w: dimension %d is left with variance %g of %g", ErrNotPSD, pivot[i], left[i], variance[i])
		}
		row := s.row(i)
		for j := r; j < i; j++ {
			rest := row[j]
			for k := range r {
				rest -= s.row(k)[i] * s.row(k)[j]
			}
			// Scaled variances lie in [1, 4).
			if math.Abs(rest) > 4*covSlack {
				return fmt.Errorf("%w: dimensions %d and %d are left with covariance %g (scaled)", ErrNotPSD, pivot[i], pivot[j], rest)
			}
		}
	}
	return nil
}
