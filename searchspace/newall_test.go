package searchspace

import (
	"errors"
	"slices"
	"testing"

	"github.com/tendril-nas/tendril/internal/stream"
)

// Many architectures at once are those that New makes one by one, from choices of inactive
// decisions too.
func TestNewAll(t *testing.T) {
	s, err := MobileNetV3(MobileNetV3Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := stream.New(1, "test")
	var all []int
	var want []Arch
	n := len(s.Decisions())
	for range 40 {
		choices := make([]int, n)
		for i := range choices {
			choices[i] = r.IntN(3)
		}
		a, err := s.New(choices)
		if err != nil {
			t.Fatal(err)
		}
		all, want = append(all, choices...), append(want, a)
		active := make([]bool, n)
		if err := s.Canonical(choices, active); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(choices, a.Choices()) || !slices.Equal(active, s.Active(a)) {
			t.Errorf("%v: canonical %v, active %v", a, choices, active)
		}
	}
	got, err := s.NewAll(all)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v, expected %v", got, err, want)
	}
	choices := want[0].Choices()
	if k := testing.AllocsPerRun(100, func() { _ = s.Canonical(choices, nil) }); k != 0 {
		t.Errorf("%v allocations", k)
	}
	few := testing.AllocsPerRun(20, func() { _, _ = s.NewAll(all[:2*n]) })
	if many := testing.AllocsPerRun(20, func() { _, _ = s.NewAll(all) }); many > few {
		t.Errorf("%v allocations for 40 architectures, %v for 2", many, few)
	}
}

// Choices that are none are refused as New does.
func TestNewAllRefuses(t *testing.T) {
	s, err := MobileNetV3(MobileNetV3Options{})
	if err != nil {
		t.Fatal(err)
	}
	narrow, err := s.Restrict(Restriction{Decisions: []string{"*.kernel"}, Keep: []int{1}})
	if err != nil {
		t.Fatal(err)
	}
	good := make([]int, len(s.Decisions()))
	for name, c := range map[string]struct {
		space   *Space
		choices []int
	}{"few": {s, good[1:]}, "range": {s, append([]int{7}, good[1:]...)}, "negative": {s, append([]int{-1},
		good[1:]...)},
		"restricted": {narrow, good}} {
		choices := slices.Clone(c.choices)
		if err := c.space.Canonical(choices, nil); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := c.space.NewAll(c.choices); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: all: %v", name, err)
		}
	}
	if err := s.Canonical(good, make([]bool, 3)); !errors.Is(err, ErrInvalid) {
		t.Errorf("active of another length: %v", err)
	}
}
