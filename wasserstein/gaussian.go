package wasserstein

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Largest magnitudes accepted: sums of their squares over any number of samples stay finite.
const (
	maxValue      = 0x1p480
	maxCovariance = 0x1p960
)

// Gaussian is a normal distribution in len(Mean) dimensions; the covariance may be singular.
type Gaussian struct {
	Mean []float64
	// Cov is the covariance, row by row, len(Mean)² numbers: symmetric and positive semidefinite.
	Cov []float64
	// Version names the feature extractor that the distribution was seen through. Functions of two
	// Gaussians refuse different versions with ErrVersion.
	Version string
}

// check validates one argument and gives its dimension.
func (g Gaussian) check(which string) error {
	q := len(g.Mean)
	if q == 0 {
		return fmt.Errorf("%s: %w: mean of length 0, expected at least 1", which, ErrDim)
	}
	if len(g.Cov) != q*q {
		return fmt.Errorf("%s: %w: covariance of %d numbers for a mean of %d, expected %d", which, ErrDim,
			len(g.Cov), q, q*q)
	}
	for i, v := range g.Mean {
		if !(math.Abs(v) <= maxValue) {
			return fmt.Errorf("%s: %w: mean[%d] is %g", which, ErrValue, i, v)
		}
	}
	for i, v := range g.Cov {
		if !(math.Abs(v) <= maxCovariance) {
			return fmt.Errorf("%s: %w: covariance[%d][%d] is %g", which, ErrValue, i/q, i%q, v)
		}
	}
	return checkCovariance(which, g.Cov, q)
}

// covSlack is how far, relative to the two standard deviations, an entry may violate symmetry or
// the Cauchy–Schwarz inequality before the matrix is refused instead of being taken for a
// covariance with rounding errors.
const covSlack = 1e-7

func checkCovariance(which string, cov []float64, q int) error {
	dev := make([]float64, q)
	var largest float64
	for i := range q {
		largest = max(largest, math.Abs(cov[i*q+i]))
	}
	for i := range q {
		v := cov[i*q+i]
		if v < 0 {
			if v < -covSlack*largest {
				return fmt.Errorf("%s: %w: variance %g in dimension %d", which, ErrNotPSD, v, i)
			}
			v = 0
		}
		dev[i] = math.Sqrt(v)
	}
	// A variance that rounding has made zero or negative may stand beside covariances of rounding
	// size.
	floor := math.Sqrt(largest) * 0x1p-40
	for i := range q {
		for j := range i {
			a, b := cov[i*q+j], cov[j*q+i]
			bound := max(dev[i], floor) * max(dev[j], floor)
			if math.Abs(a-b) > covSlack*bound {
				return fmt.Errorf("%s: %w: entries [%d][%d] = %g and [%d][%d] = %g differ", which, ErrNotPSD,
					i, j, a, j, i, b)
			}
			if math.Abs(a) > (1+covSlack)*bound {
				return fmt.Errorf("%s: %w: entry [%d][%d] = %g with variances %g and %g", which, ErrNotPSD, i,
					j, a, cov[i*q+i], cov[j*q+j])
			}
		}
	}
	return nil
}

// checkPair validates two arguments of one function.
func checkPair(a, b Gaussian) error {
	if err := a.check("first distribution"); err != nil {
		return err
	}
	if err := b.check("second distribution"); err != nil {
		return err
	}
	if len(a.Mean) != len(b.Mean) {
		return fmt.Errorf("%w: distributions in %d and %d dimensions", ErrDim, len(a.Mean), len(b.Mean))
	}
	return checkVersions(a.Version, b.Version)
}

func checkVersions(a, b string) error {
	if a != b {
		return fmt.Errorf("%w: %q and %q", ErrVersion, a, b)
	}
	return nil
}

// SquaredGaussian is the squared 2-Wasserstein distance between two Gaussians. See eq. (1) of the
// paper.
//
// Covariances may be singular; ErrNotPSD, ErrValue, ErrDim and ErrVersion say what else may not be.
func SquaredGaussian(a, b Gaussian) (float64, error) {
	if err := checkPair(a, b); err != nil {
		return 0, err
	}
	q := len(a.Mean)
	if compareGaussians(a, b) > 0 {
		a, b = b, a // one order of operations, so that both argument orders give the same bits
	}
	delta := make([]float64, q)
	for i := range delta {
		delta[i] = a.Mean[i] - b.Mean[i]
	}
	return squared(delta, covariance{cov: a.Cov, q: q}, covariance{cov: b.Cov, q: q})
}

// compareGaussians orders two distributions of equal dimension; 0 means equal numbers.
func compareGaussians(a, b Gaussian) int {
	return cmp.Or(slices.Compare(a.Cov, b.Cov), slices.Compare(a.Mean, b.Mean))
}

// spread is a covariance in one of the forms that a trace and a factor can be had from.
type spread interface {
	trace() float64
	// factor returns a factorisation rowsᵀ·rows = Σ with as many rows as the covariance has rank
	// (or more).
	factor(t *team) (factorisation, error)
	// same reports whether the other spread holds the very same numbers.
	same(other spread) bool
}

// squared adds up eq. (1) for a difference of means and two spreads.
func squared(delta []float64, a, b spread) (float64, error) {
	var shift float64
	for _, d := range delta {
		shift += d * d
	}
	if a.same(b) {
		return finite(shift)
	}
	t1, t2 := a.trace(), b.trace()
	if t1 == 0 || t2 == 0 {
		return finite(shift + t1 + t2)
	}
	t, err := checkedTeam()
	if err != nil {
		return 0, err
	}
	f1, err := a.factor(t)
	if err != nil {
		return 0, fmt.Errorf("first distribution: %w", err)
	}
	f2, err := b.factor(t)
	if err != nil {
		return 0, fmt.Errorf("second distribution: %w", err)
	}
	m := newMatrix(f1.rows.rows, f2.rows.rows)
	t.product(m.whole(), 1, f1.rows.whole(), f2.rows.whole(), false, true, shape{triangular: f1.triangular &&
		f2.triangular})
	n, err := t.nuclearNorm(m, shift+t1+t2)
	if err != nil {
		return 0, err
	}
	// The two traces nearly cancel the norm when the covariances are close, so they are put
	// together first.
	return finite(shift + max(0, t1+t2-2*n))
}

func finite(w float64) (float64, error) {
	if math.IsInf(w, 0) || math.IsNaN(w) {
		return 0, fmt.Errorf("%w: the distance overflows", ErrValue)
	}
	return w, nil
}

// covariance is a spread given as a matrix.
type covariance struct {
	cov []float64
	q   int
}

func (c covariance) trace() float64 {
	var t float64
	for i := range c.q {
		t += max(0, c.cov[i*c.q+i])
	}
	return t
}

func (c covariance) factor(t *team) (factorisation, error) {
	return t.factorise(c.cov, c.q, distanceTol(c.q))
}

func (c covariance) same(other spread) bool {
	o, ok := other.(covariance)
	return ok && slices.Equal(c.cov, o.cov)
}
