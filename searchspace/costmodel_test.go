package searchspace

import (
	"errors"
	"math"
	"testing"

	"github.com/tendril-nas/tendril/internal/stream"
)

// The cost model of every kind of cost gives what the network costs, and extremes have the costs of
// CostRange.
func TestCostModel(t *testing.T) {
	s, err := MobileNetV3(MobileNetV3Options{Width: 0.25, InputSize: 32, Classes: 5})
	if err != nil {
		t.Fatal(err)
	}
	g, err := s.LowerChoices()
	if err != nil {
		t.Fatal(err)
	}
	layers, err := g.Latencies()
	if err != nil {
		t.Fatal(err)
	}
	table := &LatencyTable{Batch: 1, Workers: 1, Fixed: 1e-3}
	for i, l := range layers {
		table.Entries = append(table.Entries, Latency{Layer: l, Seconds: float64(1+i%5) * 1e-4})
	}
	r := stream.New(1, "test")
	for _, l := range []CostLimit{{Of: CostMAdds}, {Of: CostConvMAdds}, {Of: CostParams},
		{Of: CostWeightBytes},
		{Of: CostActivationTrain}, {Of: CostSeconds, Table: table}} {
		m, err := s.CostModel(l)
		if err != nil {
			t.Fatalf("%s: %v", l.Of, err)
		}
		low, high, err := s.CostRange(l)
		if err != nil {
			t.Fatal(err)
		}
		cheapest, dearest, err := s.CostExtremes(l)
		if err != nil {
			t.Fatal(err)
		}
		archs := []Arch{cheapest, dearest}
		for range 10 {
			a, err := s.Sample(r)
			if err != nil {
				t.Fatal(err)
			}
			archs = append(archs, a)
		}
		for i, a := range archs {
			got, err := m.At(a)
			if err != nil {
				t.Fatal(err)
			}
			want, err := s.CostOf(a, l)
			if err != nil {
				t.Fatal(err)
			}
			if math.Abs(got-want) > 1e-12*want || i == 0 && math.Abs(got-low) > 1e-12*low || i == 1 &&
				math.Abs(got-high) > 1e-12*high {
				t.Errorf("%s of %s: model %v, network %v, range %v to %v", l.Of, s.Format(a), got, want,
					low, high)
			}
		}
		again, err := s.CostModel(CostLimit{Of: CostTerms, Terms: m.Terms})
		if err != nil {
			t.Fatal(err)
		}
		if v, err := again.At(dearest); err != nil || math.Abs(v-high) > 1e-12*high {
			t.Errorf("%s as terms: %v, %v", l.Of, v, err)
		}
	}
	for name, l := range map[string]CostLimit{"peak": {Of: CostActivationInfer}, "kind": {Of: "beauty"},
		"no table": {Of: CostSeconds},
		"no terms": {Of: CostTerms}} {
		if _, err := s.CostModel(l); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	nas, err := ETNAS(ETNASOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := nas.CostModel(CostLimit{Of: CostMAdds}); !errors.Is(err, ErrNoChoiceGraph) {
		t.Errorf("space without a choice graph: %v", err)
	}
}

// Extremes keep to limits on other costs.
func TestCostExtremesWithinLimits(t *testing.T) {
	s, err := MobileNetV3(MobileNetV3Options{Width: 0.25, InputSize: 32, Classes: 5})
	if err != nil {
		t.Fatal(err)
	}
	_, high, err := s.CostRange(CostLimit{Of: CostParams})
	if err != nil {
		t.Fatal(err)
	}
	limited, err := s.Limit(CostLimit{Of: CostParams, Max: 0.6 * high, Min: 0.4 * high})
	if err != nil {
		t.Fatal(err)
	}
	cheapest, dearest, err := limited.CostExtremes(CostLimit{Of: CostMAdds})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range []Arch{cheapest, dearest} {
		if err := limited.Valid(a); err != nil {
			t.Error(err)
		}
	}
	if cheapest != limited.Smallest() || dearest != limited.Largest() {
		t.Errorf("%v and %v, smallest %v and largest %v", cheapest, dearest, limited.Smallest(),
			limited.Largest())
	}
}
