package cpu

import (
	"unsafe"

	"github.com/tendril-nas/tendril/internal/kernel"
	"github.com/tendril-nas/tendril/internal/tensor"
)

// gemmOp multiplies a blocked tensor, pending or not, with a packed weight: out = a·b, chunk by
// chunk of rows and of column blocks.
type gemmOp struct {
	path   kernel.Path
	out, a *node
	b      []float32 // packed, k rows of 16 per column block; nil: prepare or each chunk packs
	pack   packOp
	k      int
	bias   []float32  // padded, nil: none
	stats  *collector // of the output, nil: not wanted
	sums   []float32  // parts of the sums for the normalisation behind x, nil: not wanted
	x      *node

	rowsPer, rowParts int
	colsPer, colParts int
}

// plan cuts the product so that a chunk's operands stay in the second-level cache, and into at
// least a few chunks when it is big enough to share: of rows, so that no two of them load the same
// ones, or of columns where rows are few.
func (o *gemmOp) plan() {
	rows, cb := o.out.rows, o.out.cb
	const target = 1 << 17 // floats
	per := min(max(target/(o.k+cb*block), 56), chunkRows)
	o.rowParts = max((rows+per-1)/per, min(12, rows/48))
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

func (o *gemmOp) Run(chunk int, w *kernel.Worker) {
	rp, cp := chunk/o.colParts, chunk%o.colParts
	r0, c0 := rp*o.rowsPer, cp*o.colsPer
	rows, c1 := min(o.rowsPer, o.out.rows-r0), min(c0+o.colsPer, o.out.cb)
	size := 0
	if o.a.lazy() {
		size = o.a.cb * rows * block
	}
	mem, b := w.Floats(size), o.b
	if b == nil {
		mem = w.Floats(size + o.k*o.colsPer*block)
		b = mem[size:]
		o.pack.pack(b, c0, c1-c0)
	} else {
		b = b[c0*o.k*block:]
	}
	a, jump := o.a.load(o.path, w, mem[:size], r0, rows)
	o.panels(w, a, jump, b, strip{row: r0, rows: rows, part: rp}, c0, c1)
}

// strip is some rows of a product.
type strip struct {
	row, rows int
	part      int  // that their sums belong to
	more      bool // the part has sums already
}

// load is the address of rows [r0, r0+rows) of the first plane and the distance of the planes: in
// place, or computed into scratch.
func (n *node) load(path kernel.Path, w *kernel.Worker, scratch []float32,
	r0, rows int) (p unsafe.Pointer, jump int) {
	if !n.lazy() {
		return n.plane(0, r0), n.rows * block
	}
	for b := range n.cb {
		n.fetchRows(path, &w.Ch, kernel.PtrAt(scratch, b*rows*block), b, r0, rows)
	}
	return kernel.PtrAt(scratch, 0), rows * block
}

// panels multiplies rows of a with column blocks [c0, c1), which b holds.
func (o *gemmOp) panels(w *kernel.Worker, a unsafe.Pointer, jump int, b []float32, at strip, c0, c1 int) {
	t := &w.Tile
	*t = kernel.Tile{
		ARow: block, AStep: 1, AJump: jump, KIn: block,
		BStep: block, BNext: o.k * block,
		CRow: block, CNext: o.out.rows * block, Cols: block,
	}
	// Long inner products go in parts whose packed columns stay in the first-level cache.
	whole, depth := o.k/block, ceilDiv(o.k, ceilDiv(o.k, panelDepth)*block)
	step := o.path.MaxBlocks()
	for c := c0; c < c1; c += step {
		n := min(step, c1-c)
		t.C = o.out.plane(c, at.row)
		for k := 0; k == 0 || k < whole; k += depth {
			t.KOut, t.KTail = min(depth, whole-k), 0
			if k+depth >= whole {
				t.KTail = o.k % block
			}
			t.A, t.B = unsafe.Add(a, k*jump*4), kernel.PtrAt(b, ((c-c0)*o.k+k*block)*block)
			t.Acc = k > 0
			o.path.Tile(t, at.rows, n)
		}
		for i := c; i < c+n; i++ {
			o.epilogue(i, at, &w.Ch)
		}
	}
}

// panelDepth is the steps of one part of a long inner product.
const panelDepth = 256

func ceilDiv(a, b int) int { return (a + b - 1) / b }

// epilogue adds the bias and collects sums while the result is in cache.
func (o *gemmOp) epilogue(b int, at strip, ch *kernel.Chan) {
	p := o.out.plane(b, at.row)
	if o.bias != nil {
		ch.Identity()
		load(&ch.Shift, o.bias, b)
		o.path.Apply(p, p, nil, at.rows, kernel.None, ch)
	}
	if o.stats != nil {
		o.stats.sum(o.path, o.out, at.part, b, at.row, at.rows, ch)
	}
	if o.sums != nil {
		o.x.channel(ch, b, o.out.cb)
		o.x.addSums(o.path, ch, o.out, b, at.row, at.rows)
		if at.more {
			addPart(o.sums, at.part*o.out.cb+b, ch)
		} else {
			storePart(o.sums, at.part*o.out.cb+b, ch)
		}
	}
}

// newGemm prepares out = a·w, or a·wᵀ.
func (s *stream) newGemm(out, a *node, w tensor.Weight, transposed bool) *gemmOp {
	o := &s.gemm
	*o = gemmOp{path: s.path, out: out, a: a, pack: newPacking(s.path, w, transposed)}
	o.k = o.pack.k
	o.plan()
	return o
}

// chunks is the number of chunks of the product.
func (o *gemmOp) chunks() int { return o.rowParts * o.colParts }

// prepare computes n's values, if it is pending, and packs the weight, unless it is packed already
// or each column is needed by one chunk only, which packs it then.
func (o *gemmOp) prepare(s *stream, n *node) (packed *storage) {
	chunks := 0
	if o.b == nil && o.rowParts > 1 {
		packed = s.arena.floats(kernel.PackedSize(o.k, o.out.cb*block))
		s.packing = o.pack
		s.packing.dst, o.b = packed.data, packed.data
		chunks = o.pack.chunks()
	}
	fetches := 0
	if n != nil {
		fetches = s.planFetch(n)
	}
	s.runBoth(fetches, &s.fetch, chunks, &s.packing)
	if n != nil {
		s.endFetch(n)
	}
	s.packing = packOp{}
	return packed
}

func (s *stream) pointwise(out, x *node, w tensor.Weight, bias tensor.Vec, spec tensor.ConvSpec) {
	o := s.newGemm(out, x, w, false)
	if spec.Constant {
		o.b = constant(w, kernel.PackedSize(w.In, w.Out), func(dst []float32) { o.pack.pack(dst, 0, out.cb) })
	}
	var values *node
	if x.lazy() && o.rowParts > 1 && o.colParts > 1 {
		// Several chunks read the same rows: their values are worth keeping.
		values = s.derive(x.shape, x.st, x.pending)
		o.a = values
	}
	packed := o.prepare(s, values)
	var padded *storage
	if bias.Buf != nil {
		padded = s.padded(vector(bias), out.cb)
		o.bias = padded.data
	}
	if spec.WantStats {
		o.stats = s.collectStats(out, o.rowsPer)
	}
	s.pool.Run(o.chunks(), o)
	s.endStats(out, o.stats)
	*o = gemmOp{}
	if values != nil {
		s.drop(values)
	}
	s.arena.release(packed)
	s.arena.release(padded)
}

// fusedRows is the rows from which on the two gradients of a product share one pass over memory.
// Below, operands are small and the chunks of each gradient are cut as suits it.
const fusedRows = 4096

func (s *stream) pointwiseBackward(x, dy *node, w tensor.Weight, grads tensor.ConvGrads) *node {
	wantW := grads.W.Buf != nil
	switch {
	case !grads.NeedX:
		s.materialise(dy)
		if wantW {
			s.pointwiseGrad(x, dy, grads.W)
		}
		return nil
	case wantW && x.rows >= fusedRows:
		return s.pointwiseFused(x, dy, w, grads)
	}
	dx := s.make(x.shape)
	o := s.newGemm(dx, dy, w, true)
	packed := o.prepare(s, dy)
	if x.normalised() {
		o.x, o.sums = x, s.collect(dx, x, o.rowParts)
	}
	chunks := 0
	if wantW {
		chunks = s.newGrad(x, dy, grads.W).chunks()
	}
	s.runBoth(chunks, &s.wgrad, o.chunks(), o)
	*o, s.wgrad = gemmOp{}, wgradOp{}
	s.arena.release(packed)
	return dx
}
