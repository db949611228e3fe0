package searchspace_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
)

// listed is all architectures of a small space, found by steps to neighbours.
func listed(t testing.TB, s *searchspace.Space) []searchspace.Arch {
	t.Helper()
	seen := map[searchspace.Arch]bool{s.Smallest(): true}
	out := []searchspace.Arch{s.Smallest()}
	for i := 0; i < len(out); i++ {
		for n := range s.Neighbours(out[i]) {
			if !seen[n] {
				seen[n] = true
				out = append(out, n)
			}
		}
	}
	if s.Size().Int64() != int64(len(out)) {
		t.Fatalf("%d architectures listed of %v", len(out), s.Size())
	}
	return out
}

// ownTable is a latency table of every layer of a space.
func ownTable(t testing.TB, s *searchspace.Space) *searchspace.LatencyTable {
	t.Helper()
	g := must[*searchspace.ChoiceGraph](t)(s.LowerChoices())
	table := &searchspace.LatencyTable{Workers: 1, Batch: 1, Fixed: 1e-4}
	for i, l := range must[[]searchspace.LatencyLayer](t)(g.Latencies()) {
		table.Entries = append(table.Entries, searchspace.Latency{Layer: l, Seconds: 1e-5 * float64(1+i%7)})
	}
	return table
}

// TestLimit compares limits of every kind with a list of all architectures of a small space.
func TestLimit(t *testing.T) {
	s := plain(t)
	g := must[*searchspace.ChoiceGraph](t)(s.LowerChoices())
	terms := must[[]searchspace.Term](t)(g.Terms(func(n *searchspace.Node) float64 { return float64(n.Kernel) }))
	all := listed(t, s)
	for _, l := range []searchspace.CostLimit{
		{Of: searchspace.CostMAdds}, {Of: searchspace.CostConvMAdds}, {Of: searchspace.CostParams},
		{Of: searchspace.CostWeightBytes}, {Of: searchspace.CostActivationTrain}, {Of: searchspace.CostActivationInfer},
		{Of: searchspace.CostSeconds, Table: ownTable(t, s)}, {Of: searchspace.CostTerms, Terms: terms},
	} {
		cost := make(map[searchspace.Arch]float64, len(all))
		least, most := math.Inf(1), math.Inf(-1)
		for _, a := range all {
			cost[a] = must[float64](t)(s.CostOf(a, l))
			least, most = min(least, cost[a]), max(most, cost[a])
		}
		low, high, err := s.CostRange(l)
		if err != nil || math.Abs(low-least) > 1e-12*least || math.Abs(high-most) > 1e-12*most {
			t.Errorf("%s reaches from %v to %v, %v, expected %v to %v", l.Of, low, high, err, least, most)
		}
		for _, share := range [][2]float64{{0, 0.0513}, {0.4017, 0.6019}, {0.9013, 0}} {
			l.Min, l.Max = 0, 0
			if share[0] > 0 {
				l.Min = least + share[0]*(most-least)
			}
			if share[1] > 0 {
				l.Max = least + share[1]*(most-least)
			}
			within := func(a searchspace.Arch) bool {
				return cost[a] >= l.Min && (l.Max == 0 || cost[a] <= l.Max)
			}
			checkLimited(t, must[*searchspace.Space](t)(s.Limit(l)), s, all, within, l.String())
		}
	}
}

// checkLimited compares a limited space with the architectures that a function lets through.
func checkLimited(t *testing.T, s, wide *searchspace.Space, all []searchspace.Arch,
	within func(searchspace.Arch) bool, name string) {
	t.Helper()
	n := 0
	for i, a := range all {
		if within(a) {
			n++
		}
		if got := s.Valid(a) == nil; got != within(a) {
			t.Fatalf("%s: %s is valid: %v", name, s.Format(a), got)
		}
		if i%16 != 0 {
			continue
		}
		if _, err := s.Parse(wide.Format(a)); (err == nil) != within(a) {
			t.Fatalf("%s: %s reads as %v", name, wide.Format(a), err)
		}
	}
	if s.Size().Int64() != int64(n) {
		t.Errorf("%s: size %v, expected %d", name, s.Size(), n)
	}
	for _, a := range []searchspace.Arch{s.Smallest(), s.Largest()} {
		if !within(a) {
			t.Errorf("%s: an extreme is outside", name)
		}
	}
	r := newRand(1)
	for range 8 {
		a, err := s.Sample(r)
		if err != nil || !within(a) {
			t.Fatalf("%s: sample %s, %v", name, wide.Format(a), err)
		}
		if m, err := s.Mutate(a, r, searchspace.MutateOptions{}); n > 20 && (err != nil || !within(m) || m == a) {
			t.Fatalf("%s: mutation %s, %v", name, wide.Format(m), err)
		}
		for nb := range s.Neighbours(a) {
			if !within(nb) {
				t.Fatalf("%s: neighbour %s", name, wide.Format(nb))
			}
		}
		walked(t, s, r, within, name)
	}
}

// walked walks through a space at random; choices left open lead somewhere, or Arch says that they
// do not.
func walked(t *testing.T, s *searchspace.Space, r *rand.Rand, within func(searchspace.Arch) bool,
	name string) bool {
	t.Helper()
	w := s.Walk()
	for w.Next() {
		if err := w.Choose(w.Allowed()[r.IntN(len(w.Allowed()))]); err != nil {
			t.Fatal(err)
		}
	}
	a, err := w.Arch()
	if err == nil && !within(a) {
		t.Fatalf("%s: walk to %s", name, s.Format(a))
	}
	return err == nil
}

// TestLimitWalkReaches walks to every architecture within a limit.
func TestLimitWalkReaches(t *testing.T) {
	wide := plain(t)
	_, high, err := wide.CostRange(searchspace.CostLimit{Of: searchspace.CostMAdds})
	if err != nil {
		t.Fatal(err)
	}
	s := must[*searchspace.Space](t)(wide.Limit(searchspace.CostLimit{Of: searchspace.CostMAdds, Min: high / 3, Max: high / 2}))
	for _, a := range listed(t, wide) {
		if s.Valid(a) != nil {
			continue
		}
		w := s.Walk()
		for w.Next() {
			if err := w.Choose(a.At(w.Decision())); err != nil {
				t.Fatalf("%s: %v", s.Format(a), err)
			}
		}
		if got, err := w.Arch(); err != nil || got != a {
			t.Fatalf("%s: walk to %v, %v", s.Format(a), got, err)
		}
	}
}

// TestLimitTight has limits so tight that repeated draws fail, in families of every kind.
func TestLimitTight(t *testing.T) {
	all := spaces(t)
	for _, name := range []string{"mobilenetv3", "resnet50", "etnas", "eatnas chain", "danas shuffle+", "restricted", "plain"} {
		s := all[name]
		low, high, err := s.CostRange(searchspace.CostLimit{Of: searchspace.CostMAdds})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		l := searchspace.CostLimit{Of: searchspace.CostMAdds, Max: low + 0.02*(high-low)}
		tight, err := s.Limit(l)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		r := newRand(2)
		different := map[searchspace.Arch]bool{}
		for range 2 {
			a, err := tight.Sample(r)
			if err != nil || must[float64](t)(s.CostOf(a, l)) > l.Max {
				t.Fatalf("%s: %s, %v", name, s.Format(a), err)
			}
			different[a] = true
		}
		if s.Size().BitLen() > 30 && len(different) < 2 {
			t.Errorf("%s: the same architecture in every draw", name)
		}
		back, err := searchspace.FromSpec(respec(t, tight), searchspace.Maker{Family: "plain",
			Make: func(json.RawMessage) (*searchspace.Space, error) { return plain(t), nil }})
		if err != nil || !back.Spec().Equal(tight.Spec()) || back.Valid(s.Smallest()) != nil || back.Valid(s.Largest()) == nil {
			t.Errorf("%s: from its spec: %v", name, err)
		}
	}
}

// respec is the spec of a space after a way through JSON.
func respec(t testing.TB, s *searchspace.Space) (out searchspace.Spec) {
	t.Helper()
	text := must[[]byte](t)(json.Marshal(s.Spec()))
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestLimitKept changes limited spaces in other ways.
func TestLimitKept(t *testing.T) {
	s := mobile(t, searchspace.MobileNetV3Options{})
	l := searchspace.CostLimit{Of: searchspace.CostMAdds, Max: 3e8}
	limited := must[*searchspace.Space](t)(must[*searchspace.Space](t)(s.Limit(l)).Limit(searchspace.CostLimit{Of: searchspace.CostParams, Max: 5e6}))
	if n := len(limited.Spec().Limits); n != 2 {
		t.Errorf("%d limits, expected 2", n)
	}
	wide := must[*searchspace.Space](t)(limited.WithInput(256))
	narrow := must[*searchspace.Space](t)(limited.Restrict(searchspace.Restriction{Decisions: []string{"*.kernel"}, Values: []int{3, 5}}))
	ten := must[*searchspace.Space](t)(limited.WithClasses(10))
	r := newRand(5)
	for _, x := range []*searchspace.Space{limited, wide, narrow, ten} {
		for range 20 {
			a := must[searchspace.Arch](t)(x.Sample(r))
			if c := must[searchspace.Cost](t)(x.Cost(a)); c.MAdds > 3e8 || c.Params > 5e6 {
				t.Errorf("a network of %d multiply-adds and %d parameters", c.MAdds, c.Params)
			}
		}
		if !must[*searchspace.Space](t)(searchspace.FromSpec(respec(t, x))).Spec().Equal(x.Spec()) {
			t.Error("another space from the spec")
		}
	}
	table := ownTable(t, s)
	low, high, err := s.CostRange(searchspace.CostLimit{Of: searchspace.CostSeconds, Table: table})
	if err != nil {
		t.Fatal(err)
	}
	timed := must[*searchspace.Space](t)(s.Limit(searchspace.CostLimit{Of: searchspace.CostSeconds, Max: (low + high) / 2, Table: table}))
	table.Entries = nil // the space has a copy
	if _, err := searchspace.FromSpec(respec(t, timed)); err != nil {
		t.Error(err)
	}
	if _, err := timed.WithClasses(7); !errors.Is(err, searchspace.ErrNoLatency) {
		t.Errorf("a classifier that the table lacks: %v", err)
	}
}

// TestLimitErrors has limits that nothing satisfies, and such as are none.
// A maximum below 0 needs no minimum, and a minimum above 0 no maximum.
func TestLimitBelowZero(t *testing.T) {
	s := plain(t)
	l := searchspace.CostLimit{Of: searchspace.CostTerms, Terms: []searchspace.Term{
		{Decisions: []int{0}, Table: []float64{-3, -1}}, {Decisions: []int{1}, Table: []float64{-1, 0, 1}}}}
	l.Max = -2
	within := must[*searchspace.Space](t)(s.Limit(l))
	for _, a := range listed(t, s) {
		if v := must[float64](t)(s.CostOf(a, l)); (within.Valid(a) == nil) != (v <= -2) {
			t.Errorf("%s costs %v: %v", s.Format(a), v, within.Valid(a))
		}
	}
	if _, err := s.Limit(searchspace.CostLimit{Of: searchspace.CostMAdds, Max: -1}); !errors.Is(err, searchspace.ErrInfeasible) {
		t.Errorf("less than nothing: %v", err)
	}
}

func TestLimitErrors(t *testing.T) {
	s := plain(t)
	madds := searchspace.CostLimit{Of: searchspace.CostMAdds}
	low, high, err := s.CostRange(madds)
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("reaches from %.6g to %.6g", low, high)
	for _, ls := range [][]searchspace.CostLimit{
		{{Of: searchspace.CostMAdds, Max: low - 1}},
		{{Of: searchspace.CostMAdds, Min: high + 1}},
		{{Of: searchspace.CostMAdds, Min: high - 1}, {Of: searchspace.CostMAdds, Max: low + 1}},
	} {
		if _, err := s.Limit(ls...); !errors.Is(err, searchspace.ErrInfeasible) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v gives %v, expected %q", ls, err, want)
		}
	}
	term := searchspace.Term{Decisions: []int{1, 0}, Table: make([]float64, 4)}
	for _, l := range []searchspace.CostLimit{
		{}, {Of: "memory", Max: 1}, {Of: searchspace.CostSeconds, Max: 1}, {Of: searchspace.CostTerms, Max: 1},
		{Of: searchspace.CostMAdds, Max: math.NaN()}, {Of: searchspace.CostMAdds, Min: math.Inf(1)},
		{Of: searchspace.CostMAdds, Min: 2, Max: 1},
		{Of: searchspace.CostMAdds, Max: 1, Table: &searchspace.LatencyTable{}},
		{Of: searchspace.CostSeconds, Max: 1, Table: &searchspace.LatencyTable{}},
		{Of: searchspace.CostTerms, Max: 1, Terms: []searchspace.Term{term}},
		{Of: searchspace.CostTerms, Max: 1, Terms: []searchspace.Term{{Decisions: []int{99}}}},
		{Of: searchspace.CostTerms, Max: 1, Terms: []searchspace.Term{{Table: []float64{math.NaN()}}}},
		{Of: searchspace.CostTerms, Max: 1, Terms: []searchspace.Term{{Table: []float64{1, 2}}}},
	} {
		if _, err := s.Limit(l); err == nil || errors.Is(err, searchspace.ErrInfeasible) {
			t.Errorf("limit %+v gives %v", l, err)
		}
	}
}
