package cpu

import (
	"unsafe"

	"github.com/tendril-nas/tendril/internal/kernel"
	"github.com/tendril-nas/tendril/internal/tensor"
)

// packDepthwise arranges a depthwise weight as [plane][kh][kw][16], flipped in
// both directions if asked.
func (s *stream) packDepthwise(w tensor.Weight, flip bool) *storage {
	cb, kk := blocks(w.Out), w.KH*w.KW
	st := s.arena.floats(cb * kk * block)
	src := weights(w)
	for b := range cb {
		n := min(block, w.Out-b*block)
		for y := range w.KH {
			for x := range w.KW {
				t := y*w.KW + x
				if flip {
					t = kk - 1 - t
				}
				d := st.data[(b*kk+t)*block:][:block]
				off := y*w.StrideKH + x*w.StrideKW + b*block
				clear(d[copy(d, src[off:off+n]):])
			}
		}
	}
	return st
}

// depthwiseOp is the forward pass; a chunk is one plane of a few samples.
type depthwiseOp struct {
	path        kernel.Path
	out, x      *node
	w           []float32
	kh, kw      int
	stride, pad int
	per, groups int // samples of a chunk
}

// samplesPer is how many samples of hw rows make a chunk of decent size.
func samplesPer(hw, n int) int { return min(max(chunkRows/hw, 1), n) }

// pad copies an h×w image of vectors into the middle of a zeroed frame.
func padImage(dst []float32, src unsafe.Pointer, h, w, pad, frameW, frameH int) {
	clear(dst[:pad*frameW*block])
	for y := range h {
		d := dst[(y+pad)*frameW*block:][:frameW*block]
		clear(d[:pad*block])
		copy(d[pad*block:(pad+w)*block], unsafe.Slice((*float32)(unsafe.Add(src, y*w*block*4)), w*block))
		clear(d[(pad+w)*block:])
	}
	clear(dst[(h+pad)*frameW*block : frameH*frameW*block])
}

func (o *depthwiseOp) run(chunk int, w *worker) {
	b, n0 := chunk/o.groups, chunk%o.groups*o.per
	xs, os := o.x.shape, o.out.shape
	fw, fh := xs.W+2*o.pad, xs.H+2*o.pad
	frame := w.floats(fw * fh * block)
	a := &w.dw
	for n := n0; n < min(n0+o.per, xs.N); n++ {
		padImage(frame, o.x.plane(b, n*xs.H*xs.W), xs.H, xs.W, o.pad, fw, fh)
		*a = kernel.Depthwise{
			Dst: o.out.plane(b, n*os.H*os.W), Src: kernel.PtrAt(frame, 0), W: kernel.PtrAt(o.w, b*o.kh*o.kw*block),
			DstCol: block, DstRow: os.W * block,
			SrcCol: o.stride * block, SrcRow: fw * block, SrcNext: o.stride * fw * block,
			Cols: os.W, Rows: os.H, KW: o.kw, KH: o.kh,
		}
		o.path.Depthwise(a)
	}
}

func (s *stream) depthwise(out, x *node, w tensor.Weight, spec tensor.ConvSpec) {
	packed := s.packDepthwise(w, false)
	per := samplesPer(x.shape.H*x.shape.W, x.shape.N)
	s.dw = depthwiseOp{
		path: s.path, out: out, x: x, w: packed.data, kh: w.KH, kw: w.KW,
		stride: spec.Stride, pad: spec.Pad, per: per, groups: (x.shape.N + per - 1) / per,
	}
	s.pool.run(x.cb*s.dw.groups, &s.dw)
	s.dw = depthwiseOp{}
	s.arena.release(packed)
}

// depthwiseBackOp is the backward pass; a chunk is one plane of a few samples
// and has a weight gradient of its own.
type depthwiseBackOp struct {
	path        kernel.Path
	x, dy, dx   *node
	w           []float32 // flipped
	parts       []float32 // [group][plane][kh][kw][16], nil: not wanted
	kh, kw      int
	stride, pad int
	per, groups int
}

func (o *depthwiseBackOp) run(chunk int, w *worker) {
	b, g := chunk/o.groups, chunk%o.groups
	xs, ys := o.x.shape, o.dy.shape
	fw, fh := xs.W+2*o.pad, xs.H+2*o.pad
	// The output gradient is spread to the input's resolution in a frame wide
	// enough for every window of the flipped kernel.
	gw, gh := xs.W+o.kw-1, xs.H+o.kh-1
	mem := w.floats((fw*fh + gw*gh) * block)
	frame, spread := mem[:fw*fh*block], mem[fw*fh*block:]
	kk := o.kh * o.kw * block
	if o.parts != nil {
		clear(o.parts[(g*o.x.cb+b)*kk:][:kk])
	}
	for n := g * o.per; n < min((g+1)*o.per, xs.N); n++ {
		gy := o.dy.plane(b, n*ys.H*ys.W)
		if o.parts != nil {
			padImage(frame, o.x.plane(b, n*xs.H*xs.W), xs.H, xs.W, o.pad, fw, fh)
			w.dwg = kernel.DepthwiseGrad{
				G: gy, Src: kernel.PtrAt(frame, 0), W: kernel.PtrAt(o.parts, (g*o.x.cb+b)*kk),
				GRow: ys.W * block, SrcCol: o.stride * block, SrcRow: fw * block, SrcNext: o.stride * fw * block,
				Cols: ys.W, Rows: ys.H, KW: o.kw, KH: o.kh,
			}
			o.path.DepthwiseGrad(&w.dwg)
		}
		if o.dx == nil {
			continue
		}
		clear(spread)
		for y := range ys.H {
			for x := range ys.W {
				fy, fx := y*o.stride+o.kh-1-o.pad, x*o.stride+o.kw-1-o.pad
				if fy < 0 || fx < 0 || fy >= gh || fx >= gw {
					continue
				}
				*(*kernel.Vec)(spread[(fy*gw+fx)*block:]) = *(*kernel.Vec)(unsafe.Add(gy, (y*ys.W+x)*block*4))
			}
		}
		w.dw = kernel.Depthwise{
			Dst: o.dx.plane(b, n*xs.H*xs.W), Src: kernel.PtrAt(spread, 0), W: kernel.PtrAt(o.w, b*kk),
			DstCol: block, DstRow: xs.W * block, SrcCol: block, SrcRow: gw * block, SrcNext: gw * block,
			Cols: xs.W, Rows: xs.H, KW: o.kw, KH: o.kh,
		}
		o.path.Depthwise(&w.dw)
	}
}

func (s *stream) depthwiseBackward(x, dy *node, w tensor.Weight, spec tensor.ConvSpec, grads tensor.ConvGrads) tensor.Tensor {
	flipped := s.packDepthwise(w, true)
	o := &s.dwBack
	*o = depthwiseBackOp{path: s.path, x: x, dy: dy, w: flipped.data, kh: w.KH, kw: w.KW, stride: spec.Stride, pad: spec.Pad}
	// Few, large groups: each carries a whole weight gradient.
	o.per = max(samplesPer(x.shape.H*x.shape.W, x.shape.N), (x.shape.N+7)/8)
	o.groups = (x.shape.N + o.per - 1) / o.per
	kk := w.KH * w.KW * block
	var parts *storage
	if grads.W.Buf != nil {
		parts = s.arena.floats(o.groups * x.cb * kk)
		o.parts = parts.data
	}
	if grads.NeedX {
		o.dx = s.make(x.shape)
	}
	s.pool.run(x.cb*o.groups, o)
	if parts != nil {
		addDepthwiseParts(grads.W, parts.data, o.groups, x.cb)
	}
	dx := o.dx
	*o = depthwiseBackOp{}
	s.arena.release(flipped)
	s.arena.release(parts)
	if dx == nil {
		return nil
	}
	return dx
}

// addDepthwiseParts adds the groups' gradients in order.
func addDepthwiseParts(w tensor.Weight, parts []float32, groups, cb int) {
	dst, kk := weights(w), w.KH*w.KW
	for b := range cb {
		n := min(block, w.Out-b*block)
		for t := range kk {
			off := t/w.KW*w.StrideKH + t%w.KW*w.StrideKW + b*block
			d := dst[off : off+n]
			for g := range groups {
				p := parts[((g*cb+b)*kk+t)*block:][:n]
				for l, v := range p {
					d[l] += v
				}
			}
		}
	}
}
