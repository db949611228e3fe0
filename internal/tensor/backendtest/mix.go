package backendtest

import (
	"fmt"
	"slices"

	"github.com/tendril-nas/tendril/internal/tensor"
)

// shares is k coefficients, some of them 0 or 1.
func (w *world) shares(k int) tensor.Vec {
	p := w.vec(k)
	v := w.normal(p.Buf.Len())
	switch w.rng.IntN(4) {
	case 0: // one-hot
		clear(v)
		v[p.Off+w.rng.IntN(k)] = 1
	case 1:
		v[p.Off+w.rng.IntN(k)] = 0
	}
	w.Write(p.Buf, 0, v)
	return p
}

// times is alpha·x, a mix of one operand.
func (w *world) times(x tensor.Tensor, alpha float32) tensor.Tensor {
	p := tensor.NewVec(w.Backend().NewBuffer(1))
	w.Write(p.Buf, 0, []float32{alpha})
	return w.Mix([]tensor.Tensor{x}, p, false)
}

// operands is k tensors of one shape that may be delayed in any way, some of them twice.
func (w *world) operands(shape tensor.Shape, k int) []tensor.Tensor {
	xs := make([]tensor.Tensor, k)
	for i := range xs {
		switch w.rng.IntN(6) {
		case 0:
			xs[i] = w.gradient(shape)
		case 1:
			xs[i] = w.times(w.tensor(shape), 0.75)
		case 2:
			xs[i] = xs[w.rng.IntN(i+1)]
		}
		if xs[i] == nil {
			xs[i] = w.tensor(shape)
		}
	}
	return xs
}

func testMix(s *suite) {
	s.cases(60, 2e-5, func(w *world) {
		shape, k := w.shape(), w.between(1, 5)
		if w.rng.IntN(4) == 0 {
			shape.H, shape.W = 31, 37 // longer than a device takes at once
		}
		w.note = fmt.Sprintf("%d of %v", k, shape)
		xs, p := w.operands(shape, k), w.shares(k)
		w.keep("mix", w.Mix(xs, p, w.coin()))
		var grad tensor.Vec
		if w.rng.IntN(4) > 0 {
			grad = w.vec(k)
		}
		w.mixBackward("gradient", xs, w.outer(shape), p, grad, need(w, k))
	})
	s.zeroShares()
}

// outer is a gradient that may be delayed in any way: behind a batch normalisation, a
// squeeze-and-excitation, a mean.
func (w *world) outer(shape tensor.Shape) tensor.Tensor {
	vector := func() tensor.Tensor { return w.raw(tensor.Vector(shape.N, shape.C)) }
	spread := func() tensor.Tensor { return w.GlobalAvgPoolBackward(vector(), shape) }
	scaled := func() tensor.Tensor {
		dx, _ := w.ScaleChannelsBackward(w.raw(shape), vector(), w.raw(shape))
		return dx
	}
	switch w.rng.IntN(5) {
	case 0:
		return spread()
	case 1:
		return scaled()
	case 2:
		return w.Add(scaled(), spread(), tensor.ActNone)
	}
	return w.gradient(shape)
}

func need(w *world, k int) []bool {
	list := make([]bool, k)
	for i := range list {
		list[i] = w.rng.IntN(4) > 0
	}
	return list
}

// mixBackward keeps the gradients of a mix. None stands for zeros, which only an operand whose
// coefficient is 0 may have.
func (w *world) mixBackward(name string, xs []tensor.Tensor, dy tensor.Tensor, p, grad tensor.Vec,
	need []bool) []tensor.Tensor {
	share := make([]float32, p.Len)
	w.Read(p.Buf, p.Off, share)
	dxs := slices.Clone(w.MixBackward(xs, dy, p, grad, need))
	for i, dx := range dxs {
		at := fmt.Sprintf("%s %d", name, i)
		if dx == nil {
			dx = w.Fill(dy.Shape(), 0)
			if need[i] && share[i] != 0 {
				at += " is missing"
			}
		} else if !need[i] {
			at += " is not wanted"
		}
		w.keep(at, dx)
	}
	return dxs
}

// zeroShares: an operand whose coefficient is 0 has no part in the sum, whatever it holds.
func (s *suite) zeroShares() {
	w := newWorld(s.open(), 4)
	shape := tensor.Shape{N: 1, H: 3, W: 3, C: 5}
	x := w.raw(shape)
	huge := w.times(w.Fill(shape, 3e38), 10)
	p := tensor.NewVec(w.Backend().NewBuffer(3))
	w.Write(p.Buf, 0, []float32{0, 1, 0})
	got, want := make([]float32, shape.Size()), make([]float32, shape.Size())
	w.Download(w.Mix([]tensor.Tensor{huge, x, huge}, p, false), got)
	w.Download(x, want)
	if !slices.Equal(got, want) {
		s.Errorf("one-hot mix is %v, expected %v", got, want)
	}
}

// testMixChains: mixtures between convolutions and normalisations, as relaxed networks have them,
// forward and backward.
func testMixChains(s *suite) {
	s.cases(24, 1e-4, func(w *world) {
		w.mixChain(tensor.Shape{N: w.between(2, 3), H: w.between(3, 9), W: w.between(3, 9),
			C: w.between(2, 20)})
	})
}

// mixChain is a mixture of depthwise kernels before one normalisation, and a mixture of that with
// the block's input behind a projection.
func (w *world) mixChain(shape tensor.Shape) {
	train, c, mid := w.coin(), shape.C, w.between(2, 40)
	act := pick(w, tensor.ActReLU, tensor.ActHSwish)
	w.note = fmt.Sprintf("%v, %d inner channels, %v, train %v", shape, mid, act, train)
	point, point2 := one, one
	point.WantStats, point2.WantStats = train, train
	we, wp := w.weight(1, 1, c, mid), w.weight(1, 1, mid, c)
	master := w.weight(5, 5, 1, mid)
	ne, nd, np := w.norm(mid), w.norm(mid), w.norm(c)
	specE, specD, specP := w.normSpec(train, act), w.normSpec(train, act), w.normSpec(train, tensor.ActNone)
	pk, po := w.shares(2), w.shares(3)

	x := w.raw(shape)
	e := w.Conv(x, we, tensor.Vec{}, point)
	ez, esaved := w.BatchNormAct(e, ne, specE)
	var convs []tensor.Tensor
	var specs []tensor.ConvSpec
	var views []tensor.Weight
	for i, k := range []int{3, 5} {
		specs = append(specs, tensor.ConvSpec{Stride: 1, Pad: k / 2, Groups: mid, WantStats: w.coin()})
		views = append(views, master.Crop(k, 1, mid))
		convs = append(convs, w.Conv(ez, views[i], tensor.Vec{}, specs[i]))
	}
	d := w.Mix(convs, pk, train)
	dz, dsaved := w.BatchNormAct(d, nd, specD)
	p := w.Conv(dz, wp, tensor.Vec{}, point2)
	pz, psaved := w.BatchNormAct(p, np, specP)
	ops := []tensor.Tensor{pz, x, pz}
	y := w.Mix(ops, po, false)
	w.keep("output", y)
	next := w.weight(1, 1, c, 7)
	w.keep("product", w.Conv(y, next, tensor.Vec{}, one))

	all := []bool{true, true, true}
	dy := w.ConvBackward(y, w.raw(tensor.Shape{N: shape.N, H: shape.H, W: shape.W, C: 7}), next, one,
		w.grads(next, true))
	dops := w.mixBackward("operand's gradient", ops, dy, po, w.vec(3), all)
	for i := range dops {
		if dops[i] == nil {
			dops[i] = w.Fill(shape, 0)
		}
	}
	dp := w.BatchNormActBackward(p, psaved, w.Add(dops[0], dops[2], tensor.ActNone), np, specP,
		w.normGrads(c))
	ddz := w.ConvBackward(dz, dp, wp, one, w.grads(wp, true))
	dd := w.BatchNormActBackward(d, dsaved, ddz, nd, specD, w.normGrads(mid))
	dconvs := w.mixBackward("kernel's gradient", convs, dd, pk, w.vec(2), all[:2])
	dez := w.Fill(ez.Shape(), 0)
	grad := w.like(master)
	for i, g := range dconvs {
		if g != nil {
			view := views[i]
			view.Buf = grad.Buf
			g = w.ConvBackward(ez, g, views[i], specs[i], tensor.ConvGrads{W: view, NeedX: true})
			dez = w.Add(dez, g, tensor.ActNone)
		}
	}
	de := w.BatchNormActBackward(e, esaved, dez, ne, specE, w.normGrads(mid))
	dx := w.ConvBackward(x, de, we, one, w.grads(we, true))
	w.keep("input's gradient", w.Add(dx, dops[1], tensor.ActNone))
}
