package supernet

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/tendril-nas/tendril/internal/tensor/fake"
	"github.com/tendril-nas/tendril/searchspace"
)

// sameRows compares two sets of rows bit for bit.
func sameRows(a, b searchspace.Relaxed) bool {
	return slices.EqualFunc(a, b, func(x, y []float64) bool {
		return slices.EqualFunc(x, y, func(v, w float64) bool { return math.Float64bits(v) == math.Float64bits(w) })
	})
}

// TestRelaxedTouchesNothing looks that gradients leave weights, running statistics and what
// training needs alone, also when they fail, and that equal calls give equal bits.
func TestRelaxedTouchesNothing(t *testing.T) {
	for _, statistics := range []Statistics{OfBatch, Running} {
		l, images := relaxedLoss(t, smoothSpace(t), Elastic, &RelaxOptions{Statistics: statistics})
		n := l.relax.net
		before, version := n.values(), n.WeightVersion()
		rows := randomRows(n.Space(), rand.New(rand.NewPCG(1, 2)))
		loss, grad, err := l.Gradient(t.Context(), rows, images)
		if err != nil {
			t.Fatal(err)
		}
		rows[0][0] = 1e30
		rows[1][0], rows[2][0] = 1e30, 1e30
		if _, g, err := l.Gradient(t.Context(), rows, images); !errors.Is(err, ErrNotFinite) || g != nil {
			t.Errorf("infinite activations: gradient %v, error %v", g, err)
		}
		rows = randomRows(n.Space(), rand.New(rand.NewPCG(1, 2)))
		again, gradAgain, err := l.Gradient(t.Context(), rows, images)
		if err != nil || again != loss || !sameRows(gradAgain, grad) {
			t.Errorf("again: loss %v after %v, gradients equal %v, error %v", again, loss, sameRows(gradAgain, grad), err)
		}
		sameValues(t, n.values(), before)
		if n.WeightVersion() != version {
			t.Errorf("weight version %d after %d", n.WeightVersion(), version)
		}
		for _, p := range n.store.set.All() {
			if p.Frozen() != p.IsState() {
				t.Errorf("%s is frozen", p.Name())
			}
			if p.Grad() != nil {
				t.Errorf("%s got a gradient", p.Name())
			}
		}
		if loss, err := l.Loss(t.Context(), rows, images); err != nil || math.Abs(loss-again) > 1e-5 {
			t.Errorf("loss alone %v, with its gradient %v, error %v", loss, again, err)
		}
	}
}

// TestRelaxedWorkersDoNotMatter compares numbers of workers bit for bit, and another device.
func TestRelaxedWorkersDoNotMatter(t *testing.T) {
	space := smoothSpace(t)
	rows := randomRows(space, rand.New(rand.NewPCG(3, 4)))
	ds := stripes(t, 9, space.InputSize(), 1)
	gradient := func(o *Options) (float64, searchspace.Relaxed) {
		t.Helper()
		o.Seed = 7
		n, err := New(space, o)
		if err != nil {
			t.Fatal(err)
		}
		l := lossOn(t, n, ds, nil)
		loss, grad, err := l.Gradient(t.Context(), rows, []int{8, 1, 1, 5, 4})
		if err != nil {
			t.Fatal(err)
		}
		return loss, grad
	}
	loss, grad := gradient(&Options{Workers: 1})
	if other, g := gradient(&Options{Workers: 5}); other != loss || !sameRows(g, grad) {
		t.Errorf("5 workers: loss %v, one: %v; gradients equal %v", other, loss, sameRows(g, grad))
	}
	other, g := gradient(&Options{Device: fake.New()})
	if math.Abs(other-loss) > 1e-4 {
		t.Errorf("fake device: loss %v, CPU %v", other, loss)
	}
	for d := range grad {
		for c := range grad[d] {
			if math.Abs(g[d][c]-grad[d][c]) > 1e-3 {
				t.Errorf("fake device: gradient of choice %d of decision %d %v, CPU %v", c, d, g[d][c], grad[d][c])
			}
		}
	}
}

// TestRelaxedConcurrent computes gradients while others judge sub-networks.
func TestRelaxedConcurrent(t *testing.T) {
	space := smoothSpace(t)
	l, images := relaxedLoss(t, space, SinglePath, nil)
	rows := randomRows(space, rand.New(rand.NewPCG(5, 6)))
	loss, grad, err := l.Gradient(t.Context(), rows, images)
	if err != nil {
		t.Fatal(err)
	}
	judge, err := l.relax.net.On(l.data.cache.ds, &EvalOptions{Statistics: OfBatch})
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for k := range 4 {
		all.Go(func() {
			for i := range 3 {
				if k%2 == 0 {
					if _, err := judge.Evaluate(context.Background(), sample(t, space, uint64(10*k+i))); err != nil {
						t.Error(err)
					}
					continue
				}
				v, g, err := l.Gradient(context.Background(), rows, images)
				if err != nil || v != loss || !sameRows(g, grad) {
					t.Errorf("loss %v, alone %v, gradients equal %v, error %v", v, loss, sameRows(g, grad), err)
				}
			}
		})
	}
	all.Wait()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := l.Gradient(ctx, rows, images); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// TestRelaxedGrows goes on with a relaxation after the supernet got more classes.
func TestRelaxedGrows(t *testing.T) {
	space := tinySpace(t)
	l, images := relaxedLoss(t, space, Elastic, &RelaxOptions{Classes: []int{0, 1, 2, 3}})
	rows := randomRows(space, rand.New(rand.NewPCG(1, 2)))
	before, err := l.Loss(t.Context(), rows, images)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.relax.net.GrowClasses(t.Context(), Unnamed(6)...); err != nil {
		t.Fatal(err)
	}
	if after, err := l.Loss(t.Context(), rows, images); err != nil || math.Abs(after-before) > 1e-5 {
		t.Errorf("loss %v on the old classes, before %v, error %v", after, before, err)
	}
	if got := l.relax.prog.graph.Classes; got != 6 {
		t.Errorf("relaxed network of %d classes", got)
	}
}

// TestRelaxedSteady looks that gradients in a row need no more memory.
func TestRelaxedSteady(t *testing.T) {
	l, images := relaxedLoss(t, tinySpace(t), Elastic, nil)
	r := rand.New(rand.NewPCG(1, 2))
	rows := randomRows(l.relax.space, r)
	run := func(steps int) uint64 {
		for range steps {
			for d := range rows {
				for c := range rows[d] {
					rows[d][c] = r.Float64() // sometimes exactly 0 or not makes no difference to what is kept
				}
			}
			if _, _, err := l.Gradient(t.Context(), rows, images); err != nil {
				t.Fatal(err)
			}
		}
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	start := run(20)
	if grown := int64(run(60)) - int64(start); grown > 64<<10 {
		t.Errorf("memory grew by %d bytes", grown)
	}
}
