package wasserstein

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// What is left of all vectors is what the others give by themselves.
func TestWithoutProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := rapid.IntRange(1, 6).Draw(t, "q")
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		offset := rapid.Float64Range(-1e6, 1e6).Draw(t, "offset")
		shift := rapid.Float64Range(-2, 2).Draw(t, "shift")
		part := normal(r, rapid.IntRange(0, 20).Draw(t, "part"), q, offset)
		rest := normal(r, rapid.IntRange(0, 20).Draw(t, "rest"), q, offset+shift)
		all, p, want := newMoments(q), newMoments(q), newMoments(q)
		for m, x := range map[*Moments][]float64{all: slices.Concat(part, rest), p: part, want: rest} {
			if err := m.AddFloat64(x); err != nil {
				t.Fatal(err)
			}
		}
		got := all.without(p)
		if got.Count() != want.Count() || got.Version() != want.Version() {
			t.Fatalf("%d vectors, expected %d", got.Count(), want.Count())
		}
		for j, v := range got.Mean() {
			if w := want.Mean()[j]; math.Abs(v-w) > 1e-13*max(1, math.Abs(offset)) {
				t.Fatalf("mean[%d] is %g, expected %g", j, v, w)
			}
		}
		lost := func(j int) bool { return want.scatter.row(j)[j] <= lostScatter*all.scatter.row(j)[j] }
		for i, v := range got.Covariance() {
			w := want.Covariance()[i]
			if lost(i/q) || lost(i%q) {
				w = 0
			}
			if math.Abs(v-w) > 1e-12*all.trace()*float64(all.count)/float64(want.count) {
				t.Fatalf("covariance[%d] is %g, expected %g", i, v, w)
			}
		}
	})
}

func newMoments(q int) *Moments {
	m, _ := NewMoments(q, "v1")
	return m
}

// Features that only a few images have are what a subtraction of moments fears: what is left of
// them is nothing but rounding, and still a covariance.
func TestWithoutRareFeatures(t *testing.T) {
	const q, n = 24, 400
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 2))
		x := normal(r, n, q, 3)
		for i := range n {
			for j := range q {
				// Feature j fires on every 2^(j/2)th image, and huge on the first of all.
				if i%(1<<(j/2)) != 0 {
					x[i*q+j] = 0
				} else if i == 0 {
					x[i*q+j] *= math.Pow(10, float64(j%12))
				}
			}
		}
		const split = 150 * q
		all, part, want := momentsOf(t, q, x), momentsOf(t, q, x[:split]), momentsOf(t, q, x[split:])
		rest := all.without(part)
		got, err := Squared(all, rest)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		exact, err := Squared(all, want)
		if err != nil {
			t.Fatal(err)
		}
		closeTo(t, "distance", got, exact, 1e-3, exact)
	}
}

// A feature that none of the others has is gone, not left with a variance of rounding size.
func TestWithoutTheOnlyImage(t *testing.T) {
	all := momentsOf(t, 2, []float64{0.1, 0.7, 0.2, 0.1, 0.3, 0.1, 0.7, 0.1})
	rest := all.without(momentsOf(t, 2, []float64{0.1, 0.7}))
	cov := rest.Covariance()
	if cov[1] != 0 || cov[2] != 0 || cov[3] != 0 {
		t.Errorf("covariance %v, expected zeros for the second feature", cov)
	}
	closeTo(t, "variance of the first", cov[0], 0.14/3, 1e-15, 1)
}
