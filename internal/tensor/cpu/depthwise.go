package cpu

import (
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

// depthwiseOp is the forward pass; a chunk is some planes of a few samples, or of a band of one.
// Bands are in the order of rows, as products have them, so that much of what one goroutine wrote
// is read by the same; chunks without bands are in the order of planes, as memory has them.
type depthwiseOp struct {
	path        kernel.Path
	out, x      *node
	w           tensor.Weight
	taps        []float32  // of all planes, arranged; nil: each chunk arranges its own
	stats       *collector // of the output, nil: not wanted
	stride      int
	lead, trail int // zeros before and after
	per, groups int // samples of a chunk
	rows, bands int // output rows of a band, and how many a sample has
	planesPer   int
}

func (o *depthwiseOp) chunks() int {
	return o.groups * o.bands * ceilDiv(o.x.cb, o.planesPer)
}

func (o *depthwiseOp) Run(chunk int, w *kernel.Worker) {
	part, g, band := chunk/o.groups, chunk%o.groups, 0
	if o.bands > 1 {
		parts := ceilDiv(o.x.cb, o.planesPer)
		part, g = chunk%parts, chunk/parts
		band, g = g%o.bands, g/o.bands
	}
	xs, os := o.x.shape, o.out.shape
	y0, y1 := band*o.rows, min((band+1)*o.rows, os.H)
	rows := newWindow(y0, y1, o.stride, o.lead, o.w.KH, xs.H)
	size := o.w.KH * o.w.KW * block
	mem := w.Floats(size + (o.lead+xs.W+o.trail)*rows.height*block)
	inside := rows.last - rows.first
	f := newFrame(mem[size:], xs.W, inside, o.lead, rows.top, o.trail, rows.height-rows.top-inside)
	n0, n1 := g*o.per, min((g+1)*o.per, xs.N)
	for b := part * o.planesPer; b < min((part+1)*o.planesPer, o.x.cb); b++ {
		taps := mem
		if o.taps != nil {
			taps = o.taps[b*size:]
		} else {
			packTaps(taps, o.w, b)
		}
		o.x.channel(&w.Ch, b, o.x.cb)
		for n := n0; n < n1; n++ {
			f.fill(o.path, &w.Ch, o.x, b, n, rows.first)
			w.DW = kernel.Depthwise{
				Dst: o.out.plane(b, (n*os.H+y0)*os.W), Src: kernel.PtrAt(f.mem, 0), W: kernel.PtrAt(taps, 0),
				DstCol: block, DstRow: os.W * block,
				SrcCol: o.stride * block, SrcRow: f.width * block, SrcNext: o.stride * f.width * block,
				Cols: os.W, Rows: y1 - y0, KW: o.w.KW, KH: o.w.KH, Top: rows.top, Inside: inside,
			}
			o.path.Depthwise(&w.DW)
		}
		if o.stats != nil {
			hw := os.H * os.W
			o.stats.sum(o.path, o.out, g, b, n0*hw, (n1-n0)*hw, &w.Ch)
		}
	}
}

func (s *stream) depthwise(out, x *node, w tensor.Weight, spec tensor.ConvSpec, noBias bool) {
	o, hw := &s.dw, out.shape.H*out.shape.W
	*o = depthwiseOp{
		path: s.path, out: out, x: x, w: w,
		stride: spec.Stride, lead: spec.Pad, trail: spec.Pad + spec.PadExtra,
		per: samplesPer(chunkRows, hw, x.shape.N), rows: out.shape.H,
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
		o.stats = s.collectStats(out, o.per*hw)
	} else if o.per == 1 {
		o.rows = bandRows(out.shape, x.shape)
	}
	o.groups = ceilDiv(x.shape.N, o.per)
	o.bands = ceilDiv(out.shape.H, o.rows)
	o.planesPer = min(max(chunkRows/(o.per*hw), 1), ceilDiv(x.cb, 8))
	s.pool.Run(o.chunks(), o)
	s.endStats(out, o.stats)
	*o = depthwiseOp{}
}
