package cpu

import (
	"github.com/tendril-nas/tendril/internal/tensor"
)

// pointwise reports whether a convolution is one matrix product over all rows.
func pointwise(w tensor.Weight, spec tensor.ConvSpec) bool {
	return w.KH == 1 && w.KW == 1 && spec.Stride == 1 && spec.Pad == 0 && spec.Groups == 1
}

// Conv convolves x with w.
func (s *stream) Conv(xt tensor.Tensor, w tensor.Weight, bias tensor.Vec, spec tensor.ConvSpec) tensor.Tensor {
	x := s.plain(xt)
	out := s.make(spec.Out(x.shape, w))
	switch {
	case pointwise(w, spec):
		s.pointwise(out, x, w, bias, spec.WantStats)
		return out
	case spec.Depthwise(w):
		s.depthwise(out, x, w, spec)
	default:
		s.generalConv(out, x, w, spec)
	}
	if bias.Buf != nil {
		s.addBias(out, vector(bias))
	}
	return out
}

// ConvBackward adds weight and bias gradients and returns the input's.
func (s *stream) ConvBackward(xt, dyt tensor.Tensor, w tensor.Weight, spec tensor.ConvSpec, grads tensor.ConvGrads) tensor.Tensor {
	x, dy := s.plain(xt), s.plain(dyt)
	if grads.B.Buf != nil {
		s.biasGrad(vector(grads.B), dy)
	}
	switch {
	case pointwise(w, spec):
		if grads.W.Buf != nil {
			s.pointwiseGrad(x, dy, grads.W)
		}
		if grads.NeedX {
			dx := s.make(x.shape)
			s.pointwiseInput(dx, dy, w)
			return dx
		}
	case spec.Depthwise(w):
		return s.depthwiseBackward(x, dy, w, spec, grads)
	default:
		return s.generalBackward(x, dy, w, spec, grads)
	}
	return nil
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
	for c := range g {
		var sum float64
		for i := range count {
			sum += float64(parts.data[(i*dy.cb+c/block)*3*block+block+c%block])
		}
		g[c] += float32(sum)
	}
	s.arena.release(parts)
}
