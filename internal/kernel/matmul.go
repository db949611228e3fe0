package kernel

import (
	"fmt"
)

// Matrix is a row-major view: element (i, j) is Data[i·Stride+j].
type Matrix struct {
	Data       []float32
	Rows, Cols int
	Stride     int
}

// check reports whether the view lies inside its data.
func (m Matrix) check(name string) error {
	if m.Rows < 0 || m.Cols < 0 || m.Stride < m.Cols {
		return fmt.Errorf("matrix %s: %d×%d with stride %d", name, m.Rows, m.Cols, m.Stride)
	}
	if m.Rows > 0 && m.Cols > 0 && (m.Rows-1)*m.Stride+m.Cols > len(m.Data) {
		return fmt.Errorf("matrix %s: %d×%d with stride %d needs more than %d elements", name, m.Rows, m.Cols,
			m.Stride, len(m.Data))
	}
	return nil
}

// Workspace is memory that matrix products keep between calls. The zero value is ready; it serves
// one call at a time.
type Workspace struct {
	packed  []float32
	parts   []float32
	product product
	worker  *Worker // for calls without a pool
}

// MatMul computes C = op(A)·op(B), or C += with acc, on the calling goroutine; op transposes when
// transA or transB is set. Op(A) is C.Rows×k, op(B) is k×C.Cols. It fails when the shapes do not
// fit. C must not overlap A or B.
func (p Path) MatMul(ws *Workspace, c, a, b Matrix, transA, transB, acc bool) error {
	return p.ParallelMatMul(nil, ws, c, a, b, transA, transB, acc)
}

// ParallelMatMul is MatMul with the work shared out over a pool. Its result has the same bits.
func (p Path) ParallelMatMul(pool *Pool, ws *Workspace, c, a, b Matrix, transA, transB, acc bool) error {
	for _, e := range []error{a.check("a"), b.check("b"), c.check("c")} {
		if e != nil {
			return e
		}
	}
	m, k, kb, n := a.Rows, a.Cols, b.Rows, b.Cols
	if transA {
		m, k = k, m
	}
	if transB {
		kb, n = n, kb
	}
	if m != c.Rows || n != c.Cols || k != kb {
		return fmt.Errorf("matrix product: %d×%d times %d×%d into %d×%d", m, k, kb, n, c.Rows, c.Cols)
	}
	if m == 0 || n == 0 {
		return nil
	}
	if k == 0 {
		for i := 0; i < m && !acc; i++ {
			clear(c.Data[i*c.Stride:][:n])
		}
		return nil
	}
	o := &ws.product
	*o = product{path: p, c: c, a: a, b: b, m: m, n: n, k: k, transA: transA, transB: transB, acc: acc}
	if transA {
		o.runTransposed(pool, ws)
	} else {
		o.runRows(pool, ws)
	}
	*o = product{}
	return nil
}
