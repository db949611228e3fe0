package kernel

import (
	"fmt"
	"unsafe"
)

//go:generate go run -C _gen . -family rows64 -pkg kernel -out ../rows64_amd64.s -stubs ../rows64_amd64.go

// SumRows64 adds xᵀ·A to y: every row of A times its element of x. Rows whose element is 0 are not
// read, so that a layer behind a rectifier costs what is active. It fails when the shapes do not
// fit; y must not overlap A or x.
func (p Path) SumRows64(a Matrix64, x, y []float64) error {
	if err := a.rowsFit(x, y); err != nil {
		return err
	}
	if a.Rows == 0 || a.Cols == 0 {
		return nil
	}
	a.watch(false)
	reads(unsafe.Pointer(unsafe.SliceData(x)), 1, 2*a.Rows, 0)
	writes(unsafe.Pointer(unsafe.SliceData(y)), 1, 2*a.Cols, 0)
	sumRows64Go(a, p.sumRows64(a, x, y), x, y)
	return nil
}

// StepRows64 sets out to A·d, then adds scale·x·dᵀ to A: the backward pass of a layer and the
// update of its weights in one sweep over them. Rows whose element of x is 0 are not read, and
// their element of out is 0, which is the gradient behind a rectifier that gave x. It fails when
// the shapes do not fit; out and A must not overlap anything.
func (p Path) StepRows64(a Matrix64, x []float64, scale float64, d, out []float64) error {
	if err := a.rowsFit(x, d); err != nil {
		return err
	}
	if len(out) < a.Rows {
		return fmt.Errorf("result of %d elements, expected %d", len(out), a.Rows)
	}
	clear(out[:a.Rows])
	if a.Rows == 0 || a.Cols == 0 {
		return nil
	}
	a.watch(true)
	reads(unsafe.Pointer(unsafe.SliceData(x)), 1, 2*a.Rows, 0)
	reads(unsafe.Pointer(unsafe.SliceData(d)), 1, 2*a.Cols, 0)
	writes(unsafe.Pointer(unsafe.SliceData(out)), 1, 2*a.Rows, 0)
	stepRows64Go(a, p.stepRows64(a, x, scale, d, out), x, scale, d, out)
	return nil
}

// rowsFit reports a vector along the rows or along the columns that is too short.
func (m Matrix64) rowsFit(rows, cols []float64) error {
	if err := m.check("a"); err != nil {
		return err
	}
	if len(rows) < m.Rows || len(cols) < m.Cols {
		return fmt.Errorf("vectors of %d and %d elements with a matrix of %d×%d", len(rows), len(cols), m.Rows, m.Cols)
	}
	return nil
}

// watch tells the race detector of the matrix, twice a float32's size.
func (m Matrix64) watch(written bool) {
	if written {
		writes(unsafe.Pointer(unsafe.SliceData(m.Data)), m.Rows, 2*m.Cols, 2*m.Stride)
	} else {
		reads(unsafe.Pointer(unsafe.SliceData(m.Data)), m.Rows, 2*m.Cols, 2*m.Stride)
	}
}

// sumRows64Go is the plain twin, from column first on.
func sumRows64Go(a Matrix64, first int, x, y []float64) {
	if first == a.Cols {
		return
	}
	y = y[first:a.Cols]
	for j, f := range x[:a.Rows] {
		if f == 0 {
			continue
		}
		for i, w := range a.Data[j*a.Stride+first:][:len(y)] {
			y[i] += f * w
		}
	}
}

// stepRows64Go is the plain twin, from column first on; out holds the sums of those before.
func stepRows64Go(a Matrix64, first int, x []float64, scale float64, d, out []float64) {
	if first == a.Cols {
		return
	}
	d = d[first:a.Cols]
	for j, f := range x[:a.Rows] {
		if f == 0 {
			continue
		}
		f *= scale
		sum := 0.0
		row := a.Data[j*a.Stride+first:][:len(d)]
		for i, v := range d {
			sum += row[i] * v
			row[i] += f * v
		}
		out[j] += sum
	}
}
