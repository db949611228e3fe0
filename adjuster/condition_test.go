package adjuster

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

func TestConditionByHand(t *testing.T) {
	reading := func(rc, rt, ac, at int) Reading { return Reading{Reference: Tally{rc, rt}, Added: Tally{ac, at}} }
	for _, tc := range []struct {
		name   string
		c      Condition
		r      Reading
		h      float64
		adjust bool
	}{
		// D_{t−1}: 90 of 100; D_t: 160 of 200, 80 %.
		{"drop of ten points", Condition{}, reading(90, 100, 70, 100), 10, true},
		{"exactly epsilon keeps", Condition{Epsilon: 10}, reading(90, 100, 70, 100), 10, false},
		{"below epsilon", Condition{}, reading(900, 1000, 890, 1000), 0.5, false},
		{"epsilon of zero", Condition{Epsilon: -1}, reading(900, 1000, 890, 1000), 0.5, true},
		{"better than before", Condition{Epsilon: -1}, reading(50, 100, 90, 100), -20, false},
		{"nothing new", Condition{Epsilon: -1}, reading(50, 100, 0, 0), 0, false},
		{"new labels only", Condition{}, reading(90, 100, 0, 100), 45, true},
		{"few images, a real drop not shown", Condition{Confidence: 0.95}, reading(90, 100, 8, 10), 10. / 11, false},
		{"luck", Condition{Confidence: 0.95}, reading(45, 50, 42, 50), 3, false},
		{"the same drop over many images", Condition{Confidence: 0.95}, reading(9000, 10000, 8400, 10000), 3, true},
	} {
		d, err := tc.c.Decide(tc.r)
		if err != nil {
			t.Errorf("%s: %v", tc.name, err)
			continue
		}
		if math.Abs(d.H-tc.h) > 1e-9 || d.Adjust != tc.adjust {
			t.Errorf("%s: %+v, expected H %v and adjust %v", tc.name, d, tc.h, tc.adjust)
		}
		if d.Lower > d.H {
			t.Errorf("%s: lower bound %v above H %v", tc.name, d.Lower, d.H)
		}
	}
}

func TestConditionRefuses(t *testing.T) {
	good := Reading{Reference: Tally{5, 10}}
	for name, tc := range map[string]struct {
		c Condition
		r Reading
	}{
		"no reference":       {Condition{}, Reading{Added: Tally{1, 2}}},
		"more than all":      {Condition{}, Reading{Reference: Tally{3, 2}}},
		"negative":           {Condition{}, Reading{Reference: Tally{1, 2}, Added: Tally{-1, 2}}},
		"confidence of 1":    {Condition{Confidence: 1}, good},
		"confidence of 0.5":  {Condition{Confidence: 0.5}, good},
		"confidence below 0": {Condition{Confidence: -0.9}, good},
		"epsilon not number": {Condition{Epsilon: math.NaN()}, good},
	} {
		if _, err := tc.c.Decide(tc.r); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// H is a difference of accuracies over D_{t−1} and D_t, which is the drop on the new images times
// their share.
func TestHIsTheDropTimesTheShare(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tally := func(name string) Tally {
			n := rapid.IntRange(1, 100000).Draw(t, name)
			return Tally{rapid.IntRange(0, n).Draw(t, name+" right"), n}
		}
		r := Reading{Reference: tally("reference"), Added: tally("added")}
		share := float64(r.Added.Total) / float64(r.Added.Total+r.Reference.Total)
		if want := 100 * share * (r.Reference.Accuracy() - r.Added.Accuracy()); math.Abs(r.H()-want) > 1e-9 {
			t.Fatalf("H %v, expected %v", r.H(), want)
		}
		low, err := Condition{Confidence: 0.9}.Decide(r)
		if err != nil {
			t.Fatal(err)
		}
		lower, err := Condition{Confidence: 0.99}.Decide(r)
		if err != nil {
			t.Fatal(err)
		}
		if low.Lower < lower.Lower-1e-9 || low.Lower > low.H+1e-9 || math.IsNaN(low.Lower) {
			t.Fatalf("bounds %v at 0.9 and %v at 0.99 for H %v", low.Lower, lower.Lower, low.H)
		}
	})
}

// Newcombe (1998), table II, method 10: 56/70 against 48/80 has the two-sided 95 % interval 0.0524
// to 0.3339.
func TestDifferenceLowerAgainstPublished(t *testing.T) {
	for _, tc := range []struct {
		t, u Tally
		want float64
	}{
		{Tally{56, 70}, Tally{48, 80}, 0.0524},
		{Tally{9, 10}, Tally{3, 10}, 0.1705},
		{Tally{10, 10}, Tally{0, 20}, 0.6791},
		{Tally{5, 56}, Tally{0, 29}, -0.0381},
	} {
		if got := differenceLower(tc.t, tc.u, 0.975); math.Abs(got-tc.want) > 5e-5 {
			t.Errorf("%v against %v: %.4f, expected %.4f", tc.t, tc.u, got, tc.want)
		}
	}
}

// The bound holds as often as it says, also where one proportion is near 0.
func TestDifferenceLowerCovers(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 1))
	binomial := func(n int, p float64) Tally {
		k := 0
		for range n {
			if r.Float64() < p {
				k++
			}
		}
		return Tally{k, n}
	}
	for _, tc := range []struct {
		n, m int
		p, q float64
	}{{200, 60, 0.9, 0.8}, {200, 60, 0.6, 0.02}, {50, 50, 0.5, 0.5}} {
		held := 0
		const trials = 2000
		for range trials {
			if differenceLower(binomial(tc.n, tc.p), binomial(tc.m, tc.q), 0.95) <= tc.p-tc.q {
				held++
			}
		}
		if rate := float64(held) / trials; rate < 0.93 || rate > 0.99 {
			t.Errorf("%+v: bound held in %.3f of the trials, expected about 0.95", tc, rate)
		}
	}
}
