package supernet

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
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

// TestRelaxedTouchesNothing looks that gradients leave weights, running statistics and what training needs alone, also when they
// fail, and that equal calls give equal bits.
func TestRelaxedTouchesNothing(t *testing.T) {
	for _, statistics := range []Statistics{OfBatch, Running} {
		l, images := relaxedLoss(t, smoothSpace(t), Elastic, &RelaxOptions{Statistics: statistics})
		n := l.relax.net
		before, version := n.values(), n.WeightVersion()
		rows := randomRows(n.Space(), rand.New(rand.NewPCG(1, 2)))
		settle := rows[0][0]
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
		rows[0][0] = settle
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
		}
		if loss, err := l.Loss(t.Context(), rows, images); err != nil || math.Abs(loss-again) > 1e-5 {
			t.Errorf("loss alone %v, with its gradient %v, error %v", loss, again, err)
		}
	}
}

// TestRelaxedWorkers compares numbers of workers bit for bit, and another device.
func TestRelaxedWorkers(t *testing.T) {
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
		relax, err := n.Relax(nil)
		if err != nil {
			t.Fatal(err)
		}
		l, err := relax.On(ds, nil)
		if err != nil {
			t.Fatal(err)
		}
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

// TestRelaxedTogether computes gradients while others judge sub-networks.
func TestRelaxedTogether(t *testing.T) {
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

// TestRelaxedRefuses looks what is an error.
func TestRelaxedRefuses(t *testing.T) {
	whole := smoothSpace(t)
	space, err := whole.Restrict(searchspace.Restriction{Decisions: []string{"stage2.op"}, Keep: []int{0, 2}})
	if err != nil {
		t.Fatal(err)
	}
	n, err := New(whole, nil)
	if err != nil {
		t.Fatal(err)
	}
	relax, err := n.Relax(space)
	if err != nil {
		t.Fatal(err)
	}
	for i := range relax.prog.graph.Nodes {
		if site := relax.prog.graph.Nodes[i].Site; site == "stage2.grouped.groups" {
			t.Errorf("%s is computed though a restriction removed it", site)
		}
	}
	ds := stripes(t, 8, 8, 1)
	l, err := relax.On(ds, &RelaxOptions{Classes: []int{0, 2}})
	if err != nil {
		t.Fatal(err)
	}
	op := space.DecisionIndex("stage2.op")
	good := func() searchspace.Relaxed { return randomRows(space, rand.New(rand.NewPCG(1, 2))) }
	for name, c := range map[string]struct {
		rows   func(rows searchspace.Relaxed) searchspace.Relaxed
		images []int
		want   error
	}{
		"removed choice":   {rows: func(r searchspace.Relaxed) searchspace.Relaxed { r[op][1] = 0.1; return r }},
		"a row less":       {rows: func(r searchspace.Relaxed) searchspace.Relaxed { return r[1:] }},
		"a number more":    {rows: func(r searchspace.Relaxed) searchspace.Relaxed { r[op] = append(r[op], 0); return r }},
		"not a number":     {rows: func(r searchspace.Relaxed) searchspace.Relaxed { r[op][0] = math.NaN(); return r }},
		"infinite":         {rows: func(r searchspace.Relaxed) searchspace.Relaxed { r[0][0] = math.Inf(1); return r }},
		"no images":        {images: []int{}, want: ErrData},
		"image too far":    {images: []int{8}, want: ErrData},
		"image below zero": {images: []int{-1}, want: ErrData},
		"other class":      {images: []int{0, 1}, want: ErrData},
	} {
		rows, images := good(), c.images
		if c.rows != nil {
			rows = c.rows(rows)
		}
		if images == nil {
			images = []int{0, 2}
		}
		if _, grad, err := l.Gradient(t.Context(), rows, images); err == nil || grad != nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: gradient %v, error %v, expected %v", name, grad, err, c.want)
		}
	}
	if _, grad, err := l.Gradient(t.Context(), good(), []int{0, 2, 2}); err != nil || grad[op][0] == 0 {
		t.Errorf("gradient %v, error %v", grad, err)
	} else if grad[op][1] != 0 {
		t.Errorf("removed choice has the gradient %v", grad[op][1])
	}
	for name, o := range map[string]*RelaxOptions{
		"class":      {Classes: []int{4}},
		"smoothing":  {LabelSmoothing: 1},
		"statistics": {Statistics: 3},
	} {
		if _, err := relax.On(ds, o); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
	if _, err := relax.On(stripes(t, 8, 16, 1), nil); !errors.Is(err, ErrData) {
		t.Errorf("larger images: %v", err)
	}
	if _, err := n.Relax(tinySpace(t)); err == nil {
		t.Error("the space of another family was accepted")
	}
	small, err := New(space, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := small.Relax(whole); err == nil {
		t.Error("a space wider than the supernet's was accepted")
	}
}

// TestNoRelaxed looks which spaces have no relaxed form, and what is said.
func TestNoRelaxed(t *testing.T) {
	etnas, err := searchspace.ETNAS(searchspace.ETNASOptions{InputSize: 16, Classes: 4})
	if err != nil {
		t.Fatal(err)
	}
	n, err := New(etnas, &Options{Sharing: SinglePath})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.Relax(nil); !errors.Is(err, searchspace.ErrNoChoiceGraph) {
		t.Errorf("etnas: %v", err)
	}
	two := func(b *searchspace.Builder) (x, y searchspace.Ref) {
		x = b.Conv("one", b.Input(), searchspace.Conv{Out: b.OneOf("width", searchspace.KindWidth, 2, 4)})
		return x, b.Conv("two", b.Input(), searchspace.Conv{Out: b.OneOf("other", searchspace.KindWidth, 2, 4)})
	}
	for name, c := range map[string]struct {
		want  error
		build func(b *searchspace.Builder) searchspace.Ref
	}{
		"concat after a variable width": {ErrNoRelaxed, func(b *searchspace.Builder) searchspace.Ref {
			x, y := two(b)
			return b.Concat("concat", x, y)
		}},
		"shuffle of a variable width": {ErrNoRelaxed, func(b *searchspace.Builder) searchspace.Ref {
			x, _ := two(b)
			return b.Shuffle("shuffle", x, 2)
		}},
		"groups of a variable width": {ErrNoRelaxed, func(b *searchspace.Builder) searchspace.Ref {
			x, _ := two(b)
			return b.Conv("grouped", x, searchspace.Conv{Out: searchspace.Const(4), Groups: searchspace.Const(2)})
		}},
		"kernels with a bias": {ErrNoRelaxed, func(b *searchspace.Builder) searchspace.Ref {
			k := b.OneOf("kernel", searchspace.KindKernel, 1, 3)
			return b.Conv("biased", b.Input(), searchspace.Conv{Out: searchspace.Const(4), Kernel: k, Bias: true})
		}},
		"a width of seven decisions": {searchspace.ErrTooLarge, func(b *searchspace.Builder) searchspace.Ref {
			width := searchspace.Const(1)
			for i := range 7 {
				d := b.OneOf("factor"+strconv.Itoa(i), searchspace.KindWidth, 1, 2, 3, 4)
				width = searchspace.Map(func(v ...int) int { return 1 + v[0]*v[1]%7 }, width, d)
			}
			return b.Conv("wide", b.Input(), searchspace.Conv{Out: width})
		}},
	} {
		space := craft(t, 4, 4, func(b *searchspace.Builder) { b.Classifier("linear", b.GlobalAvgPool("gap", c.build(b)), 0) })
		n, err := New(space, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := n.Relax(nil); !errors.Is(err, c.want) {
			t.Errorf("%s: error %v, expected %v", name, err, c.want)
		}
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
