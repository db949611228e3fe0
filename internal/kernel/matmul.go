package kernel

import "fmt"

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
		return fmt.Errorf("matrix %s: %d×%d with stride %d needs more than %d elements", name, m.Rows, m.Cols, m.Stride, len(m.Data))
	}
	return nil
}

// Workspace is memory that [Path.MatMul] keeps between calls. The zero value is
// ready; it serves one call at a time.
type Workspace struct {
	packed []float32
	tile   Tile
}

// MatMul computes C = op(A)·op(B), or C += with acc, on the calling goroutine;
// op transposes when transA or transB is set. Op(A) is C.Rows×k, op(B) is
// k×C.Cols. It fails when the shapes do not fit. C must not overlap A or B.
func (p Path) MatMul(ws *Workspace, c, a, b Matrix, transA, transB, acc bool) error {
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
	p.matMul(ws, c, a, b, m, n, k, transA, transB, acc)
	return nil
}

const (
	matMulK    = 384 // steps whose packed columns stay in the first-level cache
	matMulRows = 240
)

func (p Path) matMul(ws *Workspace, c, a, b Matrix, m, n, k int, transA, transB, acc bool) {
	if k == 0 {
		for i := 0; i < m && !acc; i++ {
			clear(c.Data[i*c.Stride:][:n])
		}
		return
	}
	depth := min(k, matMulK)
	if need := PackedSize(depth, n); len(ws.packed) < need {
		ws.packed = make([]float32, need)
	}
	arow, astep := a.Stride, 1
	if transA {
		arow, astep = 1, a.Stride
	}
	nb, step := (n+Block-1)/Block, p.MaxBlocks()
	for k0 := 0; k0 < k; k0 += depth {
		kn := min(depth, k-k0)
		if transB {
			p.PackBT(ws.packed, b.Data[k0:], kn, n, b.Stride)
		} else {
			p.PackB(ws.packed, b.Data[k0*b.Stride:], kn, n, b.Stride)
		}
		for i := 0; i < m; i += matMulRows {
			for j := 0; j < nb; j += step {
				blocks := min(step, nb-j)
				t := &ws.tile
				*t = Tile{
					A: PtrAt(a.Data, i*arow+k0*astep), ARow: arow, AStep: astep, KIn: kn, KOut: 1,
					B: PtrAt(ws.packed, j*kn*Block), BStep: Block, BNext: kn * Block,
					C: PtrAt(c.Data, i*c.Stride+j*Block), CRow: c.Stride, CNext: Block,
					Cols: min(Block, n-(j+blocks-1)*Block), Acc: acc || k0 > 0,
				}
				p.Tile(t, min(matMulRows, m-i), blocks)
			}
		}
	}
}
