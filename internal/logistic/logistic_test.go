package logistic

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
)

// clouds is examples around one point for each class, in units that differ by feature.
func clouds(seed uint64, n, features, classes int) *Data {
	r := rand.New(rand.NewPCG(seed, 1))
	centre := make([]float64, features*classes)
	for i := range centre {
		centre[i] = r.NormFloat64()
	}
	d := &Data{Features: features, Classes: classes}
	for i := range n {
		d.Y = append(d.Y, i%classes)
		for j := range features {
			v := centre[i%classes*features+j] + 1.5*r.NormFloat64()
			d.X = append(d.X, float32(v*math.Pow(10, float64(j%4-2))+float64(j)))
		}
	}
	return d
}

func interval(from, to int) (rows []int) {
	for i := from; i < to; i++ {
		rows = append(rows, i)
	}
	return rows
}

func problem(t testing.TB, d *Data, rows []int) *Problem {
	t.Helper()
	p, err := New(d, rows)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func minimize(t testing.TB, p *Problem, strength, tol float64) *Fit {
	t.Helper()
	f, err := p.minimize(t.Context(), strength, nil, tol)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// plain is J as the package comment has it, and its gradient, one example after the other.
func plain(d *Data, rows []int, strength float64, theta []float64) (loss float64, grad []float64) {
	q, k, n := d.Features, d.Classes, float64(len(rows))
	mean, dev := make([]float64, q), make([]float64, q)
	for j := range q {
		for _, r := range rows {
			mean[j] += float64(d.X[r*q+j]) / n
		}
		for _, r := range rows {
			dev[j] += math.Pow(float64(d.X[r*q+j])-mean[j], 2) / n
		}
		dev[j] = math.Sqrt(dev[j])
	}
	grad = make([]float64, len(theta))
	for _, r := range rows {
		z, e, total := make([]float64, q), make([]float64, k), 0.0
		for j := range q {
			if dev[j] > 0 {
				z[j] = (float64(d.X[r*q+j]) - mean[j]) / dev[j]
			}
		}
		for c := range k {
			e[c] = theta[q*k+c]
			for j := range q {
				e[c] += z[j] * theta[j*k+c]
			}
			e[c] = math.Exp(e[c])
			total += e[c]
		}
		loss -= math.Log(e[d.Y[r]]/total) / n
		for c := range k {
			g := e[c] / total / n
			if c == d.Y[r] {
				g -= 1 / n
			}
			grad[q*k+c] += g
			for j := range q {
				grad[j*k+c] += g * z[j]
			}
		}
	}
	for i := range q * k {
		loss += strength / 2 * theta[i] * theta[i]
		grad[i] += strength * theta[i]
	}
	return loss, grad
}

func near(a, b []float64, tol float64) bool {
	return slices.EqualFunc(a, b, func(x, y float64) bool { return math.Abs(x-y) <= tol })
}

// TestObjective: loss and gradient are those of the formula, whose gradient is that of differences,
// with more examples than go through at once, too.
func TestObjective(t *testing.T) {
	for _, n := range []int{7, stripe, 2*stripe + 5, 11 * stripe} {
		d := clouds(3, n, 5, 4)
		rows := interval(0, n)
		slices.Reverse(rows)
		p := problem(t, d, rows)
		r := rand.New(rand.NewPCG(1, uint64(n)))
		theta := make([]float64, 6*4)
		for i := range theta {
			theta[i] = r.NormFloat64()
		}
		grad := make([]float64, len(theta))
		for range 2 { // scratch is used again
			loss := p.objective(0.3, theta, grad)
			want, wantGrad := plain(d, rows, 0.3, theta)
			if math.Abs(loss-want) > 1e-12*want || !near(grad, wantGrad, 1e-12) {
				t.Errorf("%d examples: loss %v and gradient %v, expected %v and %v", n, loss, grad, want, wantGrad)
			}
		}
		const h = 1e-5
		for i := range theta {
			theta[i] += h
			up, _ := plain(d, rows, 0.3, theta)
			theta[i] -= 2 * h
			down, _ := plain(d, rows, 0.3, theta)
			theta[i] += h
			if slope := (up - down) / (2 * h); math.Abs(slope-grad[i]) > 1e-8 {
				t.Errorf("gradient %v of number %d, differences say %v", grad[i], i, slope)
			}
		}
	}
}

// TestMinimum compares with ten thousands of small steps downhill, and with the gradient.
func TestMinimum(t *testing.T) {
	d := clouds(5, 15, 2, 3)
	rows := interval(0, 15)
	for _, strength := range []float64{10, 0.1, 0.001} {
		f := minimize(t, problem(t, d, rows), strength, 1e-8)
		theta := make([]float64, 9)
		for range 60000 {
			_, grad := plain(d, rows, strength, theta)
			for i, g := range grad {
				theta[i] -= 0.15 * g
			}
		}
		want, grad := plain(d, rows, strength, theta)
		if !near(grad, make([]float64, 9), 1e-6) {
			t.Fatalf("downhill has not arrived: gradient %v", grad)
		}
		if !near(f.theta, theta, 1e-4) || math.Abs(f.Loss-want) > 1e-9 || f.Gradient > 1e-7 || f.Iterations < 1 {
			t.Errorf("strength %v: %+v, downhill %v of loss %v", strength, f, theta, want)
		}
		sum := f.theta[6] + f.theta[7] + f.theta[8]
		if math.Abs(sum) > 1e-9 {
			t.Errorf("biases sum to %v, expected 0", sum)
		}
	}
}

// TestTwoClasses: with two classes it is the binary regression of the difference of their weights,
// with half the penalty.
func TestTwoClasses(t *testing.T) {
	d := clouds(2, 30, 3, 2)
	p := problem(t, d, interval(0, 30))
	f := minimize(t, p, 0.2, 1e-9)
	slope := make([]float64, 4)
	for i, y := range d.Y {
		margin := f.theta[7] - f.theta[6]
		z := make([]float64, 3)
		for j := range z {
			z[j] = (float64(d.row(i)[j]) - p.mean[j]) * p.inv[j]
			margin += z[j] * (f.theta[j*2+1] - f.theta[j*2])
		}
		g := (1/(1+math.Exp(-margin)) - float64(y)) / 30
		for j := range z {
			slope[j] += g * z[j]
		}
		slope[3] += g
	}
	for j := range 3 {
		slope[j] += 0.1 * (f.theta[j*2+1] - f.theta[j*2])
	}
	if !near(slope, make([]float64, 4), 1e-7) {
		t.Errorf("gradient of the binary regression %v, expected 0", slope)
	}
}

// TestPermutation: classes in another order have the same weights.
func TestPermutation(t *testing.T) {
	d := clouds(4, 40, 3, 4)
	order := []int{2, 0, 3, 1}
	other := &Data{X: d.X, Features: 3, Classes: 4}
	for _, y := range d.Y {
		other.Y = append(other.Y, order[y])
	}
	rows := interval(0, 40)
	a, b := minimize(t, problem(t, d, rows), 0.05, 1e-8), minimize(t, problem(t, other, rows), 0.05, 1e-8)
	for j := range 4 {
		for c, to := range order {
			if x, y := a.theta[j*4+c], b.theta[j*4+to]; math.Abs(x-y) > 1e-5 {
				t.Errorf("weight %d of class %d is %v, as class %d it is %v", j, c, x, to, y)
			}
		}
	}
}

// TestWeights: weights for features as they came give the logits of the fit, and a feature that
// does not vary has none.
func TestWeights(t *testing.T) {
	d := clouds(6, 50, 4, 3)
	for i := range d.Y {
		d.X[i*4+2] = 7
	}
	p := problem(t, d, interval(0, 40))
	f := minimize(t, p, 0.01, 1e-6)
	w, b := p.Weights(f)
	right := 0
	for i := 40; i < 50; i++ {
		logits := slices.Clone(b)
		for c := range logits {
			for j, v := range d.row(i) {
				logits[c] += float64(v) * w[j*3+c]
			}
		}
		if slices.Max(logits) == logits[d.Y[i]] {
			right++
		}
	}
	if got := p.Judge(f, interval(40, 50)); got.Accuracy != float64(right)/10 || right < 5 {
		t.Errorf("%v of 10 are right, weights say %d", got.Accuracy*10, right)
	}
	if !near(w[6:9], []float64{0, 0, 0}, 0) || slices.Contains(w[:6], 0) {
		t.Errorf("weights %v, expected 0 for feature 2 alone", w)
	}
}

// TestChoose: the strength with the least loss on examples held out is chosen, and weaker ones that
// do worse are not tried. Examples of other classes are wrong and have no loss.
func TestChoose(t *testing.T) {
	d := clouds(7, 200, 20, 4)
	d.Y[199], d.Y[198] = -1, -1
	p := problem(t, d, interval(0, 40))
	held := interval(40, 200)
	strengths := []float64{1e-6, 1, 1e-4, 100, 0.1, 1e-2, 10, 1}
	f, points, err := p.Choose(t.Context(), strengths, held)
	if err != nil {
		t.Fatal(err)
	}
	best := 0
	for i, point := range points {
		theta, loss, right := minimize(t, p, point.Strength, 1e-8).theta, 0.0, 0
		for _, r := range held[:158] {
			one, _ := single(p, r, theta)
			loss += one / 158
			if rightOf(p, r, theta) {
				right++
			}
		}
		// Rough fits of weak strengths end early.
		if point.Strength >= 0.01 && math.Abs(point.Loss-loss) > 1e-3 ||
			math.Abs(point.Accuracy-float64(right)/160) > 0.02 {
			t.Errorf("%+v, expected loss %v and %d right", point, loss, right)
		}
		if i > 0 && point.Strength >= points[i-1].Strength {
			t.Errorf("strengths are tried in the order %v", points)
		}
		if point.Loss < points[best].Loss {
			best = i
		}
	}
	if f.Strength != points[best].Strength || best == 0 || len(points) != best+1+patience {
		t.Errorf("chose %v of %+v", f.Strength, points)
	}
}

// single is the loss of one example and its logits.
func single(p *Problem, r int, theta []float64) (loss float64, logits []float64) {
	q, k := p.data.Features, p.data.Classes
	logits = slices.Clone(theta[q*k:])
	total := 0.0
	for c := range logits {
		for j, v := range p.data.row(r) {
			logits[c] += (float64(v) - p.mean[j]) * p.inv[j] * theta[j*k+c]
		}
		total += math.Exp(logits[c])
	}
	return math.Log(total) - logits[p.data.Y[r]], logits
}

func rightOf(p *Problem, r int, theta []float64) bool {
	_, logits := single(p, r, theta)
	return slices.Max(logits) == logits[p.data.Y[r]]
}

// TestProcessors: the bits are the same for every number of processors.
func TestProcessors(t *testing.T) {
	d := clouds(8, 9*stripe+1, 6, 3)
	var want *Fit
	for _, procs := range []int{1, 2, 5} {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
		f := minimize(t, problem(t, d, interval(0, len(d.Y))), 0.01, tolerance)
		if want == nil {
			want = f
		}
		if !slices.Equal(f.theta, want.theta) || f.Iterations != want.Iterations {
			t.Errorf("%d processors give another fit", procs)
		}
	}
}

// TestRefuses: what has no minimum is an error, and so is a context that ended.
func TestRefuses(t *testing.T) {
	good := clouds(1, 6, 2, 3)
	for name, change := range map[string]func(d *Data) []int{
		"no rows":         func(*Data) []int { return nil },
		"unknown row":     func(*Data) []int { return []int{0, 1, 6} },
		"unknown class":   func(d *Data) []int { d.Y[1] = -1; return interval(0, 6) },
		"one class":       func(d *Data) []int { d.Classes = 1; return []int{0} },
		"a class without": func(*Data) []int { return []int{0, 1, 3, 4} },
		"short":           func(d *Data) []int { d.X = d.X[1:]; return interval(0, 6) },
		"not finite":      func(d *Data) []int { d.X[3] = float32(math.NaN()); return interval(0, 6) },
	} {
		d := &Data{X: slices.Clone(good.X), Y: slices.Clone(good.Y), Features: 2, Classes: 3}
		_, err := New(d, change(d))
		if err == nil || (name == "not finite") != errors.Is(err, ErrNotFinite) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	p := problem(t, good, interval(0, 6))
	for _, strength := range []float64{0, -1, math.NaN(), math.Inf(1)} {
		if _, err := p.Minimize(t.Context(), strength, nil); err == nil {
			t.Errorf("strength %v was taken", strength)
		}
	}
	if _, _, err := p.Choose(t.Context(), nil, nil); err == nil {
		t.Error("one of no strengths was chosen")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Minimize(ctx, 1, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: error %v", err)
	}
	if _, _, err := p.Choose(ctx, []float64{1}, interval(0, 6)); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: error %v", err)
	}
}
