package searchspace_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
)

// walkAll follows every choice of every step and collects where the walks end: the architectures,
// and how many walks ended without one.
func walkAll(t *testing.T, s *searchspace.Space) (ends map[searchspace.Arch]int, refused, dead int) {
	t.Helper()
	ends = map[searchspace.Arch]int{}
	var explore func(made []int)
	explore = func(made []int) {
		w := s.Walk()
		for _, c := range made {
			if !w.Next() {
				t.Fatalf("the walk along %v ends early", made)
			}
			if err := w.Choose(c); err != nil {
				t.Fatal(err)
			}
		}
		if w.Next() {
			for _, c := range slices.Clone(w.Allowed()) {
				explore(append(slices.Clone(made), c))
			}
			return
		}
		switch a, err := w.Arch(); {
		case errors.Is(err, searchspace.ErrInfeasible):
			dead++
		case errors.Is(err, searchspace.ErrInvalid):
			refused++
		case err != nil:
			t.Fatal(err)
		default:
			ends[a]++
		}
	}
	explore(nil)
	return ends, refused, dead
}

// TestWalkBruteForce: the walks are the architectures, each once.
func TestWalkBruteForce(t *testing.T) {
	// Two groups that share a decision contradict each other after some choices.
	crossed := must[*searchspace.Space](t)(plain(t).Restrict(
		searchspace.Restriction{Decisions: []string{"stage1.width", "stage2.width"}, Combinations: [][]int{{0, 0}, {1, 1}, {0, 1}}},
		searchspace.Restriction{Decisions: []string{"stage1.depth", "stage2.width"}, Combinations: [][]int{{0, 0}, {1, 1}}},
	))
	nested := must[*searchspace.Space](t)(plain(t).Restrict(searchspace.Restriction{
		Decisions:    []string{"stage1.layer1.op", "stage1.depth", "stage1.layer0.op"},
		Combinations: [][]int{{0, 0, 0}, {1, 0, 1}, {0, 1, 1}, {1, 2, 0}, {0, 2, 1}},
	}))
	removed := must[*searchspace.Space](t)(plain(t).Restrict(
		searchspace.Restriction{Decisions: []string{"*.kernel", "*.op"}, Keep: []int{1}},
	))
	for _, c := range []struct {
		name           string
		space          *searchspace.Space
		refuses, stops bool
	}{
		{"plain", plain(t), false, false},
		{"limited", limited(t), true, false},
		{"crossed", crossed, false, true},
		{"nested", nested, false, false},
		{"removed", removed, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			all := enumerate(c.space)
			ends, refused, dead := walkAll(t, c.space)
			if (refused > 0) != c.refuses || (dead > 0) != c.stops {
				t.Errorf("%d walks were refused and %d ended without a choice", refused, dead)
			}
			if len(ends) != len(all) {
				t.Errorf("walks lead to %d architectures, expected %d", len(ends), len(all))
			}
			for a, n := range ends {
				if !all[a] || n != 1 {
					t.Fatalf("%d walks lead to %s, which is in the space: %v", n, c.space.Format(a), all[a])
				}
			}
		})
	}
}

// TestWalkMisuse: what is out of turn is an error that changes nothing.
func TestWalkMisuse(t *testing.T) {
	s := plain(t)
	w := s.Walk()
	if err := w.Choose(0); !errors.Is(err, searchspace.ErrInvalid) || w.Decision() != -1 {
		t.Errorf("choice before the first decision: %v at %d", err, w.Decision())
	}
	if _, err := w.Arch(); !errors.Is(err, searchspace.ErrInvalid) {
		t.Errorf("architecture at the beginning: %v", err)
	}
	if !w.Next() {
		t.Fatal("no first decision")
	}
	for _, c := range []int{-1, 2, 1 << 20} {
		if err := w.Choose(c); !errors.Is(err, searchspace.ErrInvalid) {
			t.Errorf("choice %d of 2: %v", c, err)
		}
	}
	// A decision may be made anew; the last choice holds.
	for _, c := range []int{0, 1, 9} {
		if err := w.Choose(c); (err == nil) != (c < 2) {
			t.Errorf("choice %d: %v", c, err)
		}
	}
	for w.Next() {
		if err := w.Choose(w.Allowed()[0]); err != nil {
			t.Fatal(err)
		}
	}
	a := must[searchspace.Arch](t)(w.Arch())
	if a.At(0) != 1 || w.Decision() != a.Len() || w.Next() {
		t.Errorf("the walk ends at decision %d with %v", w.Decision(), a)
	}
	if err := w.Choose(0); !errors.Is(err, searchspace.ErrInvalid) {
		t.Errorf("choice after the last decision: %v", err)
	}
	w = s.Walk()
	if !w.Next() || w.Next() || w.Next() {
		t.Error("the walk passes a decision that was not made")
	}
	if _, err := w.Arch(); !errors.Is(err, searchspace.ErrInvalid) {
		t.Errorf("architecture after a decision that was not made: %v", err)
	}
}

// TestWalkMemory: a step makes nothing.
func TestWalkMemory(t *testing.T) {
	s := mobile(t, searchspace.MobileNetV3Options{})
	walk := func() {
		w := s.Walk()
		for w.Next() {
			if err := w.Choose(w.Allowed()[len(w.Allowed())-1]); err != nil {
				t.Fatal(err)
			}
		}
		if w.Decision() != 45 {
			t.Fatal("not at the end")
		}
	}
	// The walk, its choices, and the list of allowed choices, which grows twice.
	if n := testing.AllocsPerRun(10, walk); n > 6 {
		t.Errorf("a walk of 45 decisions makes %v values", n)
	}
}

func ExampleSpace_Walk() {
	space, err := searchspace.NewSpace(searchspace.Family{Name: "plain", InputSize: 32, Classes: 10, Build: plainNet})
	if err != nil {
		fmt.Println(err)
		return
	}
	decisions := space.Decisions()
	w := space.Walk()
	for w.Next() {
		d, allowed := decisions[w.Decision()], w.Allowed()
		middle := allowed[len(allowed)/2]
		fmt.Printf("%s = %s\n", d.Name, d.Labels[middle])
		if err := w.Choose(middle); err != nil {
			fmt.Println(err)
			return
		}
	}
	a, err := w.Arch()
	fmt.Println(space.Format(a), err)
	// Output:
	// stage1.width = 16
	// stage1.depth = 1
	// stage1.layer0.op = separable
	// stage1.layer0.kernel = 5
	// stage2.width = 32
	// stage2.depth = 1
	// stage2.layer0.op = separable
	// stage2.layer0.kernel = 5
	// 16,1,separable,5,dense,3,32,1,separable,5,dense,3 <nil>
}
