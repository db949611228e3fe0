package wasserstein

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"
)

// randomGaussian has a covariance of the given rank: exactly singular up to rounding when rank < q.
func randomGaussian(r *rand.Rand, q, rank int, scale float64) Gaussian {
	g := Gaussian{Mean: make([]float64, q), Cov: make([]float64, q*q)}
	x := make([]float64, rank*q)
	for i := range x {
		x[i] = r.NormFloat64() * scale
	}
	for i := range q {
		g.Mean[i] = r.NormFloat64() * scale
		for j := range q {
			for k := range rank {
				g.Cov[i*q+j] += x[k*q+i] * x[k*q+j]
			}
		}
	}
	return g
}

func (g Gaussian) trace() float64 { return covariance{cov: g.Cov, q: len(g.Mean)}.trace() }

func scaleOf(a, b Gaussian) float64 {
	s := a.trace() + b.trace()
	for i := range a.Mean {
		s += (a.Mean[i] - b.Mean[i]) * (a.Mean[i] - b.Mean[i])
	}
	return s
}

func mustSquared(t interface{ Fatal(...any) }, a, b Gaussian) float64 {
	w, err := SquaredGaussian(a, b)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// rotate applies an orthogonal map x → Hx, H = I − 2vvᵀ/vᵀv, to a distribution.
func rotate(g Gaussian, v []float64) Gaussian {
	q := len(g.Mean)
	var vv float64
	for _, x := range v {
		vv += x * x
	}
	h := mat.NewDense(q, q, nil)
	for i := range q {
		for j := range q {
			x := -2 * v[i] * v[j] / vv
			if i == j {
				x++
			}
			h.Set(i, j, x)
		}
	}
	var mean, cov mat.Dense
	mean.Mul(h, mat.NewDense(q, 1, g.Mean))
	cov.Product(h, mat.NewDense(q, q, g.Cov), h.T())
	out := Gaussian{Mean: mean.RawMatrix().Data, Cov: cov.RawMatrix().Data}
	for i := range q {
		for j := range i {
			out.Cov[i*q+j] = out.Cov[j*q+i]
		}
	}
	return out
}

// The formula of the paper, by eigen-decompositions: good to half the digits only.
func textbookSquared(a, b Gaussian) float64 {
	q := len(a.Mean)
	root := func(m *mat.SymDense) *mat.SymDense {
		var e mat.EigenSym
		e.Factorize(m, true)
		var v mat.Dense
		e.VectorsTo(&v)
		d := mat.NewDiagDense(q, nil)
		for i, l := range e.Values(nil) {
			d.SetDiag(i, math.Sqrt(max(0, l)))
		}
		var p mat.Dense
		p.Product(&v, d, v.T())
		s := mat.NewSymDense(q, nil)
		for i := range q {
			for j := range q {
				s.SetSym(i, j, (p.At(i, j)+p.At(j, i))/2)
			}
		}
		return s
	}
	r := root(mat.NewSymDense(q, a.Cov))
	var p mat.Dense
	p.Product(r, mat.NewSymDense(q, b.Cov), r)
	s := mat.NewSymDense(q, nil)
	for i := range q {
		for j := range i + 1 {
			s.SetSym(i, j, (p.At(i, j)+p.At(j, i))/2)
		}
	}
	return scaleOf(a, b) - 2*mat.Trace(root(s))
}

func TestSquaredGaussianProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := rapid.IntRange(1, 9).Draw(t, "q")
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		scale := math.Pow(10, float64(rapid.IntRange(-9, 9).Draw(t, "exponent")))
		var g [3]Gaussian
		for i := range g {
			g[i] = randomGaussian(r, q, rapid.IntRange(0, q+2).Draw(t, "rank"), scale)
		}
		a, b, c := g[0], g[1], g[2]
		s := scaleOf(a, b)
		w := mustSquared(t, a, b)
		if w < 0 || math.IsNaN(w) {
			t.Fatalf("distance %g", w)
		}
		if back := mustSquared(t, b, a); back != w {
			t.Fatalf("%g one way, %g the other", w, back)
		}
		if self := mustSquared(t, a, a); self != 0 {
			t.Fatalf("distance %g to itself", self)
		}
		if want := textbookSquared(a, b); math.Abs(w-want) > 1e-6*s {
			t.Fatalf("distance %g, the formula gives %g", w, want)
		}
		// Singular covariances are rounded by the rotation, and singular ones determine the
		// distance to 1e-8 only.
		v := make([]float64, q)
		for i := range v {
			v[i] = r.NormFloat64()
		}
		ra, rb := rotate(a, v), rotate(b, v)
		for _, g := range []Gaussian{ra, rb} {
			// Rounding is relative to the largest variance, too much for small ones without this.
			for i, most := 0, g.trace(); i < q; i++ {
				g.Cov[i*q+i] += 0x1p-49 * most
			}
		}
		if turned := mustSquared(t, ra, rb); math.Abs(turned-w) > 1e-6*s {
			t.Fatalf("distance %g, %g after rotation", w, turned)
		}
		// Powers of two are exact, so scaling by 4 multiplies by 16 to the last bit.
		four := func(g Gaussian) Gaussian {
			m, k := make([]float64, q), make([]float64, q*q)
			for i, x := range g.Mean {
				m[i] = 4 * x
			}
			for i, x := range g.Cov {
				k[i] = 16 * x
			}
			return Gaussian{Mean: m, Cov: k}
		}
		if big := mustSquared(t, four(a), four(b)); big != 16*w {
			t.Fatalf("distance %g, %g after scaling by 4", w, big)
		}
		// A metric.
		ab, bc, ac := math.Sqrt(w), math.Sqrt(mustSquared(t, b, c)), math.Sqrt(mustSquared(t, a, c))
		if ac > ab+bc+1e-6*math.Sqrt(s+scaleOf(b, c)) {
			t.Fatalf("triangle inequality: %g > %g + %g", ac, ab, bc)
		}
	})
}

// Commuting covariances have the closed form ‖Δμ‖² + Σ(√λ₁ − √λ₂)².
func TestDiagonalClosedForm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := rapid.IntRange(1, 12).Draw(t, "q")
		a := Gaussian{Mean: make([]float64, q), Cov: make([]float64, q*q)}
		b := Gaussian{Mean: make([]float64, q), Cov: make([]float64, q*q)}
		var want float64
		for i := range q {
			s1 := rapid.Float64Range(0, 1e3).Draw(t, "s1") * float64(rapid.IntRange(0, 1).Draw(t, "alive"))
			s2 := rapid.Float64Range(0, 1e3).Draw(t, "s2")
			a.Mean[i] = rapid.Float64Range(-10, 10).Draw(t, "mean")
			a.Cov[i*q+i], b.Cov[i*q+i] = s1*s1, s2*s2
			want += a.Mean[i]*a.Mean[i] + (s1-s2)*(s1-s2)
		}
		if got := mustSquared(t, a, b); math.Abs(got-want) > 1e-14*scaleOf(a, b) {
			t.Fatalf("%.17g, expected %.17g", got, want)
		}
	})
}

// Exactly representable singular covariances against full ones: the distance from samples is the
// oracle.
func TestSingularAgainstFull(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 1))
	for range 40 {
		q := 2 + r.IntN(14)
		draw := func(pairs int) (x []float64) { // integer vectors ±v: mean exactly zero
			for range pairs {
				v := make([]float64, q)
				for j := range v {
					v[j] = float64(r.IntN(9) - 4)
				}
				x = append(x, v...)
				for _, e := range v {
					x = append(x, -e)
				}
			}
			return x
		}
		x, y := draw(1+r.IntN(q)), draw(2*q)
		// A number of vectors that is a power of two keeps the division by n exact.
		for n := 1; ; n *= 2 {
			if n*q >= len(x) {
				x = append(x, make([]float64, n*q-len(x))...)
				break
			}
		}
		a, b := momentsOf(t, q, x), momentsOf(t, q, y)
		got, err := Squared(a, b)
		if err != nil {
			t.Fatal(err)
		}
		want, err := SquaredSamples(dense(x, q), dense(y, q))
		if err != nil {
			t.Fatal(err)
		}
		closeTo(t, "rank-deficient against full", got, want, 1e-13, covariance{cov: a.Covariance(), q: q}.trace()+covariance{cov: b.Covariance(), q: q}.trace())
	}
}

func TestPointMasses(t *testing.T) {
	zero := make([]float64, 9)
	a := Gaussian{Mean: []float64{1, 2, 2}, Cov: zero}
	b := Gaussian{Mean: make([]float64, 3), Cov: zero}
	if w := mustSquared(t, a, b); w != 9 {
		t.Errorf("distance of point masses %g", w)
	}
	one, err := SquaredSamples(dense([]float64{1, 2, 2}, 3), dense([]float32{0, 0, 0}, 3))
	if err != nil || one != 9 {
		t.Errorf("distance of single vectors %g, %v", one, err)
	}
}

func TestSquaredGaussianRefuses(t *testing.T) {
	good := Gaussian{Mean: []float64{0, 0}, Cov: []float64{1, 0, 0, 1}}
	with := func(mean []float64, cov ...float64) Gaussian { return Gaussian{Mean: mean, Cov: cov} }
	two := []float64{0, 0}
	for name, c := range map[string]struct {
		g    Gaussian
		want error
	}{
		"empty":            {Gaussian{}, ErrDim},
		"short":            {with(two, 1, 0, 0), ErrDim},
		"dimension":        {with([]float64{0}, 1), ErrDim},
		"NaN mean":         {with([]float64{0, math.NaN()}, 1, 0, 0, 1), ErrValue},
		"infinite":         {with(two, 1, 0, 0, math.Inf(1)), ErrValue},
		"large mean":       {with([]float64{1e200, 0}, 1, 0, 0, 1), ErrValue},
		"asymmetric":       {with(two, 1, 0.5, 0.4, 1), ErrNotPSD},
		"variance":         {with(two, 1, 0, 0, -1), ErrNotPSD},
		"correlation":      {with(two, 1, 1.1, 1.1, 1), ErrNotPSD},
		"without variance": {with(two, 1, 0.1, 0.1, 0), ErrNotPSD},
		"version":          {Gaussian{Mean: two, Cov: good.Cov, Version: "x"}, ErrVersion},
	} {
		_, err := SquaredGaussian(good, c.g)
		_, errKL := KL(good, c.g)
		_, errJS := JensenShannon(c.g, good)
		for _, e := range []error{err, errKL, errJS} {
			if !errors.Is(e, c.want) {
				t.Errorf("%s: %v, expected %v", name, e, c.want)
			}
		}
	}
	// Every pair of dimensions is possible, all three together are not.
	bad := Gaussian{Mean: make([]float64, 3), Cov: []float64{1, 0.9, 0.9, 0.9, 1, -0.9, 0.9, -0.9, 1}}
	three := Gaussian{Mean: make([]float64, 3), Cov: []float64{1, 0, 0, 0, 1, 0, 0, 0, 1}}
	if _, err := SquaredGaussian(three, bad); !errors.Is(err, ErrNotPSD) {
		t.Errorf("indefinite: %v", err)
	}
	if _, err := SquaredSamples(dense([]float64{}, 1), nil); err == nil {
		t.Error("no samples: no error")
	}
}
