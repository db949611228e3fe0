package wasserstein

import (
	"math"
)

// ddLimit is the number of dimensions up to which divergences are computed in twice the working
// precision: they divide by the smallest variances, and covariances of condition 1e12 would leave a
// handful of digits.
const ddLimit = 64

// dd is hi + lo.
type dd struct{ hi, lo float64 }

func (a dd) minus(b dd) dd {
	hi, lo := ddAdd(a.hi, a.lo, -b.hi, -b.lo)
	return dd{hi, lo}
}

func (a dd) times(b dd) dd {
	hi := float64(a.hi * b.hi) // rounded: what follows is its error, whatever the processor can fuse
	lo := math.FMA(a.hi, b.hi, -hi) + (a.hi*b.lo + a.lo*b.hi)
	hi, lo = twoSum(hi, lo)
	return dd{hi, lo}
}

func (a dd) over(b dd) dd {
	q := a.hi / b.hi
	rest := a.minus(b.times(dd{q, 0}))
	hi, lo := twoSum(q, rest.hi/b.hi)
	return dd{hi, lo}
}

// root is the square root of a positive number: one Newton step on the rounded one.
func (a dd) root() dd {
	s := math.Sqrt(a.hi)
	rest := a.minus(dd{s, 0}.times(dd{s, 0}))
	hi, lo := twoSum(s, rest.hi/(2*s))
	return dd{hi, lo}
}

// ddFactor is a factorisation in twice the working precision.
type ddFactor struct {
	rows  [][]dd // r rows of the factor, by position
	pivot []int
	scale []float64 // by dimension
}

// ddFactorise is factorise for few dimensions; a covariance that is not one is left to factorise to
// refuse. The result has rank r; the powers of two that dimensions are scaled by are not undone.
func ddFactorise(cov []float64, q int, tol float64) ddFactor {
	f := ddFactor{pivot: make([]int, q), scale: make([]float64, q)}
	s := make([][]dd, q)
	variance := make([]float64, q)
	for i := range q {
		f.pivot[i] = i
		f.scale[i] = 1
		if v := cov[i*q+i]; v > 0 {
			_, e := math.Frexp(v)
			f.scale[i] = math.Ldexp(1, (e-1)>>1)
		}
	}
	for i := range q {
		s[i] = make([]dd, q)
		for j := range q {
			// The upper triangle counts, as in factorise.
			if a, b := min(i, j), max(i, j); cov[a*q+a] > 0 && cov[b*q+b] > 0 {
				s[i][j].hi = cov[a*q+b] / f.scale[a] / f.scale[b]
			}
		}
		variance[i] = s[i][i].hi
	}
	for r := range q {
		best, ratio := -1, tol
		for j := r; j < q; j++ {
			if variance[j] > 0 && s[j][j].hi > ratio*variance[j] {
				best, ratio = j, s[j][j].hi/variance[j]
			}
		}
		if best < 0 {
			break
		}
		s[r], s[best] = s[best], s[r]
		for i := range q {
			s[i][r], s[i][best] = s[i][best], s[i][r]
		}
		f.pivot[r], f.pivot[best] = f.pivot[best], f.pivot[r]
		variance[r], variance[best] = variance[best], variance[r]
		root := s[r][r].root()
		for j := range q {
			switch {
			case j < r:
				s[r][j] = dd{}
			case j == r:
				s[r][j] = root
			default:
				s[r][j] = s[r][j].over(root)
			}
		}
		for i := r + 1; i < q; i++ {
			for j := r + 1; j < q; j++ {
				s[i][j] = s[i][j].minus(s[r][i].times(s[r][j]))
			}
		}
		f.rows = s[:r+1]
	}
	return f
}

// unscaled is the factor in the order of the dimensions, rounded.
func (f ddFactor) unscaled() factorisation {
	q := len(f.pivot)
	out := factorisation{rows: newMatrix(len(f.rows), q), pivot: f.pivot}
	for k, row := range f.rows {
		for j, v := range row {
			dim := f.pivot[j]
			out.rows.row(k)[dim] = v.hi * f.scale[dim]
		}
	}
	return out
}

// solve computes Z and z as compareSupports does, for p's factor against f, both of rank r.
func (f ddFactor) solve(p ddFactor, delta []dd) matrix {
	r, q := len(f.rows), len(f.pivot)
	where := make([]int, q) // position of each dimension in p's factor
	for j, dim := range p.pivot {
		where[dim] = j
	}
	x := make([][]dd, r)
	out := newMatrix(r, r+1)
	for i, dim := range f.pivot[:r] {
		x[i] = make([]dd, r+1)
		units := p.scale[dim] / f.scale[dim] // powers of two
		for k := range r {
			v := p.rows[k][where[dim]]
			x[i][k] = dd{v.hi * units, v.lo * units}
		}
		x[i][r] = dd{delta[dim].hi / f.scale[dim], delta[dim].lo / f.scale[dim]}
		for k := range i {
			c := f.rows[k][i]
			for j := range x[i] {
				x[i][j] = x[i][j].minus(c.times(x[k][j]))
			}
		}
		for j := range x[i] {
			x[i][j] = x[i][j].over(f.rows[i][i])
			out.row(i)[j] = x[i][j].hi
		}
	}
	return out
}
