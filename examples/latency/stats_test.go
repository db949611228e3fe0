package main

import (
	"context"
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
	if fixed, factor := line([]float64{1, 2, 4}, []float64{5, 7, 11}); math.Abs(fixed-3) > 1e-12 || math.Abs(factor-2) > 1e-12 {
		t.Errorf("line %v + %v·x, expected 3 + 2·x", fixed, factor)
	}
}

func TestQuantile(t *testing.T) {
	xs := []float64{4, 1, 3, 2, 5}
	for q, want := range map[float64]float64{0: 1, 0.25: 2, 0.5: 3, 0.75: 4, 1: 5, 0.375: 2.5} {
		if got := quantile(xs, q); got != want {
			t.Errorf("quantile %v of %v is %v, expected %v", q, xs, got, want)
		}
	}
	// Of eight the two at each end go.
	if got := middle([]float64{-100, 3, 1, 2, 900, 4, 0, 50}); got != 2.5 {
		t.Errorf("middle %v, expected 2.5", got)
	}
	if middle([]float64{7}) != 7 || middle([]float64{1, 2, 6}) != 3 || halfRange([]float64{1, 2, 3, 4, 5}) != 1 {
		t.Error("middle or range of a few values")
	}
	if xs[0] != 4 || quantile(nil, 0.5) != 0 || mean(nil) != 0 {
		t.Error("quantile sorts its argument, or nothing has a value")
	}
}

// TestCover: the chosen networks have every layer, in as many networks as
// asked for where the samples have as many, and nothing that was skipped.
func TestCover(t *testing.T) {
	space, err := searchspace.MobileNetV3(searchspace.MobileNetV3Options{InputSize: 32})
	if err != nil {
		t.Fatal(err)
	}
	smallest := space.Smallest()
	set, err := explore(context.Background(), space, 1000, 3, func(a searchspace.Arch) bool { return a == smallest })
	if err != nil {
		t.Fatal(err)
	}
	for _, views := range []int{1, 3} {
		chosen, left := set.cover(func(searchspace.LatencyLayer) bool { return true }, views, 100)
		have := map[searchspace.LatencyLayer]int{}
		for _, a := range chosen {
			g, err := space.Lower(a)
			if err != nil || a == smallest {
				t.Fatalf("%s: error %v", space.Format(a), err)
			}
			once := map[searchspace.LatencyLayer]bool{}
			for _, l := range g.Latencies() {
				if !once[l] {
					once[l] = true
					have[l]++
				}
			}
		}
		for _, l := range set.layers {
			if have[l] < views {
				t.Errorf("%v is in %d networks, expected %d", l, have[l], views)
			}
		}
		// A first layer of a stage has nine forms, so nine networks are the least.
		if len(left) != 0 || len(chosen) < 9*views || len(chosen) > 12*views {
			t.Errorf("%d networks for %d views, %d layers left", len(chosen), views, len(left))
		}
	}
	// What was not sampled does not exist: other architectures have no other layers.
	others, err := random(space, 300, 4, func(searchspace.Arch) bool { return false })
	if err != nil {
		t.Fatal(err)
	}
	before := len(set.layers)
	for _, a := range others {
		if err := set.add(space, a); err != nil {
			t.Fatal(err)
		}
	}
	if len(set.layers) != before {
		t.Errorf("%d layers after %d", len(set.layers), before)
	}
}

// TestRandomTooMany: a space with too few architectures is an error.
func TestRandomTooMany(t *testing.T) {
	m, ok := searchspace.FindModel("resnet18")
	if !ok {
		t.Fatal("no resnet18")
	}
	space, _, err := m.Open()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := random(space, 2, 1, func(searchspace.Arch) bool { return false }); err == nil {
		t.Error("a space of one architecture gives two")
	}
}
