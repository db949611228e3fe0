package searchspace_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
)

// probabilities is a random row for every decision of s, over what restrictions left; some rows are
// sharp, some nearly even, some have choices that are never taken.
func probabilities(s *searchspace.Space, r *rand.Rand) searchspace.Relaxed {
	p := s.Zeros()
	for i, d := range s.Decisions() {
		sharp, never := 3*r.ExpFloat64(), r.IntN(6) == 0
		var sum float64
		for _, c := range d.Allowed {
			p[i][c] = math.Exp(sharp * r.NormFloat64())
			sum += p[i][c]
		}
		for _, c := range d.Allowed {
			p[i][c] /= sum
		}
		if c := d.Allowed[r.IntN(len(d.Allowed))]; never && len(d.Allowed) > 1 {
			p[i][c] = 0
		}
	}
	return p
}

// logProbability is the logarithm of the probability of a.
func logProbability(s *searchspace.Space, p searchspace.Relaxed, a searchspace.Arch) (sum float64) {
	for i, active := range s.Active(a) {
		if active {
			sum += math.Log(p[i][a.At(i)])
		}
	}
	return sum
}

// every is all architectures of a small space.
func every(t testing.TB, s *searchspace.Space) []searchspace.Arch {
	t.Helper()
	var out []searchspace.Arch
	var extend func(prefix []int)
	extend = func(prefix []int) {
		w := s.Walk()
		for _, c := range prefix {
			if !w.Next() || w.Choose(c) != nil {
				t.Fatalf("walk along %v: %v", prefix, w)
			}
		}
		if !w.Next() {
			if a, err := w.Arch(); err == nil {
				out = append(out, a)
			}
			return
		}
		for _, c := range slices.Clone(w.Allowed()) {
			extend(append(slices.Clone(prefix), c))
		}
	}
	extend(nil)
	if n := s.Size(); n.Int64() != int64(len(out)) {
		t.Fatalf("%d architectures listed of %v", len(out), n)
	}
	return out
}

// small are spaces whose architectures can be listed, of independent decisions, of some that depend
// on each other, with combinations, with limits on sums and on costs.
func small(t *testing.T) map[string]*searchspace.Space {
	restrict := func(s *searchspace.Space, rs ...searchspace.Restriction) *searchspace.Space {
		return must[*searchspace.Space](t)(s.Restrict(rs...))
	}
	keep := func(pattern string, choices ...int) searchspace.Restriction {
		return searchspace.Restriction{Decisions: []string{pattern}, Keep: choices}
	}
	out := map[string]*searchspace.Space{
		"plain": plain(t),
		"danas": restrict(danas(t, searchspace.DANASOptions{InputSize: 32, Layers: 1, Width: 0.25}), keep("stage[3456].*", 2, 5)),
		"eatnas": restrict(must[*searchspace.Space](t)(searchspace.EATNAS(searchspace.EATNASOptions{InputSize: 32})),
			keep("*.kernel", 1), keep("*.op", 0, 2), keep("stage[12345].skip", 1), keep("stage[12345].width", 1),
			keep("stage[12345].op", 2), keep("stage[1234].depth", 2), keep("stage[67].width", 0, 2)),
		"mobilenetv3": restrict(mobile(t, searchspace.MobileNetV3Options{InputSize: 32, Depths: []int{1, 2}, Kernels: []int{3, 5}, Expands: []int{3, 6}}),
			keep("stage[345].depth", 0), keep("stage[45].*.kernel", 1), keep("stage5.*.expand", 1), keep("stage3.*.kernel", 1),
			searchspace.Restriction{Decisions: []string{"stage1.depth", "stage2.layer0.expand", "stage4.layer0.expand"},
				Combinations: [][]int{{0, 0, 1}, {1, 1, 0}, {0, 1, 1}}}),
		"resnet50": restrict(must[*searchspace.Space](t)(searchspace.ResNet50(searchspace.ResNet50Options{InputSize: 32})),
			keep("*.expand", 1), keep("*.depth", 0, 1), keep("stem.*", 0), keep("stage[34].depth", 1)),
	}
	s := out["danas"]
	low, high, err := s.CostRange(searchspace.CostLimit{Of: searchspace.CostParams})
	if err != nil {
		t.Fatal(err)
	}
	out["limited"] = must[*searchspace.Space](t)(s.Limit(searchspace.CostLimit{Of: searchspace.CostParams, Max: (low + high) / 2}))
	return out
}

// listedCost is a cost that the architectures of a small space have.
type listedCost struct {
	searchspace.CostLimit
	of []float64
}

// TestMostProbable compares with the best of all architectures.
func TestMostProbable(t *testing.T) {
	for name, s := range small(t) {
		t.Run(name, func(t *testing.T) {
			all := every(t, s)
			var costs []listedCost
			for _, l := range []searchspace.CostLimit{{Of: searchspace.CostMAdds}, {Of: searchspace.CostParams},
				{Of: searchspace.CostSeconds, Table: ownTable(t, s)}} {
				m, c := must[*searchspace.CostModel](t)(s.CostModel(l)), listedCost{CostLimit: l}
				for _, a := range all {
					c.of = append(c.of, must[float64](t)(m.At(a)))
				}
				costs = append(costs, c)
			}
			none := 0
			const trials = 24
			for seed := range uint64(trials) {
				r := rand.New(rand.NewPCG(seed, 1))
				p := probabilities(s, r)
				var limits []searchspace.CostLimit
				within := func(int) bool { return true }
				for range r.IntN(3) {
					c := costs[r.IntN(len(costs))]
					l := band(r, c.CostLimit, c.of[r.IntN(len(all))])
					limits = append(limits, l)
					before := within
					within = func(i int) bool {
						return before(i) && (l.Max == 0 || c.of[i] <= l.Max) && (l.Min == 0 || c.of[i] >= l.Min)
					}
				}
				best := math.Inf(-1)
				for i, a := range all {
					if within(i) {
						best = max(best, logProbability(s, p, a))
					}
				}
				a, logP, err := s.MostProbable(t.Context(), p, limits...)
				if math.IsInf(best, -1) {
					if none++; !errors.Is(err, searchspace.ErrInfeasible) || !a.IsZero() {
						t.Fatalf("%v: %v %v, expected none", limits, a, err)
					}
					continue
				}
				if err != nil || s.Valid(a) != nil {
					t.Fatalf("%v: %v %v, expected one with %v", limits, a, err, best)
				}
				if got := logProbability(s, p, a); !within(slices.Index(all, a)) || math.Abs(got-logP) > 1e-9 || math.Abs(got-best) > 1e-9 {
					t.Fatalf("%v: %s with %v (said to be %v), expected %v", limits, s.Format(a), got, logP, best)
				}
			}
			if none == trials {
				t.Error("no question had an answer")
			}
		})
	}
}

// band is a limit around target: wide or narrow, with both ends, one or none.
func band(r *rand.Rand, l searchspace.CostLimit, target float64) searchspace.CostLimit {
	width := math.Pow(10, -4*r.Float64())
	if r.IntN(3) > 0 {
		l.Min = target * (1 - width)
	}
	if r.IntN(3) > 0 {
		l.Max = target * (1 + width*(r.Float64()-0.2))
	}
	return l
}

// TestMostProbableLarge compares with dynamic programming over every sum of costs, which are small
// whole numbers here, in a space of 6^21 architectures.
func TestMostProbableLarge(t *testing.T) {
	s := danas(t, searchspace.DANASOptions{InputSize: 32})
	for seed := range uint64(4) {
		r := rand.New(rand.NewPCG(seed, 2))
		p := probabilities(s, r)
		l := searchspace.CostLimit{Of: searchspace.CostTerms}
		best := map[int]float64{0: 0}
		for i := range p {
			term := searchspace.Term{Decisions: []int{i}}
			next := map[int]float64{}
			for c, v := range p[i] {
				cost := 10*c + r.IntN(200)
				term.Table = append(term.Table, float64(cost))
				if seed%2 == 1 { // the dearer the more probable
					v = math.Exp(float64(cost)/100 + 0.01*r.Float64())
					p[i][c] = v
				}
				for sum, logP := range best {
					if old, ok := next[sum+cost]; !ok || logP+math.Log(v) > old {
						next[sum+cost] = logP + math.Log(v)
					}
				}
			}
			l.Terms, best = append(l.Terms, term), next
		}
		for _, w := range []float64{0, 0.001, 0.05} {
			target := 1500 + 200*float64(seed)
			l.Min, l.Max = target*(1-w), target*(1+w)
			want := math.Inf(-1)
			for sum, logP := range best {
				if float64(sum) >= l.Min && float64(sum) <= l.Max {
					want = max(want, logP)
				}
			}
			a, logP, err := s.MostProbable(t.Context(), p, l)
			if cost := must[float64](t)(s.CostOf(a, l)); err != nil || math.Abs(logP-want) > 1e-9 || cost < l.Min || cost > l.Max {
				t.Errorf("seed %d, %v: %v at %v, %v, expected %v", seed, l, logP, cost, err, want)
			}
		}
	}
}

// Where all architectures are equally probable, one within the limit is found soon.
func TestMostProbableEven(t *testing.T) {
	s := danas(t, searchspace.DANASOptions{Variant: searchspace.DANASShuffleMobile})
	low, high, err := s.CostRange(searchspace.CostLimit{Of: searchspace.CostMAdds})
	p, want := s.Zeros(), 0.0
	for i, row := range p {
		for c := range row {
			p[i][c] = 1 / float64(len(row))
		}
		want += math.Log(p[i][0])
	}
	for _, share := range []float64{0.05, 0.2, 0.5, 0.9} {
		for _, band := range []float64{0.05, 0.001} {
			target := low * math.Pow(high/low, share)
			l := searchspace.CostLimit{Of: searchspace.CostMAdds, Min: target * (1 - band), Max: target * (1 + band)}
			a, logP, e := s.MostProbable(t.Context(), p, l)
			if cost := must[float64](t)(s.CostOf(a, l)); err != nil || e != nil || math.Abs(logP-want) > 1e-9 ||
				cost < l.Min || cost > l.Max {
				t.Errorf("%v: %v at %v, %v, %v, expected %v", l, logP, cost, err, e, want)
			}
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if a, _, err := s.MostProbable(ctx, p); !errors.Is(err, context.Canceled) || !a.IsZero() {
		t.Errorf("after the end of the context: %v, %v", a, err)
	}
}

// Without limits the arg max of every row is the most probable; what is no question is refused.
func TestMostProbableErrors(t *testing.T) {
	s := danas(t, searchspace.DANASOptions{InputSize: 32, Layers: 2})
	r := rand.New(rand.NewPCG(1, 3))
	p := probabilities(s, r)
	a, _, err := s.MostProbable(t.Context(), p)
	for i, row := range p {
		if row[a.At(i)] != slices.Max(row) {
			t.Errorf("layer %d: choice %d of %v, %v", i, a.At(i), row, err)
		}
	}
	low, high, _ := s.CostRange(searchspace.CostLimit{Of: searchspace.CostMAdds})
	even := s.Zeros()
	for i := range even {
		for c := range even[i] {
			even[i][c] = 1
		}
	}
	_, _, err = s.MostProbable(t.Context(), even, searchspace.CostLimit{Of: searchspace.CostMAdds, Max: low / 2})
	if want := fmt.Sprintf("madds reaches from %.6g to %.6g, expected madds at most %.6g", low, high, low/2); !errors.Is(err, searchspace.ErrInfeasible) || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, expected one with %q", err, want)
	}
	eat := must[*searchspace.Space](t)(searchspace.EATNAS(searchspace.EATNASOptions{}))
	madds := searchspace.CostLimit{Of: searchspace.CostMAdds, Min: 5e8, Max: 5.01e8}
	if a, _, err := eat.MostProbable(t.Context(), probabilities(eat, r), madds); err != nil || eat.Valid(a) != nil {
		t.Errorf("a limit on layers and one on costs: %v, %v", a, err)
	}
	negative := s.Zeros()
	negative[0][0] = -1
	etnas := must[*searchspace.Space](t)(searchspace.ETNAS(searchspace.ETNASOptions{InputSize: 64, Blocks: 2}))
	for name, c := range map[string]struct {
		s      *searchspace.Space
		p      searchspace.Relaxed
		limits []searchspace.CostLimit
		want   error
	}{
		"no rows":      {s, nil, nil, nil},
		"no space":     {&searchspace.Space{}, nil, nil, searchspace.ErrInfeasible},
		"negative":     {s, negative, nil, nil},
		"all 0":        {s, s.Zeros(), nil, searchspace.ErrInfeasible},
		"peak":         {s, p, []searchspace.CostLimit{{Of: searchspace.CostActivationInfer, Max: 1e9}}, nil},
		"unknown cost": {s, p, []searchspace.CostLimit{{Of: "euros", Max: 1}}, nil},
		"no graph":     {etnas, etnas.Zeros(), []searchspace.CostLimit{{Of: searchspace.CostMAdds, Max: 1e9}}, searchspace.ErrNoChoiceGraph},
	} {
		if a, _, err := c.s.MostProbable(t.Context(), c.p, c.limits...); err == nil || c.want != nil && !errors.Is(err, c.want) || !a.IsZero() {
			t.Errorf("%s: %v, %v", name, a, err)
		}
	}
}

// BenchmarkMostProbable is 6^21 architectures within 5 % of a target.
func BenchmarkMostProbable(b *testing.B) {
	s := danas(b, searchspace.DANASOptions{InputSize: 32, StemStride: 1})
	p := probabilities(s, rand.New(rand.NewPCG(1, 4)))
	l := searchspace.CostLimit{Of: searchspace.CostMAdds, Min: 0.95 * 1.5e7, Max: 1.05 * 1.5e7}
	for b.Loop() {
		if _, _, err := s.MostProbable(b.Context(), p, l); err != nil {
			b.Fatal(err)
		}
	}
}
