package cpu

import (
	"unsafe"

	"github.com/tendril-nas/tendril/internal/kernel"
	"github.com/tendril-nas/tendril/internal/tensor"
)

// depthwiseBackOp is the backward pass; a chunk is one plane of a group of samples and has a weight
// gradient of its own.
//
// The input gradient is a convolution of the framed output gradient with the flipped kernel. With
// stride 2 the inputs of one parity in each direction see every second tap only, so it is four
// convolutions of stride 1 with a part of the taps each; other strides spread the gradient to the
// input's resolution.
type depthwiseBackOp struct {
	path        kernel.Path
	x, dy, dx   *node
	w           tensor.Weight
	grad        tensor.Weight // the weight's gradient, if wanted
	phases      []phase
	parts       []float32  // weight gradients [group][plane][kh][kw][16], nil: not wanted
	missing     *countdown // parts of each plane
	sums        []float32  // parts of the sums for the normalisation behind x, nil: not wanted
	stride      int
	pad, extra  int // zeros before the input, and how many more after it
	lead, trail int // frame around the output gradient
	spread      bool
	per, groups int
}

// phase is the inputs at rows py+stride·i and columns px+stride·j.
type phase struct {
	py, px   int
	ky, kx   int // the last tap in each direction that meets them
	kh, kw   int // how many do
	oy, ox   int // output row that the last tap reads for i = 0
	off, len int // in the packed weights of a plane, floats
}

// planPhases lists the phases of a kernel with its stride, and the frame that they need.
func (o *depthwiseBackOp) planPhases() {
	o.phases = o.phases[:0]
	step, off := o.stride, 0
	if o.spread {
		step = 1
	}
	for py := range step {
		for px := range step {
			p := phase{py: py, px: px, off: off}
			p.ky, p.kh = lastTap(o.w.KH, py+o.pad, step)
			p.kx, p.kw = lastTap(o.w.KW, px+o.pad, step)
			p.oy, p.ox = floorDiv(py+o.pad-p.ky, step), floorDiv(px+o.pad-p.kx, step)
			p.len = p.kh * p.kw * block
			off += p.len
			o.phases = append(o.phases, p)
			o.lead = max(o.lead, -p.oy, -p.ox)
		}
	}
	rows, cols := o.gradSize()
	for _, p := range o.phases {
		o.trail = max(o.trail,
			(o.x.shape.H-1-p.py)/step+p.oy+p.kh-rows,
			(o.x.shape.W-1-p.px)/step+p.ox+p.kw-cols)
	}
}

// gradSize is the extent of the output gradient as the frame holds it.
func (o *depthwiseBackOp) gradSize() (rows, cols int) {
	s := o.dy.shape
	if o.spread {
		return (s.H-1)*o.stride + 1, (s.W-1)*o.stride + 1
	}
	return s.H, s.W
}

func floorDiv(a, b int) int {
	if a < 0 {
		return -((-a + b - 1) / b)
	}
	return a / b
}

// lastTap is the largest tap k with k ≡ at (mod step) and how many such taps the kernel has.
func lastTap(k, at, step int) (last, n int) {
	first := at % step
	if first >= k {
		return 0, 0
	}
	n = (k-1-first)/step + 1
	return first + (n-1)*step, n
}

// taps is the floats of a plane's packed weights.
func (o *depthwiseBackOp) taps() int {
	last := o.phases[len(o.phases)-1]
	return last.off + last.len
}

// pack arranges the flipped taps of every phase of one plane.
func (o *depthwiseBackOp) pack(dst []float32, b int) {
	w := o.w
	step := o.stride
	if o.spread {
		step = 1
	}
	src, n := weights(w), min(block, w.Out-b*block)
	for _, p := range o.phases {
		for y := range p.kh {
			for x := range p.kw {
				from := (p.ky-y*step)*w.StrideKH + (p.kx-x*step)*w.StrideKW + b*block
				d := dst[p.off+(y*p.kw+x)*block:][:block]
				clear(d[copy(d, src[from:from+n]):])
			}
		}
	}
}

func (o *depthwiseBackOp) Run(chunk int, w *kernel.Worker) {
	b, g := chunk/o.groups, chunk%o.groups
	xs, ys := o.x.shape, o.dy.shape
	gh, gw := o.gradSize()
	after := o.pad + o.extra
	xSize := (o.pad + xs.W + after) * (o.pad + xs.H + after) * block
	gSize := (gw + o.lead + o.trail) * (gh + o.lead + o.trail) * block
	packed := xSize + gSize + ys.H*ys.W*block
	mem := w.Floats(packed + o.taps())
	if o.dx != nil {
		o.pack(mem[packed:], b)
	}
	gf := newFrame(mem[xSize:], gw, gh, o.lead, o.lead, o.trail, o.trail)
	var xf frame
	kk := o.w.KH * o.w.KW * block
	var part []float32
	if o.parts != nil {
		xf = newFrame(mem, xs.W, xs.H, o.pad, o.pad, after, after)
		part = o.parts[(g*o.x.cb+b)*kk:][:kk]
		clear(part)
	}
	if o.spread {
		clear(gf.mem[:gSize])
	}
	o.x.channel(&w.ChX, b, o.x.cb)
	o.dy.channel(&w.ChG, b, o.dy.cb)
	w.Ch = w.ChX
	var sum, sum2 kernel.Vec
	for n := g * o.per; n < min((g+1)*o.per, xs.N); n++ {
		grad, gRow := gf.inside(), gf.width*block
		if o.spread {
			grad, gRow = kernel.PtrAt(mem, xSize+gSize), ys.W*block
			o.dy.fetchImage(o.path, &w.ChG, grad, b, n, 0, ys.H, 0)
			o.spreadInto(&gf, grad)
		} else {
			gf.fill(o.path, &w.ChG, o.dy, b, n, 0)
		}
		if part != nil {
			xf.fill(o.path, &w.ChX, o.x, b, n, 0)
			w.DWG = kernel.DepthwiseGrad{
				G: grad, Src: kernel.PtrAt(xf.mem, 0), W: kernel.PtrAt(part, 0),
				GRow: gRow, SrcCol: o.stride * block, SrcRow: xf.width * block, SrcNext: o.stride *
					xf.width * block,
				Cols: ys.W, Rows: ys.H, KW: o.w.KW, KH: o.w.KH, Top: o.pad, Inside: xs.H,
			}
			o.path.DepthwiseGrad(&w.DWG)
		}
		if o.dx == nil {
			continue
		}
		o.inputGrad(w, &gf, mem[packed:], b, n)
		if o.sums != nil {
			hw := xs.H * xs.W
			o.x.addSums(o.path, &w.Ch, o.dx, b, n*hw, hw)
			for l := range sum {
				sum[l] += w.Ch.Sum[l]
				sum2[l] += w.Ch.Sum2[l]
			}
		}
	}
	if o.sums != nil {
		w.Ch.Sum, w.Ch.Sum2 = sum, sum2
		storePart(o.sums, g*o.x.cb+b, &w.Ch)
	}
	if part != nil && o.missing.last(b) {
		o.addParts(b)
	}
}

// spreadInto places the gradient's vectors stride apart in the cleared frame.
func (o *depthwiseBackOp) spreadInto(f *frame, grad unsafe.Pointer) {
	s := o.dy.shape
	for y := range s.H {
		for x := range s.W {
			at := ((f.top+y*o.stride)*f.width + f.left + x*o.stride) * block
			*(*kernel.Vec)(f.mem[at:]) = *(*kernel.Vec)(unsafe.Add(grad, (y*s.W+x)*block*4))
		}
	}
}

// inputGrad computes one sample of one plane, phase by phase.
func (o *depthwiseBackOp) inputGrad(w *kernel.Worker, f *frame, taps []float32, b, n int) {
	xs, step := o.x.shape, o.stride
	if o.spread {
		step = 1
	}
	for _, p := range o.phases {
		rows, cols := (xs.H-p.py+step-1)/step, (xs.W-p.px+step-1)/step
		dst := o.dx.plane(b, n*xs.H*xs.W)
		if p.len == 0 {
			for y := range rows {
				for x := range cols {
					at := (p.py+y*step)*xs.W + p.px + x*step
					*(*kernel.Vec)(unsafe.Add(dst, at*block*4)) = kernel.Vec{}
				}
			}
			continue
		}
		if rows <= 0 || cols <= 0 {
			continue
		}
		w.DW = kernel.Depthwise{
			Dst:    unsafe.Add(dst, (p.py*xs.W+p.px)*block*4),
			Src:    kernel.PtrAt(f.mem, ((f.top+p.oy)*f.width+f.left+p.ox)*block),
			W:      kernel.PtrAt(taps, p.off),
			DstCol: step * block, DstRow: step * xs.W * block,
			SrcCol: block, SrcRow: f.width * block, SrcNext: f.width * block,
			Cols: cols, Rows: rows, KW: p.kw, KH: p.kh, Top: -p.oy, Inside: f.insideH,
		}
		o.path.Depthwise(&w.DW)
	}
}

func (s *stream) depthwiseBackward(x, dy *node, w tensor.Weight, spec tensor.ConvSpec,
	grads tensor.ConvGrads) *node {
	o := &s.dwBack
	*o = depthwiseBackOp{path: s.path, x: x, dy: dy, w: w, grad: grads.W, stride: spec.Stride, pad: spec.Pad,
		extra: spec.PadExtra, phases: o.phases, spread: spec.Stride > 2}
	o.planPhases()
	// Few, large groups: each carries a whole weight gradient.
	o.per = max(samplesPer(chunkRows, x.shape.H*x.shape.W, x.shape.N), (x.shape.N+7)/8)
	o.groups = (x.shape.N + o.per - 1) / o.per
	var parts *storage
	if grads.W.Buf != nil {
		parts = s.arena.floats(o.groups * x.cb * w.KH * w.KW * block)
		o.parts, o.missing = parts.data, &s.missing
		o.missing.start(x.cb, o.groups)
	}
	if grads.NeedX {
		o.dx = s.make(x.shape)
		if x.normalised() {
			o.sums = s.collect(o.dx, x, o.groups)
		}
	}
	s.pool.Run(x.cb*o.groups, o)
	dx := o.dx
	*o = depthwiseBackOp{phases: o.phases}
	s.arena.release(parts)
	return dx
}

// addParts adds the groups' weight gradients of one plane in order.
func (o *depthwiseBackOp) addParts(b int) {
	dst, kk, n := weightGrad(o.grad)[b*block:], o.w.KH*o.w.KW, min(block, o.w.Out-b*block)
	for t := range kk {
		d := dst[t/o.w.KW*o.grad.StrideKH+t%o.w.KW*o.grad.StrideKW:][:n]
		for g := range o.groups {
			p := o.parts[((g*o.x.cb+b)*kk+t)*block:][:n]
			for l, v := range p {
				d[l] += v
			}
		}
	}
}
