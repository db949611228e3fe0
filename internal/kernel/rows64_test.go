package kernel

import (
	"math"
	"math/rand/v2"
	"testing"
)

// checkRows64 compares both kernels with sums written out, on one shape.
func checkRows64(t *testing.T, p Path, r *rand.Rand, rows, cols, gap int) {
	t.Helper()
	a := Matrix64{Rows: rows, Cols: cols, Stride: cols + gap}
	var intactA, intactY, intactOut func(*testing.T, string)
	a.Data, intactA = guarded64(r, max((rows-1)*a.Stride+cols, 0))
	x, _ := guarded64(r, rows)
	for j := range x {
		switch r.IntN(4) {
		case 0:
			x[j] = 0
		case 1:
			x[j] = math.Copysign(0, -1)
		}
		for i := range cols {
			if x[j] == 0 {
				a.Data[j*a.Stride+i] = math.NaN() // may not be read
			}
		}
	}
	y, intactY := guarded64(r, cols)
	d, _ := guarded64(r, cols)
	out, intactOut := guarded64(r, rows)
	scale := r.NormFloat64()
	wantY, size := append([]float64(nil), y...), make([]float64, cols)
	wantOut, wantA := make([]float64, rows), append([]float64(nil), a.Data...)
	bound := make([]float64, rows)
	for i := range y {
		size[i] = math.Abs(y[i])
	}
	for j, f := range x {
		if f == 0 {
			continue
		}
		for i := range cols {
			w := a.Data[j*a.Stride+i]
			wantY[i] += f * w
			size[i] += math.Abs(f * w)
			wantOut[j] += w * d[i]
			bound[j] += math.Abs(w * d[i])
			wantA[j*a.Stride+i] += scale * f * d[i]
		}
	}
	if err := p.SumRows64(a, x, y); err != nil {
		t.Fatal(err)
	}
	if err := p.StepRows64(a, x, scale, d, out); err != nil {
		t.Fatal(err)
	}
	const eps = 1e-14
	for i := range y {
		if !(math.Abs(y[i]-wantY[i]) <= eps*size[i]) {
			t.Fatalf("%v %d×%d: y[%d] is %v, expected %v", p, rows, cols, i, y[i], wantY[i])
		}
	}
	for j := range out {
		if !(math.Abs(out[j]-wantOut[j]) <= eps*bound[j]) {
			t.Fatalf("%v %d×%d: out[%d] is %v, expected %v", p, rows, cols, j, out[j], wantOut[j])
		}
	}
	for i, want := range wantA {
		if got := a.Data[i]; !(math.Abs(got-want) <= eps*(1+math.Abs(want))*10) && !math.IsNaN(want) {
			t.Fatalf("%v %d×%d: element %d of the matrix is %v, expected %v", p, rows, cols, i, got, want)
		}
	}
	intactA(t, "matrix")
	intactY(t, "y")
	intactOut(t, "out")
}

// Products and updates are those of plain sums, whatever the shape; rows without a factor are not
// touched, and nothing beside the operands is.
func TestRows64(t *testing.T) {
	r := rand.New(rand.NewPCG(64, 7))
	for _, p := range Available() {
		for cols := range 84 {
			checkRows64(t, p, r, r.IntN(20), cols, r.IntN(3))
		}
		checkRows64(t, p, r, 64, 64, 0)
		checkRows64(t, p, r, 3, 200, 5)
	}
}

func FuzzRows64(f *testing.F) {
	f.Add(uint64(1), uint8(64), uint8(64), uint8(0))
	f.Add(uint64(2), uint8(0), uint8(7), uint8(1))
	f.Add(uint64(3), uint8(5), uint8(0), uint8(2))
	f.Fuzz(func(t *testing.T, seed uint64, rows, cols, gap uint8) {
		for _, p := range Available() {
			checkRows64(t, p, rand.New(rand.NewPCG(seed, 3)), int(rows)%80, int(cols), int(gap)%9)
		}
	})
}

func TestRows64Refuses(t *testing.T) {
	a := Matrix64{Data: make([]float64, 6), Rows: 2, Cols: 3, Stride: 3}
	two, three := make([]float64, 2), make([]float64, 3)
	for name, err := range map[string]error{
		"short factors": Go.SumRows64(a, two[:1], three),
		"short sums":    Go.SumRows64(a, two, two),
		"short matrix":  Go.SumRows64(Matrix64{Data: two, Rows: 2, Cols: 3, Stride: 3}, two, three),
		"short result":  Go.StepRows64(a, two, 1, three, two[:1]),
		"short vector":  Go.StepRows64(a, two, 1, two, two),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
