package cpu

import (
	"unsafe"

	"github.com/tendril-nas/tendril/internal/kernel"
	"github.com/tendril-nas/tendril/internal/tensor"
)

// chunkRows is the rows of one plane that a chunk streams over, 64 KiB per operand: long enough to
// hide the hand-over, short enough that float32 partial sums stay exact to a few ulp.
const chunkRows = 1024

type rowsKind uint8

const (
	rowsStats rowsKind = iota
	rowsApply
	rowsSumAct
	rowsDotAct
	rowsGradSums
	rowsGradApply
)

// grid cuts cb planes of rows into chunks. Planes shorter than a chunk are grouped. Rows are cut at
// multiples of unit.
type grid struct {
	cb, rows          int
	rowsPer, rowParts int
	planesPer, chunks int
}

func newGrid(cb, rows, unit int) grid {
	g := grid{cb: cb, rows: rows}
	g.rowsPer = min(rows, max(chunkRows/unit, 1)*unit)
	g.rowParts = (rows + g.rowsPer - 1) / g.rowsPer
	g.planesPer = max(1, 2*chunkRows/g.rowsPer)
	if g.rowParts > 1 {
		g.planesPer = 1
	}
	g.chunks = g.rowParts * ((cb + g.planesPer - 1) / g.planesPer)
	return g
}

// part is the planes [b0, b1) and rows [r0, r1) of a chunk.
func (g grid) part(chunk int) (b0, b1, r0, r1 int) {
	p, r := chunk/g.rowParts, chunk%g.rowParts
	b0, r0 = p*g.planesPer, r*g.rowsPer
	return b0, min(b0+g.planesPer, g.cb), r0, min(r0+g.rowsPer, g.rows)
}

// rowsOp streams a channel kernel over all planes. Operands are storages of the shape's blocked
// layout; the parameters are those of a pending tensor.
type rowsOp struct {
	pending
	path     kernel.Path
	op       rowsKind
	shape    tensor.Shape
	cb, rows int
	grid     grid

	dst, x, r *storage   // d is in pending
	stats     *collector // of rowsStats
	parts     []float32  // of rowsGradSums: [part][plane][3 vectors]
}

func (o *rowsOp) Run(chunk int, w *kernel.Worker) {
	b0, b1, r0, r1 := o.grid.part(chunk)
	ch := &w.Ch
	for b := b0; b < b1; b++ {
		o.channel(ch, b, o.cb)
		if o.bySample() {
			o.samples(b, r0, r1, ch)
		} else {
			o.segment(b, r0, r1-r0, ch)
		}
		switch part := r0 / o.grid.rowsPer; o.op {
		case rowsStats:
			o.stats.store(part, b, ch)
		case rowsGradSums:
			storePart(o.parts, part*o.cb+b, ch)
		}
	}
}

// bySample reports whether parameters or results are per sample.
func (o *rowsOp) bySample() bool {
	return o.mul != nil || o.add != nil || o.op == rowsSumAct || o.op == rowsDotAct
}

// samples runs the kernel sample by sample.
func (o *rowsOp) samples(b, r0, r1 int, ch *kernel.Chan) {
	hw := o.shape.H * o.shape.W
	var sum, sum2 kernel.Vec
	for r := r0; r < r1; r += hw {
		n := r / hw
		o.sample(ch, b, o.shape.N, n)
		o.segment(b, r, hw, ch)
		switch o.op {
		case rowsSumAct, rowsDotAct:
			*(*kernel.Vec)(o.dst.data[(b*o.shape.N+n)*block:]) = ch.Sum
		case rowsGradSums:
			for l := range sum {
				sum[l] += ch.Sum[l]
				sum2[l] += ch.Sum2[l]
			}
		}
	}
	ch.Sum, ch.Sum2 = sum, sum2
}

// segment runs the kernel over n rows of plane b from row r on.
func (o *rowsOp) segment(b, r, n int, ch *kernel.Chan) {
	at := func(st *storage) unsafe.Pointer { return kernel.PtrAt(st.data, (b*o.rows+r)*block) }
	switch o.op {
	case rowsStats:
		ch.Mean = *(*kernel.Vec)(at(o.x))
		o.path.Stats(at(o.x), n, ch)
	case rowsApply:
		var add unsafe.Pointer
		if o.r != nil {
			add = at(o.r)
		}
		o.path.Apply(at(o.dst), at(o.x), add, n, o.act, ch)
	case rowsSumAct:
		o.path.SumAct(at(o.x), n, o.act, ch)
	case rowsDotAct:
		o.path.DotAct(at(o.d), at(o.x), n, o.act, ch)
	case rowsGradSums:
		o.path.GradSums(at(o.d), at(o.x), n, o.act, ch)
	case rowsGradApply:
		o.path.GradApply(at(o.dst), at(o.d), at(o.x), n, o.act, ch)
	}
}

func load(v *kernel.Vec, p []float32, b int) {
	if p != nil {
		*v = *(*kernel.Vec)(p[b*block:])
	}
}

// runRows runs a record over a tensor's planes; the parts of rowsGradSums are returned with their
// number.
func (s *stream) runRows(shape tensor.Shape, o rowsOp) (parts *storage, n int) {
	o.path, o.shape, o.cb, o.rows = s.path, shape, blocks(shape.C), shape.Rows()
	unit := 1
	if o.bySample() {
		unit = shape.H * shape.W
	}
	o.grid = newGrid(o.cb, o.rows, unit)
	if o.op == rowsGradSums {
		parts, n = s.arena.floats(o.grid.rowParts*o.cb*3*block), o.grid.rowParts
		o.parts = parts.data
	}
	s.rows = o
	s.pool.Run(o.grid.chunks, &s.rows)
	s.rows = rowsOp{}
	return parts, n
}

func kact(a tensor.Act) kernel.Act { return kernel.Act(a) }
