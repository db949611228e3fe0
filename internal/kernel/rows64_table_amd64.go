//go:build amd64 && !noasm && !purego

package kernel

// The columns that a call of the assembly does; what is left is the plain twins'.
const (
	wide512, narrow512 = 64, 8
	wide256, narrow256 = 16, 4
)

// sumRows64 does as many columns as there are whole strips of, and gives their number.
func (p Path) sumRows64(a Matrix64, x, y []float64) int {
	i := 0
	switch p {
	case AVX512:
		for ; i+wide512 <= a.Cols; i += wide512 {
			sumRows64x64x512(a.Rows, &a.Data[i], a.Stride, &x[0], &y[i])
		}
		for ; i+narrow512 <= a.Cols; i += narrow512 {
			sumRows64x8x512(a.Rows, &a.Data[i], a.Stride, &x[0], &y[i])
		}
	case AVX2:
		for ; i+wide256 <= a.Cols; i += wide256 {
			sumRows64x16x256(a.Rows, &a.Data[i], a.Stride, &x[0], &y[i])
		}
		for ; i+narrow256 <= a.Cols; i += narrow256 {
			sumRows64x4x256(a.Rows, &a.Data[i], a.Stride, &x[0], &y[i])
		}
	}
	return i
}

// stepRows64 does as many columns as there are whole strips of, and gives their number.
func (p Path) stepRows64(a Matrix64, x []float64, scale float64, d, out []float64) int {
	i := 0
	switch p {
	case AVX512:
		for ; i+wide512 <= a.Cols; i += wide512 {
			stepRows64x64x512(a.Rows, &a.Data[i], a.Stride, &x[0], &scale, &d[i], &out[0])
		}
		for ; i+narrow512 <= a.Cols; i += narrow512 {
			stepRows64x8x512(a.Rows, &a.Data[i], a.Stride, &x[0], &scale, &d[i], &out[0])
		}
	case AVX2:
		for ; i+wide256 <= a.Cols; i += wide256 {
			stepRows64x16x256(a.Rows, &a.Data[i], a.Stride, &x[0], &scale, &d[i], &out[0])
		}
		for ; i+narrow256 <= a.Cols; i += narrow256 {
			stepRows64x4x256(a.Rows, &a.Data[i], a.Stride, &x[0], &scale, &d[i], &out[0])
		}
	}
	return i
}
