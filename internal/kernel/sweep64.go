package kernel

import "unsafe"

// Rows4 are four rows of n float64 each, lda apart. The sweeps below read each of them once; memory
// is what they wait for.
type Rows4 struct {
	Data []float64
	Lda  int
	N    int
}

func (r Rows4) check(extra ...int) {
	if r.N < 0 || r.Lda < 0 || 3*r.Lda+r.N > len(r.Data) {
		panic("kernel: four rows do not fit their data")
	}
	for _, n := range extra {
		if n < r.N {
			panic("kernel: vector shorter than the rows")
		}
	}
}

// watch tells the race detector of the rows and of x, twice a float32's size.
func (r Rows4) watch(x []float64) {
	reads(unsafe.Pointer(unsafe.SliceData(r.Data)), 4, 2*r.N, 2*r.Lda)
	reads(unsafe.Pointer(unsafe.SliceData(x)), 1, 2*min(r.N, len(x)), 0)
}

// DotAxpy64 adds the dot products of four rows with x to dots, and the rows times alpha to y. They
// must not overlap.
func (p Path) DotAxpy64(r Rows4, x []float64, dots *[4]float64, y []float64, alpha *[4]float64) {
	r.check(len(x), len(y))
	r.watch(x)
	writes(unsafe.Pointer(unsafe.SliceData(y)), 1, 2*r.N, 0)
	done := p.dotAxpy64(r, x, dots, y, alpha)
	dotTail64(r, done, x, dots)
	axpyTail64(r, done, y, alpha)
}

// Dot64 adds the dot products of four rows with x to dots.
func (p Path) Dot64(r Rows4, x []float64, dots *[4]float64) {
	r.check(len(x))
	r.watch(x)
	dotTail64(r, p.dot64(r, x, dots), x, dots)
}

// Axpy64 adds four rows times alpha to y.
func (p Path) Axpy64(r Rows4, y []float64, alpha *[4]float64) {
	r.check(len(y))
	r.watch(nil)
	writes(unsafe.Pointer(unsafe.SliceData(y)), 1, 2*r.N, 0)
	axpyTail64(r, p.axpy64(r, y, alpha), y, alpha)
}

// dotTail64 is the plain twin, from element i on.
func dotTail64(r Rows4, i int, x []float64, dots *[4]float64) {
	a, b, c, d := r.Data, r.Data[r.Lda:], r.Data[2*r.Lda:], r.Data[3*r.Lda:]
	var s0, s1, s2, s3 float64
	for ; i < r.N; i++ {
		v := x[i]
		s0 += a[i] * v
		s1 += b[i] * v
		s2 += c[i] * v
		s3 += d[i] * v
	}
	dots[0] += s0
	dots[1] += s1
	dots[2] += s2
	dots[3] += s3
}

// axpyTail64 is the plain twin, from element i on.
func axpyTail64(r Rows4, i int, y []float64, alpha *[4]float64) {
	a, b, c, d := r.Data, r.Data[r.Lda:], r.Data[2*r.Lda:], r.Data[3*r.Lda:]
	for ; i < r.N; i++ {
		y[i] += alpha[0]*a[i] + alpha[1]*b[i] + alpha[2]*c[i] + alpha[3]*d[i]
	}
}
