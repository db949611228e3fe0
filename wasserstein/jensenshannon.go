package wasserstein

import (
	"errors"
	"math"
	"math/cmplx"
)

var inf = math.Inf(1)

// JensenShannon is the Jensen–Shannon divergence ½KL(p‖m) + ½KL(q‖m), m = (p+q)/2, of two
// Gaussians, in nats: between 0 (equal) and ln 2 (supports that do not meet), symmetric, and finite
// for singular covariances too. Two Gaussians whose supports differ are mutually singular and
// therefore at exactly ln 2.
//
// The mixture m is not Gaussian and there is no closed form, but there is a one-dimensional
// integral in any dimension. With t = ln q/p the divergence is ln 2 − ∫ φ(t) √(pq) dx for φ(t) =
// ½(e^{−t/2} ln(1+e^t) + e^{t/2} ln(1+e^{−t})), whose Fourier transform is (π/2) / ((¼+ω²) cosh
// πω). Parseval's identity turns that into
//
//	JS = ½ ∫₀^∞ (1 − Re B(ω)) / ((¼+ω²) cosh πω) dω,   B(ω) = ∫ q^{½−iω} p^{½+iω} dx,
//
// where B, the Chernoff coefficient at a complex exponent, does have a closed form. The trapezoidal
// rule converges exponentially fast for this integrand: the quadrature error is below 1e-13, what
// remains is the rounding error of the determinants, about 1e-16 × dimensions, above 64 dimensions
// times the condition number of the correlations at worst. No random numbers are used.
func JensenShannon(p, q Gaussian) (float64, error) {
	if err := checkPair(p, q); err != nil {
		return 0, err
	}
	switch order := compareGaussians(p, q); {
	case order == 0:
		return 0, nil
	case order > 0:
		p, q = q, p // the same bits for both orders
	}
	rel, ok, err := compareSupports(p, q)
	if err != nil {
		return 0, err
	}
	if !ok {
		return math.Ln2, nil
	}
	return rel.jensenShannon()
}

func (r relative) jensenShannon() (float64, error) {
	for _, v := range r.zz.data {
		if math.Abs(v) > 0x1p490 {
			return math.Ln2, nil // the overlap ∫√(pq) is below 1e-70, and squares would overflow
		}
	}
	c := r.chernoff()
	// Halve the step until nothing moves. At the first step the rule already is exact for |t| up to
	// some 20 nodes.
	const top = 12.0 // the weight has fallen to 1e-18
	step := 1.0 / 16
	sum := 0.5 * c.integrand(0)
	for i := 1; float64(i)*step <= top; i++ {
		sum += c.integrand(float64(i) * step)
	}
	previous := sum * step
	for range 9 {
		step /= 2
		for i := 1; float64(i)*step <= top; i += 2 {
			sum += c.integrand(float64(i) * step)
		}
		value := sum * step
		if math.Abs(value-previous) <= 1e-13 {
			return min(max(value, 0), math.Ln2), nil
		}
		previous = value
	}
	return 0, errors.New("jensen–shannon divergence: quadrature did not converge")
}

// chernoff evaluates B(ω) from the r×r lower bidiagonal form of Z whose first left direction is
// that of z.
type chernoff struct {
	shift     float64   // ‖z‖
	diag, sub []float64 // of the bidiagonal matrix
	logDet    float64
}

func (r relative) chernoff() chernoff {
	k := r.zz.rows
	// Reducing [z Z] to upper bidiagonal form sends z to ‖z‖e₁ first; the columns after it are then
	// lower bidiagonal. A row of zeros makes the matrix square, as the reduction to upper form
	// wants.
	a := newMatrix(k+1, k+1)
	for i := range k {
		a.row(i)[0] = r.z[i]
		copy(a.row(i)[1:], r.zz.row(i))
	}
	d, e := newTeam().bidiagonalise(a)
	return chernoff{shift: math.Abs(d[0]), diag: e, sub: d[1:], logDet: r.logDet}
}

// integrand is ½(1 − Re B(ω)) / ((¼+ω²) cosh πω).
func (c chernoff) integrand(omega float64) float64 {
	alpha := complex(0.5, omega)
	// D = (1−α)·BBᵀ + α·I is tridiagonal with positive definite real part, so that elimination from
	// the last row up is stable, its pivots have positive real parts, and their principal
	// logarithms add up to the right branch of log det D.
	var pivot, logDet complex128
	for i := len(c.diag) - 1; i >= 0; i-- {
		t := c.diag[i] * c.diag[i]
		if i > 0 {
			t += c.sub[i-1] * c.sub[i-1]
		}
		next := complex(t, 0)*(1-alpha) + alpha
		if i < len(c.diag)-1 {
			off := complex(c.diag[i]*c.sub[i], 0) * (1 - alpha)
			next -= off / pivot * off
		}
		pivot = next
		logDet += cmplx.Log(pivot)
	}
	exponent := (1-alpha)*complex(c.logDet, 0) - logDet/2
	weight := 0.25 + omega*omega
	if c.shift > 0 {
		exponent -= complex(weight/2*c.shift, 0) * (complex(c.shift, 0) / pivot)
	}
	re, im := real(exponent), imag(exponent)
	missing := 1.0
	if re > -745 && !math.IsInf(im, 0) {
		half := math.Sin(im / 2)
		missing = -math.Expm1(re)*math.Cos(im) + 2*half*half
	}
	return missing / (2 * weight * math.Cosh(math.Pi*omega))
}
