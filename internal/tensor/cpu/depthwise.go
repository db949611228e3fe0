package cpu

import (
	"unsafe"

	"github.com/tendril-nas/tendril/internal/kernel"
	"github.com/tendril-nas/tendril/internal/tensor"
)

// packDepthwise arranges a depthwise weight as [plane][kh][kw][16].
func (s *stream) packDepthwise(w tensor.Weight) *storage {
	cb, kk := blocks(w.Out), w.KH*w.KW
	st := s.arena.floats(cb * kk * block)
	src := weights(w)
	for b := range cb {
		n := min(block, w.Out-b*block)
		for y := range w.KH {
			for x := range w.KW {
				t := y*w.KW + x
				d := st.data[(b*kk+t)*block:][:block]
				off := y*w.StrideKH + x*w.StrideKW + b*block
				clear(d[copy(d, src[off:off+n]):])
			}
		}
	}
	return st
}

// samplesPer is how many samples of hw rows make a chunk of about rows rows.
func samplesPer(rows, hw, n int) int { return min(max(rows/hw, 1), n) }

// frame is one sample's plane among zeros. Its border is cleared once per chunk;
// the samples of a chunk overwrite the inside.
type frame struct {
	mem              []float32
	width, height    int // of the frame, in vectors
	left, top        int
	insideW, insideH int
}

// newFrame clears the border around w×h vectors.
func newFrame(mem []float32, w, h, left, top, right, bottom int) frame {
	f := frame{mem: mem, width: left + w + right, height: top + h + bottom, left: left, top: top, insideW: w, insideH: h}
	first := (top*f.width + left) * block
	clear(mem[:first])
	for y := range h {
		start := first + (y*f.width+w)*block
		end := start + (left+right)*block
		if y == h-1 {
			end = f.width * f.height * block
		}
		clear(mem[start:end])
	}
	return f
}

// inside is the address of the first vector of the sample.
func (f *frame) inside() unsafe.Pointer { return kernel.PtrAt(f.mem, (f.top*f.width+f.left)*block) }

// fill loads a sample of plane b.
func (f *frame) fill(path kernel.Path, ch *kernel.Chan, n *node, b, sample int) {
	n.fetchImage(path, ch, f.inside(), b, sample, (f.width-f.insideW)*block*4)
}

// depthwiseOp is the forward pass; a chunk is one plane of a few samples.
type depthwiseOp struct {
	path        kernel.Path
	out, x      *node
	w           []float32
	stats       []float32 // parts of the output's statistics, nil: not wanted
	kh, kw      int
	stride, pad int
	per, groups int // samples of a chunk
}

func (o *depthwiseOp) Run(chunk int, w *kernel.Worker) {
	b, g := chunk/o.groups, chunk%o.groups
	xs, os := o.x.shape, o.out.shape
	f := newFrame(w.Floats((xs.W+2*o.pad)*(xs.H+2*o.pad)*block), xs.W, xs.H, o.pad, o.pad, o.pad, o.pad)
	n0, n1 := g*o.per, min((g+1)*o.per, xs.N)
	o.x.channel(&w.Ch, b, o.x.cb)
	for n := n0; n < n1; n++ {
		f.fill(o.path, &w.Ch, o.x, b, n)
		w.DW = kernel.Depthwise{
			Dst: o.out.plane(b, n*os.H*os.W), Src: kernel.PtrAt(f.mem, 0), W: kernel.PtrAt(o.w, b*o.kh*o.kw*block),
			DstCol: block, DstRow: os.W * block,
			SrcCol: o.stride * block, SrcRow: f.width * block, SrcNext: o.stride * f.width * block,
			Cols: os.W, Rows: os.H, KW: o.kw, KH: o.kh, Top: o.pad, Inside: xs.H,
		}
		o.path.Depthwise(&w.DW)
	}
	if o.stats != nil {
		r := n0 * os.H * os.W
		w.Ch.Mean = *(*kernel.Vec)(o.out.plane(b, r))
		o.path.Stats(o.out.plane(b, r), (n1-n0)*os.H*os.W, &w.Ch)
		storePart(o.stats, g*o.out.cb+b, &w.Ch)
	}
}

func (s *stream) depthwise(out, x *node, w tensor.Weight, spec tensor.ConvSpec, noBias bool) {
	packed := s.packDepthwise(w)
	per := samplesPer(chunkRows, out.shape.H*out.shape.W, x.shape.N)
	o := &s.dw
	*o = depthwiseOp{
		path: s.path, out: out, x: x, w: packed.data, kh: w.KH, kw: w.KW,
		stride: spec.Stride, pad: spec.Pad, per: per, groups: (x.shape.N + per - 1) / per,
	}
	var parts *storage
	if spec.WantStats && noBias {
		parts = s.arena.floats(o.groups * out.cb * 3 * block)
		o.stats = parts.data
	}
	s.pool.Run(x.cb*o.groups, o)
	if parts != nil {
		out.stats = s.finishStats(parts.data, out.cb, out.rows, per*out.shape.H*out.shape.W)
	}
	*o = depthwiseOp{}
	s.arena.release(packed)
	s.arena.release(parts)
}
