package cpu

import (
	"github.com/tendril-nas/tendril/internal/kernel"
	"github.com/tendril-nas/tendril/internal/tensor"
)

// generalOp is the input's gradient of a convolution of any kernel, stride and groups: the output's
// is multiplied with the transposed kernel, into a row-major matrix that stays in cache, and its
// windows are added up. A chunk is a few samples.
type generalOp struct {
	path   kernel.Path
	dx, dy *node
	w      tensor.Weight
	spec   tensor.ConvSpec
	dense  []float32 // per group: [taps·in][out of a group]
	cols   int       // taps·in
	out    int       // output channels of a group
	per    int       // samples of a chunk
}

// colRows is the rows of windows that are multiplied at once.
const colRows = 256

func (o *generalOp) Run(chunk int, w *kernel.Worker) {
	hw, xhw := o.dy.shape.H*o.dy.shape.W, o.dx.shape.H*o.dx.shape.W
	mem := w.Floats(colRows * (o.cols + o.out))
	n0, n1 := chunk*o.per, min((chunk+1)*o.per, o.dx.shape.N)
	for b := range o.dx.cb {
		clear(o.dx.data()[(b*o.dx.rows+n0*xhw)*block:][:(n1-n0)*xhw*block])
	}
	for g := range o.spec.Groups {
		kernels := kernel.Matrix{Data: o.dense[g*o.cols*o.out:], Rows: o.cols, Cols: o.out, Stride: o.out}
		for r := n0 * hw; r < n1*hw; r += colRows {
			rows := min(colRows, n1*hw-r)
			col := kernel.Matrix{Data: mem[:colRows*o.cols], Rows: rows, Cols: o.cols, Stride: o.cols}
			grad := kernel.Matrix{Data: mem[colRows*o.cols:], Rows: rows, Cols: o.out, Stride: o.out}
			o.take(grad.Data, g, r, rows)
			if err := o.path.MatMul(&w.WS, col, grad, kernels, false, true, false); err != nil {
				tensor.Failf("conv", "%v", err)
			}
			o.scatter(col.Data, g, r, rows)
		}
	}
}

// take copies rows of one group of the output's gradient to a row-major matrix.
func (o *generalOp) take(grad []float32, g, r, rows int) {
	for p := range pieces(g*o.out, o.out, o.dy.shape.C) {
		data := o.dy.data()[(p.plane*o.dy.rows+r)*block+p.lane:]
		for i := range rows {
			copy(grad[i*o.out+p.off:][:p.n], data[i*block:])
		}
	}
}

// scatter adds the windows' gradients to the input's, tap by tap, input channel fastest.
func (o *generalOp) scatter(col []float32, g, r, rows int) {
	xs, ys := o.dx.shape, o.dy.shape
	for p := range pieces(g*o.w.In, o.w.In, xs.C) {
		plane := o.dx.data()[p.plane*o.dx.rows*block+p.lane:]
		for i := range rows {
			n, at := (r+i)/(ys.H*ys.W), (r+i)%(ys.H*ys.W)
			y0, x0 := at/ys.W*o.spec.Stride-o.spec.Pad, at%ys.W*o.spec.Stride-o.spec.Pad
			for tap := range o.w.KH * o.w.KW {
				y, x := y0+tap/o.w.KW, x0+tap%o.w.KW
				if y < 0 || y >= xs.H || x < 0 || x >= xs.W {
					continue
				}
				d := plane[((n*xs.H+y)*xs.W+x)*block:][:p.n]
				for l, v := range col[i*o.cols+tap*o.w.In+p.off:][:p.n] {
					d[l] += v
				}
			}
		}
	}
}

// generalInput is the input's gradient.
func (s *stream) generalInput(shape tensor.Shape, dy *node, w tensor.Weight, spec tensor.ConvSpec) *node {
	dense, dx, o := s.denseGroups(w, spec.Groups), s.make(shape), &s.general
	*o = generalOp{path: s.path, dx: dx, dy: dy, w: w, spec: spec, dense: dense.data,
		cols: w.KH * w.KW * w.In, out: w.Out / spec.Groups,
		per: samplesPer(chunkRows, dy.shape.H*dy.shape.W, shape.N)}
	s.pool.Run(ceilDiv(shape.N, o.per), o)
	*o = generalOp{}
	s.arena.release(dense)
	return dx
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
