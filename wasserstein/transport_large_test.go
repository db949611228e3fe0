package wasserstein

import (
	"context"
	"errors"
	"math"
	"testing"

	"gorgonia.org/tensor"
)

// The largest distances that there are make a problem that can be solved.
func TestTransportOfLargest(t *testing.T) {
	x := dense([]float64{maxValue, -maxValue, maxValue / 2, maxValue, maxValue, maxValue}, 2)
	y := dense([]float64{-maxValue, maxValue, -maxValue, -maxValue / 2, -maxValue, -maxValue}, 2)
	for _, m := range []Metric{Euclidean, SquaredEuclidean, Manhattan} {
		cost, err := Distances(x, y, m)
		if err != nil {
			t.Fatal(err)
		}
		plan, err := Transport(context.Background(), cost, []float64{3, 1, 2}, nil)
		if err != nil {
			t.Fatalf("%v: %v", m, err)
		}
		small := cost.Clone().(*tensor.Dense)
		unit := cost.Data().([]float64)[0]
		for i, c := range cost.Data().([]float64) {
			small.Data().([]float64)[i] = c / unit
		}
		want, err := Transport(context.Background(), small, []float64{3, 1, 2}, nil)
		if err != nil || !(math.Abs(plan.Cost/unit-want.Cost) < 1e-12) {
			t.Errorf("%v: cost %g of %g, expected %g, %v", m, plan.Cost, unit, want.Cost, err)
		}
	}
}

// More pairs of points than memory is for are refused, before it is taken.
func TestTooManyPairs(t *testing.T) {
	x, y := dense(make([]float64, 1<<16), 1), dense(make([]float64, 1<<15), 1)
	if _, err := Distances(x, y, Manhattan); !errors.Is(err, ErrDim) {
		t.Errorf("%v, expected ErrDim", err)
	}
}
