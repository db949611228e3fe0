package cpu

import (
	"github.com/tendril-nas/tendril/internal/kernel"
	"github.com/tendril-nas/tendril/internal/tensor"
)

// chunkRows is the rows of one plane that a chunk streams over, 64 KiB per
// operand: long enough to hide the hand-over, short enough that float32 partial
// sums stay exact to a few ulp.
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

// grid cuts cb planes of rows into chunks. Planes shorter than a chunk are
// grouped. Rows are cut at multiples of unit.
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

// rowsOp streams a channel kernel over all planes. The parameter slices hold one
// value per channel, padded to whole planes; nil is the identity. mul and add
// are per sample and channel (N×1×1×C tensors) instead when mulN or addN is set.
type rowsOp struct {
	path kernel.Path
	kind rowsKind
	act  kernel.Act
	grid grid

	dst, d, x, r *node // operands, those that the kernel has

	scale, shift, a, b, c, mean []float32
	mulN, addN                  *node
	hw                          int // rows of a sample

	parts []float32 // sums: [part][plane][3 vectors]; per sample for the sums of rowsSumAct and rowsDotAct
}

func (o *rowsOp) run(chunk int, w *worker) {
	b0, b1, r0, r1 := o.grid.part(chunk)
	ch := &w.ch
	for b := b0; b < b1; b++ {
		ch.Identity()
		load(&ch.Scale, o.scale, b)
		load(&ch.Shift, o.shift, b)
		load(&ch.A, o.a, b)
		load(&ch.B, o.b, b)
		load(&ch.C, o.c, b)
		load(&ch.Mean, o.mean, b)
		if o.hw == 0 {
			o.segment(b, r0, r1-r0, ch)
			o.store(b, r0, ch)
			continue
		}
		o.samples(b, r0, r1, ch)
	}
}

// samples runs the kernel sample by sample.
func (o *rowsOp) samples(b, r0, r1 int, ch *kernel.Chan) {
	var sum, sum2 kernel.Vec
	for r := r0; r < r1; r += o.hw {
		n := r / o.hw
		if o.mulN != nil {
			ch.Mul = *(*kernel.Vec)(o.mulN.plane(b, n))
		}
		if o.addN != nil {
			ch.Add = *(*kernel.Vec)(o.addN.plane(b, n))
		}
		o.segment(b, r, o.hw, ch)
		switch o.kind {
		case rowsSumAct, rowsDotAct:
			*(*kernel.Vec)(o.dst.plane(b, n)) = ch.Sum
		case rowsStats, rowsGradSums:
			for l := range sum {
				sum[l] += ch.Sum[l]
				sum2[l] += ch.Sum2[l]
			}
		}
	}
	ch.Sum, ch.Sum2 = sum, sum2
	o.store(b, r0, ch)
}

// segment runs the kernel over n rows of plane b from row r on.
func (o *rowsOp) segment(b, r, n int, ch *kernel.Chan) {
	switch o.kind {
	case rowsStats:
		ch.Mean = *(*kernel.Vec)(o.x.plane(b, r))
		o.path.Stats(o.x.plane(b, r), n, ch)
	case rowsApply:
		add := o.r.planeOrNil(b, r)
		o.path.Apply(o.dst.plane(b, r), o.x.plane(b, r), add, n, o.act, ch)
	case rowsSumAct:
		o.path.SumAct(o.x.plane(b, r), n, o.act, ch)
	case rowsDotAct:
		o.path.DotAct(o.d.plane(b, r), o.x.plane(b, r), n, o.act, ch)
	case rowsGradSums:
		o.path.GradSums(o.d.plane(b, r), o.x.plane(b, r), n, o.act, ch)
	case rowsGradApply:
		o.path.GradApply(o.dst.plane(b, r), o.d.plane(b, r), o.x.plane(b, r), n, o.act, ch)
	}
}

// store keeps a chunk's sums.
func (o *rowsOp) store(b, r0 int, ch *kernel.Chan) {
	if o.parts != nil {
		storePart(o.parts, (r0/o.grid.rowsPer)*o.grid.cb+b, ch)
	}
}

// storePart writes mean, sum and second sum of one part and plane.
func storePart(parts []float32, i int, ch *kernel.Chan) {
	p := parts[i*3*block:][:3*block]
	*(*kernel.Vec)(p) = ch.Mean
	*(*kernel.Vec)(p[block:]) = ch.Sum
	*(*kernel.Vec)(p[2*block:]) = ch.Sum2
}

func load(v *kernel.Vec, p []float32, b int) {
	if p != nil {
		*v = *(*kernel.Vec)(p[b*block:])
	}
}

// runRows runs the prepared record over planes shaped like x.
func (s *stream) runRows(x *node) {
	o := &s.rowsOp
	o.path = s.path
	unit := 1
	if o.mulN != nil || o.addN != nil || o.kind == rowsSumAct || o.kind == rowsDotAct {
		o.hw = x.shape.H * x.shape.W
		unit = o.hw
	}
	o.grid = newGrid(x.cb, x.rows, unit)
	if o.kind == rowsStats || o.kind == rowsGradSums {
		o.parts = s.arena.scratch(o.grid.rowParts * x.cb * 3 * block)
	}
	s.pool.run(o.grid.chunks, o)
}

// clearRows forgets the record's operands.
func (s *stream) clearRows() { s.rowsOp = rowsOp{} }

func kact(a tensor.Act) kernel.Act { return kernel.Act(a) }
