package main

import (
	"math"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
)

// TestAgreement against values worked out by hand.
func TestAgreement(t *testing.T) {
	a := agree([]float64{11, 18, 40}, []float64{10, 20, 40})
	if math.Abs(a.Relative-0.2/3) > 1e-12 || math.Abs(a.Bias) > 1e-12 || math.Abs(a.Worst-0.1) > 1e-12 {
		t.Errorf("agreement %+v, expected errors 10 %%, −10 %%, 0", a)
	}
	if fixed, factor := line([]float64{1, 2, 4}, []float64{5, 7, 11}); math.Abs(fixed-3) > 1e-12 ||
		math.Abs(factor-2) > 1e-12 {
		t.Errorf("line %v + %v·x, expected 3 + 2·x", fixed, factor)
	}
}

func TestMedian(t *testing.T) {
	xs := []float64{4, 1, 3, 2}
	if got := median(xs); got != 2.5 || xs[0] != 4 {
		t.Errorf("median %v, expected 2.5, and the argument as it was", got)
	}
	if median([]float64{5, 1, 2}) != 2 || median(nil) != 0 {
		t.Error("median of three, or of nothing")
	}
}

// TestRandom: architectures differ and keep the limit; a space with too few is an error.
func TestRandom(t *testing.T) {
	space, err := searchspace.MobileNetV3(searchspace.MobileNetV3Options{InputSize: 32})
	if err != nil {
		t.Fatal(err)
	}
	archs, err := random(space, 20, 5.5e6, 1)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[searchspace.Arch]bool{}
	for _, a := range archs {
		if cost, err := space.Cost(a); err != nil || seen[a] || cost.Params > 5.5e6 {
			t.Errorf("%s: twice (%v) or %d parameters, error %v", space.Format(a), seen[a], cost.Params, err)
		}
		seen[a] = true
	}
	if len(archs) != 20 {
		t.Errorf("%d architectures, expected 20", len(archs))
	}
	m, ok := searchspace.FindModel("resnet18")
	if !ok {
		t.Fatal("no resnet18")
	}
	one, _, err := m.Open()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := random(one, 2, 1e9, 1); err == nil {
		t.Error("a space of one architecture gives two")
	}
}
