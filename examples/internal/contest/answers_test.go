package contest

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/stat"
	"pgregory.net/rapid"
)

func answersFrom(right []bool) Answers {
	a := Answers{Images: len(right), Right: make([]byte, (len(right)+7)/8)}
	for i, r := range right {
		if r {
			a.Right[i/8] |= 1 << (i % 8)
		}
	}
	return a
}

// The paired difference is mean and standard error of the differences image by image.
func TestDifference(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(1, 60).Draw(rt, "images")
		draw := rapid.SliceOfN(rapid.Bool(), n, n)
		x, y := draw.Draw(rt, "a"), draw.Draw(rt, "b")
		var d []float64
		right := 0
		for i := range n {
			v := 0.0
			switch {
			case x[i] && !y[i]:
				v = 1
			case y[i] && !x[i]:
				v = -1
			}
			d = append(d, v)
			if x[i] {
				right++
			}
		}
		a, b := answersFrom(x), answersFrom(y)
		if got := a.Tally(); got.Correct != right || got.Total != n {
			rt.Fatalf("%+v, want %d of %d", got, right, n)
		}
		mean, se := a.Difference(b)
		if want := stat.Mean(d, nil); math.Abs(mean-want) > 1e-12 {
			rt.Fatalf("mean %v, want %v", mean, want)
		}
		want := math.Sqrt(stat.PopVariance(d, nil) / float64(n))
		if math.Abs(se-want) > 1e-9 {
			rt.Fatalf("standard error %v, want %v", se, want)
		}
	})
}
