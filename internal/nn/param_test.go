package nn_test

import (
	"testing"

	"github.com/tendril-nas/tendril/internal/nn"
	"github.com/tendril-nas/tendril/internal/tensor"
)

// step runs one training step that uses weight w on a fixed input and returns the loss Σ output.
func (r *rig) step(opt nn.Optimizer, w nn.Weight, lr float64) {
	r.ps.BeginStep()
	r.tape.Begin(nn.Training(1))
	x := make([]float32, 2*w.V.In)
	for i := range x {
		x[i] = float32(i%3) - 0.4
	}
	loss := r.tape.Sum(r.tape.Linear(r.tape.Input(tensor.Vector(2, w.V.In), x), w, nn.Vector{}), 1)
	r.tape.Backward(loss)
	opt.Step(r.st, r.ps, lr)
}

func TestUntouchedParametersKeepTheirBits(t *testing.T) {
	for name, opt := range map[string]nn.Optimizer{
		"sgd":  &nn.SGD{Momentum: 0.9, WeightDecay: 0.1, ClipNorm: 1},
		"adam": &nn.Adam{WeightDecay: 0.1},
	} {
		t.Run(name, func(t *testing.T) {
			r := fakeRig(t)
			used, idle := r.param("used", 3, 4), r.param("idle", 3, 4)
			r.step(opt, idle.Weight(), 0.1) // gives it momentum
			before, steps := idle.Get(r.st), r.ps.Snapshot(r.st).Updates["idle"]
			for range 3 {
				r.step(opt, used.Weight(), 0.1)
			}
			same(t, "idle parameter", idle.Get(r.st), before)
			if now := r.ps.Snapshot(r.st).Updates; now["idle"] != steps || idle.Touched() || now["used"] != 3 {
				t.Errorf("updates are %v, touched %v", now, idle.Touched())
			}
			if got := r.ps.Touched(); len(got) != 1 || got[0] != used {
				t.Errorf("touched parameters are %v", got)
			}
		})
	}
}

func TestViewTrainsTheWholeTensor(t *testing.T) {
	r := fakeRig(t)
	p := r.param("w", 3, 4)
	before := p.Get(r.st)
	opt := &nn.SGD{Momentum: 0.5, WeightDecay: 0.1}
	r.step(opt, p.Weight().Crop(1, 2, 2), 1)
	g, after := r.grad(p), p.Get(r.st)
	for i := range g {
		inside := i/4 < 2 && i%4 < 2
		if (g[i] != 0) != inside {
			t.Errorf("element %d: gradient %g, inside the view: %v", i, g[i], inside)
		}
		want := before[i] - (g[i] + 0.1*before[i])
		close32(t, "decayed weight", after[i:i+1], []float32{want}, 1e-6)
	}
	// A second step elsewhere starts from a cleared gradient, while momentum still moves what was
	// trained first.
	r.step(opt, p.Weight().Crop(1, 1, 1), 1)
	if g := r.grad(p); g[5] != 0 {
		t.Errorf("gradient of the step before is still there: %g", g[5])
	}
	if p.Get(r.st)[5] == after[5]*0.9 {
		t.Error("momentum did not move the element")
	}
}

func TestGradientsAccumulateUntilBeginStep(t *testing.T) {
	r := fakeRig(t)
	p := r.param("w", 2, 2)
	pass := func() {
		r.tape.Begin(nn.Training(1))
		r.tape.Backward(r.tape.Sum(r.tape.Linear(r.tape.Input(tensor.Vector(1, 2), []float32{1, 2}), p.Weight(), nn.Vector{}), 1))
	}
	r.ps.BeginStep()
	pass()
	same(t, "first gradient", r.grad(p), []float32{1, 1, 2, 2})
	pass()
	same(t, "accumulated gradient", r.grad(p), []float32{2, 2, 4, 4})
	r.ps.BeginStep()
	pass()
	same(t, "next step's gradient", r.grad(p), []float32{1, 1, 2, 2})
}

func TestFrozen(t *testing.T) {
	r := fakeRig(t)
	low, high := r.param("low", 2, 2), r.param("high", 2, 2)
	low.SetFrozen(true)
	r.ps.BeginStep()
	r.tape.Begin(nn.Training(1))
	x := r.tape.Input(tensor.Vector(1, 2), []float32{1, 2})
	y := r.tape.Linear(r.tape.Linear(x, low.Weight(), nn.Vector{}), high.Weight(), nn.Vector{})
	r.tape.Backward(r.tape.Sum(y, 1))
	if low.Touched() || low.Grad() != nil || !high.Touched() {
		t.Errorf("frozen touched %v, trained touched %v", low.Touched(), high.Touched())
	}
	low.SetFrozen(false)
	r.tape.Begin(nn.Training(1))
	x = r.tape.Input(tensor.Vector(1, 2), []float32{1, 2})
	r.tape.Backward(r.tape.Sum(r.tape.Linear(x, low.Weight(), nn.Vector{}), 1))
	if !low.Touched() {
		t.Error("thawed parameter got no gradient")
	}
}

// TestRate: a factor multiplies the learning rate of its parameter and of no other; momentum, decay
// and the norm of the gradient are those without it.
func TestRate(t *testing.T) {
	for name, opt := range map[string]func() nn.Optimizer{
		"sgd":  func() nn.Optimizer { return &nn.SGD{Momentum: 0.9, WeightDecay: 0.1, ClipNorm: 1} },
		"adam": func() nn.Optimizer { return &nn.Adam{WeightDecay: 0.1, ClipNorm: 1} },
	} {
		// Two steps of two parameters whose gradients do not depend on values.
		trained := func(lr, factor float64) (plain, rated []float32) {
			r, o := fakeRig(t), opt()
			p, q := r.param("plain", 2, 2), r.param("rated", 2, 2)
			q.SetRate(factor)
			for range 2 {
				r.ps.BeginStep()
				r.tape.Begin(nn.Training(1))
				x := r.tape.Input(tensor.Vector(1, 2), []float32{1, 2})
				r.tape.Backward(r.tape.Sum(r.tape.Linear(x, p.Weight(), nn.Vector{}), 1),
					r.tape.Sum(r.tape.Linear(x, q.Weight(), nn.Vector{}), -3))
				o.Step(r.st, r.ps, lr)
			}
			return p.Get(r.st), q.Get(r.st)
		}
		full, _ := trained(0.5, 1)
		for _, factor := range []float64{0, 0.25, 2} {
			_, want := trained(0.5*factor, 1)
			plain, rated := trained(0.5, factor)
			same(t, name+": the other parameter", plain, full)
			same(t, name+": the parameter", rated, want)
		}
	}
}

func TestNoDecay(t *testing.T) {
	r := fakeRig(t)
	p := r.param("w", 2, 2)
	p.SetNoDecay(true)
	before := p.Get(r.st)
	r.step(&nn.SGD{WeightDecay: 10}, p.Weight(), 1)
	g, after := r.grad(p), p.Get(r.st)
	for i := range g {
		close32(t, "weight", after[i:i+1], []float32{before[i] - g[i]}, 1e-6)
	}
}

func TestClip(t *testing.T) {
	for _, limit := range []float64{0, 0.5, 1e6} {
		r := fakeRig(t)
		a, b := r.param("a", 2, 3), r.param("b", 2, 2)
		before := append(a.Get(r.st), b.Get(r.st)...)
		r.ps.BeginStep()
		r.tape.Begin(nn.Training(1))
		x := r.tape.Input(tensor.Vector(1, 2), []float32{1, 2})
		r.tape.Backward(r.tape.Sum(r.tape.Linear(x, a.Weight(), nn.Vector{}), 1), r.tape.Sum(r.tape.Linear(x, b.Weight(), nn.Vector{}), -3))
		g := append(r.grad(a), r.grad(b)...)
		norm := 0.0
		for _, v := range g {
			norm += float64(v) * float64(v)
		}
		norm = r.ps.GradNorm(r.st) * r.ps.GradNorm(r.st) / norm
		if d := norm - 1; d > 1e-9 || d < -1e-9 {
			t.Errorf("norm is off by %g", d)
		}
		norm = r.ps.GradNorm(r.st)
		scale := 1.0
		if limit > 0 && norm > limit {
			scale = limit / norm
		}
		got := (&nn.SGD{ClipNorm: limit}).Step(r.st, r.ps, 1)
		if limit == 0 && got != 0 || limit > 0 && got != norm {
			t.Errorf("limit %g: reported norm %g, expected %g", limit, got, norm)
		}
		after := append(a.Get(r.st), b.Get(r.st)...)
		for i := range g {
			close32(t, "clipped step", after[i:i+1], []float32{before[i] - float32(scale)*g[i]}, 1e-6)
		}
	}
}

// TestResumedOptimizer takes a snapshot of values, slots and update counts, restores them into a
// new set and goes on with the same bits.
func TestResumedOptimizer(t *testing.T) {
	for name, slots := range map[string]int{"sgd": 1, "adam": 2} {
		t.Run(name, func(t *testing.T) {
			var opt nn.Optimizer = &nn.SGD{Momentum: 0.9, WeightDecay: 0.01}
			if name == "adam" {
				opt = &nn.Adam{WeightDecay: 0.01}
			}
			a := fakeRig(t)
			p := a.param("w", 3, 4)
			for range 2 {
				a.step(opt, p.Weight(), 0.1)
			}
			b := fakeRig(t)
			q := b.ps.Add("w", 3, 4)
			snap := a.ps.Snapshot(a.st)
			for i, group := range snap.Slots {
				if len(group) != min(1, max(0, slots-i)) {
					t.Fatalf("slot %d is of %d parameters", i, len(group))
				}
			}
			if err := b.ps.Restore(b.st, snap); err != nil {
				t.Fatal(err)
			}
			for range 3 {
				a.step(opt, p.Weight(), 0.1)
				b.step(opt, q.Weight(), 0.1)
			}
			same(t, "resumed weights", q.Get(b.st), p.Get(a.st))
			b.ps.ResetOptimizer()
			if snap := b.ps.Snapshot(b.st); len(snap.Updates)+len(snap.Slots[0])+len(snap.Slots[1]) != 0 {
				t.Error("optimiser state survived ResetOptimizer")
			}
		})
	}
}

func TestParamSet(t *testing.T) {
	r := fakeRig(t)
	p := r.param("w", 3, 3, 2, 4)
	r.ps.AddState("mean", 5)
	if got := r.ps.Count(); got != 72 {
		t.Errorf("count is %d, expected 72", got)
	}
	if r.ps.Lookup("w") != p || r.ps.Lookup("v") != nil || len(r.ps.All()) != 2 || !r.ps.All()[1].IsState() {
		t.Error("lookup or order is wrong")
	}
	mustPanic(t, "parameter: w exists already", func() { r.ps.Add("w", 1) })
	mustPanic(t, "parameter: v has dimensions [2 0]", func() { r.ps.Add("v", 2, 0) })
	mustPanic(t, "weight: mean has 1 dimensions, expected 2 or 4", func() { r.ps.Lookup("mean").Weight() })
	mustPanic(t, "crop: cannot take 2×2×2×4 out of a 3×3×2×4 weight", func() { p.Weight().Crop(2, 2, 4) })
	mustPanic(t, "first: cannot take 6 of 5 elements", func() { r.ps.Lookup("mean").Vector().First(6) })
	if err := p.Set(r.st, make([]float32, 3)); err == nil || err.Error() != "parameter w: got 3 numbers, expected 72" {
		t.Errorf("wrong length: %v", err)
	}
	q := r.ps.Add("fc", 2, 3)
	r.step(&nn.SGD{Momentum: 0.9}, q.Weight(), 0.1)
	got, err := r.ps.Replace("fc", 2, 5)
	if err != nil || got != q || q.Size() != 10 || q.Touched() || len(r.ps.Snapshot(r.st).Slots[0]) != 0 || len(r.ps.Touched()) != 0 {
		t.Errorf("replaced parameter: %v, error %v", got, err)
	}
	r.step(&nn.SGD{Momentum: 0.9}, q.Weight(), 0.1)
	if _, err := r.ps.Replace("none", 2); err == nil {
		t.Error("replaced a parameter that does not exist")
	}
	if _, err := r.ps.Replace("fc", -1); err == nil {
		t.Error("accepted a negative dimension")
	}
}
