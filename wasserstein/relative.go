package wasserstein

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// relative is a Gaussian p seen from a Gaussian q with the same support: in the coordinates y of
// x = μ_q + L_q·y, where Σ_q = L_q·L_qᵀ, q is N(0, I) and p is N(z, Z·Zᵀ).
type relative struct {
	z      []float64
	zz     matrix  // Z, r×r
	logDet float64 // log |det Z|
}

// subspaceTol decides whether two degenerate Gaussians live on the same subspace: entries of
// covariances are known to some 1e-15 of the variances, their square roots, in which subspaces are
// compared, to some 1e-8.
const subspaceTol = 1e-7

// compareSupports gives p relative to q; ok is false when their supports (the affine subspaces that
// carry them) differ, so that p is not absolutely continuous with respect to q.
func compareSupports(p, q Gaussian) (rel relative, ok bool, err error) {
	n := len(p.Mean)
	t, err := checkedTeam()
	if err != nil {
		return rel, false, err
	}
	fp, err := t.factorise(p.Cov, n, supportTol(n))
	if err != nil {
		return rel, false, fmt.Errorf("first distribution: %w", err)
	}
	fq := fp
	if !slices.Equal(p.Cov, q.Cov) {
		if fq, err = t.factorise(q.Cov, n, supportTol(n)); err != nil {
			return rel, false, fmt.Errorf("second distribution: %w", err)
		}
	}
	delta, exact := make([]float64, n), make([]dd, n)
	for i := range delta {
		exact[i].hi, exact[i].lo = twoSum(p.Mean[i], -q.Mean[i])
		delta[i] = exact[i].hi
	}
	var rhs matrix
	if n <= ddLimit {
		dp, dq := ddFactorise(p.Cov, n, supportTol(n)), ddFactorise(q.Cov, n, supportTol(n))
		if len(dp.rows) != len(dq.rows) {
			return rel, false, nil
		}
		fp, fq = dp.unscaled(), dq.unscaled()
		rhs = dq.solve(dp, exact)
	} else {
		if fp.rows.rows != fq.rows.rows {
			return rel, false, nil
		}
		rhs = t.solve(fp, fq, delta)
	}
	r := fq.rows.rows
	// The dimensions that q's pivots determine must be determined in the same way for p.
	for _, dim := range fq.pivot[r:] {
		dev := math.Sqrt(max(0, p.Cov[dim*n+dim], q.Cov[dim*n+dim]))
		for k := range r + 1 {
			rest, size := delta[dim], math.Abs(p.Mean[dim])+math.Abs(q.Mean[dim])
			if k < r {
				rest, size = fp.rows.row(k)[dim], 0
			}
			for i := range r {
				rest -= fq.rows.row(i)[dim] * rhs.row(i)[k]
			}
			if math.Abs(rest) > subspaceTol*dev+0x1p-40*size {
				return rel, false, nil
			}
		}
	}
	rel = relative{z: make([]float64, r), zz: newMatrix(r, r)}
	for i := range r {
		copy(rel.zz.row(i), rhs.row(i)[:r])
		rel.z[i] = rhs.row(i)[r]
	}
	if rel.logDet = logDet(rel.zz, fp, fq); math.IsInf(rel.logDet, 0) || math.IsNaN(rel.logDet) {
		return rel, false, nil
	}
	return rel, true, nil
}

// solve computes [Z z] from two factors of rank r. The first r pivots carry the triangular part U
// of q's factor: UᵀZ = the same dimensions of p's factor, and the same for the difference of means,
// which rides along as one more right-hand side.
func (t *team) solve(fp, fq factorisation, delta []float64) matrix {
	r := fq.rows.rows
	u, rhs := newMatrix(r, r), newMatrix(r, r+1)
	for i, dim := range fq.pivot[:r] {
		for k := range r {
			u.row(k)[i] = fq.rows.row(k)[dim]
			rhs.row(i)[k] = fp.rows.row(k)[dim]
		}
		rhs.row(i)[r] = delta[dim]
	}
	t.forward(u, rhs)
	return rhs
}

// forward solves uᵀ·x = b for upper triangular u, in place of b.
func (t *team) forward(u, b matrix) {
	r := u.rows
	for k0 := 0; k0 < r; k0 += panel {
		end := min(k0+panel, r)
		for k := k0; k < end; k++ {
			row := b.row(k)
			for p := k0; p < k; p++ {
				c := u.row(p)[k]
				for j, v := range b.row(p) {
					row[j] -= c * v
				}
			}
			d := u.row(k)[k]
			for j := range row {
				row[j] /= d
			}
		}
		if end < r {
			t.product(b.whole().View(end, 0, r-end, b.cols), -1, u.whole().View(k0, end, end-k0, r-end),
				b.whole().View(k0, 0, end-k0, b.cols), true, false, shape{})
		}
	}
}

// logDet is log |det Z|. Determinants of factors of full rank are the products of their pivots; on
// a subspace only the determinant of Z itself has a meaning.
func logDet(z matrix, fp, fq factorisation) float64 {
	r := z.rows
	if r == 0 {
		return 0
	}
	if r < fp.rows.cols {
		var lu mat.LU
		lu.Factorize(mat.NewDense(r, r, slices.Clone(z.data)))
		d, _ := lu.LogDet()
		return d
	}
	var sum float64
	for k := range r {
		sum += math.Log(fp.rows.row(k)[fp.pivot[k]]) - math.Log(fq.rows.row(k)[fq.pivot[k]])
	}
	return sum
}
