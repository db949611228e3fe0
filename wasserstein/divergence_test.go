package wasserstein

import (
	"math"
	"testing"
)

func one(mean, variance float64) Gaussian {
	return Gaussian{Mean: []float64{mean}, Cov: []float64{variance}}
}

func TestKLCases(t *testing.T) {
	for _, c := range readReference(t).Gaussians {
		a, b := c.pair()
		for i, want := range []float64{float64(c.KL12), float64(c.KL21)} {
			if math.IsNaN(want) {
				continue // no figure: rank known up to rounding only
			}
			got, err := KL(a, b)
			if err != nil {
				t.Errorf("%s: %v", c.Name, err)
			} else if math.IsInf(want, 1) != math.IsInf(got, 1) {
				t.Errorf("%s, direction %d: %g, expected %g", c.Name, i, got, want)
			} else if !math.IsInf(want, 1) {
				tol := 2e-15
				if c.Name == "d16_cond1e12" {
					tol = 1e-16 * 1e12 // the last digits of the matrix decide
				}
				closeTo(t, c.Name, got, want, tol, max(1, want))
			}
			a, b = b, a
		}
	}
}

func TestJensenShannonCases(t *testing.T) {
	ref := readReference(t)
	for _, c := range ref.JensenShannon.EqualCovariance {
		for _, q := range []int{1, 3, 20} {
			a := Gaussian{Mean: make([]float64, q), Cov: make([]float64, q*q)}
			b := Gaussian{Mean: make([]float64, q), Cov: a.Cov}
			for i := range q {
				a.Cov[i*q+i] = 4
				b.Mean[i] = 2 * c.Mahalanobis / math.Sqrt(float64(q))
			}
			got, err := JensenShannon(a, b)
			if err != nil {
				t.Fatal(err)
			}
			closeTo(t, "equal covariances", got, c.JS, 1e-14, 1)
		}
	}
	for _, c := range ref.JensenShannon.OneDim {
		got, err := JensenShannon(one(c.Mean1, c.Var1), one(c.Mean2, c.Var2))
		if err != nil {
			t.Fatal(err)
		}
		closeTo(t, "one dimension", got, c.JS, 1e-13, 1)
	}
	byName := make(map[string]gaussianCase)
	for _, c := range ref.Gaussians {
		byName[c.Name] = c
	}
	for _, c := range ref.JensenShannon.MultiDim {
		a, b := byName[c.Case].pair()
		got, err := JensenShannon(a, b)
		if err != nil {
			t.Fatal(err)
		}
		if c.Quadrature != 0 {
			closeTo(t, c.Case, got, c.Quadrature, 1e-13, 1)
		}
		if got < 0 || got > min(c.Bound, c.Jeffreys, math.Ln2) {
			t.Errorf("%s: %g above a bound: %g, %g or ln 2", c.Case, got, c.Bound, c.Jeffreys)
		}
	}
}
