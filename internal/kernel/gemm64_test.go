package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// guarded64 returns a slice of n numbers inside a larger one, and a check that everything around it
// is untouched.
func guarded64(r *rand.Rand, n int) (s []float64, intact func(t *testing.T, what string)) {
	const guard = 24
	whole := make([]float64, n+2*guard)
	for i := range whole {
		whole[i] = 1e30
	}
	s = whole[guard : guard+n : guard+n]
	for i := range s {
		s[i] = r.NormFloat64()
	}
	return s, func(t *testing.T, what string) {
		t.Helper()
		for i, v := range whole {
			if (i < guard || i >= guard+n) && v != 1e30 {
				t.Fatalf("%s: element %d of %d was written", what, i-guard, n)
			}
		}
	}
}

func TestMatMul64(t *testing.T) {
	r := rand.New(rand.NewPCG(64, 1))
	sizes := []int{1, 2, 3, 5, 11, 12, 13, 15, 16, 17, 31, 33, 48, 100}
	for _, p := range Available() {
		var ws Workspace64
		for round := range 120 {
			m, n, k := sizes[r.IntN(len(sizes))], sizes[r.IntN(len(sizes))], sizes[r.IntN(len(sizes))]
			if round == 0 {
				m, n, k = height64+13, 40, depth64+7 // more than one block in every direction
			}
			transA, transB := r.IntN(2) == 1, r.IntN(2) == 1
			a, b := Matrix64{Rows: m, Cols: k}, Matrix64{Rows: k, Cols: n}
			if transA {
				a.Rows, a.Cols = k, m
			}
			if transB {
				b.Rows, b.Cols = n, k
			}
			c := Matrix64{Rows: m, Cols: n}
			a.Stride, b.Stride, c.Stride = a.Cols+r.IntN(3), b.Cols+r.IntN(3), n+r.IntN(3)
			a.Data, _ = guarded64(r, a.Rows*a.Stride)
			b.Data, _ = guarded64(r, b.Rows*b.Stride)
			var intact func(*testing.T, string)
			c.Data, intact = guarded64(r, (m-1)*c.Stride+n)
			before := append([]float64(nil), c.Data...)
			alpha := []float64{1, -1, 0.5}[r.IntN(3)]
			if err := p.MatMul64(&ws, c, alpha, a, b, transA, transB); err != nil {
				t.Fatal(err)
			}
			what := fmt.Sprintf("%v %d×%d×%d %v %v", p, m, n, k, transA, transB)
			intact(t, what)
			at := func(x Matrix64, trans bool, i, j int) float64 {
				if trans {
					i, j = j, i
				}
				return x.Data[i*x.Stride+j]
			}
			for i := range m {
				for j := range c.Stride {
					if i*c.Stride+j >= len(c.Data) {
						break
					}
					want := before[i*c.Stride+j]
					size := 1 + math.Abs(want)
					for s := 0; s < k && j < n; s++ {
						v := alpha * at(a, transA, i, s) * at(b, transB, s, j)
						want += v
						size += math.Abs(v)
					}
					if got := c.Data[i*c.Stride+j]; math.Abs(got-want) > 4e-16*size*math.Sqrt(float64(k)) {
						t.Fatalf("%s: element %d, %d is %g, expected %g", what, i, j, got, want)
					}
				}
			}
		}
	}
}

// A product computed in pieces has the same bits as in one go.
func TestMatMul64InPieces(t *testing.T) {
	r := rand.New(rand.NewPCG(64, 2))
	const m, n, k = 50, 70, 300
	for _, p := range Available() {
		var ws Workspace64
		a, b := Matrix64{Rows: m, Cols: k, Stride: k}, Matrix64{Rows: k, Cols: n, Stride: n}
		a.Data, _ = guarded64(r, m*k)
		b.Data, _ = guarded64(r, k*n)
		whole := Matrix64{Data: make([]float64, m*n), Rows: m, Cols: n, Stride: n}
		parts := Matrix64{Data: make([]float64, m*n), Rows: m, Cols: n, Stride: n}
		if err := p.MatMul64(&ws, whole, 1, a, b, false, false); err != nil {
			t.Fatal(err)
		}
		for _, i := range [][2]int{{0, 7}, {7, 43}} {
			for _, j := range [][2]int{{0, 33}, {33, 37}} {
				err := p.MatMul64(&ws, parts.View(i[0], j[0], i[1], j[1]), 1, a.View(i[0], 0, i[1], k), b.View(0, j[0], k, j[1]), false, false)
				if err != nil {
					t.Fatal(err)
				}
			}
		}
		for i := range whole.Data {
			if whole.Data[i] != parts.Data[i] {
				t.Fatalf("%v: element %d is %g, in pieces %g", p, i, whole.Data[i], parts.Data[i])
			}
		}
	}
}

func TestMatMul64Refuses(t *testing.T) {
	var ws Workspace64
	x := func(rows, cols, stride, data int) Matrix64 {
		return Matrix64{Data: make([]float64, data), Rows: rows, Cols: cols, Stride: stride}
	}
	for name, c := range map[string][3]Matrix64{
		"inner":    {x(2, 2, 2, 4), x(2, 3, 3, 6), x(2, 2, 2, 4)},
		"outer":    {x(2, 3, 3, 6), x(2, 2, 2, 4), x(2, 2, 2, 4)},
		"stride":   {x(2, 2, 1, 4), x(2, 2, 2, 4), x(2, 2, 2, 4)},
		"short":    {x(2, 2, 2, 4), x(2, 2, 2, 3), x(2, 2, 2, 4)},
		"negative": {x(2, 2, 2, 4), x(-2, 2, 2, 4), x(2, 2, 2, 4)},
	} {
		if err := Go.MatMul64(&ws, c[0], 1, c[1], c[2], false, false); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if err := Go.MatMul64(&ws, x(2, 2, 2, 4), 1, x(2, 0, 0, 0), x(0, 2, 2, 0), false, false); err != nil {
		t.Errorf("empty inner dimension: %v", err)
	}
}

// sweepCase holds one sweep of every kind against sums written out.
func sweepCase(t *testing.T, p Path, r *rand.Rand, n, pad int) {
	lda := n + pad
	data, intactA := guarded64(r, 3*lda+n)
	rows := Rows4{Data: data, Lda: lda, N: n}
	x, intactX := guarded64(r, n)
	y, intactY := guarded64(r, n)
	alpha := [4]float64{r.NormFloat64(), r.NormFloat64(), 0, -1}
	start := [4]float64{1, 2, 3, 4}
	wantDots, wantY := start, append([]float64(nil), y...)
	for q := range 4 {
		for i := range n {
			wantDots[q] += data[q*lda+i] * x[i]
			wantY[i] += alpha[q] * data[q*lda+i]
		}
	}
	check := func(kind string, dots [4]float64, got []float64) {
		t.Helper()
		what := fmt.Sprintf("%v %s of %d", p, kind, n)
		for q := range dots {
			if math.Abs(dots[q]-wantDots[q]) > 1e-14*float64(n+4) {
				t.Fatalf("%s: dot %d is %g, expected %g", what, q, dots[q], wantDots[q])
			}
		}
		for i := range got {
			if math.Abs(got[i]-wantY[i]) > 1e-14*10 {
				t.Fatalf("%s: y[%d] is %g, expected %g", what, i, got[i], wantY[i])
			}
		}
		intactA(t, what)
		intactX(t, what)
		intactY(t, what)
	}
	original := append([]float64(nil), y...)
	dots := start
	p.DotAxpy64(rows, x, &dots, y, &alpha)
	check("dot and axpy", dots, y)
	copy(y, original)
	dots = start
	p.Dot64(rows, x, &dots)
	p.Axpy64(rows, y, &alpha)
	check("dot, then axpy", dots, y)
}

func TestSweeps64(t *testing.T) {
	r := rand.New(rand.NewPCG(64, 3))
	for _, p := range Available() {
		for n := range 70 {
			sweepCase(t, p, r, n, n%3)
		}
		sweepCase(t, p, r, 1000, 1)
	}
}

func FuzzSweeps64(f *testing.F) {
	f.Add(uint64(1), uint16(17), uint8(2))
	f.Add(uint64(2), uint16(0), uint8(0))
	f.Fuzz(func(t *testing.T, seed uint64, n uint16, pad uint8) {
		for _, p := range Available() {
			sweepCase(t, p, rand.New(rand.NewPCG(seed, 1)), int(n%2048), int(pad))
		}
	})
}

func TestSweeps64Refuse(t *testing.T) {
	for name, f := range map[string]func(){
		"rows":   func() { Go.Dot64(Rows4{Data: make([]float64, 15), Lda: 4, N: 4}, make([]float64, 4), new([4]float64)) },
		"vector": func() { Go.Axpy64(Rows4{Data: make([]float64, 16), Lda: 4, N: 4}, make([]float64, 3), new([4]float64)) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: out of bounds without a panic", name)
				}
			}()
			f()
		}()
	}
}

func BenchmarkGemm64(b *testing.B) {
	for _, n := range []int{128, 512} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var ws Workspace64
			x := Matrix64{Data: make([]float64, n*n), Rows: n, Cols: n, Stride: n}
			c := Matrix64{Data: make([]float64, n*n), Rows: n, Cols: n, Stride: n}
			for b.Loop() {
				if err := Default().MatMul64(&ws, c, 1, x, x, false, false); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(2*float64(n*n*n)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
		})
	}
}
