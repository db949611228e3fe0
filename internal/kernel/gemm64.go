package kernel

import "fmt"

//go:generate go run -C _gen . -family gemm64 -pkg kernel -out ../gemm64_amd64.s -stubs ../gemm64_amd64.go

// Matrix64 is a row-major view of float64: element (i, j) is Data[i·Stride+j].
type Matrix64 struct {
	Data       []float64
	Rows, Cols int
	Stride     int
}

// check reports whether the view lies inside its data.
func (m Matrix64) check(name string) error {
	if m.Rows < 0 || m.Cols < 0 || m.Stride < m.Cols {
		return fmt.Errorf("matrix %s: %d×%d with stride %d", name, m.Rows, m.Cols, m.Stride)
	}
	if m.Rows > 0 && m.Cols > 0 && (m.Rows-1)*m.Stride+m.Cols > len(m.Data) {
		return fmt.Errorf("matrix %s: %d×%d with stride %d needs more than %d elements", name, m.Rows, m.Cols,
			m.Stride, len(m.Data))
	}
	return nil
}

// View is the part of m that starts at row i and column j.
func (m Matrix64) View(i, j, rows, cols int) Matrix64 {
	if rows == 0 || cols == 0 {
		return Matrix64{Stride: m.Stride, Rows: rows, Cols: cols}
	}
	return Matrix64{Data: m.Data[i*m.Stride+j:], Rows: rows, Cols: cols, Stride: m.Stride}
}

const (
	tileRows64 = 12
	tileCols64 = 16
	// depth64 steps of a packed panel of B, 32 KiB, stay in the first-level cache.
	depth64 = 256
	// height64 rows of depth64 steps of A, 480 KiB, stay in the second-level cache.
	height64 = 240
)

// Workspace64 is memory that [Path.MatMul64] keeps between calls. The zero value is ready; it
// serves one call at a time.
type Workspace64 struct {
	a, b []float64
	edge [tileRows64 * tileCols64]float64
}

// MatMul64 computes C += alpha·op(A)·op(B) in float64 on the calling goroutine; op transposes when
// transA or transB is set. It fails when the shapes do not fit. C must not overlap A or B. Every
// element of C gets the sum of its products, added in an order that depends on the inner dimension
// only, so that computing C in pieces gives the same bits.
func (p Path) MatMul64(ws *Workspace64, c Matrix64, alpha float64, a, b Matrix64, transA, transB bool) error {
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
	if m == 0 || n == 0 || k == 0 {
		return nil
	}
	panels := (n + tileCols64 - 1) / tileCols64
	for k0 := 0; k0 < k; k0 += depth64 {
		kn := min(depth64, k-k0)
		ws.b = grow64(ws.b, panels*tileCols64*kn)
		for j := range panels {
			cols := min(tileCols64, n-j*tileCols64)
			pack64(ws.b[j*tileCols64*kn:], b, transB, tileCols64, k0, kn, j*tileCols64, cols, 1)
		}
		for i0 := 0; i0 < m; i0 += height64 {
			p.stripe64(ws, c, alpha, a, transA, i0, min(height64, m-i0), k0, kn)
		}
	}
	return nil
}

// stripe64 multiplies up to height64 rows of A with the packed panels of B.
func (p Path) stripe64(ws *Workspace64, c Matrix64, alpha float64, a Matrix64, transA bool,
	i0, rows, k0, kn int) {
	tiles := (rows + tileRows64 - 1) / tileRows64
	ws.a = grow64(ws.a, tiles*tileRows64*kn)
	for t := range tiles {
		i := i0 + t*tileRows64
		pack64(ws.a[t*tileRows64*kn:], a, !transA, tileRows64, k0, kn, i, min(tileRows64, i0+rows-i), alpha)
	}
	for j := 0; j < c.Cols; j += tileCols64 {
		bp := ws.b[j*kn:][:tileCols64*kn]
		for t := range tiles {
			ap := ws.a[t*tileRows64*kn:][:tileRows64*kn]
			i := i0 + t*tileRows64
			h, w := min(tileRows64, i0+rows-i), min(tileCols64, c.Cols-j)
			if h == tileRows64 && w == tileCols64 {
				p.tile64(kn, ap, bp, c.Data[i*c.Stride+j:], c.Stride)
				continue
			}
			clear(ws.edge[:])
			p.tile64(kn, ap, bp, ws.edge[:], tileCols64)
			for r := range h {
				dst := c.Data[(i+r)*c.Stride+j:][:w]
				for q, v := range ws.edge[r*tileCols64:][:w] {
					dst[q] += v
				}
			}
		}
	}
}

func grow64(s []float64, n int) []float64 {
	if cap(s) < n {
		return make([]float64, n)
	}
	return s[:n]
}

// pack64 copies count lines of a matrix, from line first on and steps k0 to k0+kn, times alpha:
// width numbers per step, zeros where lines are missing. Lines are columns, or rows when rows is
// set.
func pack64(dst []float64, m Matrix64, rows bool, width, k0, kn, first, count int, alpha float64) {
	if !rows {
		for k := range kn {
			src := m.Data[(k0+k)*m.Stride+first:][:count]
			out := dst[k*width:][:width]
			for i, v := range src {
				out[i] = alpha * v
			}
			clear(out[count:])
		}
		return
	}
	if count < width {
		clear(dst[:kn*width])
	}
	// Four lines at a time: four streams of reads, writes next to each other.
	i := 0
	for ; i+4 <= count; i += 4 {
		at := (first+i)*m.Stride + k0
		a, b := m.Data[at:][:kn], m.Data[at+m.Stride:][:kn]
		c, d := m.Data[at+2*m.Stride:][:kn], m.Data[at+3*m.Stride:][:kn]
		for k := range a {
			out := dst[k*width+i:][:4]
			out[0], out[1], out[2], out[3] = alpha*a[k], alpha*b[k], alpha*c[k], alpha*d[k]
		}
	}
	for ; i < count; i++ {
		for k, v := range m.Data[(first+i)*m.Stride+k0:][:kn] {
			dst[k*width+i] = alpha * v
		}
	}
}

// tile64Go is the plain twin of the tile kernels.
func tile64Go(k int, a, b, c []float64, ldc int) {
	for i := 0; i < tileRows64; i += 2 {
		for j := 0; j < tileCols64; j += 4 {
			var s00, s01, s02, s03, s10, s11, s12, s13 float64
			for t := range k {
				x, y := a[t*tileRows64+i], a[t*tileRows64+i+1]
				bb := b[t*tileCols64+j:][:4]
				s00 += x * bb[0]
				s01 += x * bb[1]
				s02 += x * bb[2]
				s03 += x * bb[3]
				s10 += y * bb[0]
				s11 += y * bb[1]
				s12 += y * bb[2]
				s13 += y * bb[3]
			}
			u, v := c[i*ldc+j:][:4], c[(i+1)*ldc+j:][:4]
			u[0] += s00
			u[1] += s01
			u[2] += s02
			u[3] += s03
			v[0] += s10
			v[1] += s11
			v[2] += s12
			v[3] += s13
		}
	}
}
