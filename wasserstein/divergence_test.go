package wasserstein

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"
)

func one(mean, variance float64) Gaussian {
	return Gaussian{Mean: []float64{mean}, Cov: []float64{variance}}
}

func TestKLCases(t *testing.T) {
	for _, c := range readReference(t).Gaussians {
		a, b := c.pair()
		for i, want := range []float64{float64(c.KL12), float64(c.KL21)} {
			if math.IsNaN(want) {
				continue // no figure: rank known up to rounding only
			}
			got, err := KL(a, b)
			if err != nil {
				t.Errorf("%s: %v", c.Name, err)
			} else if math.IsInf(want, 1) != math.IsInf(got, 1) {
				t.Errorf("%s, direction %d: %g, expected %g", c.Name, i, got, want)
			} else if !math.IsInf(want, 1) {
				closeTo(t, c.Name, got, want, 2e-15, max(1, want))
			}
			a, b = b, a
		}
	}
}

func TestJensenShannonCases(t *testing.T) {
	ref := readReference(t)
	for _, c := range ref.JensenShannon.EqualCovariance {
		for _, q := range []int{1, 3, 20} {
			a := Gaussian{Mean: make([]float64, q), Cov: make([]float64, q*q)}
			b := Gaussian{Mean: make([]float64, q), Cov: a.Cov}
			for i := range q {
				a.Cov[i*q+i] = 4
				b.Mean[i] = 2 * c.Mahalanobis / math.Sqrt(float64(q))
			}
			got, err := JensenShannon(a, b)
			if err != nil {
				t.Fatal(err)
			}
			closeTo(t, "equal covariances", got, c.JS, 1e-14, 1)
		}
	}
	for _, c := range ref.JensenShannon.OneDim {
		got, err := JensenShannon(one(c.Mean1, c.Var1), one(c.Mean2, c.Var2))
		if err != nil {
			t.Fatal(err)
		}
		closeTo(t, "one dimension", got, c.JS, 1e-13, 1)
	}
	byName := make(map[string]gaussianCase)
	for _, c := range ref.Gaussians {
		byName[c.Name] = c
	}
	for _, c := range ref.JensenShannon.MultiDim {
		a, b := byName[c.Case].pair()
		got, err := JensenShannon(a, b)
		if err != nil {
			t.Fatal(err)
		}
		if c.Quadrature != 0 {
			closeTo(t, c.Case, got, c.Quadrature, 1e-13, 1)
		}
		if got < 0 || got > min(c.Bound, c.Jeffreys, math.Ln2) {
			t.Errorf("%s: %g above a bound: %g, %g or ln 2", c.Case, got, c.Bound, c.Jeffreys)
		}
	}
}

// In one dimension the definition can be integrated directly.
func TestJensenShannonOneDimension(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := rapid.Float64Range(-6, 6).Draw(t, "mean")
		s := math.Exp(rapid.Float64Range(-2, 2).Draw(t, "log deviation"))
		p, q := one(0, 1), one(m, s*s)
		got, err := JensenShannon(p, q)
		if err != nil {
			t.Fatal(err)
		}
		density := func(x, m, s float64) float64 {
			return math.Exp(-(x-m)*(x-m)/(2*s*s)) / (s * math.Sqrt(2*math.Pi))
		}
		term := func(a, b float64) float64 {
			if a == 0 {
				return 0
			}
			return a * math.Log(2*a/(a+b)) / 2
		}
		lo, hi := min(-12, m-12*s), max(12, m+12*s)
		const n = 40000 // the trapezoidal rule is exact to rounding for functions this smooth
		var want float64
		for i := range n {
			x := lo + (hi-lo)*float64(i)/n
			a, b := density(x, 0, 1), density(x, m, s)
			want += (term(a, b) + term(b, a)) * (hi - lo) / n
		}
		if math.Abs(got-want) > 1e-12 {
			t.Fatalf("%.17g, expected %.17g", got, want)
		}
	})
}

// In several dimensions the average of ln 2p/(p+q) over samples of both is an unbiased estimate.
func TestJensenShannonMonteCarlo(t *testing.T) {
	r := rand.New(rand.NewPCG(21, 1))
	for _, q := range []int{2, 5, 9} {
		var g [2]Gaussian
		var chol [2]mat.Cholesky
		for i := range g {
			g[i] = randomGaussian(r, q, 3*q, 1)
			for j := range g[i].Mean {
				g[i].Mean[j] *= 0.5
			}
			chol[i].Factorize(mat.NewSymDense(q, g[i].Cov))
		}
		logDensity := func(k int, x *mat.VecDense) float64 {
			var d, s mat.VecDense
			d.SubVec(x, mat.NewVecDense(q, g[k].Mean))
			if err := chol[k].SolveVecTo(&s, &d); err != nil {
				t.Fatal(err)
			}
			return -(mat.Dot(&d, &s) + chol[k].LogDet()) / 2
		}
		const n = 20000
		var total, squares float64
		for i := range n {
			k := i % 2
			var l mat.TriDense
			chol[k].LTo(&l)
			z := mat.NewVecDense(q, nil)
			for j := range q {
				z.SetVec(j, r.NormFloat64())
			}
			var x mat.VecDense
			x.MulVec(&l, z)
			x.AddVec(&x, mat.NewVecDense(q, g[k].Mean))
			v := math.Ln2 - math.Log1p(math.Exp(logDensity(1-k, &x)-logDensity(k, &x)))
			total += v
			squares += v * v
		}
		mean := total / n
		sigma := math.Sqrt((squares/n - mean*mean) / n)
		got, err := JensenShannon(g[0], g[1])
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(got-mean) > 4*sigma {
			t.Errorf("dimension %d: %g, sampling gives %g ± %g", q, got, mean, sigma)
		}
	}
}

func TestDivergenceProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 6).Draw(t, "dimension")
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 2))
		rank := rapid.IntRange(0, n).Draw(t, "rank")
		// Small integers are exact: b lives on a's subspace to the last bit.
		a := Gaussian{Mean: make([]float64, n), Cov: make([]float64, n*n)}
		b := Gaussian{Mean: make([]float64, n), Cov: make([]float64, n*n)}
		for range rank {
			x := make([]float64, n)
			for i := range x {
				x[i] = float64(r.IntN(9) - 4)
			}
			weight, step := float64(1+r.IntN(4)), float64(r.IntN(3))/2
			for i := range n {
				b.Mean[i] += step * x[i]
				for j := range n {
					a.Cov[i*n+j] += x[i] * x[j]
					b.Cov[i*n+j] += weight * x[i] * x[j]
				}
			}
		}
		c := randomGaussian(r, n, rapid.IntRange(0, n).Draw(t, "other rank"), 1)
		for _, q := range []Gaussian{b, c} {
			kl, err := KL(a, q)
			if err != nil {
				t.Fatal(err)
			}
			back, err := KL(q, a)
			if err != nil {
				t.Fatal(err)
			}
			js, err := JensenShannon(a, q)
			if err != nil {
				t.Fatal(err)
			}
			other, err := JensenShannon(q, a)
			if err != nil || other != js {
				t.Fatalf("JS %g one way, %g, %v the other", js, other, err)
			}
			if kl < 0 || js < 0 || js > math.Ln2 || js > (kl+back)/4*(1+1e-9)+1e-12 {
				t.Fatalf("KL %g and %g, JS %g", kl, back, js)
			}
			if math.IsInf(kl, 1) != math.IsInf(back, 1) || math.IsInf(kl, 1) != (js == math.Ln2) && js < math.Ln2-1e-9 {
				t.Fatalf("KL %g and %g, JS %g", kl, back, js)
			}
		}
		if kl, err := KL(a, a); kl != 0 || err != nil {
			t.Fatalf("KL to itself %g, %v", kl, err)
		}
		if js, err := JensenShannon(a, a); js != 0 || err != nil {
			t.Fatalf("JS to itself %g, %v", js, err)
		}
		if kl, err := KL(a, b); err != nil || math.IsInf(kl, 1) {
			t.Fatalf("rank %d on a common subspace: KL %g, %v", rank, kl, err)
		}
	})
}

// Singular pairs: same subspace or not, same rank or not.
func TestSupports(t *testing.T) {
	line := func(x, y, variance float64) Gaussian { // on the line through (x, y) along (1, 1)
		return Gaussian{Mean: []float64{x, y}, Cov: []float64{variance, variance, variance, variance}}
	}
	plane := Gaussian{Mean: []float64{0, 0}, Cov: []float64{1, 0, 0, 1}}
	for name, c := range map[string]struct {
		p, q   Gaussian
		finite bool
	}{
		"same line":       {line(0, 0, 1), line(3, 3, 4), true},
		"parallel lines":  {line(0, 0, 1), line(0, 1, 4), false},
		"crossing lines":  {line(0, 0, 1), Gaussian{Mean: []float64{0, 0}, Cov: []float64{1, -1, -1, 1}}, false},
		"line in plane":   {line(0, 0, 1), plane, false},
		"plane and line":  {plane, line(0, 0, 1), false},
		"points":          {line(0, 0, 0), line(1, 0, 0), false},
		"one point twice": {line(2, 1, 0), line(2, 1, 0), true},
	} {
		kl, err := KL(c.p, c.q)
		js, errJS := JensenShannon(c.p, c.q)
		if err != nil || errJS != nil || math.IsInf(kl, 1) == c.finite || (js == math.Ln2) == c.finite {
			t.Errorf("%s: KL %g, JS %g, %v, %v", name, kl, js, err, errJS)
		}
	}
	// On the line it is the one-dimensional problem.
	kl, err := KL(line(0, 0, 1), line(3, 3, 4))
	want, err1 := KL(one(0, 2), one(math.Sqrt(18), 8))
	if err != nil || err1 != nil || math.Abs(kl-want) > 1e-14 {
		t.Errorf("KL on a line %g, expected %g, %v, %v", kl, want, err, err1)
	}
}

// Scales that would overflow or underflow when squared.
func TestExtremeScales(t *testing.T) {
	for _, c := range [][2]Gaussian{
		{one(0, 1e-200), one(0, 1e200)},
		{one(0, 1e-280), one(1e100, 1e280)},
		{one(1e140, 1e-280), one(-1e140, 1e-280)},
		{one(0, 1e-320), one(0, 1)},
	} {
		w, err := SquaredGaussian(c[0], c[1])
		if err != nil || math.IsNaN(w) || w <= 0 {
			t.Errorf("distance %g, %v", w, err)
		}
		kl, err := KL(c[0], c[1])
		if err != nil || math.IsNaN(kl) || kl <= 0 {
			t.Errorf("KL %g, %v", kl, err)
		}
		js, err := JensenShannon(c[0], c[1])
		if err != nil || !(js > 0.69 && js <= math.Ln2) {
			t.Errorf("JS %g, %v", js, err)
		}
	}
}

// embed puts a distribution into n dimensions: the given ones are its own, the others have variance
// rest.
func embed(g Gaussian, dims []int, n int, rest float64) Gaussian {
	out := Gaussian{Mean: make([]float64, n), Cov: make([]float64, n*n)}
	for i := range n {
		out.Cov[i*n+i] = rest
	}
	q := len(g.Mean)
	for i, d := range dims {
		out.Mean[d] = g.Mean[i]
		for j, e := range dims {
			out.Cov[d*n+e] = g.Cov[i*q+j]
		}
	}
	return out
}

// Above ddLimit another arithmetic is at work: problems of few dimensions hidden in many must keep
// their values.
func TestDivergencesInManyDimensions(t *testing.T) {
	const n = ddLimit + 20
	r := rand.New(rand.NewPCG(31, 1))
	for _, q := range []int{1, 2, 5, 16} {
		a, b := randomGaussian(r, q, q+3, 1), randomGaussian(r, q, q+3, 1)
		for i := range b.Mean {
			b.Mean[i] = a.Mean[i] + 0.1
		}
		wantKL, err1 := KL(a, b)
		wantJS, err2 := JensenShannon(a, b)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		dims := r.Perm(n)[:q]
		axis := make([]float64, n)
		for i := range axis {
			axis[i] = r.NormFloat64()
		}
		for name, pair := range map[string][2]Gaussian{
			"on a subspace":       {embed(a, dims, n, 0), embed(b, dims, n, 0)},
			"with common noise":   {embed(a, dims, n, 2), embed(b, dims, n, 2)},
			"rotated, with noise": {rotate(embed(a, dims, n, 2), axis), rotate(embed(b, dims, n, 2), axis)},
		} {
			kl, err := KL(pair[0], pair[1])
			if err != nil {
				t.Fatal(err)
			}
			closeTo(t, "KL "+name, kl, wantKL, 1e-10, 1+wantKL)
			js, err := JensenShannon(pair[0], pair[1])
			if err != nil {
				t.Fatal(err)
			}
			closeTo(t, "JS "+name, js, wantJS, 1e-10, 1)
		}
	}
}
