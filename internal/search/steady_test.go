package search

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tendril-nas/tendril/searchspace"
)

// Step k is asked right after k+1−window steps were told, and steps are told in the order of
// asking.
func TestScheduleOfTheWindow(t *testing.T) {
	space := testSpace(t)
	const steps = 11
	for _, window := range []int{1, 2, 5, 20} {
		var want []event
		for told, asked := 0, 0; told < steps; told++ {
			for ; asked < min(steps, told+window); asked++ {
				want = append(want, event{false, asked})
			}
			want = append(want, event{true, told})
		}
		c := &climber{space: space, per: 1}
		run(t, newLoop(t, Strategy[float64](c), (&bench{}).evaluate, Options{Steps: steps, Workers: 3, Window: window}), searchspace.StatusFinished)
		if d := cmp.Diff(want, c.events, cmp.AllowUnexported(event{})); d != "" {
			t.Errorf("window %d: %s", window, d)
		}
	}
}

// As many evaluations as there are workers are in flight at once: each waits here until all are.
func TestWorkersAreBusy(t *testing.T) {
	archs := several(t, 12)
	const workers = 4
	for _, o := range []Options{{Workers: workers}, {Workers: workers, Window: workers}} {
		var here atomic.Int64
		all := make(chan struct{})
		meet := func(_ context.Context, a searchspace.Arch) (searchspace.Measurement, []float64, error) {
			if here.Add(1) == workers {
				close(all)
			}
			<-all
			return searchspace.Measurement{Arch: a}, nil, nil
		}
		list := List{Archs: archs}
		if o.Window > 1 {
			list.PerStep = 1
		}
		if n := len(run(t, newLoop(t, Strategy[struct{}](list), meet, o), searchspace.StatusExhausted)); n != len(archs) {
			t.Errorf("%d records", n)
		}
	}
}

// Unordered, a slow candidate holds nobody back: here it ends only after all others were told.
func TestUnordered(t *testing.T) {
	archs := several(t, 8)
	last := make(chan struct{})
	e := func(ctx context.Context, a searchspace.Arch) (searchspace.Measurement, []float64, error) {
		if a == archs[0] {
			select {
			case <-last:
			case <-ctx.Done():
				return searchspace.Measurement{}, nil, ctx.Err()
			}
		}
		return searchspace.Measurement{Arch: a}, nil, nil
	}
	loop := newLoop(t, Strategy[struct{}](List{Archs: archs, PerStep: 1}), e, Options{Workers: 2, Window: 2, Unordered: true})
	loop.Observe(observe[struct{}](func([]Record[struct{}]) error {
		if loop.Step() == len(archs)-1 {
			close(last)
		}
		return nil
	}))
	h := run(t, loop, searchspace.StatusExhausted)
	if len(h) != len(archs) || h[len(h)-1].Step != 0 {
		t.Errorf("%d records, the last of step %d", len(h), h[len(h)-1].Step)
	}
}

type observe[T any] func([]Record[T]) error

func (f observe[T]) Observe(records []Record[T]) error { return f(records) }

// Open steps wait for one evaluation of what they share.
func TestOpenStepsShareEvaluations(t *testing.T) {
	archs := several(t, 2)
	b := &bench{}
	s := &script{lists: [][]searchspace.Arch{{archs[0]}, {archs[0], archs[1]}, {archs[1]}, {archs[0]}}}
	h := run(t, newLoop(t, Strategy[struct{}](s), b.evaluate, Options{Workers: 4, Window: 4}), searchspace.StatusExhausted)
	for i, r := range h {
		if cached := i == 1 || i > 2; !r.Measured() || r.Cached != cached {
			t.Errorf("record %d: %+v", i, r)
		}
	}
	if b.total != 2 {
		t.Errorf("%d evaluations of 2 architectures", b.total)
	}
}
