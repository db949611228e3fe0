package cpu

import (
	"github.com/tendril-nas/tendril/internal/kernel"
	"github.com/tendril-nas/tendril/internal/tensor"
)

// gemmOp multiplies a blocked tensor with a packed weight: out = a·b, chunk by
// chunk of rows and of column blocks.
type gemmOp struct {
	path   kernel.Path
	out, a *node
	b      []float32 // packed, k rows of 16 per column block
	k      int
	bias   []float32 // padded, nil: none
	parts  []float32 // statistics of the output, nil: not wanted

	rowsPer, rowParts int
	colsPer, colParts int
}

// plan cuts the product so that a chunk's operands stay in the second-level
// cache, and into at least a few chunks when it is big enough to share.
func (o *gemmOp) plan() {
	rows, cb := o.out.rows, o.out.cb
	const target = 1 << 17 // floats
	per := min(max(target/(o.k+cb*block), 56), chunkRows)
	o.rowParts = (rows + per - 1) / per
	o.rowsPer = ((rows+o.rowParts-1)/o.rowParts + 3) / 4 * 4
	o.rowParts = (rows + o.rowsPer - 1) / o.rowsPer
	o.colParts = 1
	if o.rowParts < 8 && o.k*cb*block > 1<<12 {
		o.colParts = min((8+o.rowParts-1)/o.rowParts, (cb+1)/2)
	}
	o.colsPer = (cb + o.colParts - 1) / o.colParts
	o.colsPer += o.colsPer & 1
	o.colParts = (cb + o.colsPer - 1) / o.colsPer
}

func (o *gemmOp) run(chunk int, w *worker) {
	rp, cp := chunk/o.colParts, chunk%o.colParts
	r0, c0 := rp*o.rowsPer, cp*o.colsPer
	rows := min(o.rowsPer, o.out.rows-r0)
	c1 := min(c0+o.colsPer, o.out.cb)
	t := &w.tile
	*t = kernel.Tile{
		A: o.a.plane(0, r0), ARow: block, AStep: 1, AJump: o.a.rows * block,
		KIn: block, KOut: o.k / block, KTail: o.k % block,
		BStep: block, BNext: o.k * block,
		CRow: block, CNext: o.out.rows * block, Cols: block,
	}
	step := o.path.MaxBlocks()
	for c := c0; c < c1; c += step {
		t.B, t.C = kernel.PtrAt(o.b, c*o.k*block), o.out.plane(c, r0)
		n := min(step, c1-c)
		o.path.Tile(t, rows, n)
		for b := c; b < c+n; b++ {
			o.epilogue(b, rp, r0, rows, &w.ch)
		}
	}
}

// epilogue adds the bias and collects statistics while the result is in cache.
func (o *gemmOp) epilogue(b, part, r0, rows int, ch *kernel.Chan) {
	p := o.out.plane(b, r0)
	if o.bias != nil {
		ch.Identity()
		load(&ch.Shift, o.bias, b)
		o.path.Apply(p, p, nil, rows, kernel.None, ch)
	}
	if o.parts != nil {
		ch.Mean = *(*kernel.Vec)(p)
		o.path.Stats(p, rows, ch)
		storePart(o.parts, part*o.out.cb+b, ch)
	}
}

func (s *stream) pointwise(out, x *node, w tensor.Weight, bias tensor.Vec, stats bool) {
	packed := s.arena.floats(kernel.PackedSize(w.In, w.Out))
	kernel.PackB(packed.data, weights(w), w.In, w.Out, w.StrideIn)
	s.gemm = gemmOp{path: s.path, out: out, a: x, b: packed.data, k: w.In}
	s.gemm.plan()
	var padded *storage
	if bias.Buf != nil {
		padded = s.padded(vector(bias), out.cb)
		s.gemm.bias = padded.data
	}
	var parts *storage
	if stats {
		parts = s.arena.floats(s.gemm.rowParts * out.cb * 3 * block)
		s.gemm.parts = parts.data
	}
	s.pool.run(s.gemm.rowParts*s.gemm.colParts, &s.gemm)
	if stats {
		out.stats = s.finishStats(parts.data, out.cb, out.rows, s.gemm.rowsPer)
	}
	s.gemm = gemmOp{}
	s.arena.release(packed)
	s.arena.release(padded)
	s.arena.release(parts)
}

// pointwiseInput is dx = dy·wᵀ.
func (s *stream) pointwiseInput(dx, dy *node, w tensor.Weight) {
	packed := s.arena.floats(kernel.PackedSize(w.Out, w.In))
	kernel.PackBT(packed.data, weights(w), w.Out, w.In, w.StrideIn)
	s.gemm = gemmOp{path: s.path, out: dx, a: dy, b: packed.data, k: w.Out}
	s.gemm.plan()
	s.pool.run(s.gemm.rowParts*s.gemm.colParts, &s.gemm)
	s.gemm = gemmOp{}
	s.arena.release(packed)
}

// wgradOp is dw = xᵀ·dy, cut into groups of rows with a partial sum each and
// into groups of input planes.
type wgradOp struct {
	path             kernel.Path
	x, dy            *node
	parts            []float32 // [group][padded in][padded out]
	groups, rowsPer  int
	planes, planePer int
}

// wgradRows is the rows of one partial sum; fewer when that gives too few chunks.
const wgradRows = 4096

func (o *wgradOp) run(chunk int, w *worker) {
	g, p := chunk/o.planes, chunk%o.planes
	r0 := g * o.rowsPer
	rows := min(o.rowsPer, o.x.rows-r0)
	ld := o.dy.cb * block
	base := g * o.x.cb * block * ld
	step := o.path.MaxBlocks()
	t := &w.tile
	const inner = 256 // rows that stay in the first-level cache
	for r := r0; r < r0+rows; r += inner {
		n := min(inner, r0+rows-r)
		for b := p * o.planePer; b < min((p+1)*o.planePer, o.x.cb); b++ {
			for c := 0; c < o.dy.cb; c += step {
				*t = kernel.Tile{
					A: o.x.plane(b, r), ARow: 1, AStep: block, KIn: n, KOut: 1,
					B: o.dy.plane(c, r), BStep: block, BNext: o.dy.rows * block,
					C: kernel.PtrAt(o.parts, base+b*block*ld+c*block), CRow: ld, CNext: block, Cols: block,
					Acc: r > r0,
				}
				o.path.Tile(t, min(block, o.x.shape.C-b*block), min(step, o.dy.cb-c))
			}
		}
	}
}

// sumPartsOp adds partial weight gradients, in order, to the gradient.
type sumPartsOp struct {
	dst                  []float32
	parts                []float32
	groups, k, n         int
	ldDst, ldPart, count int // count is the padded size of a part
	per                  int
}

func (o *sumPartsOp) run(chunk int, _ *worker) {
	for i := chunk * o.per; i < min((chunk+1)*o.per, o.k); i++ {
		d := o.dst[i*o.ldDst:][:o.n]
		for g := range o.groups {
			p := o.parts[g*o.count+i*o.ldPart:][:o.n]
			for j, v := range p {
				d[j] += v
			}
		}
	}
}

func (s *stream) addParts(dst, parts []float32, groups, count, k, n, ldDst, ldPart int) {
	s.sumParts = sumPartsOp{dst: dst, parts: parts, groups: groups, count: count, k: k, n: n, ldDst: ldDst, ldPart: ldPart}
	s.sumParts.per = max(1, (1<<13)/(n*groups))
	s.pool.run((k+s.sumParts.per-1)/s.sumParts.per, &s.sumParts)
	s.sumParts = sumPartsOp{}
}

// pointwiseGrad adds xᵀ·dy to the weight's gradient.
func (s *stream) pointwiseGrad(x, dy *node, w tensor.Weight) {
	o := &s.wgrad
	*o = wgradOp{path: s.path, x: x, dy: dy}
	o.groups = min(8, (x.rows+wgradRows-1)/wgradRows)
	o.rowsPer = (x.rows + o.groups - 1) / o.groups
	o.groups = (x.rows + o.rowsPer - 1) / o.rowsPer
	o.planePer = max(1, x.cb*o.groups/16)
	o.planes = (x.cb + o.planePer - 1) / o.planePer
	count := x.cb * dy.cb * block * block
	parts := s.arena.floats(o.groups * count)
	o.parts = parts.data
	s.pool.run(o.groups*o.planes, o)
	s.addParts(weights(w), parts.data, o.groups, count, w.In, w.Out, w.StrideIn, dy.cb*block)
	*o = wgradOp{}
	s.arena.release(parts)
}
