package cpu

import (
	"unsafe"

	"github.com/tendril-nas/tendril/internal/kernel"
	"github.com/tendril-nas/tendril/internal/tensor"
)

// denseOp is the forward pass of a convolution, or its weight gradient. The channels that a group
// reads of a sample are copied into a zeroed frame side by side; the taps of one kernel row are
// then neighbours in memory, and each row of outputs is one matrix product over the frame itself. A
// chunk is a group in a few samples, or in a band of the output rows of one.
type denseOp struct {
	path       kernel.Path
	x          *node
	y          *node      // the output, or its gradient
	w          []float32  // packed: [group][piece][taps·in][16]
	stats      *collector // of the output of an ungrouped convolution, nil: not wanted
	parts      []float32  // weight gradients [chunk][taps·in][padded out of a group]; nil: forward
	kh, kw     int
	groups     int
	stride     int
	pad, extra int // zeros before, and how many more after
	per        int
	rows       int // output rows of a band
}

// bands is how many a sample has.
func (o *denseOp) bands() int { return ceilDiv(o.y.shape.H, o.rows) }

func (o *denseOp) chunks() int { return ceilDiv(o.x.shape.N, o.per) * o.bands() * o.groups }

func (o *denseOp) Run(chunk int, w *kernel.Worker) {
	xs, ys, c := o.x.shape, o.y.shape, o.x.shape.C/o.groups
	group, rest := chunk%o.groups, chunk/o.groups
	band, part := rest%o.bands(), rest/o.bands()
	y0, y1 := band*o.rows, min((band+1)*o.rows, ys.H)
	win := newWindow(y0, y1, o.stride, o.pad, o.kh, xs.H)
	fw, hw := xs.W+2*o.pad+o.extra, ys.H*ys.W
	size := ceilDiv(fw*win.height*c, block) * block
	total := size
	if o.parts != nil {
		total += o.gradBlocks() * hw * block
	}
	mem := w.Floats(total)
	frame, grad := mem[:size], mem[size:]
	clear(frame)
	n0, n1 := part*o.per, min((part+1)*o.per, xs.N)
	for n := n0; n < n1; n++ {
		o.fill(frame[win.top*fw*c:], group*c, c, n, fw, win.first, win.last)
		if o.parts == nil {
			o.forward(w, frame, group, n, fw, y0, y1)
			continue
		}
		g, jump := o.groupGrad(w, grad, group, n)
		o.weightGrad(w, frame, g, jump, chunk, fw, n > n0)
	}
	if o.stats != nil {
		for b := range o.y.cb {
			o.stats.sum(o.path, o.y, chunk, b, n0*hw, (n1-n0)*hw, &w.Ch)
		}
	}
}

// fill copies channels [c0, c0+c) of rows [first, last) of sample n into the frame, side by side.
func (o *denseOp) fill(frame []float32, c0, c, n, fw, first, last int) {
	s := o.x.shape
	if o.x.host {
		row := s.W * s.C
		for y := first; y < last; y++ {
			copy(frame[((y-first)*fw+o.pad)*s.C:][:row], o.x.st.data[(n*s.H+y)*row:])
		}
		return
	}
	for at := range pieces(c0, c, s.C) {
		for y := first; y < last; y++ {
			src := o.x.data()[(at.plane*o.x.rows+(n*s.H+y)*s.W)*block:][:s.W*block]
			dst := frame[((y-first)*fw+o.pad)*c+at.off:]
			if at.n == block && c == block {
				copy(dst[:s.W*block], src)
				continue
			}
			for x := range s.W {
				copy(dst[x*c:][:at.n], src[x*block+at.lane:])
			}
		}
	}
}

// forward computes output rows [y0, y1) of one sample and group.
func (o *denseOp) forward(w *kernel.Worker, frame []float32, group, n, fw, y0, y1 int) {
	c, out, ys := o.x.shape.C/o.groups, o.y.shape.C/o.groups, o.y.shape
	k, two := o.kh*o.kw*c, o.path.MaxBlocks() > 1
	at := group * mostPieces(out) * k * block
	for off := 0; off < out; {
		p, blocks := pieceAt(group*out, off, out, ys.C), 1
		last := p
		if two && p.n == block && off+block < out {
			last, blocks = pieceAt(group*out, off+block, out, ys.C), 2
		}
		for y := y0; y < y1; y++ {
			w.Tile = kernel.Tile{
				A: kernel.PtrAt(frame, (y-y0)*o.stride*fw*c), ARow: o.stride * c, AStep: 1, AJump: fw * c,
				KIn: o.kw * c, KOut: o.kh,
				B: kernel.PtrAt(o.w, at), BStep: block, BNext: k * block,
				C:    unsafe.Add(o.y.plane(p.plane, (n*ys.H+y)*ys.W), p.lane*4),
				CRow: block, CNext: o.y.rows * block, Cols: last.cols,
			}
			o.path.Tile(&w.Tile, ys.W, blocks)
		}
		at += blocks * k * block
		off = last.off + last.n
	}
}

// groupGrad is the address of the gradients of a sample and group in blocks of 16 channels, and the
// distance of the blocks: in place, or put into scratch.
func (o *denseOp) groupGrad(w *kernel.Worker, scratch []float32, group, n int) (g unsafe.Pointer, jump int) {
	out, hw := o.y.shape.C/o.groups, o.y.shape.H*o.y.shape.W
	if o.groups == 1 {
		return o.y.load(o.path, w, scratch, n*hw, hw)
	}
	for off := 0; off < out; off += block {
		d := scratch[off*hw:][:hw*block]
		if out-off < block {
			clear(d)
		}
		for p := range pieces(group*out+off, min(block, out-off), o.y.shape.C) {
			copyLanes(d[p.off:], o.y.data()[(p.plane*o.y.rows+n*hw)*block+p.lane:], p.n, hw)
		}
	}
	return kernel.PtrAt(scratch, 0), hw * block
}

// weightGrad adds one sample's share of a group: for each kernel row, its taps are the rows of a
// product over all output positions.
func (o *denseOp) weightGrad(w *kernel.Worker, frame []float32, g unsafe.Pointer, jump, chunk, fw int,
	acc bool) {
	c, ys := o.x.shape.C/o.groups, o.y.shape
	n, step := o.gradBlocks(), o.path.MaxBlocks()
	ld := n * block
	part := o.parts[chunk*o.kh*o.kw*c*ld:]
	for ky := range o.kh {
		for b := 0; b < n; b += step {
			w.Tile = kernel.Tile{
				A: kernel.PtrAt(frame, ky*fw*c), ARow: 1, AStep: o.stride * c, AJump: o.stride * fw * c,
				KIn: ys.W, KOut: ys.H,
				B: unsafe.Add(g, b*jump*4), BStep: block, BNext: jump,
				C: kernel.PtrAt(part, ky*o.kw*c*ld+b*block), CRow: ld, CNext: block, Cols: block,
				Acc: acc,
			}
			o.path.Tile(&w.Tile, o.kw*c, min(step, n-b))
		}
	}
}

// gradBlocks is the blocks of 16 output channels of a group.
func (o *denseOp) gradBlocks() int { return ceilDiv(o.y.shape.C/o.groups, block) }

// readyForDense is the node behind a handle with its values in memory, in planes or, where there is
// one group, perhaps not.
func (s *stream) readyForDense(t tensor.Tensor, groups int) *node {
	if n := t.(*node); n.host && groups == 1 {
		return n
	}
	return s.plain(t)
}

func (s *stream) newDense(x, y *node, w tensor.Weight, spec tensor.ConvSpec, most int) *denseOp {
	o := &s.dense
	*o = denseOp{path: s.path, x: x, y: y, kh: w.KH, kw: w.KW, groups: spec.Groups, stride: spec.Stride,
		pad: spec.Pad, extra: spec.PadExtra, rows: y.shape.H}
	o.per = samplesPer(chunkRows, y.shape.H*y.shape.W, x.shape.N)
	if most > 0 {
		o.per = max(o.per, (x.shape.N+most-1)/most)
	}
	return o
}

func (s *stream) denseConv(out, x *node, w tensor.Weight, spec tensor.ConvSpec, noBias bool) {
	o := s.newDense(x, out, w, spec, 0)
	size := spec.Groups * mostPieces(w.Out/spec.Groups) * w.KH * w.KW * w.In * block
	var packed *storage
	if spec.Constant {
		o.w = constant(w, size, func(dst []float32) { s.packDense(dst, w, spec.Groups) })
	} else {
		packed = s.arena.floats(size)
		s.packDense(packed.data, w, spec.Groups)
		o.w = packed.data
	}
	if spec.WantStats && noBias && spec.Groups == 1 {
		o.stats = s.collectStats(out, o.per*out.shape.H*out.shape.W)
	} else if o.per == 1 {
		o.rows = bandRows(out.shape, x.shape)
	}
	s.pool.Run(o.chunks(), o)
	s.endStats(out, o.stats)
	*o = denseOp{}
	s.arena.release(packed)
}

// packDense packs the weight group by group and piece by piece.
func (s *stream) packDense(dst []float32, w tensor.Weight, groups int) {
	k, out := w.KH*w.KW*w.In, w.Out/groups
	flat := s.denseGroups(w, groups)
	for g := range groups {
		at := g * mostPieces(out) * k * block
		for p := range pieces(g*out, out, w.Out) {
			s.path.PackB(dst[at:], flat.data[g*k*out+p.off:], k, p.n, out)
			at += k * block
		}
	}
	s.arena.release(flat)
}

// denseInput is the input's gradient where the stride is 1: that of the output, convolved with the
// kernel turned by half a turn, from its outputs to its inputs.
func (s *stream) denseInput(dy *node, shape tensor.Shape, w tensor.Weight, spec tensor.ConvSpec) *node {
	dx := s.make(shape)
	spec.Pad = w.KH - 1 - spec.Pad
	o := s.newDense(dy, dx, w, spec, 0)
	taps, out := w.KH*w.KW, w.Out/spec.Groups
	packed := s.arena.floats(spec.Groups * mostPieces(w.In) * taps * out * block)
	flat := s.denseGroups(w, spec.Groups)
	for g := range spec.Groups {
		at := g * mostPieces(w.In) * taps * out * block
		for p := range pieces(g*w.In, w.In, shape.C) {
			for t := range taps {
				from := (g*taps+taps-1-t)*w.In + p.off
				s.path.PackBT(packed.data[at:], flat.data[from*out:], out, p.n, out)
				at += out * block
			}
		}
	}
	s.arena.release(flat)
	o.w = packed.data
	if o.per == 1 {
		o.rows = bandRows(dx.shape, dy.shape)
	}
	s.pool.Run(o.chunks(), o)
	*o = denseOp{}
	s.arena.release(packed)
	return dx
}

// denseGrad adds the weight gradient; dy may be pending where there is one group.
func (s *stream) denseGrad(x, dy *node, w tensor.Weight, spec tensor.ConvSpec) {
	o := s.newDense(x, dy, w, spec, 8)
	chunks, groups, out := o.chunks(), spec.Groups, w.Out/spec.Groups
	ld := o.gradBlocks() * block
	count := w.KH * w.KW * w.In * ld
	parts := s.arena.floats(chunks * count)
	o.parts = parts.data
	s.pool.Run(chunks, o)
	*o = denseOp{}
	for g := range groups {
		for t := range w.KH * w.KW {
			to := t/w.KW*w.StrideKH + t%w.KW*w.StrideKW + g*out
			s.addParts(weightGrad(w)[to:], parts.data[g*count+t*w.In*ld:], chunks/groups, groups*count, w.In, out,
				w.StrideIn, ld)
		}
	}
	s.arena.release(parts)
}
