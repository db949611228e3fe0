package cpu

import (
	"github.com/tendril-nas/tendril/internal/kernel"
	"github.com/tendril-nas/tendril/internal/tensor"
)

type generalKind uint8

const (
	generalInput generalKind = iota
	generalWeight
)

// generalOp is a gradient of the convolution of any kernel, stride and groups: windows are gathered
// into a row-major matrix that stays in cache, and multiplied. A chunk is a few samples.
type generalOp struct {
	path   kernel.Path
	kind   generalKind
	x, y   *node // input and output, or the gradient of the one that is computed
	w      tensor.Weight
	spec   tensor.ConvSpec
	dense  []float32 // per group: [taps·in][out of a group]
	parts  []float32 // weight gradients: [chunk][group][taps·in][out of a group]
	cols   int       // taps·in
	out    int       // output channels of a group
	per    int       // samples of a chunk
	chunks int
}

// colRows is the rows of gathered windows that are multiplied at once.
const colRows = 256

func (o *generalOp) Run(chunk int, w *kernel.Worker) {
	hw := o.y.shape.H * o.y.shape.W
	mem := w.Floats(colRows * (o.cols + o.out))
	n0, n1 := chunk*o.per, min((chunk+1)*o.per, o.x.shape.N)
	if o.kind == generalInput {
		xhw := o.x.shape.H * o.x.shape.W
		for b := range o.x.cb {
			clear(o.x.data()[(b*o.x.rows+n0*xhw)*block:][:(n1-n0)*xhw*block])
		}
	}
	size := o.cols * o.out
	for g := range o.spec.Groups {
		for r := n0 * hw; r < n1*hw; r += colRows {
			rows := min(colRows, n1*hw-r)
			col := kernel.Matrix{Data: mem[:colRows*o.cols], Rows: rows, Cols: o.cols, Stride: o.cols}
			res := kernel.Matrix{Data: mem[colRows*o.cols:], Rows: rows, Cols: o.out, Stride: o.out}
			switch o.kind {
			case generalInput:
				o.take(res.Data, g, r, rows)
				o.multiply(w, col, res, o.weight(o.dense[g*size:]), false, true, false)
				o.scatter(col.Data, g, r, rows)
			case generalWeight:
				o.gather(col.Data, g, r, rows)
				o.take(res.Data, g, r, rows)
				part := o.parts[(chunk*o.spec.Groups+g)*size:]
				o.multiply(w, o.weight(part), col, res, true, false, r > n0*hw)
			}
		}
	}
}

func (o *generalOp) weight(data []float32) kernel.Matrix {
	return kernel.Matrix{Data: data, Rows: o.cols, Cols: o.out, Stride: o.out}
}

func (o *generalOp) multiply(w *kernel.Worker, c, a, b kernel.Matrix, ta, tb, acc bool) {
	if err := o.path.MatMul(&w.WS, c, a, b, ta, tb, acc); err != nil {
		tensor.Failf("conv", "%v", err)
	}
}

// gather copies the windows of output rows [r, r+rows) of group g to col, tap by tap, input channel
// fastest.
func (o *generalOp) gather(col []float32, g, r, rows int) {
	data := o.x.data()
	o.taps(r, rows, func(i, tap, src int) {
		d := col[i*o.cols+tap*o.w.In:][:o.w.In]
		if src < 0 {
			clear(d)
			return
		}
		for c := g * o.w.In; len(d) > 0; {
			n := copy(d, data[o.x.index(src, c):][:block-c%block])
			c, d = c+n, d[n:]
		}
	})
}

// scatter adds the windows' gradients to the input's gradient.
func (o *generalOp) scatter(col []float32, g, r, rows int) {
	data := o.x.data()
	o.taps(r, rows, func(i, tap, src int) {
		if src < 0 {
			return
		}
		d := col[i*o.cols+tap*o.w.In:][:o.w.In]
		for c := g * o.w.In; len(d) > 0; {
			to := data[o.x.index(src, c):][:min(block-c%block, len(d))]
			for l := range to {
				to[l] += d[l]
			}
			c, d = c+len(to), d[len(to):]
		}
	})
}

// taps calls f with the row of col, the tap and the input row that it reads, −1 for padding.
func (o *generalOp) taps(r, rows int, f func(i, tap, src int)) {
	xs, ys := o.x.shape, o.y.shape
	for i := range rows {
		n, p := (r+i)/(ys.H*ys.W), (r+i)%(ys.H*ys.W)
		y0, x0 := p/ys.W*o.spec.Stride-o.spec.Pad, p%ys.W*o.spec.Stride-o.spec.Pad
		for ky := range o.w.KH {
			for kx := range o.w.KW {
				y, x, src := y0+ky, x0+kx, -1
				if y >= 0 && y < xs.H && x >= 0 && x < xs.W {
					src = (n*xs.H+y)*xs.W + x
				}
				f(i, ky*o.w.KW+kx, src)
			}
		}
	}
}

// take copies rows of one group to a row-major matrix.
func (o *generalOp) take(res []float32, g, r, rows int) {
	data := o.y.data()
	for i := range rows {
		d := res[i*o.out:][:o.out]
		for c := g * o.out; len(d) > 0; {
			n := copy(d, data[o.y.index(r+i, c):][:block-c%block])
			c, d = c+n, d[n:]
		}
	}
}

// newGeneral prepares the record; samples bounds the chunks that carry a partial result each (0: no
// bound).
func (s *stream) newGeneral(kind generalKind, x, y *node, w tensor.Weight, spec tensor.ConvSpec,
	most int) *generalOp {
	o := &s.general
	*o = generalOp{path: s.path, kind: kind, x: x, y: y, w: w, spec: spec}
	o.cols, o.out = w.KH*w.KW*w.In, w.Out/spec.Groups
	o.per = samplesPer(chunkRows, y.shape.H*y.shape.W, x.shape.N)
	if most > 0 {
		o.per = max(o.per, (x.shape.N+most-1)/most)
	}
	o.chunks = (x.shape.N + o.per - 1) / o.per
	return o
}

// denseGroups copies the weight view group by group.
func (s *stream) denseGroups(w tensor.Weight, groups int) *storage {
	st := s.arena.floats(w.Size())
	src, out := weights(w), w.Out/groups
	d := st.data
	for g := range groups {
		for t := range w.KH * w.KW {
			for i := range w.In {
				off := t/w.KW*w.StrideKH + t%w.KW*w.StrideKW + i*w.StrideIn + g*out
				copy(d, src[off:off+out])
				d = d[out:]
			}
		}
	}
	return st
}

func (s *stream) generalBackward(x, dy *node, w tensor.Weight, spec tensor.ConvSpec,
	grads tensor.ConvGrads) *node {
	if grads.W.Buf != nil {
		o := s.newGeneral(generalWeight, x, dy, w, spec, 8)
		parts := s.arena.floats(o.chunks * w.Size())
		o.parts = parts.data
		s.pool.Run(o.chunks, o)
		s.addGroups(grads.W, parts.data, o.chunks, spec.Groups)
		*o = generalOp{}
		s.arena.release(parts)
	}
	if !grads.NeedX {
		return nil
	}
	dense := s.denseGroups(w, spec.Groups)
	dx := s.make(x.shape)
	o := s.newGeneral(generalInput, dx, dy, w, spec, 0)
	o.dense = dense.data
	s.pool.Run(o.chunks, o)
	*o = generalOp{}
	s.arena.release(dense)
	return dx
}

// addGroups adds the chunks' weight gradients in order.
func (s *stream) addGroups(w tensor.Weight, parts []float32, chunks, groups int) {
	dst, out, size := weightGrad(w), w.Out/groups, w.Size()
	for c := range chunks {
		p := parts[c*size:][:size]
		for g := range groups {
			for t := range w.KH * w.KW {
				for i := range w.In {
					off := t/w.KW*w.StrideKH + t%w.KW*w.StrideKW + i*w.StrideIn + g*out
					for j, v := range p[:out] {
						dst[off+j] += v
					}
					p = p[out:]
				}
			}
		}
	}
}
