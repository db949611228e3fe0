package rank

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestSpearman(t *testing.T) {
	for _, c := range []struct {
		x, y []float64
		want float64
	}{
		{[]float64{1, 2, 3}, []float64{10, 100, 1000}, 1},
		{[]float64{1, 2, 3}, []float64{3, 2, 1}, -1},
		// 1 − 6·Σd²/(n(n²−1)) with d = 1, 1, 1, 1, 0.
		{[]float64{1, 2, 3, 4, 5}, []float64{2, 1, 4, 3, 5}, 1 - 6*4.0/120},
		// A tie takes rank 1.5 twice: ranks (1.5, 1.5, 3) and (1, 2, 3).
		{[]float64{7, 7, 9}, []float64{1, 2, 3}, 1.5 / math.Sqrt(1.5*2)},
	} {
		if got := Spearman(c.x, c.y); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%v and %v: got %v, want %v", c.x, c.y, got, c.want)
		}
	}
}

// TestCorrelations against values worked out by hand.
func TestCorrelations(t *testing.T) {
	for _, c := range []struct {
		x, y              []float64
		spearman, kendall float64
	}{
		{[]float64{1, 2, 3, 4}, []float64{10, 20, 30, 40}, 1, 1},
		{[]float64{1, 2, 3, 4}, []float64{4, 3, 2, 1}, -1, -1},
		{[]float64{1, 2, 3, 4}, []float64{1, 3, 2, 4}, 0.8, 4.0 / 6}, // 1 − 6·2/(4·15); 5 pairs agree, 1 does not
		// Ranks 1, 2.5, 2.5, 4 and 1, 3, 2, 4: covariance 4.5/4, variances 4.5/4 and 5/4. Of 6
		// pairs 5 are in order, one is tied in x.
		{[]float64{1, 2, 2, 3}, []float64{1, 3, 2, 4}, math.Sqrt(0.9), 5 / math.Sqrt(5*6)},
	} {
		if s, k := Spearman(c.x, c.y), Kendall(c.x, c.y); math.Abs(s-c.spearman) > 1e-12 || math.Abs(k-c.kendall) > 1e-12 {
			t.Errorf("%v and %v: %v and %v, expected %v and %v", c.x, c.y, s, k, c.spearman, c.kendall)
		}
	}
}

// naive is Kendall pair by pair.
func naive(x, y []float64) float64 {
	var sum, nx, ny float64
	for i := range x {
		for j := range i {
			dx, dy := sign(x[i]-x[j]), sign(y[i]-y[j])
			sum, nx, ny = sum+dx*dy, nx+dx*dx, ny+dy*dy
		}
	}
	return sum / math.Sqrt(nx*ny)
}

func sign(x float64) float64 {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return 0
}

// TestKendallByInversions against all pairs, with many ties.
func TestKendallByInversions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 20).Draw(t, "n")
		draw := func(name string) []float64 {
			return rapid.SliceOfN(rapid.Map(rapid.IntRange(0, 6), func(i int) float64 { return float64(i) }), n, n).Draw(t, name)
		}
		x, y := draw("x"), draw("y")
		got, want := Kendall(x, y), naive(x, y)
		if math.Abs(got-want) > 1e-12 || math.IsNaN(got) != math.IsNaN(want) {
			t.Fatalf("%v and %v: %v, expected %v", x, y, got, want)
		}
	})
}

// TestRanksProperties: ranks keep order, share ties and sum to n(n+1)/2; correlations do not change
// under increasing maps.
func TestRanksProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		xs := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) float64 { return float64(rapid.IntRange(-6, 6).Draw(t, "x")) / 4 }), 2, 12).Draw(t, "x")
		r := ranks(xs)
		sum := 0.0
		for i := range xs {
			sum += r[i]
			for j := range xs {
				if sign(xs[i]-xs[j]) != sign(r[i]-r[j]) {
					t.Fatalf("values %v have ranks %v", xs, r)
				}
			}
		}
		if n := float64(len(xs)); sum != n*(n+1)/2 {
			t.Fatalf("ranks %v sum to %v", r, sum)
		}
		ys := make([]float64, len(xs))
		for i, x := range xs {
			ys[i] = math.Exp(x)
		}
		if k := Kendall(xs, ys); !math.IsNaN(k) && math.Abs(k-1) > 1e-12 {
			t.Fatalf("Kendall of %v and their exponentials: %v", xs, k)
		}
	})
}
