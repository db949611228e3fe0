package predictor

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// makers are all learners of so many features.
func makers(seed uint64) map[string]func(n int) (Learner, error) {
	return map[string]func(n int) (Learner, error){
		"hedge": func(n int) (Learner, error) { return NewHedge(n, &HedgeOptions{Layers: 3, Units: 16, Seed: seed}) },
		"hedge linear": func(n int) (Learner, error) {
			return NewHedge(n, &HedgeOptions{Layers: 2, Units: 7, Linear: LinearNormalised, Losses: LossRange, Seed: seed})
		},
		"tuned": func(n int) (Learner, error) {
			o := Tuned()
			o.Layers, o.Units, o.Seed = 3, 16, seed
			return NewHedge(n, o)
		},
		"mlp": func(n int) (Learner, error) {
			return NewMLP(n, &MLPOptions{Layers: 2, Units: 16, Init: InitUniform, Seed: seed})
		},
		"linear": func(n int) (Learner, error) { return NewLinear(n, nil) },
		"ridge":  func(n int) (Learner, error) { return NewRidge(n, nil) },
		"mean":   func(n int) (Learner, error) { return NewMean(n) },
	}
}

// example draws features and a target that depends on them.
func drawExample(r *rand.Rand, n int) ([]float64, float64) {
	x := make([]float64, n)
	for i := range x {
		x[i] = r.NormFloat64()
	}
	return x, 0.5 + 0.1*x[0] - 0.1*x[1]*math.Abs(x[0])
}

// All learners predict what they say while learning, change nothing in predicting, refuse what is
// no example, learn with nothing allocated, and all but the mean get better than the mean.
func TestLearners(t *testing.T) {
	const n = 5
	var baseline float64
	measure := func(t *testing.T, l Learner) float64 {
		r := rand.New(rand.NewPCG(1, 2))
		sum := 0.0
		for i := range 1500 {
			x, y := drawExample(r, n)
			before, err := l.Predict(x)
			if err != nil {
				t.Fatal(err)
			}
			other := slices.Clone(x)
			other[0]++
			if _, err := l.Predict(other); err != nil {
				t.Fatal(err)
			}
			f, err := l.Update(x, y)
			if err != nil {
				t.Fatal(err)
			}
			if f != before {
				t.Fatalf("step %d: %v, predicted %v", i, f, before)
			}
			if i >= 500 {
				sum += math.Abs(f-y) / 1000
			}
		}
		return sum
	}
	mean, err := NewMean(n)
	if err != nil {
		t.Fatal(err)
	}
	baseline = measure(t, mean)
	for name, make := range makers(1) {
		t.Run(name, func(t *testing.T) {
			l, err := make(n)
			if err != nil {
				t.Fatal(err)
			}
			if mae := measure(t, l); name != "mean" && mae > 0.9*baseline {
				t.Errorf("mean absolute error %v, the mean's is %v", mae, baseline)
			}
			x := []float64{1, 2, 3, 4, 5}
			for _, bad := range [][]float64{nil, x[:4], {1, 2, math.NaN(), 4, 5}, {1, 2, 3, 4, math.Inf(1)}} {
				_, err := l.Predict(bad)
				_, err2 := l.Update(bad, 0.5)
				if err == nil || err2 == nil {
					t.Errorf("features %v: %v, %v", bad, err, err2)
				}
			}
			if _, err := l.Update(x, math.NaN()); err == nil {
				t.Error("a target that is no number was learnt")
			}
			if a := testing.AllocsPerRun(20, func() { _, _ = l.Update(x, 0.5) }); a != 0 {
				t.Errorf("%v allocations", a)
			}
			for _, inputs := range []int{0, -1} {
				if _, err := make(inputs); err == nil {
					t.Errorf("%d features: no error", inputs)
				}
			}
		})
	}
}

// An MLP is a Hedge all of whose weight lies on its last layer.
func TestMLPIsOneHotHedge(t *testing.T) {
	const layers, units, n = 3, 9, 4
	m, err := NewMLP(n, &MLPOptions{Layers: layers, Units: units, Rate: 0.05, Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	h, err := NewHedge(n, &HedgeOptions{Layers: layers, Units: units, Rate: 0.05})
	if err != nil {
		t.Fatal(err)
	}
	copy(h.net.flat, m.net.flat)
	p := h.Parameters()
	p.Alpha = []float64{0, 0, 1}
	if err := h.SetParameters(p); err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(5, 5))
	for i := range 200 {
		x, y := drawExample(r, n)
		a, err := m.Update(x, y)
		b, err2 := h.Update(x, y)
		if err != nil || err2 != nil || math.Abs(a-b) > 1e-12 {
			t.Fatalf("step %d: %v and %v, %v, %v", i, a, b, err, err2)
		}
	}
}

// Gradients are those of the loss, by differences: of the sum of weighted squared errors.
func TestHedgeGradient(t *testing.T) {
	for _, residual := range []bool{false, true} {
		o := &HedgeOptions{Layers: 3, Units: 5, Rate: 1e-6, Seed: 2}
		if residual {
			o.Linear, o.Residual = LinearNormalised, true
		}
		const n = 3
		h, err := NewHedge(n, o)
		if err != nil {
			t.Fatal(err)
		}
		r := rand.New(rand.NewPCG(8, 1))
		for range 5 { // heads of a residual network begin at 0
			x, y := drawExample(r, n)
			h.net.rate = 0.05
			if _, err := h.Update(x, y); err != nil {
				t.Fatal(err)
			}
		}
		h.net.rate = 1e-6
		x, y := drawExample(r, n)
		alpha := h.Alpha(nil)
		loss := func() float64 {
			if _, err := h.Predict(x); err != nil {
				t.Fatal(err)
			}
			sum := 0.0
			for i, f := range h.Outputs(nil)[h.first:] {
				sum += alpha[i+h.first] * (f - y) * (f - y)
			}
			return sum
		}
		const step = 1e-6
		var want []float64
		for i := range h.net.flat {
			v := h.net.flat[i]
			h.net.flat[i] = v + step
			up := loss()
			h.net.flat[i] = v - step
			want = append(want, (up-loss())/(2*step))
			h.net.flat[i] = v
		}
		before := slices.Clone(h.net.flat)
		if _, err := h.Update(x, y); err != nil {
			t.Fatal(err)
		}
		largest := 0.0
		for i, g := range want {
			got := (before[i] - h.net.flat[i]) / 1e-6
			largest = max(largest, math.Abs(g))
			if math.Abs(got-g) > 1e-6+1e-5*math.Abs(g) {
				t.Fatalf("residual %v: gradient %d is %v, by differences %v", residual, i, got, g)
			}
		}
		if largest < 1e-3 {
			t.Fatalf("gradients of at most %v say nothing", largest)
		}
	}
}

// Ridge regression solves the normal equations.
func TestRidgeExact(t *testing.T) {
	const n, penalty = 4, 0.7
	l, err := NewRidge(n, &RidgeOptions{Penalty: penalty})
	if err != nil {
		t.Fatal(err)
	}
	var a [n + 1][n + 2]float64
	for i := range n + 1 {
		a[i][i] = penalty
	}
	r := rand.New(rand.NewPCG(9, 1))
	for range 300 {
		x, y := drawExample(r, n)
		if _, err := l.Update(x, y); err != nil {
			t.Fatal(err)
		}
		row := append(slices.Clone(x), 1)
		for i, u := range row {
			for j, v := range row {
				a[i][j] += u * v
			}
			a[i][n+1] += u * y
		}
	}
	x, _ := drawExample(r, n)
	b := a // right-hand sides: of the weights, and of the width
	for i, v := range append(slices.Clone(x), 1) {
		b[i][n+1] = v
	}
	w, u := solve(a), solve(b)
	var f, width float64
	for i, v := range append(slices.Clone(x), 1) {
		f += v * w[i]
		width += v * u[i]
	}
	got, err := l.Predict(x)
	if err != nil || math.Abs(got-f) > 1e-10 {
		t.Errorf("prediction %v, expected %v (%v)", got, f, err)
	}
	if got, err = l.Width(x); err != nil || math.Abs(got-math.Sqrt(width)) > 1e-10 {
		t.Errorf("width %v, expected %v (%v)", got, math.Sqrt(width), err)
	}
}

// solve is elimination without a choice of pivots, for positive definite matrices.
func solve(a [5][6]float64) [5]float64 {
	for k := range 5 {
		for i := k + 1; i < 5; i++ {
			f := a[i][k] / a[k][k]
			for j := k; j < 6; j++ {
				a[i][j] -= f * a[k][j]
			}
		}
	}
	var x [5]float64
	for i := 4; i >= 0; i-- {
		x[i] = a[i][5]
		for j := i + 1; j < 5; j++ {
			x[i] -= a[i][j] * x[j]
		}
		x[i] /= a[i][i]
	}
	return x
}

// Normalised steps stand targets with outliers and a rate that plain steps do not, and layers find
// what a linear model cannot.
func TestTunedStands(t *testing.T) {
	const n = 8
	for _, layers := range []int{1, 3} {
		o := Tuned()
		o.Layers = layers
		h, err := NewHedge(n, o)
		r, err2 := NewRidge(n, nil)
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		random := rand.New(rand.NewPCG(1, 4))
		var ours, linear float64
		for i := range 3000 {
			x, _ := drawExample(random, n)
			y := math.Abs(x[0] * x[1])
			f, err := h.Update(x, y)
			g, err2 := r.Update(x, y)
			if err != nil || err2 != nil {
				t.Fatal(err, err2)
			}
			if i >= 1000 {
				ours += (f - y) * (f - y)
				linear += (g - y) * (g - y)
			}
		}
		if ours > 0.9*linear {
			t.Errorf("%d layers: %.2f of the squared error of ridge regression", layers, ours/linear)
		}
	}
}
