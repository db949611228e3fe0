package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

func randoms(r *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	return x
}

// naive is the product in float64 and, per element, Σ|a·b| for the error bound.
func naive(a, b Matrix, m, n, k int, ta, tb bool) (c, size []float64) {
	c, size = make([]float64, m*n), make([]float64, m*n)
	get := func(x Matrix, i, j int, t bool) float64 {
		if t {
			i, j = j, i
		}
		return float64(x.Data[i*x.Stride+j])
	}
	for i := range m {
		for j := range n {
			for l := range k {
				v := get(a, i, l, ta) * get(b, l, j, tb)
				c[i*n+j] += v
				size[i*n+j] += math.Abs(v)
			}
		}
	}
	return c, size
}

func TestMatMul(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	shapes := [][3]int{{1, 1, 1}, {2, 3, 0}, {5, 17, 9}, {14, 32, 16}, {15, 33, 17}, {29, 31, 400}, {300, 40, 24}, {30, 20, 9000}, {13, 64, 7}, {64, 1, 500}}
	for range 20 {
		shapes = append(shapes, [3]int{1 + r.IntN(70), 1 + r.IntN(70), r.IntN(70)})
	}
	for _, p := range Available() {
		for _, s := range shapes {
			for mode := range 8 {
				t.Run(fmt.Sprintf("%v/%v/%d", p, s, mode), func(t *testing.T) {
					checkMatMul(t, p, r, s[0], s[1], s[2], mode&1 != 0, mode&2 != 0, mode&4 != 0)
				})
			}
		}
	}
}

func checkMatMul(t *testing.T, p Path, r *rand.Rand, m, n, k int, ta, tb, acc bool) {
	var ws Workspace
	view := func(rows, cols int, trans bool) Matrix {
		if trans {
			rows, cols = cols, rows
		}
		ld := cols + r.IntN(4)
		return Matrix{Data: randoms(r, rows*ld), Rows: rows, Cols: cols, Stride: ld}
	}
	a, b := view(m, k, ta), view(k, n, tb)
	ld := n + 3
	all := randoms(r, m*ld+40)
	before := append([]float32(nil), all...)
	c := Matrix{Data: all[17 : 17+m*ld], Rows: m, Cols: n, Stride: ld}
	if err := p.MatMul(&ws, c, a, b, ta, tb, acc); err != nil {
		t.Fatal(err)
	}
	again := append([]float32(nil), before...)
	c.Data = again[17 : 17+m*ld]
	pool := NewPool(3)
	defer pool.Close()
	if err := p.ParallelMatMul(pool, &ws, c, a, b, ta, tb, acc); err != nil {
		t.Fatal(err)
	}
	for i := range all {
		if all[i] != again[i] {
			t.Fatalf("element %d is %v alone and %v on a pool", i, all[i], again[i])
		}
	}
	want, size := naive(a, b, m, n, k, ta, tb)
	for i, v := range all {
		row, col := (i-17)/ld, (i-17)%ld
		if i < 17 || row >= m || col >= n {
			if v != before[i] {
				t.Fatalf("element %d outside the result changed", i)
			}
			continue
		}
		w, bound := want[row*n+col], size[row*n+col]
		if acc {
			w += float64(before[i])
			bound += math.Abs(float64(before[i]))
		}
		if math.Abs(float64(v)-w) > 4e-7*math.Sqrt(float64(k+4))*bound+1e-30 {
			t.Fatalf("element (%d,%d) is %v, expected %v", row, col, v, w)
		}
	}
}

func TestMatMulShapes(t *testing.T) {
	var ws Workspace
	m := func(rows, cols, stride, n int) Matrix {
		return Matrix{Data: make([]float32, n), Rows: rows, Cols: cols, Stride: stride}
	}
	for name, c := range map[string][3]Matrix{
		"inner":  {m(2, 2, 2, 4), m(2, 3, 3, 6), m(2, 2, 2, 4)},
		"outer":  {m(2, 3, 3, 6), m(2, 2, 2, 4), m(2, 2, 2, 4)},
		"stride": {m(2, 2, 2, 4), m(2, 2, 1, 4), m(2, 2, 2, 4)},
		"short":  {m(2, 2, 2, 3), m(2, 2, 2, 4), m(2, 2, 2, 4)},
	} {
		if err := Go.MatMul(&ws, c[0], c[1], c[2], false, false, false); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
