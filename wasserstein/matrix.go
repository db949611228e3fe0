package wasserstein

import "github.com/tendril-nas/tendril/internal/kernel"

// matrix is dense and row-major, without gaps between rows.
type matrix struct {
	rows, cols int
	data       []float64
}

func newMatrix(rows, cols int) matrix {
	return matrix{rows: rows, cols: cols, data: make([]float64, rows*cols)}
}

func (m matrix) row(i int) []float64 { return m.data[i*m.cols : (i+1)*m.cols : (i+1)*m.cols] }

func (m matrix) whole() kernel.Matrix64 {
	return kernel.Matrix64{Rows: m.rows, Cols: m.cols, Stride: m.cols, Data: m.data}
}

// rows4 is four rows from row i on, from column j to column end.
func (m matrix) rows4(i, j, end int) kernel.Rows4 {
	return kernel.Rows4{Data: m.data[i*m.cols+j : (i+3)*m.cols+end], Lda: m.cols, N: end - j}
}

// accumulate adds xᵀ·x to the upper triangle of s. Some entries below the diagonal change too.
func (t *team) accumulate(s, x matrix) {
	t.product(s.whole(), 1, x.whole(), x.whole(), true, false, shape{upper: true})
}

// combine adds Σ coefficient[p]·m[p][from:] over the first n rows (a multiple of four) to y[from:].
func (t *team) combine(y []float64, m matrix, n int, coefficient []float64, from int) {
	for p := 0; p < n; p += 4 {
		t.path.Axpy64(m.rows4(p, from, m.cols), y[from:], (*[4]float64)(coefficient[p:]))
	}
}

// dots writes the products m[p][from:]·x[from:] of the first n rows (a multiple of four) to out.
func (t *team) dots(out []float64, m matrix, n int, x []float64, from int) {
	for p := 0; p < n; p += 4 {
		d := (*[4]float64)(out[p:])
		*d = [4]float64{}
		t.path.Dot64(m.rows4(p, from, m.cols), x[from:], d)
	}
}
