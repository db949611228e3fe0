//go:build amd64 && !noasm && !purego

package kernel

import "unsafe"

// tile64 adds a 12×16 product of packed panels to c.
func (p Path) tile64(k int, a, b, c []float64, ldc int) {
	// The last element each kernel touches; the slices' bounds are the guard.
	_, _, _ = a[k*tileRows64-1], b[k*tileCols64-1], c[(tileRows64-1)*ldc+tileCols64-1]
	writes(unsafe.Pointer(unsafe.SliceData(c)), tileRows64, 2*tileCols64, 2*ldc)
	switch p {
	case AVX512:
		tile64x512(k, &a[0], &b[0], &c[0], ldc)
	case AVX2:
		for r := 0; r < tileRows64; r += 3 {
			tile64x256(k, &a[r], &b[0], &c[r*ldc], ldc)
		}
	default:
		tile64Go(k, a, b, c, ldc)
	}
}

// lanes64 is the number of elements that the vector kernels do of n; the rest is left to the plain
// twins.
func (p Path) lanes64(n int) int {
	switch p {
	case AVX512:
		return n &^ 7
	case AVX2:
		return n &^ 3
	}
	return 0
}

func (p Path) dotAxpy64(r Rows4, x []float64, dots *[4]float64, y []float64, alpha *[4]float64) int {
	n := p.lanes64(r.N)
	if n == 0 {
		return 0
	}
	if p == AVX512 {
		dotAxpy64x512(n, &r.Data[0], r.Lda, &x[0], &dots[0], &y[0], &alpha[0])
	} else {
		dotAxpy64x256(n, &r.Data[0], r.Lda, &x[0], &dots[0], &y[0], &alpha[0])
	}
	return n
}

func (p Path) dot64(r Rows4, x []float64, dots *[4]float64) int {
	n := p.lanes64(r.N)
	if n == 0 {
		return 0
	}
	if p == AVX512 {
		dot64x512(n, &r.Data[0], r.Lda, &x[0], &dots[0])
	} else {
		dot64x256(n, &r.Data[0], r.Lda, &x[0], &dots[0])
	}
	return n
}

func (p Path) axpy64(r Rows4, y []float64, alpha *[4]float64) int {
	n := p.lanes64(r.N)
	if n == 0 {
		return 0
	}
	if p == AVX512 {
		axpy64x512(n, &r.Data[0], r.Lda, &y[0], &alpha[0])
	} else {
		axpy64x256(n, &r.Data[0], r.Lda, &y[0], &alpha[0])
	}
	return n
}
