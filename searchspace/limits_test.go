package searchspace_test

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
)

// limited is a small space with a limit, a restricted group and removed choices: everything that
// counting has to respect.
func limited(t testing.TB) *searchspace.Space {
	t.Helper()
	s := must[*searchspace.Space](t)(searchspace.NewSpace(searchspace.Family{
		Name: "limited", InputSize: 16, Classes: 3, Build: plainNet,
		Limits: []searchspace.Limit{{Decisions: []string{"stage1.depth", "stage2.depth"}, Check: func(v []int) error {
			if v[0]+v[1] > 3 {
				return fmt.Errorf("%d layers, at most 3 wanted", v[0]+v[1])
			}
			return nil
		}}},
	}))
	return must[*searchspace.Space](t)(s.Restrict(
		searchspace.Restriction{Decisions: []string{"stage2.layer*.kernel"}, Keep: []int{1}},
		searchspace.Restriction{Decisions: []string{"stage1.width", "stage1.layer0.op"}, Combinations: [][]int{{0, 0}, {1, 1}, {0, 1}}},
	))
}

// enumerate lists all architectures of s by trying every joint choice.
func enumerate(s *searchspace.Space) map[searchspace.Arch]bool {
	decisions := s.Decisions()
	out := map[searchspace.Arch]bool{}
	choices := make([]int, len(decisions))
	for {
		if a, err := s.New(choices); err == nil {
			out[a] = true
		}
		i := len(choices) - 1
		for ; i >= 0; i-- {
			if choices[i]++; choices[i] < decisions[i].Len() {
				break
			}
			choices[i] = 0
		}
		if i < 0 {
			return out
		}
	}
}

// TestBruteForce compares size, extremes, sampling and neighbours with enumeration.
func TestBruteForce(t *testing.T) {
	// Combinations that differ only in inactive decisions are one.
	grouped := must[*searchspace.Space](t)(plain(t).Restrict(searchspace.Restriction{
		Decisions:    []string{"stage1.layer1.op", "stage1.depth", "stage1.layer0.op"},
		Combinations: [][]int{{0, 0, 0}, {1, 0, 1}, {0, 1, 1}, {1, 1, 1}, {1, 2, 0}, {1, 2, 0}, {0, 2, 1}},
	}))
	summed := must[*searchspace.Space](t)(searchspace.NewSpace(searchspace.Family{
		Name: "summed", InputSize: 16, Classes: 3, Build: plainNet,
		Limits: []searchspace.Limit{{Decisions: []string{"stage2.depth", "stage1.layer1.op", "stage1.depth"}, Min: 2, Max: 3, What: "units",
			Add: func(i, v int) int { return v * (1 + i%2) }}},
	}))
	for name, s := range map[string]*searchspace.Space{"plain": plain(t), "limited": limited(t), "grouped": grouped, "summed": summed} {
		t.Run(name, func(t *testing.T) {
			all := enumerate(s)
			if got := s.Size(); got.Cmp(big.NewInt(int64(len(all)))) != 0 {
				t.Errorf("size %v, counted %d", got, len(all))
			}
			least, most := int64(math.MaxInt64), int64(0)
			for a := range all {
				c := must[searchspace.Cost](t)(s.Cost(a))
				least, most = min(least, c.MAdds), max(most, c.MAdds)
			}
			small, large := must[searchspace.Cost](t)(s.Cost(s.Smallest())), must[searchspace.Cost](t)(s.Cost(s.Largest()))
			if small.MAdds != least || large.MAdds != most {
				t.Errorf("smallest and largest have %d and %d, counted %d and %d", small.MAdds, large.MAdds, least, most)
			}
			r := rand.New(rand.NewPCG(7, 0))
			seen := map[searchspace.Arch]bool{}
			for range 12 * len(all) {
				a := must[searchspace.Arch](t)(s.Sample(r))
				if !all[a] {
					t.Fatalf("sampled %s, which is not in the space", s.Format(a))
				}
				seen[a] = true
			}
			if missing := len(all) - len(seen); missing > len(all)/4 {
				t.Errorf("%d of %d architectures were never drawn", missing, len(all))
			}
			reached := map[searchspace.Arch]bool{s.Smallest(): true}
			for queue := []searchspace.Arch{s.Smallest()}; len(queue) > 0; queue = queue[1:] {
				for n := range s.Neighbours(queue[0]) {
					if !all[n] {
						t.Fatalf("neighbour %s is not in the space", s.Format(n))
					}
					if !reached[n] {
						reached[n] = true
						queue = append(queue, n)
					}
				}
			}
			if len(reached) != len(all) {
				t.Errorf("neighbours lead to %d of %d architectures", len(reached), len(all))
			}
		})
	}
}

// TestExpectedCost compares expectation and gradient with the sum over all joint choices.
func TestExpectedCost(t *testing.T) {
	s := plain(t)
	m := must[*searchspace.CostModel](t)(costModel(s))
	r := rand.New(rand.NewPCG(3, 0))
	decisions := s.Decisions()
	p := make([][]float64, len(decisions))
	for i := range p {
		p[i] = make([]float64, decisions[i].Len())
		var sum float64
		for k := range p[i] {
			p[i][k] = r.Float64()
			sum += p[i][k]
		}
		for k := range p[i] {
			p[i][k] /= sum
		}
	}
	var want float64
	choices := make([]int, len(decisions))
	for more := true; more; {
		prob := 1.0
		for i, c := range choices {
			prob *= p[i][c]
		}
		a := must[searchspace.Arch](t)(s.New(choices))
		want += prob * float64(must[searchspace.Cost](t)(s.Cost(a)).MAdds)
		more = false
		for i := len(choices) - 1; i >= 0; i-- {
			if choices[i]++; choices[i] < decisions[i].Len() {
				more = true
				break
			}
			choices[i] = 0
		}
	}
	got, grad, err := m.Expected(p)
	if err != nil || math.Abs(got-want) > 1e-9*want {
		t.Fatalf("expected cost %v, %v; the sum over all networks is %v", got, err, want)
	}
	// The cost is linear in every single probability.
	for i := range p {
		for k := range p[i] {
			old := p[i][k]
			p[i][k] = old + 1
			up, _, err := m.Expected(p)
			p[i][k] = old
			if err != nil || math.Abs(up-got-grad[i][k]) > 1e-6*want {
				t.Errorf("gradient of decision %d choice %d is %v, the difference %v, %v", i, k, grad[i][k], up-got, err)
			}
		}
	}
	if _, _, err := m.Expected(p[1:]); err == nil {
		t.Error("too few probabilities accepted")
	}
	p[2] = p[2][:1]
	if _, _, err := m.Expected(p); err == nil {
		t.Error("too short a row of probabilities accepted")
	}
	if _, err := m.At(searchspace.Arch{}); !errors.Is(err, searchspace.ErrInvalid) {
		t.Errorf("cost of no architecture: %v", err)
	}
}

func TestRestrict(t *testing.T) {
	s := mobile(t, searchspace.MobileNetV3Options{})
	narrow := must[*searchspace.Space](t)(s.Restrict(
		searchspace.Restriction{Decisions: []string{"*.depth"}, Keep: []int{0}},
		searchspace.Restriction{Decisions: []string{"*.expand", "*.kernel"}, Keep: []int{1, 2}}))
	if want := new(big.Int).Exp(big.NewInt(2), big.NewInt(20), nil); narrow.Size().Cmp(want) != 0 {
		t.Errorf("size %v, expected %v", narrow.Size(), want)
	}
	if err := narrow.Valid(s.Smallest()); !errors.Is(err, searchspace.ErrInvalid) {
		t.Errorf("the wider space's smallest network: %v", err)
	}
	if err := s.Valid(narrow.Smallest()); err != nil {
		t.Errorf("the narrower space's network in the wider: %v", err)
	}
	if s.Size().String() != "21758655492572485851" {
		t.Errorf("size %v, expected 7371^5", s.Size())
	}
	for _, r := range []searchspace.Restriction{
		{Decisions: []string{"nothing"}, Keep: []int{0}},
		{Decisions: []string{"stage1.depth"}, Keep: []int{3}},
		{Decisions: []string{"stage1.depth"}, Keep: []int{-1}},
		{Decisions: []string{"stage1.depth"}},
		{Decisions: []string{"stage1.depth"}, Keep: []int{0}, Values: []int{2}},
		{Decisions: []string{"stage1.depth"}, Keep: []int{0}, Combinations: [][]int{{0}}},
		{Decisions: []string{"[", "stage1.depth"}, Keep: []int{0}},
		{Decisions: []string{"stage1.depth", "nothing"}, Combinations: [][]int{{0, 0}}},
		{Decisions: []string{"stage1.depth", "stage1.depth"}, Combinations: [][]int{{0, 0}}},
		{Decisions: []string{"stage1.depth"}, Combinations: [][]int{{0, 0}}},
		{Decisions: []string{"stage1.depth"}, Combinations: [][]int{{5}}},
	} {
		if _, err := s.Restrict(r); err == nil || errors.Is(err, searchspace.ErrInfeasible) {
			t.Errorf("restriction %+v gives %v", r, err)
		}
	}
	for _, rs := range [][]searchspace.Restriction{
		{{Decisions: []string{"*.kernel"}, Values: []int{9}}},
		{{Decisions: []string{"*.kernel"}, Keep: []int{}}},
		{{Decisions: []string{"stage1.depth"}, Combinations: [][]int{}}},
		{{Decisions: []string{"stage1.depth"}, Keep: []int{0}}, {Decisions: []string{"stage1.depth", "stage2.depth"}, Combinations: [][]int{{1, 0}, {2, 2}}}},
	} {
		if _, err := s.Restrict(rs...); !errors.Is(err, searchspace.ErrInfeasible) {
			t.Errorf("restrictions %+v give %v", rs, err)
		}
	}
}

// TestInfeasible has a limit that nothing satisfies.
func TestInfeasible(t *testing.T) {
	s := must[*searchspace.Space](t)(searchspace.NewSpace(searchspace.Family{
		Name: "none", InputSize: 16, Classes: 3, Build: plainNet,
		Limits: []searchspace.Limit{{Decisions: []string{"stage1.depth"}, Check: func([]int) error { return errors.New("never good enough") }}},
	}))
	_, err := s.Sample(rand.New(rand.NewPCG(1, 0)))
	if !errors.Is(err, searchspace.ErrInfeasible) || s.Size().Sign() != 0 || !s.Smallest().IsZero() {
		t.Errorf("sample of an empty space: %v; size %v, smallest %v", err, s.Size(), s.Smallest())
	}
	layers := searchspace.Limit{Decisions: []string{"stage1.depth", "stage2.depth"}, Min: 50, Max: 60, What: "layers",
		Add: func(_, v int) int { return v }}
	twice := layers
	twice.Add, twice.What = nil, "doubled layers"
	twice.Measure = func(v []int) float64 { return 2 * float64(v[0]+v[1]) }
	s = must[*searchspace.Space](t)(searchspace.NewSpace(searchspace.Family{
		Name: "none", InputSize: 16, Classes: 3, Build: plainNet, Limits: []searchspace.Limit{layers, twice}}))
	low, high := 0, 0
	for _, d := range s.Decisions() {
		if d.Kind == searchspace.KindDepth {
			low, high = low+slices.Min(d.Values), high+slices.Max(d.Values)
		}
	}
	want := fmt.Sprintf("; layers from %d to %d within reach, expected 50 to 60; doubled layers from %d to %d within reach, expected 50 to 60", low, high, 2*low, 2*high)
	if _, err := s.Sample(rand.New(rand.NewPCG(1, 0))); !errors.Is(err, searchspace.ErrInfeasible) || !strings.Contains(err.Error(), want) {
		t.Errorf("sample without enough layers: %v, expected %q", err, want)
	}
	layers.Measure = twice.Measure
	if _, err := searchspace.NewSpace(searchspace.Family{Name: "none", InputSize: 16, Classes: 3, Build: plainNet, Limits: []searchspace.Limit{layers}}); err == nil {
		t.Error("a limit of two forms accepted")
	}
	one := must[*searchspace.Space](t)(plain(t).Restrict(searchspace.Restriction{Decisions: []string{"*"}, Keep: []int{0}}))
	if _, err := one.Mutate(one.Smallest(), rand.New(rand.NewPCG(1, 0)), searchspace.MutateOptions{}); !errors.Is(err, searchspace.ErrInfeasible) {
		t.Errorf("mutation in a space of one: %v", err)
	}
	if _, err := one.Mutate(one.Smallest(), rand.New(rand.NewPCG(1, 0)), searchspace.MutateOptions{Rate: 2}); err == nil {
		t.Error("mutation rate 2 accepted")
	}
}
