package wasserstein

import (
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
)

// matrix is dense and row-major, without gaps between rows.
type matrix struct {
	rows, cols int
	data       []float64
}

func newMatrix(rows, cols int) matrix {
	return matrix{rows: rows, cols: cols, data: make([]float64, rows*cols)}
}

func (m matrix) row(i int) []float64 { return m.data[i*m.cols : (i+1)*m.cols : (i+1)*m.cols] }

func (m matrix) general() blas64.General {
	return blas64.General{Rows: m.rows, Cols: m.cols, Stride: max(1, m.cols), Data: m.data}
}

// mulNT is a·bᵀ.
func mulNT(a, b matrix) matrix {
	c := newMatrix(a.rows, b.rows)
	if a.rows > 0 && b.rows > 0 && a.cols > 0 {
		blas64.Gemm(blas.NoTrans, blas.Trans, 1, a.general(), b.general(), 0, c.general())
	}
	return c
}

// accumulate adds xᵀ·x to the lower triangle of s.
func accumulate(s, x matrix) {
	blas64.Syrk(blas.Trans, 1, x.general(), 1, blas64.Symmetric{N: s.rows, Stride: s.cols, Data: s.data, Uplo: blas.Lower})
}
