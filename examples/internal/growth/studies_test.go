package growth

import (
	"math"
	"testing"
)

func TestMeanAndError(t *testing.T) {
	m, e := MeanAndError([]float64{1, 2, 3, 4})
	if m != 2.5 || math.Abs(e-math.Sqrt(5.0/3)/2) > 1e-12 {
		t.Errorf("got %v ± %v", m, e)
	}
}
