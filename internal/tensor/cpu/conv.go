package cpu

import (
	"github.com/tendril-nas/tendril/internal/kernel"
	"github.com/tendril-nas/tendril/internal/tensor"
)

// pointwise reports whether a convolution is one matrix product over all rows.
func pointwise(w tensor.Weight, spec tensor.ConvSpec) bool {
	return w.KH == 1 && w.KW == 1 && spec.Stride == 1 && spec.Pad == 0 && spec.PadExtra == 0 &&
		spec.Groups == 1
}

// Conv convolves x with w.
func (s *stream) Conv(xt tensor.Tensor, w tensor.Weight, bias tensor.Vec,
	spec tensor.ConvSpec) tensor.Tensor {
	out := s.make(spec.Out(xt.Shape(), w))
	switch {
	case pointwise(w, spec):
		s.pointwise(out, s.in(xt), w, bias, spec)
		return out
	case spec.Depthwise(w):
		s.depthwise(out, s.in(xt), w, spec, bias.Buf == nil)
	default:
		s.denseConv(out, s.readyForDense(xt, spec.Groups), w, spec, bias.Buf == nil)
	}
	if bias.Buf != nil {
		s.addBias(out, vector(bias))
	}
	return out
}

// ConvBackward adds weight and bias gradients and returns the input's.
func (s *stream) ConvBackward(xt, dyt tensor.Tensor, w tensor.Weight, spec tensor.ConvSpec,
	grads tensor.ConvGrads) tensor.Tensor {
	dy := s.in(dyt)
	if grads.B.Buf != nil {
		s.biasGrad(moving(grads.B), s.plain(dyt))
	}
	var dx *node
	switch {
	case pointwise(w, spec):
		dx = s.pointwiseBackward(s.in(xt), dy, w, grads)
	case spec.Depthwise(w):
		dx = s.depthwiseBackward(s.in(xt), dy, w, spec, grads)
	default:
		if grads.W.Buf != nil {
			if spec.Groups > 1 {
				s.materialise(dy)
			}
			s.denseGrad(s.readyForDense(xt, spec.Groups), dy, grads.W, spec)
		}
		switch {
		case !grads.NeedX:
		case spec.Stride == 1 && spec.PadExtra == 0 && w.KH == w.KW && spec.Pad < w.KH:
			dx = s.denseInput(s.plain(dyt), xt.Shape(), w, spec)
		default:
			dx = s.generalInput(xt.Shape(), s.plain(dyt), w, spec)
		}
	}
	if dx == nil {
		return nil
	}
	return dx
}

// normalised reports whether x is the plain output of a batch normalisation with its activation, so
// that the sums of that normalisation's backward pass can be collected while its gradient is in
// cache.
func (n *node) normalised() bool { return n.pure() && n.bn != nil }

// collect gives dx the sums' memory, in parts, for the normalisation behind x.
func (s *stream) collect(dx, x *node, parts int) []float32 {
	dx.sums, dx.sumParts, dx.sumsOf = s.arena.floats(parts*x.cb*3*block), parts, x.bn
	hold(x.bn)
	return dx.sums.data
}

// addSums adds the sums of rows [r, r+rows) of plane b of the gradient dx to ch's.
func (n *node) addSums(path kernel.Path, ch *kernel.Chan, dx *node, b, r, rows int) {
	path.GradSums(dx.plane(b, r), kernel.PtrAt(n.st.data, (b*n.rows+r)*block), rows, n.act, ch)
}

// padded copies a vector to whole planes.
func (s *stream) padded(v []float32, cb int) *storage {
	st := s.arena.floats(cb * block)
	clear(st.data[copy(st.data, v):])
	return st
}

func (s *stream) addBias(out *node, bias []float32) {
	k := s.affine(out.cb, 1, bias)
	s.runRows(out.shape, rowsOp{op: rowsApply, dst: out.st, x: out.st, pending: pending{bn: k}})
	s.arena.release(k)
}

func (s *stream) biasGrad(g []float32, dy *node) {
	parts, count := s.runRows(dy.shape, rowsOp{op: rowsGradSums, x: dy.st, pending: pending{d: dy.st}})
	for b := range dy.cb {
		sum, _ := gradParts(parts.data, b, dy.cb, count)
		for l := range min(block, len(g)-b*block) {
			g[b*block+l] += float32(sum[l])
		}
	}
	s.arena.release(parts)
}
