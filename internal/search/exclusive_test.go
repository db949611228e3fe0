package search

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
)

// occupancy checks that nobody is beside whoever is alone.
type occupancy struct{ shared, alone atomic.Int64 }

func (o *occupancy) enter(t *testing.T, alone bool) (leave func()) {
	n, k := &o.shared, &o.alone
	if alone {
		n, k = k, n
	}
	if mine := n.Add(1); k.Load() != 0 || alone && mine != 1 {
		t.Errorf("alone %v: %d share, %d are alone", alone, o.shared.Load(), o.alone.Load())
	}
	return func() { n.Add(-1) }
}

func TestQuietKeepsApart(t *testing.T) {
	var q Quiet
	var o occupancy
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(1, uint64(i)))
			for range 300 {
				alone := r.IntN(4) == 0
				ctx, cancel := context.WithCancel(t.Context())
				if r.IntN(5) == 0 {
					go cancel()
				}
				acquire := q.Shared
				if alone {
					acquire = q.Alone
				}
				if release, err := acquire(ctx); err == nil {
					leave := o.enter(t, alone)
					runtime.Gosched()
					leave()
					release()
					release()
				} else if !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
				cancel()
			}
		})
	}
	wg.Wait()
	if q.shared != 0 || q.alone || len(q.queue) != 0 {
		t.Errorf("%d share, alone %v, %d wait at the end", q.shared, q.alone, len(q.queue))
	}
}

// waiters gives the number of requests that wait.
func (q *Quiet) waiters() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.queue)
}

func until(cond func() bool) {
	for !cond() {
		runtime.Gosched()
	}
}

// Requests are granted in their order: who waits to be alone holds off those behind, and is not
// held off by them.
func TestQuietIsFair(t *testing.T) {
	var q Quiet
	first, err := q.Shared(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var order []string
	var mu sync.Mutex
	var wg sync.WaitGroup
	enter := func(name string, acquire func(context.Context) (func(), error)) {
		n := q.waiters()
		wg.Go(func() {
			release, err := acquire(t.Context())
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			order = append(order, name)
			mu.Unlock()
			release()
		})
		until(func() bool { return q.waiters() > n })
	}
	enter("alone", q.Alone)
	enter("share", q.Shared)
	enter("alone again", q.Alone)
	first()
	wg.Wait()
	if len(order) != 3 || order[0] != "alone" || order[1] != "share" || order[2] != "alone again" {
		t.Errorf("granted in the order %q", order)
	}
}

// Who gives up waiting to be alone lets those behind in.
func TestQuietWithdrawal(t *testing.T) {
	var q Quiet
	first, err := q.Shared(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan error)
	go func() {
		_, err := q.Alone(ctx)
		gone <- err
	}()
	until(func() bool { return q.waiters() == 1 })
	in := make(chan func())
	go func() {
		release, err := q.Shared(t.Context())
		if err != nil {
			t.Error(err)
		}
		in <- release
	}()
	until(func() bool { return q.waiters() == 2 })
	cancel()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	(<-in)()
	first()
	if _, err := q.Alone(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("with a context that has ended: %v", err)
	}
	if release, err := q.Alone(t.Context()); err != nil {
		t.Error(err)
	} else {
		release()
	}
}

// alonists is a strategy that watches that Ask and Tell are not beside a measurement of time.
type alonists struct {
	List
	enter func(alone bool) func()
}

func (a alonists) Tell(ctx context.Context, step int, results []Result) ([]struct{}, error) {
	defer a.enter(false)()
	return a.List.Tell(ctx, step, results)
}

// All evaluations of a loop may ask to be alone, nested and in the middle of their work, and are.
func TestAloneInALoop(t *testing.T) {
	archs := several(t, 24)
	for _, o := range []Options{{Workers: 4}, {Workers: 4, Window: 8}, {Workers: 3, Window: 3, Unordered: true}} {
		var occ occupancy
		enter := func(alone bool) func() { return occ.enter(t, alone) }
		var alone atomic.Int64
		e := func(ctx context.Context, a searchspace.Arch) (searchspace.Measurement, []float64, error) {
			leave := enter(false)
			runtime.Gosched()
			leave()
			err := Alone(ctx, func(ctx context.Context) error {
				defer enter(true)()
				alone.Add(1)
				runtime.Gosched()
				return Alone(ctx, func(context.Context) error { return nil })
			})
			leave = enter(false)
			runtime.Gosched()
			leave()
			step, ok := StepOf(ctx)
			if !ok || o.Window > 1 && archs[step] != a {
				t.Errorf("step %d, %v", step, ok)
			}
			return searchspace.Measurement{Arch: a}, nil, err
		}
		list := List{Archs: archs}
		if o.Window > 1 {
			list.PerStep = 1
		}
		run(t, newLoop(t, Strategy[struct{}](alonists{list, enter}), e, o), searchspace.StatusExhausted)
		if alone.Load() != 24 {
			t.Errorf("%d of 24 were alone", alone.Load())
		}
	}
}

// Cancelled while evaluations wait to be alone, the loop ends, and the lock is free.
func TestCancelledWhileAlone(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	q := &Quiet{}
	e := func(ctx context.Context, a searchspace.Arch) (searchspace.Measurement, []float64, error) {
		return searchspace.Measurement{Arch: a}, nil, Alone(ctx, func(ctx context.Context) error {
			cancel()
			<-ctx.Done()
			return ctx.Err()
		})
	}
	loop := newLoop(t, Strategy[struct{}](List{Archs: several(t, 6)}), e, Options{Workers: 3, Quiet: q})
	if status, err := loop.Run(ctx); status != searchspace.StatusCancelled || err == nil {
		t.Errorf("%v, %v", status, err)
	}
	if q.shared != 0 || q.alone || len(q.queue) != 0 {
		t.Errorf("%d share, alone %v, %d wait at the end", q.shared, q.alone, len(q.queue))
	}
}

// A measurement inside Tell may be alone too, and outside of a loop there is nothing to wait for.
func TestAloneElsewhere(t *testing.T) {
	ran := 0
	if err := Alone(t.Context(), func(context.Context) error { ran++; return nil }); err != nil || ran != 1 {
		t.Errorf("ran %d times, %v", ran, err)
	}
	if _, ok := StepOf(t.Context()); ok {
		t.Error("a step without a loop")
	}
	archs := several(t, 2)
	m := &measurer{other: archs[1]}
	loop := newLoop(t, Strategy[struct{}](m), func(ctx context.Context, a searchspace.Arch) (searchspace.Measurement, []float64, error) {
		return searchspace.Measurement{Arch: a}, nil, Alone(ctx, func(context.Context) error { return nil })
	}, Options{})
	m.loop, m.Archs = loop, archs[:1]
	if run(t, loop, searchspace.StatusExhausted); loop.Distinct() != 2 {
		t.Errorf("%d measured", loop.Distinct())
	}
}

// measurer measures another architecture inside Tell.
type measurer struct {
	List
	other searchspace.Arch
	loop  *Loop[struct{}]
}

func (m *measurer) Tell(ctx context.Context, step int, results []Result) ([]struct{}, error) {
	if _, err := m.loop.Measure(context.WithoutCancel(ctx), m.other); err != nil {
		return nil, err
	}
	return m.List.Tell(ctx, step, results)
}

// Somebody who wants to be alone does not wait for the end of an evaluation that pauses.
func TestPause(t *testing.T) {
	var q Quiet
	ctx, end, err := q.begin(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := Pause(ctx); err != nil {
		t.Errorf("nobody waits: %v", err)
	}
	var alone atomic.Bool
	go func() {
		release, err := q.Alone(t.Context())
		if err != nil {
			t.Error(err)
		}
		alone.Store(true)
		release()
	}()
	until(q.waits)
	if alone.Load() {
		t.Error("alone beside an evaluation")
	}
	if err := Pause(ctx); err != nil || !alone.Load() {
		t.Errorf("paused: %v; the other was alone: %v", err, alone.Load())
	}
	if q.shared != 1 {
		t.Errorf("%d share after the pause, expected 1", q.shared)
	}
	end()
	if q.shared != 0 {
		t.Errorf("%d share at the end", q.shared)
	}
	// A context that ends while somebody else is alone.
	ctx, cancel := context.WithCancel(t.Context())
	ctx, end, err = q.begin(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		release, err := q.Alone(t.Context())
		if err != nil {
			t.Error(err)
			return
		}
		cancel()
		until(func() bool { return q.waiters() == 0 })
		release()
	}()
	until(q.waits)
	if err := Pause(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled while another was alone: %v", err)
	}
	end()
	until(func() bool { return !q.waits() })
	if err := Pause(context.Background()); err != nil {
		t.Errorf("no loop: %v", err)
	}
}
