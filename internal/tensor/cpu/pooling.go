package cpu

import (
	"github.com/tendril-nas/tendril/internal/kernel"
	"github.com/tendril-nas/tendril/internal/tensor"
)

type poolKind uint8

const (
	poolMax poolKind = iota
	poolAvg
	poolMaxGrad
	poolAvgGrad
)

// span is neighbouring outputs along one axis whose windows have the same length: at the edges
// windows are cut off, between them they are whole.
type span struct {
	out, n  int // the first output, and how many
	lo, len int // where the first one's window starts, and its length
	padded  int // length that counts in an average
}

// appendSpans lists the spans of an axis of in inputs and out outputs.
func appendSpans(spans []span, spec tensor.PoolSpec, in, out int) []span {
	for o := range out {
		lo, hi, padded := spec.Window(o, in)
		if !spec.CountPad {
			padded = hi - lo
		}
		if n := len(spans); n > 0 {
			s := &spans[n-1]
			if s.len == hi-lo && s.padded == padded && lo == s.lo+s.n*spec.Stride {
				s.n++
				continue
			}
		}
		spans = append(spans, span{out: o, n: 1, lo: lo, len: hi - lo, padded: padded})
	}
	return spans
}

// poolOp pools, or spreads the gradient of pooling; a chunk is some images of a plane.
type poolOp struct {
	path        kernel.Path
	kind        poolKind
	x, y, dx    *node // y is the outputs or their gradient
	stride      int
	rows, cols  []span
	per, groups int
}

func (o *poolOp) Run(chunk int, w *kernel.Worker) {
	b, g := chunk/o.groups, chunk%o.groups
	for n := g * o.per; n < min((g+1)*o.per, o.y.shape.N); n++ {
		if s := o.dx; s != nil {
			hw := s.shape.H * s.shape.W
			clear(s.data()[(b*s.rows+n*hw)*block:][:hw*block])
		}
		for _, r := range o.rows {
			for i := range r.n {
				for _, c := range o.cols {
					o.windows(&w.Pool, b, n, r.out+i, r.lo+i*o.stride, r, c)
				}
			}
		}
	}
}

// windows pools one span of output row y, whose windows start in input row lo.
func (o *poolOp) windows(w *kernel.Window, b, n, y, lo int, r, c span) {
	src := o.x
	if src == nil {
		src = o.dx
	}
	xs, ys := src.shape, o.y.shape
	at := (n*xs.H+lo)*xs.W + c.lo
	*w = kernel.Window{
		Out: o.y.plane(b, (n*ys.H+y)*ys.W+c.out), In: src.plane(b, at),
		InCol: o.stride * block, InRow: xs.W * block,
		Cols: c.n, KW: c.len, KH: r.len, Scale: 1 / float32(r.padded*c.padded),
	}
	if o.dx != nil {
		w.Grad = o.dx.plane(b, at)
	}
	switch o.kind {
	case poolMax:
		o.path.MaxPool(w)
	case poolAvg:
		o.path.AvgPool(w)
	case poolMaxGrad:
		o.path.MaxPoolGrad(w)
	case poolAvgGrad:
		o.path.AvgPoolGrad(w)
	}
}

// runPool runs a record whose inputs have shape xs.
func (s *stream) runPool(kind poolKind, x, y, dx *node, xs tensor.Shape, spec tensor.PoolSpec) {
	o := &s.pooling
	*o = poolOp{
		path: s.path, kind: kind, x: x, y: y, dx: dx, stride: spec.Stride,
		rows: appendSpans(o.rows[:0], spec, xs.H, y.shape.H),
		cols: appendSpans(o.cols[:0], spec, xs.W, y.shape.W),
	}
	o.per = samplesPer(chunkRows, xs.H*xs.W, xs.N)
	o.groups = ceilDiv(xs.N, o.per)
	s.pool.Run(y.cb*o.groups, o)
	*o = poolOp{rows: o.rows, cols: o.cols}
}

// AvgPool averages windows.
func (s *stream) AvgPool(xt tensor.Tensor, spec tensor.PoolSpec) tensor.Tensor {
	x := s.plain(xt)
	y := s.make(spec.Out(x.shape))
	s.runPool(poolAvg, x, y, nil, x.shape, spec)
	return y
}

// AvgPoolBackward spreads dy over the windows.
func (s *stream) AvgPoolBackward(dyt tensor.Tensor, shape tensor.Shape, spec tensor.PoolSpec) tensor.Tensor {
	dy := s.plain(dyt)
	dx := s.make(shape)
	s.runPool(poolAvgGrad, nil, dy, dx, shape, spec)
	return dx
}

// MaxPool takes the largest value of each window.
func (s *stream) MaxPool(xt tensor.Tensor, spec tensor.PoolSpec) tensor.Tensor {
	x := s.plain(xt)
	y := s.make(spec.Out(x.shape))
	s.runPool(poolMax, x, y, nil, x.shape, spec)
	return y
}

// MaxPoolBackward gives each window's gradient to its first largest value.
func (s *stream) MaxPoolBackward(xt, dyt tensor.Tensor, spec tensor.PoolSpec) tensor.Tensor {
	x, dy := s.plain(xt), s.plain(dyt)
	dx := s.make(x.shape)
	s.runPool(poolMaxGrad, x, dy, dx, x.shape, spec)
	return dx
}
