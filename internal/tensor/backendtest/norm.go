package backendtest

import (
	"fmt"

	"github.com/tendril-nas/tendril/internal/tensor"
)

func testNorm(s *suite) {
	s.cases(60, 3e-5, func(w *world) {
		shape := w.shape()
		train := w.coin() && shape.Rows() >= 4
		spec := w.normSpec(train, pick(w, tensor.ActNone, tensor.ActReLU, tensor.ActReLU6, tensor.ActHSwish,
			tensor.ActHSigmoid, tensor.ActSwish))
		if w.rng.IntN(5) == 0 {
			spec.Momentum = 0
		}
		spec.Eps = pick(w, 1e-5, 1e-3)
		w.note = fmt.Sprintf("%v %+v", shape, spec)
		p := w.norm(shape.C)
		var x tensor.Tensor
		if w.coin() {
			weight := w.weight(1, 1, 5, shape.C)
			in := shape
			in.C = 5
			x = w.Conv(w.raw(in), weight, tensor.Vec{}, tensor.ConvSpec{Stride: 1, Groups: 1,
				WantStats: train})
		} else {
			x = w.tensor(shape)
			x = w.Add(x, w.raw(shape), tensor.ActNone) // a dead channel would be badly conditioned
		}
		y, saved := w.BatchNormAct(x, p, spec)
		w.keep("output", y)
		dx := w.BatchNormActBackward(x, saved, w.gradient(shape), p, spec,
			tensor.BatchNormGrads{Gamma: w.vec(shape.C), Beta: w.vec(shape.C), NeedX: true})
		w.keep("input gradient", dx)
	})
}

// testNormOnePosition normalises channels of one element: the variance is 0, the output is beta and
// the input has no influence. The factor 1/√eps magnifies the rounding of a difference that is 0,
// so the gradient is compared with that in mind.
func testNormOnePosition(s *suite) {
	s.cases(4, 1e-3, func(w *world) {
		shape := tensor.Vector(1, w.channels())
		x := w.raw(shape)
		p, spec := w.norm(shape.C), w.normSpec(true, tensor.ActNone)
		y, saved := w.BatchNormAct(x, p, spec)
		w.keep("output", y)
		dx := make([]float32, shape.C)
		w.Download(w.BatchNormActBackward(x, saved, w.raw(shape), p, spec,
			tensor.BatchNormGrads{Gamma: w.vec(shape.C), Beta: w.vec(shape.C), NeedX: true}), dx)
		for c, v := range dx {
			if !(v <= 1e-3 && v >= -1e-3) {
				s.Errorf("channel %d: input gradient is %g, expected 0", c, v)
			}
		}
	})
}
