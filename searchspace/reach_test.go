package searchspace

import (
	"math/rand/v2"
	"strconv"
	"testing"
)

// TestReach compares what reach says about a few decisions with all architectures of a small space
// in which a group, a limit and inactive decisions meet.
func TestReach(t *testing.T) {
	s, err := NewSpace(Family{Name: "small", InputSize: 8, Classes: 2,
		Build: func(b *Builder) {
			x := b.Input()
			for k := range 2 {
				b.Stage("s"+strconv.Itoa(k), func() {
					x = b.Repeat(b.OneOf("depth", KindDepth, 0, 1, 2), x, func(i int, x Ref) Ref {
						b.Block("layers", i, func() {
							x = b.Conv("conv", x, Conv{Out: b.OneOf("width", KindWidth, 1, 2, 3)})
						})
						return x
					})
				})
			}
			b.Classifier("head", b.GlobalAvgPool("pool", x), 0)
		},
		Limits: []Limit{{Decisions: []string{"stage1.depth", "stage2.depth"}, Min: 1, Max: 3, What: "layers",
			Add: func(_, v int) int { return v }}},
	})
	if err != nil {
		t.Fatal(err)
	}
	s, err = s.Restrict(
		Restriction{Decisions: []string{"stage1.layer1.width", "stage2.depth"}, Combinations: [][]int{{0, 1}, {2, 2}}},
		Restriction{Decisions: []string{"stage2.layer0.width"}, Keep: []int{1, 2}})
	if err != nil {
		t.Fatal(err)
	}
	var all []Arch
	allowed := func(d int) []int { return s.decisions[d].Allowed }
	assignments(len(s.decisions), []int{0, 1, 2, 3, 4, 5}, allowed, func(choices []int) bool {
		if a, err := s.New(choices); err == nil {
			all = append(all, a)
		}
		return true
	})
	r := newReach(s)
	random := rand.New(rand.NewPCG(5, 5))
	yes, no := 0, 0
	for range 2000 {
		choices := make([]int, len(s.decisions))
		var deps []int
		for d := range choices {
			choices[d] = s.decisions[d].Allowed[random.IntN(len(s.decisions[d].Allowed))]
			if random.IntN(2) == 0 {
				deps = append(deps, d)
			}
		}
		want := false
		for _, a := range all {
			agrees := true
			active := s.Active(a)
			for _, d := range deps {
				agrees = agrees && (!active[d] || a.At(d) == choices[d])
			}
			want = want || agrees
		}
		if want {
			yes++
		} else {
			no++
		}
		if got := r.solve(deps, choices); got != want {
			t.Fatalf("decisions %v of %v: %v, expected %v", deps, choices, got, want)
		}
		if r.near(deps, choices) && !want {
			t.Fatalf("decisions %v of %v are near a valid architecture, but impossible", deps, choices)
		}
		if got := r.possible(deps, choices); got != want {
			t.Fatalf("decisions %v of %v: possible is %v, expected %v", deps, choices, got, want)
		}
	}
	if yes < 100 || no < 100 {
		t.Errorf("%d questions with the answer yes, %d with no", yes, no)
	}
}
