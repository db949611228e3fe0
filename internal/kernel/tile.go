package kernel

import "unsafe"

// Tile describes C = A·B or C += A·B for a few rows and one or two column blocks of 16. All strides
// are in floats, so that one kernel serves row-major and channel-blocked operands, transposed or
// not, and images read in place.
//
// Element (i, k) of A is at i·ARow + (k div KIn)·AJump + (k mod KIn)·AStep. There are KOut whole
// runs of KIn steps and a last one of KTail (0 ≤ KTail < KIn or KIn = 0). Row k of B is at k·BStep;
// its second column block BNext further on. Row i of C is at i·CRow, its second block CNext further
// on.
//
// All 16 columns of B's blocks are read; of C's last block only the lowest Cols columns are read or
// written.
type Tile struct {
	A, B, C            unsafe.Pointer
	ARow, AStep, AJump int
	KIn, KOut, KTail   int
	BStep, BNext       int
	CRow, CNext        int
	Cols               int  // valid columns of the last block, 1…16
	Acc                bool // add to C
	_                  [7]byte

	tiles int // tiles of equal height that one assembly call does
	mask  int // bit j: column j of the last block is valid
	// Cursors of A and C: assembly moves them past the last row, where a pointer that the garbage
	// collector sees must not point.
	a, c uintptr
}

// K is the number of steps of the inner product.
func (t *Tile) K() int { return t.KOut*t.KIn + t.KTail }

// MaxBlocks is the number of column blocks that [Path.Tile] takes at once.
func (p Path) MaxBlocks() int {
	if p == AVX512 {
		return 2
	}
	return 1
}

func at(p unsafe.Pointer, i int) *float32 { return (*float32)(unsafe.Add(p, i*4)) }

// PtrAt is the address of x[i].
func PtrAt(x []float32, i int) unsafe.Pointer {
	return unsafe.Pointer(&x[i])
}

// tileGo is the plain twin: two rows by four columns at a time, which is what scalar registers
// hold.
func tileGo(t *Tile, rows, blocks int) {
	for b := range blocks {
		cols := Block
		if b == blocks-1 {
			cols = t.Cols
		}
		for j := 0; j < cols; j += 4 {
			bp := unsafe.Add(t.B, (b*t.BNext+j)*4)
			i := 0
			for ; i+2 <= rows; i += 2 {
				var acc [8]float32
				tileGo2x4(t, unsafe.Add(t.A, i*t.ARow*4), bp, &acc)
				tileStore(t, i, b*t.CNext+j, min(4, cols-j), acc[:4])
				tileStore(t, i+1, b*t.CNext+j, min(4, cols-j), acc[4:])
			}
			if i < rows {
				var acc [8]float32
				tileGo1x4(t, unsafe.Add(t.A, i*t.ARow*4), bp, &acc)
				tileStore(t, i, b*t.CNext+j, min(4, cols-j), acc[:4])
			}
		}
	}
}

func tileStore(t *Tile, i, j, n int, acc []float32) {
	for l := range n {
		c := at(t.C, i*t.CRow+j+l)
		if t.Acc {
			*c += acc[l]
		} else {
			*c = acc[l]
		}
	}
}

// tileGo2x4 and tileGo1x4 keep offsets, not pointers: a pointer stepped past its last element would
// point outside its object.
func tileGo2x4(t *Tile, a, b unsafe.Pointer, acc *[8]float32) {
	var c0, c1, c2, c3, d0, d1, d2, d3 float32
	row, step, bstep, bo := t.ARow*4, t.AStep*4, t.BStep*4, 0
	for o := 0; o <= t.KOut; o++ {
		n, ao := t.KIn, o*t.AJump*4
		if o == t.KOut {
			n = t.KTail
		}
		for range n {
			x, y := *(*float32)(unsafe.Add(a, ao)), *(*float32)(unsafe.Add(a, ao+row))
			v := (*[4]float32)(unsafe.Add(b, bo))
			c0 += x * v[0]
			c1 += x * v[1]
			c2 += x * v[2]
			c3 += x * v[3]
			d0 += y * v[0]
			d1 += y * v[1]
			d2 += y * v[2]
			d3 += y * v[3]
			ao += step
			bo += bstep
		}
	}
	*acc = [8]float32{c0, c1, c2, c3, d0, d1, d2, d3}
}

func tileGo1x4(t *Tile, a, b unsafe.Pointer, acc *[8]float32) {
	var c0, c1, c2, c3 float32
	step, bstep, bo := t.AStep*4, t.BStep*4, 0
	for o := 0; o <= t.KOut; o++ {
		n, ao := t.KIn, o*t.AJump*4
		if o == t.KOut {
			n = t.KTail
		}
		for range n {
			x := *(*float32)(unsafe.Add(a, ao))
			v := (*[4]float32)(unsafe.Add(b, bo))
			c0 += x * v[0]
			c1 += x * v[1]
			c2 += x * v[2]
			c3 += x * v[3]
			ao += step
			bo += bstep
		}
	}
	*acc = [8]float32{c0, c1, c2, c3}
}

// Tile computes rows×(16·(blocks−1)+Cols) elements of C; blocks is at most MaxBlocks.
func (p Path) Tile(t *Tile, rows, blocks int) {
	if rows <= 0 {
		return
	}
	t.watch(rows, blocks)
	p.tile(t, rows, blocks)
}
