package cpu

import (
	"unsafe"

	"github.com/tendril-nas/tendril/internal/kernel"
	"github.com/tendril-nas/tendril/internal/tensor"
)

// packTaps arranges the taps of plane b of a depthwise weight as [kh][kw][16].
func packTaps(dst []float32, w tensor.Weight, b int) {
	src, n := weights(w)[b*block:], min(block, w.Out-b*block)
	for y := range w.KH {
		for x := range w.KW {
			d := dst[(y*w.KW+x)*block:][:block]
			clear(d[copy(d, src[y*w.StrideKH+x*w.StrideKW:][:n]):])
		}
	}
}

// samplesPer is how many samples of hw rows make a chunk of about rows rows.
func samplesPer(rows, hw, n int) int { return min(max(rows/hw, 1), n) }

// frame is one sample's plane among zeros. Its border is cleared once per chunk; the samples of a
// chunk overwrite the inside.
type frame struct {
	mem              []float32
	width, height    int // of the frame, in vectors
	left, top        int
	insideW, insideH int
}

// newFrame clears the border around w×h vectors.
func newFrame(mem []float32, w, h, left, top, right, bottom int) frame {
	f := frame{mem: mem, width: left + w + right, height: top + h + bottom, left: left, top: top, insideW: w,
		insideH: h}
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
	w           tensor.Weight
	taps        []float32  // of all planes, arranged; nil: each chunk arranges its own
	stats       *collector // of the output, nil: not wanted
	stride      int
	lead, trail int // zeros before and after
	per, groups int // samples of a chunk
}

func (o *depthwiseOp) Run(chunk int, w *kernel.Worker) {
	b, g := chunk/o.groups, chunk%o.groups
	xs, os := o.x.shape, o.out.shape
	size := o.w.KH * o.w.KW * block
	mem := w.Floats(size + (o.lead+xs.W+o.trail)*(o.lead+xs.H+o.trail)*block)
	taps := mem
	if o.taps != nil {
		taps = o.taps[b*size:]
	} else {
		packTaps(taps, o.w, b)
	}
	f := newFrame(mem[size:], xs.W, xs.H, o.lead, o.lead, o.trail, o.trail)
	n0, n1 := g*o.per, min((g+1)*o.per, xs.N)
	o.x.channel(&w.Ch, b, o.x.cb)
	for n := n0; n < n1; n++ {
		f.fill(o.path, &w.Ch, o.x, b, n)
		w.DW = kernel.Depthwise{
			Dst: o.out.plane(b, n*os.H*os.W), Src: kernel.PtrAt(f.mem, 0), W: kernel.PtrAt(taps, 0),
			DstCol: block, DstRow: os.W * block,
			SrcCol: o.stride * block, SrcRow: f.width * block, SrcNext: o.stride * f.width * block,
			Cols: os.W, Rows: os.H, KW: o.w.KW, KH: o.w.KH, Top: o.lead, Inside: xs.H,
		}
		o.path.Depthwise(&w.DW)
	}
	if o.stats != nil {
		hw := os.H * os.W
		o.stats.sum(o.path, o.out, g, b, n0*hw, (n1-n0)*hw, &w.Ch)
	}
}

func (s *stream) depthwise(out, x *node, w tensor.Weight, spec tensor.ConvSpec, noBias bool) {
	per := samplesPer(chunkRows, out.shape.H*out.shape.W, x.shape.N)
	o := &s.dw
	*o = depthwiseOp{
		path: s.path, out: out, x: x, w: w,
		stride: spec.Stride, lead: spec.Pad, trail: spec.Pad + spec.PadExtra,
		per: per, groups: (x.shape.N + per - 1) / per,
	}
	if spec.Constant {
		size := w.KH * w.KW * block
		o.taps = constant(w, x.cb*size, func(dst []float32) {
			for b := range x.cb {
				packTaps(dst[b*size:], w, b)
			}
		})
	}
	if spec.WantStats && noBias {
		o.stats = s.collectStats(out, per*out.shape.H*out.shape.W)
	}
	s.pool.Run(x.cb*o.groups, o)
	s.endStats(out, o.stats)
	*o = depthwiseOp{}
}
