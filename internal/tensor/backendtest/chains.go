package backendtest

import (
	"fmt"

	"github.com/tendril-nas/tendril/internal/tensor"
)

// block is an inverted residual block with squeeze-and-excitation, forward and backward: what a
// device fuses.
type block struct {
	x, e, ez, esaved, d, dz, dsaved, s, mean, r, ra, g, gs, p, pz, psaved tensor.Tensor
	we, wd, wr, wg, wp                                                    tensor.Weight
	ne, nd, np                                                            tensor.BatchNorm
	br, bg                                                                tensor.Vec
	specE, specD, specP                                                   tensor.BatchNormSpec
	convD                                                                 tensor.ConvSpec
	free                                                                  bool
}

var one = tensor.ConvSpec{Stride: 1, Groups: 1}

func (w *world) block(x tensor.Tensor, train bool) *block {
	c := x.Shape().C
	mid, k, act := c*w.between(1, 4), pick(w, 3, 5, 7), pick(w, tensor.ActReLU, tensor.ActHSwish)
	b := &block{x: x, free: w.coin()}
	b.we, b.wd, b.wp = w.weight(1, 1, c, mid), w.weight(k, k, 1, mid), w.weight(1, 1, mid, c)
	b.wr, b.wg = w.weight(1, 1, mid, 8), w.weight(1, 1, 8, mid)
	b.br, b.bg = w.vec(8), w.vec(mid)
	b.ne, b.nd, b.np = w.norm(mid), w.norm(mid), w.norm(c)
	b.specE, b.specD, b.specP = w.normSpec(train, act), w.normSpec(train, act), w.normSpec(train,
		tensor.ActNone)
	b.convD = tensor.ConvSpec{Stride: 1, Pad: k / 2, Groups: mid, WantStats: train}
	w.note = fmt.Sprintf("%v, %d inner channels, kernel %d, %v, train %v", x.Shape(), mid, k, act, train)

	wide := one
	wide.WantStats = train
	b.e = w.Conv(x, b.we, tensor.Vec{}, wide)
	b.ez, b.esaved = w.BatchNormAct(b.e, b.ne, b.specE)
	b.d = w.Conv(b.ez, b.wd, tensor.Vec{}, b.convD)
	b.dz, b.dsaved = w.BatchNormAct(b.d, b.nd, b.specD)
	b.mean = w.GlobalAvgPool(b.dz)
	b.r = w.Conv(b.mean, b.wr, b.br, one)
	b.ra = w.Act(b.r, tensor.ActReLU)
	b.g = w.Conv(b.ra, b.wg, b.bg, one)
	b.gs = w.Act(b.g, tensor.ActHSigmoid)
	b.s = w.ScaleChannels(b.dz, b.gs)
	b.p = w.Conv(b.s, b.wp, tensor.Vec{}, wide)
	b.pz, b.psaved = w.BatchNormAct(b.p, b.np, b.specP)
	return b
}

func (w *world) grads(v tensor.Weight, need bool) tensor.ConvGrads {
	return tensor.ConvGrads{W: w.like(v), NeedX: need}
}

func (w *world) normGrads(c int) tensor.BatchNormGrads {
	return tensor.BatchNormGrads{Gamma: w.vec(c), Beta: w.vec(c), NeedX: true}
}

// backward is the block's gradient for the output x + pz.
func (w *world) backward(b *block, dy tensor.Tensor) tensor.Tensor {
	drop := func(ts ...tensor.Tensor) {
		if b.free {
			for _, t := range ts {
				w.Free(t)
			}
		}
	}
	mid, c := b.we.Out, b.wp.Out
	dp := w.BatchNormActBackward(b.p, b.psaved, dy, b.np, b.specP, w.normGrads(c))
	drop(b.pz, b.psaved)
	ds := w.ConvBackward(b.s, dp, b.wp, one, w.grads(b.wp, true))
	drop(dp, b.p)
	ddz, dgs := w.ScaleChannelsBackward(b.dz, b.gs, ds)
	drop(ds, b.s)
	dg := w.ActBackward(b.g, dgs, tensor.ActHSigmoid)
	gg := w.grads(b.wg, true)
	gg.B = w.vec(mid)
	dra := w.ConvBackward(b.ra, dg, b.wg, one, gg)
	dr := w.ActBackward(b.r, dra, tensor.ActReLU)
	gr := w.grads(b.wr, true)
	gr.B = w.vec(8)
	dmean := w.ConvBackward(b.mean, dr, b.wr, one, gr)
	total := w.Add(ddz, w.GlobalAvgPoolBackward(dmean, b.dz.Shape()), tensor.ActNone)
	drop(ddz, dgs, dg, dra, dr, dmean)
	dd := w.BatchNormActBackward(b.d, b.dsaved, total, b.nd, b.specD, w.normGrads(mid))
	drop(total, b.dz, b.dsaved)
	dez := w.ConvBackward(b.ez, dd, b.wd, b.convD, w.grads(b.wd, true))
	drop(dd, b.d)
	de := w.BatchNormActBackward(b.e, b.esaved, dez, b.ne, b.specE, w.normGrads(mid))
	drop(dez, b.ez, b.esaved)
	dx := w.ConvBackward(b.x, de, b.we, one, w.grads(b.we, true))
	drop(de, b.e)
	return w.Add(dx, dy, tensor.ActNone)
}

func testChains(s *suite) {
	s.cases(16, 1e-4, func(w *world) {
		w.chain(tensor.Shape{N: w.between(2, 3), H: w.between(2, 8), W: w.between(2, 8), C: w.between(2, 20)})
	})
}

// chain is two blocks with a residual connection each, forward and backward.
func (w *world) chain(shape tensor.Shape) {
	train := w.coin()
	x := w.raw(shape)
	b1 := w.block(x, train)
	y1 := w.Add(b1.pz, x, tensor.ActNone)
	w.keep("middle", y1)
	b2 := w.block(y1, train)
	y2 := w.Add(b2.pz, y1, tensor.ActNone)
	w.keep("output", y2)
	g := w.backward(b2, w.raw(shape))
	w.keep("middle's gradient", g)
	w.keep("input's gradient", w.backward(b1, g))
}
