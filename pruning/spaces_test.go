package pruning

import (
	"context"
	"errors"
	"math"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
)

// Decisions of any kind can be pruned, those that are inactive under others included.
func TestOtherSpaces(t *testing.T) {
	for name, make := range map[string]func() (*searchspace.Space, error){
		"mobilenetv3": func() (*searchspace.Space, error) {
			return searchspace.MobileNetV3(searchspace.MobileNetV3Options{InputSize: 32, Classes: 10,
				Width: 0.25})
		},
		"danas": func() (*searchspace.Space, error) {
			return searchspace.DANAS(searchspace.DANASOptions{InputSize: 32, Classes: 10, Width: 0.25,
				Layers:     2,
				StemStride: 1, Variant: searchspace.DANASShuffleMobile})
		},
	} {
		space, err := make()
		if err != nil {
			t.Fatal(err)
		}
		low, high, err := space.CostRange(searchspace.CostLimit{Of: searchspace.CostMAdds})
		if err != nil {
			t.Fatal(err)
		}
		net := newToy(space)
		for i, row := range net.base {
			for c := range row {
				row[c] = -0.05 * float64((i+c)%3)
			}
		}
		for _, share := range []float64{0.3, 0.6} {
			target := low + share*(high-low)
			r, err := Search(context.Background(), space, net, &Options{Phases: toyPhases(t, 10),
				Target: target,
				LR:     0.05})
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if err := r.Space.Valid(r.Final.Arch); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if c, err := space.Cost(r.Final.Arch); err != nil || math.Abs(float64(c.MAdds)/target-1) > 0.05 {
				t.Errorf("%s: %d multiply-adds, expected %v ± 5 %%: %v", name, c.MAdds, target, err)
			}
			for i, d := range space.Decisions() {
				want := d.Len()
				for range 3 {
					want -= removals(want, 0.4)
				}
				if n := len(r.Left[i]); n < want || n > want && !kept(r, d.Name) {
					t.Errorf("%s: %v left of %s, expected %d", name, r.Left[i], d.Name, want)
				}
			}
		}
	}
}

// kept says whether a candidate of a decision stayed for the target.
func kept(r *Result, decision string) bool {
	for _, p := range r.Phases {
		for _, x := range p.Removed {
			if x.Decision == decision && x.Kept == NoSpace {
				return true
			}
		}
	}
	return false
}

// A target in seconds.
func TestLatency(t *testing.T) {
	space := toySpace(t, 3)
	choices, err := space.LowerChoices()
	if err != nil {
		t.Fatal(err)
	}
	layers, err := choices.Latencies()
	if err != nil {
		t.Fatal(err)
	}
	table := &searchspace.LatencyTable{CPU: "none", Kernels: "none", Workers: 1, Batch: 1, Fixed: 1e-3}
	for _, l := range layers { // grouped convolutions cost more than their multiply-adds say
		table.Entries = append(table.Entries, searchspace.Latency{Layer: l,
			Seconds: 1e-3 / math.Sqrt(float64(max(l.Groups, 1)))})
	}
	limit := searchspace.CostLimit{Of: searchspace.CostSeconds, Table: table}
	low, high, err := space.CostRange(limit)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Search(context.Background(), space, newToy(space), &Options{Phases: toyPhases(t, 10),
		Cost:   limit,
		Target: (low + high) / 2})
	if err != nil {
		t.Fatal(err)
	}
	seconds, err := table.Cost(space, r.Final.Arch)
	if err != nil || math.Abs(seconds-r.Final.Cost) > 1e-12 || math.Abs(2*seconds/(low+high)-1) > 0.05 {
		t.Errorf("%v s, reported %v, expected %v ± 5 %%: %v", seconds, r.Final.Cost, (low+high)/2, err)
	}
}

// Where costs have gaps, pruning leaves an architecture around the target, not only cheaper and
// dearer ones, and a target inside a gap is refused before anything is trained.
func TestGaps(t *testing.T) {
	space := toySpace(t, 1)
	var costs []float64 // of the six candidates, ascending
	for c := range 6 {
		a, err := space.New([]int{c})
		if err != nil {
			t.Fatal(err)
		}
		cost, err := space.Cost(a)
		if err != nil {
			t.Fatal(err)
		}
		costs = append(costs, float64(cost.MAdds))
	}
	net := newToy(space)
	net.base[0][2] = 3 // the one at the target is the worst by far
	o := &Options{Phases: toyPhases(t, 10), Target: costs[2], Gamma: -1, LR: 0.1}
	r, err := Search(context.Background(), space, net, o)
	if err != nil || r.Final.Cost != costs[2] {
		t.Fatalf("found %v, expected %v: %v", r.Final, costs[2], err)
	}
	if !kept(r, space.Decisions()[0].Name) {
		t.Error("nothing was kept for the target")
	}
	o.Target = (costs[3] + costs[4]) / 2
	if _, err := Search(context.Background(), space, newToy(space), o); !errors.Is(err, searchspace.ErrInfeasible) {
		t.Errorf("a target between two costs: %v", err)
	}
}

// A target that the least likely choices reach is reached, whatever the rate has made of them.
func TestUnlikely(t *testing.T) {
	space := toySpace(t, 2)
	_, high, err := space.CostRange(searchspace.CostLimit{Of: searchspace.CostMAdds})
	if err != nil {
		t.Fatal(err)
	}
	net := newToy(space)
	for _, row := range net.base {
		row[5] = 3 // the dearest are the worst
	}
	o := &Options{Phases: toyPhases(t, 5), Target: high, Gamma: -1, LR: 1000}
	for i := range o.Phases {
		o.Phases[i].Prune = false
	}
	r, err := Search(context.Background(), space, net, o)
	if err != nil {
		t.Fatal(err)
	}
	if p := r.Final.LogProbability; r.Final.Cost != high || !(p < -600) || math.IsInf(p, 0) {
		t.Errorf("found %+v", r.Final)
	}
}
