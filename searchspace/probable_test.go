package searchspace_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

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
		"danas": restrict(danas(t, searchspace.DANASOptions{InputSize: 32, Layers: 1, Width: 0.25}), keep("stage[456].*", 2, 5)),
		"eatnas": restrict(must[*searchspace.Space](t)(searchspace.EATNAS(searchspace.EATNASOptions{InputSize: 32})),
			keep("*.kernel", 1), keep("*.op", 0, 2), keep("stage[1234].skip", 1), keep("stage[1234].width", 1), keep("stage[1234].op", 2),
			keep("stage[12].depth", 1), keep("stage[567].width", 0, 2)),
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

// TestMostProbable compares with the best of all architectures.
func TestMostProbable(t *testing.T) {
	for name, s := range small(t) {
		t.Run(name, func(t *testing.T) {
			all := every(t, s)
			kinds := []searchspace.CostLimit{{Of: searchspace.CostMAdds}, {Of: searchspace.CostParams},
				{Of: searchspace.CostSeconds, Table: ownTable(t, s)}}
			costs := make([][]float64, len(kinds))
			for k, l := range kinds {
				m := must[*searchspace.CostModel](t)(s.CostModel(l))
				for _, a := range all {
					costs[k] = append(costs[k], must[float64](t)(m.At(a)))
				}
			}
			rapid.Check(t, func(t *rapid.T) {
				r := stream(t)
				p := probabilities(s, r)
				var limits []searchspace.CostLimit
				var of []int
				for range r.IntN(3) {
					k := r.IntN(len(kinds))
					l := kinds[k]
					target := costs[k][r.IntN(len(all))]
					width := math.Pow(10, -4*r.Float64())
					if r.IntN(3) > 0 {
						l.Min = target * (1 - width)
					}
					if r.IntN(3) > 0 {
						l.Max = target * (1 + width*r.Float64())
					}
					limits, of = append(limits, l), append(of, k)
				}
				best, bestLog := -1, math.Inf(-1)
				for i, a := range all {
					ok := true
					for j, l := range limits {
						c := costs[of[j]][i]
						ok = ok && (l.Max == 0 || c <= l.Max) && (l.Min == 0 || c >= l.Min)
					}
					if v := logProbability(s, p, a); ok && v > bestLog {
						best, bestLog = i, v
					}
				}
				a, logP, err := s.MostProbable(p, limits...)
				if best < 0 {
					if !errors.Is(err, searchspace.ErrInfeasible) || !a.IsZero() {
						t.Fatalf("%v: %v %v, expected none", limits, a, err)
					}
					return
				}
				if err != nil {
					t.Fatalf("%v: %v, expected %v", limits, err, all[best])
				}
				for _, l := range limits {
					if v, err := s.CostOf(a, l); err != nil || l.Max != 0 && v > l.Max*(1+1e-12) || l.Min != 0 && v < l.Min*(1-1e-12) {
						t.Fatalf("%s is %v, expected %v", l.Of, v, l)
					}
				}
				if got := logProbability(s, p, a); math.Abs(got-logP) > 1e-9 || math.Abs(got-bestLog) > 1e-9 || s.Valid(a) != nil {
					t.Fatalf("%v: %s with %v (said to be %v), expected %s with %v", limits, s.Format(a), got, logP, s.Format(all[best]), bestLog)
				}
			})
		})
	}
}
