package search

import (
	"context"
	"errors"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
)

// shared is an evaluator on weights that move after so many evaluations.
type shared struct {
	stamp  Stamp
	moveAt map[int]Stamp // after this evaluation
	calls  []searchspace.Arch
}

func (s *shared) evaluate(_ context.Context, a searchspace.Arch) (searchspace.Measurement, []float64, error) {
	m := searchspace.Measurement{Arch: a, Accuracy: score(a), Stage: s.stamp.Stage, WeightVersion: s.stamp.WeightVersion}
	s.calls = append(s.calls, a)
	if to, ok := s.moveAt[len(s.calls)]; ok {
		s.stamp = to
	}
	return m, nil, nil
}

func TestMovedWeightsEndTheSearch(t *testing.T) {
	archs := several(t, 3)
	for name, to := range map[string]Stamp{"weights": {1, 9}, "stage": {2, 1}} {
		for _, at := range []bool{false, true} {
			s := &shared{stamp: Stamp{1, 1}, moveAt: map[int]Stamp{2: to}}
			o := Options{}
			if at {
				o.At = func() Stamp { return s.stamp }
			}
			loop := newLoop(t, Strategy[struct{}](List{Archs: archs, PerStep: 1}), s.evaluate, o)
			status, err := loop.Run(t.Context())
			// Without At the second measurement is the last good one; with it, the move shows
			// before it is told.
			want := 2
			if at {
				want = 1
			}
			if status != searchspace.StatusFailed || !errors.Is(err, ErrStale) || loop.Step() != want {
				t.Errorf("%s, at %v: %v, %v after %d steps", name, at, status, err, loop.Step())
			}
			if err := loop.SameWeights(searchspace.Measurement{Stage: to.Stage, WeightVersion: to.WeightVersion}); !errors.Is(err, ErrStale) {
				t.Errorf("%s: other weights are the same: %v", name, err)
			}
		}
	}
}

// A remembered measurement must not answer for weights that have moved, even if nothing new is
// measured.
func TestAtGuardsTheMemory(t *testing.T) {
	a := several(t, 1)
	s := &shared{stamp: Stamp{1, 1}}
	loop := newLoop(t, Strategy[struct{}](&script{lists: [][]searchspace.Arch{a, a, a}}), s.evaluate, Options{At: func() Stamp { return s.stamp }})
	loop.Observe(observe[struct{}](func([]Record[struct{}]) error {
		if loop.Step() == 2 {
			s.stamp.WeightVersion++
		}
		return nil
	}))
	if _, err := loop.Run(t.Context()); !errors.Is(err, ErrStale) || loop.Step() != 2 {
		t.Errorf("%v after %d steps", err, loop.Step())
	}
}

// Kept per key: an architecture is measured once for every stage and version, and known again when
// they come back.
func TestKeepPerKey(t *testing.T) {
	archs := several(t, 2)
	first, second := Stamp{1, 1}, Stamp{1, 2}
	s := &shared{stamp: first}
	loop := newLoop(t, Strategy[struct{}](&script{lists: [][]searchspace.Arch{archs, archs, archs, archs}}), s.evaluate,
		Options{Stale: StaleKeep, At: func() Stamp { return s.stamp }})
	loop.Observe(observe[struct{}](func([]Record[struct{}]) error {
		s.stamp = []Stamp{first, second, first, second}[loop.Step()%4]
		return nil
	}))
	for i, r := range run(t, loop, searchspace.StatusExhausted) {
		want := []Stamp{first, second, first, second}[i/2]
		if StampOf(r.Measurement) != want || r.Cached != (i >= 4) {
			t.Errorf("record %d: %+v, expected %v", i, r, want)
		}
	}
	if len(s.calls) != 4 || loop.Distinct() != 2 {
		t.Errorf("%d evaluations, %d distinct", len(s.calls), loop.Distinct())
	}
}

// Forgotten: what is told together carries one stamp, and what was measured before the move is
// measured again.
func TestForget(t *testing.T) {
	archs := several(t, 4)
	first, second := Stamp{1, 1}, Stamp{1, 2}
	for _, at := range []bool{false, true} {
		s := &shared{stamp: first, moveAt: map[int]Stamp{3: second}} // in the middle of the second step
		o := Options{Stale: StaleForget}
		if at {
			o.At = func() Stamp { return s.stamp }
		}
		strategy := &script{lists: [][]searchspace.Arch{archs[:2], {archs[0], archs[2], archs[3]}, archs[:2]}}
		loop := newLoop(t, Strategy[struct{}](strategy), s.evaluate, o)
		run(t, loop, searchspace.StatusExhausted)
		for step, results := range strategy.told {
			want := second
			if step == 0 {
				want = first
			}
			for i, r := range results {
				if StampOf(r.Measurement) != want {
					t.Errorf("at %v: step %d, result %d: %v, expected %v", at, step, i, StampOf(r.Measurement), want)
				}
			}
		}
		// Two; then two, of which one before the move, and it and the remembered one again; then
		// one that is not known.
		if len(s.calls) != 7 || !strategy.told[2][0].Cached || strategy.told[2][1].Cached {
			t.Errorf("at %v: %d evaluations, last step %+v", at, len(s.calls), strategy.told[2])
		}
	}
}

// Weights that move all the time can never be told together.
func TestForgetGivesUp(t *testing.T) {
	s := &shared{}
	e := func(ctx context.Context, a searchspace.Arch) (searchspace.Measurement, []float64, error) {
		s.stamp.WeightVersion++
		return s.evaluate(ctx, a)
	}
	loop := newLoop(t, Strategy[struct{}](List{Archs: several(t, 2)}), e, Options{Stale: StaleForget})
	if status, err := loop.Run(t.Context()); status != searchspace.StatusFailed || !errors.Is(err, ErrStale) {
		t.Errorf("%v, %v", status, err)
	}
}

// What was measured aside before a move is forgotten like the rest, also through a file.
func TestForgetMeasuredAside(t *testing.T) {
	archs := several(t, 3)
	for _, policy := range []StalePolicy{StaleForget, StaleKeep} {
		s := &shared{stamp: Stamp{1, 1}}
		o := Options{Stale: policy, At: func() Stamp { return s.stamp }}
		loop := newLoop(t, Strategy[struct{}](List{Archs: archs[1:]}), s.evaluate, o)
		measure := func(l *Loop[struct{}], cached bool) {
			t.Helper()
			if r, err := l.Measure(t.Context(), archs[0]); err != nil || r.Cached != cached {
				t.Errorf("policy %d: %+v, %v", policy, r, err)
			}
		}
		measure(loop, false)
		s.stamp.WeightVersion++
		run(t, loop, searchspace.StatusExhausted)
		measure(loop, false)
		again := newLoop(t, Strategy[struct{}](List{Archs: archs[1:]}), s.evaluate, o)
		c := Codec[struct{}]{Decisions: archs[0].Len()}
		if err := again.Restore(throughFile(t, c, loop.State())); err != nil {
			t.Fatal(err)
		}
		measure(again, true)
		s.stamp.WeightVersion--
		measure(again, policy == StaleKeep)
	}
}
