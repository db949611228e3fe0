package wasserstein

import (
	"bytes"
	"errors"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"

	"gorgonia.org/tensor"
	"pgregory.net/rapid"
)

// normal makes n vectors of q correlated features with the given offset.
func normal(r *rand.Rand, n, q int, offset float64) []float64 {
	x := make([]float64, n*q)
	for i := range n {
		common := r.NormFloat64()
		for j := range q {
			x[i*q+j] = offset + (r.NormFloat64()+common)/float64(1+j%4)
		}
	}
	return x
}

func momentsOf(t testing.TB, q int, batches ...[]float64) *Moments {
	t.Helper()
	m, err := NewMoments(q, "v1")
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range batches {
		if err := m.AddFloat64(b); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

// textbook computes mean and covariance by their definitions.
func textbook(x []float64, q int) (mean, cov []float64) {
	n := len(x) / q
	mean, cov = make([]float64, q), make([]float64, q*q)
	for i, v := range x {
		mean[i%q] += v / float64(n)
	}
	for k := range n {
		for i := range q {
			for j := range q {
				cov[i*q+j] += (x[k*q+i] - mean[i]) * (x[k*q+j] - mean[j]) / float64(n)
			}
		}
	}
	return mean, cov
}

func TestMomentsProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := rapid.IntRange(1, 7).Draw(t, "q")
		seed := rapid.Uint64().Draw(t, "seed")
		sizes := rapid.SliceOfN(rapid.IntRange(0, 9), 1, 6).Draw(t, "batches")
		split := rapid.IntRange(0, len(sizes)).Draw(t, "split")
		r := rand.New(rand.NewPCG(seed, 1))
		a, _ := NewMoments(q, "v")
		b, _ := NewMoments(q, "v")
		var all []float64
		for i, n := range sizes {
			x := normal(r, n, q, rapid.Float64Range(-3, 3).Draw(t, "offset"))
			all = append(all, x...)
			into := a
			if i >= split {
				into = b
			}
			if err := into.AddFloat64(x); err != nil {
				t.Fatal(err)
			}
		}
		before, err := b.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Merge(b); err != nil {
			t.Fatal(err)
		}
		after, _ := b.MarshalBinary()
		if !bytes.Equal(before, after) {
			t.Fatal("merging changed its argument")
		}
		if a.Count() != len(all)/q {
			t.Fatalf("%d vectors, expected %d", a.Count(), len(all)/q)
		}
		if len(all) == 0 {
			if a.Mean() != nil || a.Covariance() != nil {
				t.Fatal("moments of nothing")
			}
			return
		}
		mean, cov := textbook(all, q)
		for i, v := range a.Mean() {
			if math.Abs(v-mean[i]) > 1e-14*10 {
				t.Fatalf("mean[%d] is %g, expected %g", i, v, mean[i])
			}
		}
		for i, v := range a.Covariance() {
			if math.Abs(v-cov[i]) > 1e-14*30 {
				t.Fatalf("covariance[%d] is %g, expected %g", i, v, cov[i])
			}
		}
	})
}

// Offsets that are exact in float64 must not cost a digit of the distance, whatever their size.
func TestHugeShifts(t *testing.T) {
	const q = 6
	distances := func(shift float64) (fromMoments, fromSamples, traces float64) {
		r := rand.New(rand.NewPCG(7, 3))
		var xs [2][]float64
		for k := range xs {
			xs[k] = make([]float64, 500*q)
			for i := range xs[k] {
				xs[k][i] = shift + math.Round(r.NormFloat64()*(1<<10))/(1<<10) + float64(k)/2
			}
		}
		var m [2]*Moments
		for k := range m {
			m[k] = momentsOf(t, q, xs[k][:q], xs[k][q:101*q], xs[k][101*q:])
		}
		d, err := Squared(m[0], m[1])
		if err != nil {
			t.Fatal(err)
		}
		e, err := SquaredSamples(dense(xs[0], q), dense(xs[1], q))
		if err != nil {
			t.Fatal(err)
		}
		return d, e, covariance{cov: m[0].Covariance(), q: q}.trace() + covariance{cov: m[1].Covariance(), q: q}.trace()
	}
	want, _, scale := distances(0)
	for _, shift := range []float64{0, 1, 1 << 20, 1 << 30, 1 << 40} {
		moments, samples, _ := distances(shift)
		closeTo(t, "moments", moments, want, 1e-14, scale)
		closeTo(t, "samples", samples, want, 1e-14, scale)
	}
}

func TestMomentsRefuse(t *testing.T) {
	m := momentsOf(t, 2, []float64{1, 2, 3, 4})
	before, err := m.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	other, _ := NewMoments(2, "v2")
	wide, _ := NewMoments(3, "v1")
	empty, _ := NewMoments(2, "v1")
	var zero Moments
	for name, c := range map[string]struct{ err, want error }{
		"version":        {m.Merge(other), ErrVersion},
		"width":          {m.Merge(wide), ErrDim},
		"nil":            {m.Merge(nil), ErrDim},
		"half a vector":  {m.AddFloat32([]float32{1, 2, 3}), ErrDim},
		"NaN":            {m.AddFloat64([]float64{1, 2, 3, math.NaN()}), ErrValue},
		"infinite":       {m.AddFloat32([]float32{1, float32(math.Inf(-1))}), ErrValue},
		"too large":      {m.AddFloat64([]float64{1e200, 0}), ErrValue},
		"no tensor":      {m.Add(nil), ErrDim},
		"vector":         {m.Add(tensor.New(tensor.WithShape(2), tensor.WithBacking([]float64{1, 2}))), ErrDim},
		"wide tensor":    {m.Add(dense([]float64{1, 2, 3}, 3)), ErrDim},
		"integers":       {m.Add(tensor.New(tensor.WithShape(1, 2), tensor.WithBacking([]int{1, 2}))), ErrValue},
		"zero value":     {zero.AddFloat64([]float64{1}), ErrDim},
		"distance":       {second(Squared(m, other)), ErrEmpty},
		"distance nil":   {second(Squared(nil, m)), ErrEmpty},
		"distance empty": {second(Squared(m, empty)), ErrEmpty},
		"gaussian":       {second(empty.Gaussian()), ErrEmpty},
		"dimension 0":    {second(NewMoments(0, "")), ErrDim},
		"dimension":      {second(NewMoments(1<<20, "")), ErrDim},
	} {
		if !errors.Is(c.err, c.want) {
			t.Errorf("%s: %v, expected %v", name, c.err, c.want)
		}
	}
	if err := other.AddFloat32([]float32{1, 2}); err != nil {
		t.Error(err)
	}
	if _, err := Squared(m, other); !errors.Is(err, ErrVersion) {
		t.Errorf("distance across versions: %v", err)
	}
	if err := wide.AddFloat32([]float32{1, 2, 3}); err != nil {
		t.Error(err)
	}
	if _, err := Squared(m, wide); !errors.Is(err, ErrDim) {
		t.Errorf("distance across dimensions: %v", err)
	}
	after, err := m.MarshalBinary()
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("refused calls changed the moments, %v", err)
	}
}

func second[T any](_ T, err error) error { return err }

func TestMergeWithItself(t *testing.T) {
	x := normal(rand.New(rand.NewPCG(1, 1)), 20, 4, 2)
	m, twice := momentsOf(t, 4, x), momentsOf(t, 4, x, x)
	c := m.Clone()
	if err := m.Merge(m); err != nil {
		t.Fatal(err)
	}
	d, err := Squared(m, twice)
	if err != nil || m.Count() != 40 || d > 1e-14 {
		t.Errorf("distance %g, %v, of %d vectors", d, err, m.Count())
	}
	if c.Count() != 20 {
		t.Error("the clone changed")
	}
	if err := c.AddFloat64(x); err != nil || m.Count() != 40 {
		t.Errorf("the original changed, %v", err)
	}
}

// Layouts and element types of the same numbers.
func TestAddLayouts(t *testing.T) {
	x := make([]float32, 12)
	wide := make([]float64, 12)
	for i := range x {
		x[i] = float32(i*i%7) / 2
		wide[i] = float64(x[i])
	}
	want := momentsOf(t, 3, wide)
	column := tensor.New(tensor.WithShape(4, 3), tensor.AsFortran(nil), tensor.Of(tensor.Float64))
	for i := range 4 {
		for j := range 3 {
			if err := column.SetAt(wide[i*3+j], i, j); err != nil {
				t.Fatal(err)
			}
		}
	}
	transposed := tensor.New(tensor.WithShape(3, 4), tensor.Of(tensor.Float32))
	for i := range 4 {
		for j := range 3 {
			if err := transposed.SetAt(x[i*3+j], j, i); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := transposed.T(); err != nil {
		t.Fatal(err)
	}
	padded := tensor.New(tensor.WithShape(4, 5), tensor.Of(tensor.Float64))
	for i := range 4 {
		for j := range 3 {
			if err := padded.SetAt(wide[i*3+j], i, j+1); err != nil {
				t.Fatal(err)
			}
		}
	}
	view, err := padded.Slice(nil, tensor.S(1, 4))
	if err != nil {
		t.Fatal(err)
	}
	for name, d := range map[string]*tensor.Dense{
		"float32": dense(x, 3), "float64": dense(wide, 3), "column-major": column, "transposed": transposed, "view": view.(*tensor.Dense),
	} {
		m, _ := NewMoments(3, "v1")
		if err := m.Add(d); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if w, err := Squared(m, want); err != nil || w != 0 {
			t.Errorf("%s: distance %g, %v", name, w, err)
		}
	}
}

// The same bits for every GOMAXPROCS, with sizes at which work is shared.
func TestProcessorsDoNotMatter(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	r := rand.New(rand.NewPCG(5, 5))
	const q = 150
	x, y := normal(r, 400, q, 0), normal(r, 120, q, 1)
	var want []float64
	for _, procs := range []int{1, 2, 8} {
		runtime.GOMAXPROCS(procs)
		a, b := momentsOf(t, q, x), momentsOf(t, q, y)
		w, err1 := Squared(a, b)
		s, err2 := SquaredSamples(dense(x, q), dense(y, q))
		g, err3 := a.Gaussian()
		kl, err4 := KL(g, g)
		if err := errors.Join(err1, err2, err3, err4); err != nil {
			t.Fatal(err)
		}
		got := append([]float64{w, s, kl}, g.Cov...)
		if want == nil {
			want = got
		}
		for i := range got {
			if math.Float64bits(got[i]) != math.Float64bits(want[i]) {
				t.Fatalf("GOMAXPROCS=%d: value %d is %.17g, was %.17g", procs, i, got[i], want[i])
			}
		}
	}
}
