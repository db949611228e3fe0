package predictor

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"
)

// Numbers whose squares might overflow are refused by all that learns, and nothing comes of them.
func TestHugeNumbers(t *testing.T) {
	for name, make := range makers(1) {
		l, err := make(2)
		if err != nil {
			t.Fatal(err)
		}
		s, err := NewOnline(l, nil)
		if err != nil {
			t.Fatal(err)
		}
		before, err := s.Predict([]float64{1, 2})
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range []float64{1e101, -1e200, math.MaxFloat64, math.Inf(1), math.NaN()} {
			if _, err := l.Update([]float64{0, v}, 1); err == nil {
				t.Errorf("%s: feature %v: no error", name, v)
			}
			if _, err := l.Update([]float64{0, 1}, v); err == nil {
				t.Errorf("%s: target %v: no error", name, v)
			}
			if _, err := s.Learn([]float64{0, v}, 1); err == nil {
				t.Errorf("%s: feature %v of a stream: no error", name, v)
			}
			if _, err := s.Learn([]float64{0, 1}, v); err == nil {
				t.Errorf("%s: target %v of a stream: no error", name, v)
			}
		}
		if after, err := s.Predict([]float64{1, 2}); err != nil || after != before || s.Score().Count != 0 {
			t.Errorf("%s: %+v after what was refused, %+v before, %v", name, after, before, err)
		}
	}
	h, err := NewHedge(mostRidge+1, &HedgeOptions{Layers: 1, Units: 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := NewOnline(h, nil); err == nil {
		t.Error("a stream of too many features: no error")
	}
}

// The largest numbers that there may be lead to finite ones, or to ErrDiverged.
func TestLargeNumbers(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	for name, make := range makers(1) {
		l, err := make(2)
		if err != nil {
			t.Fatal(err)
		}
		s, err := NewOnline(l, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 20 {
			x, y := []float64{r.NormFloat64(), r.NormFloat64()}, r.Float64()
			switch i {
			case 5, 9:
				x[0], x[1] = mostValue, -mostValue
			case 7, 11:
				y = mostValue * float64(i-9) / 2
			}
			p, err := s.Learn(x, y)
			if err != nil && !errors.Is(err, ErrDiverged) || !finite(p.Value) || !finite(p.Error) || !finite(s.Score().MSE) {
				t.Errorf("%s: example %d: %+v, %v", name, i, p, err)
			}
		}
	}
	// A penalty next to nothing overflows: that shows, and is not saved.
	ridge, err := NewRidge(2, &RidgeOptions{Penalty: 1e-300})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		_, err = ridge.Update([]float64{mostValue, 1}, 1)
	}
	if !errors.Is(err, ErrDiverged) {
		t.Errorf("ridge regression: %v, expected ErrDiverged", err)
	}
	if _, err := storeLearner(ridge, tensors{}); !errors.Is(err, ErrDiverged) {
		t.Errorf("stored ridge regression: %v, expected ErrDiverged", err)
	}
}
