package searchspace_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
)

// changed lists the decisions that differ.
func changed(a, b searchspace.Arch) (out []int) {
	for i := range a.Len() {
		if a.At(i) != b.At(i) {
			out = append(out, i)
		}
	}
	return out
}

// The decision that changes is drawn by the weight of its kind, and those of weight 0 stay.
func TestMutateByKind(t *testing.T) {
	s := must[*searchspace.Space](t)(searchspace.EATNAS(searchspace.EATNASOptions{Unlimited: true}))
	decisions := s.Decisions()
	r := rand.New(rand.NewPCG(1, 1))
	// Seven blocks: a kernel is drawn with weight 3, a width with weight 1.
	o := searchspace.MutateOptions{Kinds: map[searchspace.Kind]float64{searchspace.KindKernel: 3,
		searchspace.KindOp: 0, searchspace.KindSkip: 0, searchspace.KindDepth: 0}}
	kernels, widths := 0, 0
	for range 2000 {
		a := must[searchspace.Arch](t)(s.Sample(r))
		m := must[searchspace.Arch](t)(s.Mutate(a, r, o))
		ds := changed(a, m)
		if len(ds) != 1 {
			t.Fatalf("%v to %v", a, m)
		}
		switch k := decisions[ds[0]].Kind; k {
		case searchspace.KindKernel:
			kernels++
		case searchspace.KindWidth:
			widths++
		default:
			t.Fatalf("a decision of kind %v changed", k)
		}
	}
	if share := float64(kernels) / 2000; math.Abs(share-0.75) > 0.05 {
		t.Errorf("%d kernels and %d widths changed, expected three to one", kernels, widths)
	}
	none := searchspace.MutateOptions{Kinds: map[searchspace.Kind]float64{}}
	for _, d := range decisions {
		none.Kinds[d.Kind] = 0
	}
	if m, err := s.Mutate(s.Smallest(), r, none); !errors.Is(err, searchspace.ErrInfeasible) {
		t.Errorf("%v, %v where nothing may change", m, err)
	}
}

// PerStage changes one decision in each of the seven blocks; Steps changes several one after the
// other, and reaches over limits that one change cannot.
func TestMutatePerStageAndInSteps(t *testing.T) {
	s := must[*searchspace.Space](t)(searchspace.EATNAS(searchspace.EATNASOptions{Unlimited: true}))
	decisions := s.Decisions()
	r := rand.New(rand.NewPCG(2, 1))
	for range 200 {
		a := must[searchspace.Arch](t)(s.Sample(r))
		m := must[searchspace.Arch](t)(s.Mutate(a, r, searchspace.MutateOptions{PerStage: true}))
		stages := map[int]int{}
		for _, i := range changed(a, m) {
			if decisions[i].Kind != searchspace.KindSkip || decisions[i-2].Kind != searchspace.KindOp ||
				a.At(i-2) == m.At(i-2) { // a skip may come or go with the operation
				stages[decisions[i].Stage]++
			}
		}
		if len(stages) != 7 {
			t.Errorf("%v to %v: changes in %d stages", a, m, len(stages))
		}
		for stage, n := range stages {
			if n != 1 {
				t.Errorf("%v to %v: %d changes in stage %d", a, m, n, stage)
			}
		}
		m = must[searchspace.Arch](t)(s.Mutate(a, r, searchspace.MutateOptions{Steps: 3}))
		if n := len(changed(a, m)); n > 6 {
			t.Errorf("%d changes in three steps", n)
		}
	}
	// 28 layers in all; 16 to 18 are far from 7.
	limited := must[*searchspace.Space](t)(searchspace.EATNAS(searchspace.EATNASOptions{Chain: true}))
	choices := s.Smallest().Choices()
	for i, d := range decisions {
		switch d.Kind {
		case searchspace.KindDepth:
			choices[i] = 0
		case searchspace.KindWidth:
			choices[i] = 1
		}
	}
	a := must[searchspace.Arch](t)(s.New(choices))
	if m, err := limited.Mutate(a, r, searchspace.MutateOptions{}); !errors.Is(err, searchspace.ErrInfeasible) {
		t.Errorf("%v, %v by one change", m, err)
	}
	m := must[searchspace.Arch](t)(limited.Mutate(a, r, searchspace.MutateOptions{Steps: 20}))
	if err := limited.Valid(m); err != nil {
		t.Error(err)
	}
	for _, bad := range []searchspace.MutateOptions{{Steps: -1}, {Rate: 0.5, PerStage: true},
		{Kinds: map[searchspace.Kind]float64{searchspace.KindOp: -1}},
		{Kinds: map[searchspace.Kind]float64{searchspace.KindOp: math.NaN()}}} {
		if _, err := s.Mutate(s.Smallest(), r, bad); err == nil {
			t.Errorf("a mutation with %+v", bad)
		}
	}
}

// OneHot has one 1 for every decision with an effect, and none for the others.
func TestOneHot(t *testing.T) {
	s := plain(t)
	r := rand.New(rand.NewPCG(3, 1))
	codes := map[string]searchspace.Arch{}
	for range 50 {
		a := must[searchspace.Arch](t)(s.Sample(r))
		x := s.OneHot(a)
		want, at := 0.0, 0
		for i, d := range s.Decisions() {
			if s.Active(a)[i] {
				if want++; x[at+a.At(i)] != 1 {
					t.Errorf("%v: %v", a, x)
				}
			}
			at += d.Len()
		}
		sum := 0.0
		key := ""
		for _, v := range x {
			sum += v
			key += string('0' + rune(v))
		}
		if b, ok := codes[key]; len(x) != at || sum != want || ok && b != a {
			t.Errorf("%v: %v", a, x)
		}
		codes[key] = a
	}
	if x := s.OneHot(searchspace.Arch{}); x != nil {
		t.Errorf("%v", x)
	}
}
