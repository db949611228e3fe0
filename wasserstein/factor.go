package wasserstein

import (
	"fmt"
	"math"
)

// eps is the distance from 1 to the next float64.
const eps = 0x1p-52

// factorisation of a covariance: rows is r×q with rowsᵀ·rows = Σ. Row k is zero in the columns
// pivot[:k], and pivot[:r] are linearly independent dimensions that determine all others.
type factorisation struct {
	rows       matrix
	pivot      []int // all q dimensions, the r pivots first
	triangular bool  // nothing was exchanged and r = q: rows is upper triangular
}

// distanceTol and supportTol are the thresholds of factorise. A distance hardly minds whether a
// direction of rounding size counts or not, so the first is where rounding errors usually end.
// Whether two supports are the same hangs on the rank, and the second is well above any rounding
// error.
func distanceTol(q int) float64 { return float64(q+4) * eps }
func supportTol(q int) float64  { return 16 * float64(q+4) * eps }

// panel is the number of rows of a factor that are computed before the rest of the matrix is
// updated with all of them.
const panel = 32

// factorise computes a Cholesky factor, with symmetric pivoting and a rank decision when the matrix
// is not clearly positive definite.
//
// Every dimension is first scaled to a variance in [1, 4) by a power of two, which is exact and
// makes the rank decision independent of units. A dimension whose variance, given those already
// taken, has fallen to tol of its own is determined by them up to rounding; the factor ends when
// only such are left. See Higham, "Accuracy and Stability of Numerical Algorithms", 2nd ed.,
// section 10.3 for the error bound that the thresholds come from.
func (t *team) factorise(cov []float64, q int, tol float64) (factorisation, error) {
	c := &cholesky{team: t, q: q, scale: make([]float64, q), variance: make([]float64, q),
		left: make([]float64, q), pivot: make([]int, q)}
	alive := true
	for i := range q {
		if v := cov[i*q+i]; v > 0 {
			_, e := math.Frexp(v)
			c.scale[i] = math.Ldexp(1, (e-1)>>1)
		} else {
			alive = false
		}
	}
	// Rounding errors in the rest of the matrix stay below eps over the smallest ratio met; as long
	// as that is far below the ratio itself, every pivot is real and the order does not matter.
	if alive {
		c.load(cov)
		if r := c.eliminate(false, 1e-6); r == q {
			return c.result(q), nil
		}
	}
	c.load(cov)
	r := c.eliminate(true, tol)
	if err := c.checkRest(r); err != nil {
		return factorisation{}, err
	}
	return c.result(r), nil
}

// cholesky is a factorisation at work. Positions are dimensions in pivoted order.
type cholesky struct {
	*team
	q        int
	scale    []float64 // by dimension; 0 marks one without variance
	s        matrix    // upper triangle: rows of the factor, below them what is left of the scaled matrix
	pivot    []int     // dimension at each position
	variance []float64 // by position, before any elimination
	left     []float64 // by position, what is left of the variance
}

func (c *cholesky) load(cov []float64) {
	if c.s.data == nil {
		c.s = newMatrix(c.q, c.q)
	}
	for i := range c.q {
		c.pivot[i] = i
		row := c.s.row(i)
		for j := i; j < c.q; j++ {
			row[j] = 0
			if c.scale[i] != 0 && c.scale[j] != 0 {
				row[j] = cov[i*c.q+j] / c.scale[i] / c.scale[j]
			}
		}
		c.variance[i] = row[i]
	}
}

// eliminate computes rows of the factor until no position has more than tol of its variance left,
// or, without pivoting, until the next one has not. It returns their number. The rest of the matrix
// is up to date when it returns.
func (c *cholesky) eliminate(pivoting bool, tol float64) int {
	q, s := c.q, c.s
	coefficient := make([]float64, panel)
	for k0 := 0; k0 < q; k0 += panel {
		for j := k0; j < q; j++ {
			c.left[j] = s.row(j)[j]
		}
		end := min(k0+panel, q)
		r := k0
		for ; r < end; r++ {
			best := r
			if pivoting {
				best = c.best(r)
			}
			if !(c.variance[best] > 0 && c.left[best] > tol*c.variance[best]) {
				break
			}
			if best != r {
				c.exchange(r, best)
			}
			row := s.row(r)
			c.subtractPanel(row, k0, r, coefficient)
			root := math.Sqrt(row[r])
			if !(root > 0) {
				// left[r] and row[r] sum the same terms in another order; at the threshold they may
				// differ in sign.
				break
			}
			row[r] = root
			for j := r + 1; j < q; j++ {
				row[j] /= root
				c.left[j] -= row[j] * row[j]
			}
		}
		if r < q && r > k0 {
			rows := s.whole().View(k0, r, r-k0, q-r)
			c.product(s.whole().View(r, r, q-r, q-r), -1, rows, rows, true, false, shape{upper: true})
		}
		if r < end {
			return r
		}
	}
	return q
}

// best is the position from r on with the largest part of its variance left.
func (c *cholesky) best(r int) int {
	best, ratio := r, math.Inf(-1)
	for j := r; j < c.q; j++ {
		if c.variance[j] > 0 && c.left[j] > ratio*c.variance[j] {
			best, ratio = j, c.left[j]/c.variance[j]
		}
	}
	return best
}

// subtractPanel takes from row r what the factor's rows k0 … r−1 explain.
func (c *cholesky) subtractPanel(row []float64, k0, r int, coefficient []float64) {
	s := c.s
	p := k0
	for ; p+4 <= r; p += 4 {
		for i := range 4 {
			coefficient[i] = -s.row(p + i)[r]
		}
		c.path.Axpy64(s.rows4(p, r, c.q), row[r:], (*[4]float64)(coefficient))
	}
	for ; p < r; p++ {
		f := s.row(p)
		x := f[r]
		for j := r; j < c.q; j++ {
			row[j] -= x * f[j]
		}
	}
}

// exchange swaps positions a < b: whole columns above row a, and within the triangle the parts of
// rows and columns that the two positions have.
func (c *cholesky) exchange(a, b int) {
	s := c.s
	for i := range a {
		row := s.row(i)
		row[a], row[b] = row[b], row[a]
	}
	ra, rb := s.row(a), s.row(b)
	ra[a], rb[b] = rb[b], ra[a]
	for i := a + 1; i < b; i++ {
		row := s.row(i)
		ra[i], row[b] = row[b], ra[i]
	}
	for j := b + 1; j < c.q; j++ {
		ra[j], rb[j] = rb[j], ra[j]
	}
	c.pivot[a], c.pivot[b] = c.pivot[b], c.pivot[a]
	c.variance[a], c.variance[b] = c.variance[b], c.variance[a]
	c.left[a], c.left[b] = c.left[b], c.left[a]
}

// checkRest refuses a matrix whose rest, after its positive part has been taken off, is more than
// rounding errors. Scaled variances lie in [1, 4).
func (c *cholesky) checkRest(r int) error {
	for i := r; i < c.q; i++ {
		for j, rest := range c.s.row(i)[i:] {
			if j == 0 && rest > -covSlack*max(c.variance[i], 0) || j > 0 && math.Abs(rest) <= 4*covSlack {
				continue
			}
			if j == 0 && rest == 0 {
				continue
			}
			return fmt.Errorf(
				"%w: dimensions %d and %d are left with covariance %g (scaled to variances of 1 to 4)",
				ErrNotPSD, c.pivot[i], c.pivot[i+j], rest)
		}
	}
	return nil
}

// result undoes scaling and order of the first r rows.
func (c *cholesky) result(r int) factorisation {
	out := newMatrix(r, c.q)
	triangular := r == c.q
	for k := range r {
		src, dst := c.s.row(k), out.row(k)
		triangular = triangular && c.pivot[k] == k
		for j := k; j < c.q; j++ {
			dst[c.pivot[j]] = src[j] * c.scale[c.pivot[j]]
		}
	}
	return factorisation{rows: out, pivot: c.pivot, triangular: triangular}
}
