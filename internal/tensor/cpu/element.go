package cpu

import (
	"github.com/tendril-nas/tendril/internal/kernel"
	"github.com/tendril-nas/tendril/internal/tensor"
)

// Act applies an activation.
func (s *stream) Act(xt tensor.Tensor, act tensor.Act) tensor.Tensor {
	x := in(xt)
	out := s.make(x.shape)
	s.rowsOp = rowsOp{kind: rowsApply, act: kact(act), dst: out, x: x}
	s.runRows(x)
	s.clearRows()
	return out
}

// ActBackward is dy·act'(x).
func (s *stream) ActBackward(xt, dyt tensor.Tensor, act tensor.Act) tensor.Tensor {
	x, dy := in(xt), in(dyt)
	dx := s.make(x.shape)
	s.rowsOp = rowsOp{kind: rowsGradApply, act: kact(act), dst: dx, d: dy, x: x}
	s.runRows(x)
	s.clearRows()
	return dx
}

// Add is act(a+b).
func (s *stream) Add(at, bt tensor.Tensor, act tensor.Act) tensor.Tensor {
	a, b := in(at), in(bt)
	sum := s.make(a.shape)
	s.rowsOp = rowsOp{kind: rowsApply, dst: sum, x: a, r: b}
	s.runRows(a)
	s.clearRows()
	if act == tensor.ActNone {
		return sum
	}
	out := s.Act(sum, act)
	s.Free(sum)
	return out
}

// AddBackward is dy·act'(a+b).
func (s *stream) AddBackward(a, b, _, dy tensor.Tensor, act tensor.Act) tensor.Tensor {
	if act == tensor.ActNone {
		return s.share(in(dy), dy.Shape())
	}
	sum := s.Add(a, b, tensor.ActNone)
	dx := s.ActBackward(sum, dy, act)
	s.Free(sum)
	return dx
}

// ScaleTensor is alpha·x.
func (s *stream) ScaleTensor(xt tensor.Tensor, alpha float64) tensor.Tensor {
	x := in(xt)
	k := s.arena.floats(x.cb * block)
	for i := range k.data {
		k.data[i] = float32(alpha)
	}
	out := s.make(x.shape)
	s.rowsOp = rowsOp{kind: rowsApply, dst: out, x: x, scale: k.data}
	s.runRows(x)
	s.clearRows()
	s.arena.release(k)
	return out
}

// ScaleChannels multiplies with one value per sample and channel.
func (s *stream) ScaleChannels(xt, st tensor.Tensor) tensor.Tensor {
	x := in(xt)
	out := s.make(x.shape)
	s.rowsOp = rowsOp{kind: rowsApply, dst: out, x: x, mulN: in(st)}
	s.runRows(x)
	s.clearRows()
	return out
}

// ScaleChannelsBackward is dy·s and, per sample and channel, Σ dy·x.
func (s *stream) ScaleChannelsBackward(xt, st, dyt tensor.Tensor) (dx, ds tensor.Tensor) {
	x, dy := in(xt), in(dyt)
	sums := s.make(st.Shape())
	s.rowsOp = rowsOp{kind: rowsDotAct, act: kernel.None, dst: sums, d: dy, x: x}
	s.runRows(x)
	s.clearRows()
	return s.ScaleChannels(dyt, st), sums
}

// GlobalAvgPool is the mean over positions.
func (s *stream) GlobalAvgPool(xt tensor.Tensor) tensor.Tensor {
	x := in(xt)
	sums := s.make(tensor.Vector(x.shape.N, x.shape.C))
	s.rowsOp = rowsOp{kind: rowsSumAct, dst: sums, x: x}
	s.runRows(x)
	s.clearRows()
	s.path.Scale(1/float32(x.shape.H*x.shape.W), sums.data())
	return sums
}

// GlobalAvgPoolBackward spreads dy/(H·W) over the positions.
func (s *stream) GlobalAvgPoolBackward(dyt tensor.Tensor, shape tensor.Shape) tensor.Tensor {
	dy := in(dyt)
	dx := s.make(shape)
	hw := shape.H * shape.W
	inv := 1 / float32(hw)
	s.parallel(dx.cb*shape.N, hw*block, func(i int) {
		var v kernel.Vec
		for l, d := range *(*kernel.Vec)(dy.plane(i/shape.N, i%shape.N)) {
			v[l] = d * inv
		}
		for r := range hw {
			*(*kernel.Vec)(dx.plane(i/shape.N, i%shape.N*hw+r)) = v
		}
	})
	return dx
}

// Mul is the elementwise product.
func (s *stream) Mul(at, bt tensor.Tensor) tensor.Tensor {
	return s.zip(in(at), in(bt), func(x, y float32) float32 { return x * y })
}

func (s *stream) zip(a, b *node, f func(x, y float32) float32) *node {
	out := s.make(a.shape)
	ad, bd, od := a.data(), b.data(), out.data()
	const per = 1 << 13
	s.parallel((len(od)+per-1)/per, per, func(i int) {
		for j := i * per; j < min((i+1)*per, len(od)); j++ {
			od[j] = f(ad[j], bd[j])
		}
	})
	return out
}
