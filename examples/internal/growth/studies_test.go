package growth

import (
	"math"
	"testing"
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

func TestMeanAndError(t *testing.T) {
	m, e := MeanAndError([]float64{1, 2, 3, 4})
	if m != 2.5 || math.Abs(e-math.Sqrt(5.0/3)/2) > 1e-12 {
		t.Errorf("got %v ± %v", m, e)
	}
}
