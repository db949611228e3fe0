package cpu

import (
	"unsafe"

	"github.com/tendril-nas/tendril/internal/kernel"
	"github.com/tendril-nas/tendril/internal/tensor"
)

// gradTiles adds xᵀ·dy of n rows to a partial weight gradient c of row length ld
// (or sets it). x and dy are the addresses of their first planes' first row.
func gradTiles(path kernel.Path, t *kernel.Tile, x, dy unsafe.Pointer, xJump, dyJump, n, inputs, outBlocks int, c []float32, ld int, acc bool) {
	step := path.MaxBlocks()
	for b := 0; b*block < inputs; b++ {
		for o := 0; o < outBlocks; o += step {
			*t = kernel.Tile{
				A: unsafe.Add(x, b*xJump*4), ARow: 1, AStep: block, KIn: n, KOut: 1,
				B: unsafe.Add(dy, o*dyJump*4), BStep: block, BNext: dyJump,
				C: kernel.PtrAt(c, b*block*ld+o*block), CRow: ld, CNext: block, Cols: block,
				Acc: acc,
			}
			path.Tile(t, min(block, inputs-b*block), min(step, outBlocks-o))
		}
	}
}

// gradInner is the rows that a pass of gradTiles takes, so that one plane of
// each operand stays in the first-level cache.
const gradInner = 192

// wgradOp is dw = xᵀ·dy, cut into groups of rows with a partial sum each and
// into groups of input planes.
type wgradOp struct {
	path             kernel.Path
	x, dy            *node // dy is not pending
	parts            []float32
	groups, rowsPer  int
	planes, planePer int
}

func (o *wgradOp) Run(chunk int, w *kernel.Worker) {
	g, p := chunk/o.planes, chunk%o.planes
	r0 := g * o.rowsPer
	rows := min(o.rowsPer, o.x.rows-r0)
	ld := o.dy.cb * block
	b0, b1 := p*o.planePer, min((p+1)*o.planePer, o.x.cb)
	part := o.parts[(g*o.x.cb+b0)*block*ld:]
	inputs := min(b1*block, o.x.shape.C) - b0*block
	for r := r0; r < r0+rows; r += gradInner {
		n := min(gradInner, r0+rows-r)
		x, jump := o.x.plane(b0, r), o.x.rows*block
		if o.x.lazy() {
			scratch := w.Floats((b1 - b0) * n * block)
			for b := b0; b < b1; b++ {
				o.x.fetchRows(o.path, &w.Ch, kernel.PtrAt(scratch, (b-b0)*n*block), b, r, n)
			}
			x, jump = kernel.PtrAt(scratch, 0), n*block
		}
		gradTiles(o.path, &w.Tile, x, o.dy.plane(0, r), jump, o.dy.rows*block, n, inputs, o.dy.cb, part, ld, r > r0)
	}
}

// pointwiseGrad adds xᵀ·dy to the weight's gradient.
func (s *stream) pointwiseGrad(x, dy *node, w tensor.Weight) {
	o := &s.wgrad
	*o = wgradOp{path: s.path, x: x, dy: dy}
	o.groups = min(8, (x.rows+fusedRows-1)/fusedRows)
	o.rowsPer = (x.rows + o.groups - 1) / o.groups
	o.groups = (x.rows + o.rowsPer - 1) / o.rowsPer
	o.planePer = max(1, x.cb*o.groups/16)
	o.planes = (x.cb + o.planePer - 1) / o.planePer
	count := x.cb * dy.cb * block * block
	parts := s.arena.floats(o.groups * count)
	o.parts = parts.data
	s.pool.Run(o.groups*o.planes, o)
	s.addParts(weights(w), parts.data, o.groups, count, w.In, w.Out, w.StrideIn, dy.cb*block)
	*o = wgradOp{}
	s.arena.release(parts)
}

// fusedOp is both gradients of a product over many rows: each step of gradInner
// rows is loaded once, its input gradient written and its share of the weight
// gradient added. A chunk is a group of steps.
type fusedOp struct {
	gemm    gemmOp // dx = dy·wᵀ; a step is one part
	x       *node
	parts   []float32
	rowsPer int
}

func (o *fusedOp) Run(chunk int, w *kernel.Worker) {
	path, x, dy := o.gemm.path, o.x, o.gemm.a
	ld := dy.cb * block
	part := o.parts[chunk*x.cb*block*ld:][:x.cb*block*ld]
	r0 := chunk * o.rowsPer
	r1 := min(r0+o.rowsPer, x.rows)
	mem := w.Floats((x.cb + dy.cb) * gradInner * block)
	for r := r0; r < r1; r += gradInner {
		n := min(gradInner, r1-r)
		g, gJump := dy.load(path, w, mem, r, n)
		o.gemm.panels(w, g, gJump, r/gradInner, r, n, 0, x.cb)
		v, vJump := x.load(path, w, mem[dy.cb*gradInner*block:], r, n)
		gradTiles(path, &w.Tile, v, g, vJump, gJump, n, x.shape.C, dy.cb, part, ld, r > r0)
	}
}

func (s *stream) pointwiseFused(x, dy *node, w tensor.Weight, grads tensor.ConvGrads) *node {
	dx := s.make(x.shape)
	packed := s.packWeight(w, true)
	o := &s.fused
	*o = fusedOp{x: x, gemm: gemmOp{path: s.path, out: dx, a: dy, b: packed.data, k: w.Out}}
	const groups = 8
	steps := (x.rows + gradInner - 1) / gradInner
	o.rowsPer = (steps + groups - 1) / groups * gradInner
	chunks := (x.rows + o.rowsPer - 1) / o.rowsPer
	if x.normalised() {
		o.gemm.x, o.gemm.sums = x, s.collect(dx, x, steps)
	}
	count := x.cb * dy.cb * block * block
	parts := s.arena.floats(chunks * count)
	o.parts = parts.data
	s.pool.Run(chunks, o)
	s.addParts(weights(grads.W), parts.data, chunks, count, w.In, w.Out, grads.W.StrideIn, dy.cb*block)
	*o = fusedOp{}
	s.arena.release(packed)
	s.arena.release(parts)
	return dx
}

// sumPartsOp adds partial weight gradients, in order, to the gradient.
type sumPartsOp struct {
	path                 kernel.Path
	dst, parts           []float32
	groups, k, n         int
	ldDst, ldPart, count int // count is the padded size of a part
	per                  int
}

func (o *sumPartsOp) Run(chunk int, _ *kernel.Worker) {
	for i := chunk * o.per; i < min((chunk+1)*o.per, o.k); i++ {
		d := o.dst[i*o.ldDst:][:o.n]
		for g := range o.groups {
			o.path.Axpy(1, o.parts[g*o.count+i*o.ldPart:][:o.n], d)
		}
	}
}

func (s *stream) addParts(dst, parts []float32, groups, count, k, n, ldDst, ldPart int) {
	s.sumParts = sumPartsOp{path: s.path, dst: dst, parts: parts, groups: groups, count: count, k: k, n: n, ldDst: ldDst, ldPart: ldPart}
	s.sumParts.per = max(1, (1<<13)/(n*groups))
	s.pool.Run((k+s.sumParts.per-1)/s.sumParts.per, &s.sumParts)
	s.sumParts = sumPartsOp{}
}
