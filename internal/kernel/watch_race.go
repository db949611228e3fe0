//go:build race

package kernel

import (
	"runtime"
	"unsafe"
)

// reads tells the race detector of n pieces of memory, size floats long and step floats apart, that
// a kernel reads; nil is no memory.
func reads(p unsafe.Pointer, n, size, step int) {
	for i := 0; i < n && size > 0 && p != nil; i++ {
		runtime.RaceReadRange(unsafe.Add(p, i*step*4), size*4)
	}
}

// writes does so for memory that it writes, having read it or not.
func writes(p unsafe.Pointer, n, size, step int) {
	for i := 0; i < n && size > 0 && p != nil; i++ {
		runtime.RaceWriteRange(unsafe.Add(p, i*step*4), size*4)
	}
}

func (t *Tile) watch(rows, blocks int) {
	for b := range blocks {
		cols := Block
		if b == blocks-1 {
			cols = t.Cols
		}
		writes(unsafe.Add(t.C, b*t.CNext*4), rows, cols, t.CRow)
		reads(unsafe.Add(t.B, b*t.BNext*4), t.K(), Block, t.BStep)
	}
	for o := 0; o <= t.KOut; o++ {
		n := t.KIn
		if o == t.KOut {
			n = t.KTail
		}
		if n == 0 {
			continue // nothing may be at that address
		}
		a := unsafe.Add(t.A, o*t.AJump*4)
		if t.AStep == 1 {
			reads(a, rows, n, t.ARow)
			continue
		}
		for k := range n {
			if t.ARow == 1 {
				reads(unsafe.Add(a, k*t.AStep*4), 1, rows, 0)
			} else {
				reads(unsafe.Add(a, k*t.AStep*4), rows, 1, t.ARow)
			}
		}
	}
}

func (a *Depthwise) watch() {
	reads(a.W, 1, a.KH*a.KW*Block, 0)
	for y := range a.Rows {
		reads(unsafe.Add(a.Src, y*a.SrcNext*4), a.KH, (a.Cols-1)*a.SrcCol+a.KW*Block, a.SrcRow)
		writes(unsafe.Add(a.Dst, y*a.DstRow*4), a.Cols, Block, a.DstCol)
	}
}

func (a *DepthwiseGrad) watch() {
	writes(a.W, 1, a.KH*a.KW*Block, 0)
	reads(a.G, a.Rows, a.Cols*Block, a.GRow)
	for y := range a.Rows {
		reads(unsafe.Add(a.Src, y*a.SrcNext*4), a.KH, (a.Cols-1)*a.SrcCol+a.KW*Block, a.SrcRow)
	}
}

// watch is of pooling that reads inputs and of its gradient.
func (w *Window) watch(in, grad bool) {
	size := (w.Cols-1)*w.InCol + w.KW*Block
	if in {
		reads(w.In, w.KH, size, w.InRow)
	}
	if grad {
		reads(w.Out, 1, w.Cols*Block, 0)
		for i := range w.Cols {
			writes(unsafe.Add(w.Grad, i*w.InCol*4), w.KH, w.KW*Block, w.InRow)
		}
	} else {
		writes(w.Out, 1, w.Cols*Block, 0)
	}
}

func (s *Softmax) watch(grad bool) {
	reads(s.Mask, 1, s.Planes*Block, 0)
	reads(s.Logits, s.Planes, Block, s.Next)
	reads(s.Targets, s.Planes, Block, s.Next)
	if grad {
		writes(s.Dst, s.Planes, Block, s.Next)
	}
}
