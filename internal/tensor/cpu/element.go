package cpu

import (
	"github.com/tendril-nas/tendril/internal/tensor"
)

// affine is parameters that multiply by scale and add shift (nil: 0), in the layout of a
// normalisation.
func (s *stream) affine(cb int, scale float32, shift []float32) *storage {
	st := s.arena.floats(bnCount * cb * block)
	clear(st.data)
	v := viewBN(st.data, cb)
	for i := range v.scale {
		v.scale[i] = scale
	}
	copy(v.shift, shift)
	return st
}

// Act applies an activation.
func (s *stream) Act(xt tensor.Tensor, act tensor.Act) tensor.Tensor {
	x := s.plain(xt)
	return s.derive(x.shape, x.st, pending{kind: lazyForward, act: kact(act)})
}

// ActBackward is dy·act'(x).
func (s *stream) ActBackward(xt, dyt tensor.Tensor, act tensor.Act) tensor.Tensor {
	x, dy := s.plain(xt), s.plain(dyt)
	dx := s.make(x.shape)
	s.runRows(x.shape, rowsOp{op: rowsGradApply, dst: dx.st, x: x.st, pending: pending{act: kact(act),
		d: dy.st}})
	return dx
}

// Add is act(a+b).
func (s *stream) Add(at, bt tensor.Tensor, act tensor.Act) tensor.Tensor {
	a, b := s.in(at), s.in(bt)
	if act != tensor.ActNone {
		sum := s.Add(at, bt, tensor.ActNone)
		defer s.Free(sum)
		return s.Act(sum, act)
	}
	if y := s.addSpread(a, b); y != nil {
		return y
	}
	if a.kind != lazyForward && (b.kind == lazyForward || a.kind != lazyScaled) {
		a, b = b, a
	}
	s.materialise(b)
	x, formula := s.readable(a)
	sum := s.make(a.shape)
	s.runRows(a.shape, rowsOp{op: rowsApply, dst: sum.st, x: x, r: b.st, pending: formula})
	return sum
}

// addSpread adds a value per sample and channel to a gradient without computing either; nil when
// the operands are not of that form.
func (s *stream) addSpread(a, b *node) *node {
	if a.kind == lazyScaled && a.d == nil {
		a, b = b, a
	}
	if b.kind != lazyScaled || b.d != nil || a.add != nil {
		return nil
	}
	switch a.kind {
	case lazyNone:
		return s.derive(a.shape, nil, pending{kind: lazyScaled, d: a.st, add: b.add})
	case lazyScaled:
		sum := a.pending
		sum.add = b.add
		return s.derive(a.shape, nil, sum)
	}
	return nil
}

// AddBackward is dy·act'(a+b).
func (s *stream) AddBackward(a, b, _, dyt tensor.Tensor, act tensor.Act) tensor.Tensor {
	if act == tensor.ActNone {
		dy := s.in(dyt)
		return s.derive(dy.shape, dy.st, dy.pending)
	}
	sum := s.Add(a, b, tensor.ActNone)
	defer s.Free(sum)
	return s.ActBackward(sum, dyt, act)
}

// times is alpha·n, pending.
func (s *stream) times(n *node, alpha float32) *node {
	x, p := s.readable(n)
	return s.derive(n.shape, x, p.times(alpha))
}

// ScaleChannels multiplies with one value per sample and channel; the result is pending.
func (s *stream) ScaleChannels(xt, st tensor.Tensor) tensor.Tensor {
	x, scale := s.in(xt), s.plain(st)
	if x.kind != lazyForward || x.mul != nil {
		s.materialise(x)
	}
	p := x.pending
	p.kind, p.mul = lazyForward, scale.st
	return s.derive(x.shape, x.st, p)
}

// ScaleChannelsBackward is dy·s, pending, and per sample and channel Σ dy·x.
func (s *stream) ScaleChannelsBackward(xt, st, dyt tensor.Tensor) (dx, ds tensor.Tensor) {
	x, dy, scale := s.in(xt), s.plain(dyt), s.plain(st)
	if !x.pure() {
		s.materialise(x)
	}
	sums := s.make(st.Shape())
	formula := x.pending
	formula.d = dy.st
	s.runRows(x.shape, rowsOp{op: rowsDotAct, dst: sums.st, x: x.st, pending: formula})
	return s.derive(x.shape, nil, pending{kind: lazyScaled, d: dy.st, mul: scale.st}), sums
}

// GlobalAvgPool is the mean over positions.
func (s *stream) GlobalAvgPool(xt tensor.Tensor) tensor.Tensor {
	x := s.in(xt)
	if !x.pure() {
		s.materialise(x)
	}
	sums := s.make(tensor.Vector(x.shape.N, x.shape.C))
	s.runRows(x.shape, rowsOp{op: rowsSumAct, dst: sums.st, x: x.st, pending: x.pending})
	s.path.Scale(1/float32(x.shape.H*x.shape.W), sums.data())
	return sums
}

// GlobalAvgPoolBackward spreads dy/(H·W) over the positions; the result is pending.
func (s *stream) GlobalAvgPoolBackward(dyt tensor.Tensor, shape tensor.Shape) tensor.Tensor {
	dy := s.plain(dyt)
	add := s.arena.floats(len(dy.data()))
	copy(add.data, dy.data())
	s.path.Scale(1/float32(shape.H*shape.W), add.data)
	defer s.arena.release(add)
	return s.derive(shape, nil, pending{kind: lazyScaled, add: add})
}
