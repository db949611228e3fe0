package cpu

import (
	"unsafe"

	"github.com/tendril-nas/tendril/internal/kernel"
	"github.com/tendril-nas/tendril/internal/tensor"
)

// gradTiles adds xᵀ·dy of n rows to a partial weight gradient c of row length ld (or sets it). x
// and dy are the addresses of their first planes' first row.
func gradTiles(path kernel.Path, t *kernel.Tile, x, dy unsafe.Pointer, xJump, dyJump, n, inputs int,
	c []float32, ld int, acc bool) {
	step, outBlocks := path.MaxBlocks(), ld/block
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

// gradInner is the rows that a pass of gradTiles takes, so that one plane of each operand stays in
// the first-level cache.
const gradInner = 192

// wgradOp is dw += xᵀ·dy, cut into groups of input planes. Many rows are also cut into groups with
// a partial sum each; the sum of a single group stays in the chunk's scratch until it is complete,
// because the gradient is not in cache and its rows are pages apart.
type wgradOp struct {
	path             kernel.Path
	x, dy            *node // dy is not pending
	grad             tensor.Weight
	parts            []float32 // nil: one group
	groups, rowsPer  int
	planes, planePer int
}

func (s *stream) newGrad(x, dy *node, grad tensor.Weight) *wgradOp {
	o := &s.wgrad
	*o = wgradOp{path: s.path, x: x, dy: dy, grad: grad}
	o.groups = min(8, ceilDiv(x.rows, fusedRows))
	o.rowsPer = ceilDiv(x.rows, o.groups)
	o.groups = ceilDiv(x.rows, o.rowsPer)
	o.planePer = max(1, x.cb*o.groups/16)
	o.planes = ceilDiv(x.cb, o.planePer)
	return o
}

func (o *wgradOp) chunks() int { return o.groups * o.planes }

func (o *wgradOp) Run(chunk int, w *kernel.Worker) {
	g, p := chunk/o.planes, chunk%o.planes
	r0 := g * o.rowsPer
	rows := min(o.rowsPer, o.x.rows-r0)
	b0, b1 := p*o.planePer, min((p+1)*o.planePer, o.x.cb)
	inputs, ld := min(b1*block, o.x.shape.C)-b0*block, o.dy.cb*block
	size := (b1 - b0) * block * ld
	mem := w.Floats(size + (b1-b0)*gradInner*block)
	sum, scratch := mem[:size], mem[size:]
	if o.parts != nil {
		sum = o.parts[(g*o.x.cb+b0)*block*ld:][:size]
	}
	for r := r0; r < r0+rows; r += gradInner {
		n := min(gradInner, r0+rows-r)
		x, jump := o.x.plane(b0, r), o.x.rows*block
		if o.x.lazy() {
			for b := b0; b < b1; b++ {
				o.x.fetchRows(o.path, &w.Ch, kernel.PtrAt(scratch, (b-b0)*n*block), b, r, n)
			}
			x, jump = kernel.PtrAt(scratch, 0), n*block
		}
		gradTiles(o.path, &w.Tile, x, o.dy.plane(0, r), jump, o.dy.rows*block, n, inputs, sum, ld, r > r0)
	}
	if o.parts == nil {
		dst := weightGrad(o.grad)[b0*block*o.grad.StrideIn:]
		for i := range inputs {
			o.path.Axpy(1, sum[i*ld:][:o.grad.Out], dst[i*o.grad.StrideIn:][:o.grad.Out])
		}
	}
}

// pointwiseGrad adds xᵀ·dy to the weight's gradient.
func (s *stream) pointwiseGrad(x, dy *node, grad tensor.Weight) {
	o := s.newGrad(x, dy, grad)
	var parts *storage
	count := x.cb * dy.cb * block * block
	if o.groups > 1 {
		parts = s.arena.floats(o.groups * count)
		o.parts = parts.data
	}
	s.pool.Run(o.chunks(), o)
	if parts != nil {
		s.addParts(weightGrad(grad), parts.data, o.groups, count, grad.In, grad.Out, grad.StrideIn, dy.cb*block)
	}
	*o = wgradOp{}
	s.arena.release(parts)
}

// fusedOp is both gradients of a product over many rows: each step of gradInner rows is loaded
// once, its input gradient written and its share of the weight gradient added. A chunk is a group
// of steps.
type fusedOp struct {
	gemm          gemmOp // dx = dy·wᵀ
	x             *node
	parts         []float32
	steps, groups int
}

func (o *fusedOp) Run(chunk int, w *kernel.Worker) {
	path, x, dy := o.gemm.path, o.x, o.gemm.a
	ld := dy.cb * block
	part := o.parts[chunk*x.cb*block*ld:][:x.cb*block*ld]
	first, end := chunk*o.steps/o.groups, (chunk+1)*o.steps/o.groups
	mem := w.Floats((x.cb + dy.cb) * gradInner * block)
	for i := first; i < end; i++ {
		r := i * gradInner
		n := min(gradInner, x.rows-r)
		g, gJump := dy.load(path, w, mem, r, n)
		o.gemm.panels(w, g, gJump, o.gemm.b, strip{row: r, rows: n, part: chunk, more: i > first}, 0, x.cb)
		v, vJump := x.load(path, w, mem[dy.cb*gradInner*block:], r, n)
		gradTiles(path, &w.Tile, v, g, vJump, gJump, n, x.shape.C, part, ld, i > first)
	}
}

func (s *stream) pointwiseFused(x, dy *node, w tensor.Weight, grads tensor.ConvGrads) *node {
	dx := s.make(x.shape)
	packed := s.newGemm(dx, dy, w, true).prepare(s, nil)
	o := &s.fused
	*o = fusedOp{x: x, gemm: s.gemm, steps: ceilDiv(x.rows, gradInner)}
	o.groups = min(8, o.steps)
	if o.steps >= 64 {
		o.groups = 16 // what is left when one thread is late is then shorter
	}
	if x.normalised() {
		o.gemm.x, o.gemm.sums = x, s.collect(dx, x, o.groups)
	}
	count := x.cb * dy.cb * block * block
	parts := s.arena.floats(o.groups * count)
	o.parts = parts.data
	s.pool.Run(o.groups, o)
	s.addParts(weightGrad(grads.W), parts.data, o.groups, count, w.In, w.Out, grads.W.StrideIn, dy.cb*block)
	*o, s.gemm = fusedOp{}, gemmOp{}
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
	s.sumParts = sumPartsOp{path: s.path, dst: dst, parts: parts, groups: groups, count: count, k: k, n: n,
		ldDst: ldDst, ldPart: ldPart}
	s.sumParts.per = max(1, (1<<13)/(n*groups))
	s.pool.Run((k+s.sumParts.per-1)/s.sumParts.per, &s.sumParts)
	s.sumParts = sumPartsOp{}
}
