package backendtest

import (
	"fmt"

	"github.com/tendril-nas/tendril/internal/tensor"
)

// convCase draws a convolution of one of the kinds that networks use.
func (w *world) convCase() (tensor.Shape, tensor.Weight, tensor.ConvSpec) {
	k := pick(w, 1, 3, 5, 7)
	spec := tensor.ConvSpec{Stride: w.between(1, 2), Pad: k / 2, Groups: 1, WantStats: w.coin(), Constant: w.coin()}
	if w.rng.IntN(4) == 0 {
		spec.Pad = w.rng.IntN(k/2 + 1)
	}
	if w.rng.IntN(3) == 0 { // as padding "same" of a strided convolution has it
		spec.Pad, spec.PadExtra = max(spec.Pad-w.between(0, 1), 0), 1
	}
	least := max(k-2*spec.Pad-spec.PadExtra, 1)
	s := tensor.Shape{N: w.between(1, 3), H: w.between(least, 13), W: w.between(least, 13)}
	var in, out int
	kind := pick(w, "dense", "pointwise", "depthwise", "depthwise", "grouped")
	switch kind {
	case "depthwise":
		s.C = w.channels()
		spec.Groups, in, out = s.C, 1, s.C
	case "grouped":
		spec.Groups = w.between(2, 4)
		in, out = w.between(1, 9), spec.Groups*w.between(1, 9)
		s.C = in * spec.Groups
	case "pointwise":
		k, spec.Pad, spec.PadExtra = 1, 0, 0
		in, out = w.channels(), w.channels()
		s.C = in
	default:
		in, out = w.between(1, 20), w.between(1, 20)
		s.C = in
	}
	view := w.weight(k, k, in, out)
	w.note = fmt.Sprintf("%s %v, kernel %d, %d to %d channels, %+v", kind, s, k, s.C, out, spec)
	return s, view, spec
}

func testConv(s *suite) {
	s.cases(120, 2e-5, func(w *world) {
		shape, weight, spec := w.convCase()
		var bias, dbias tensor.Vec
		if w.coin() {
			bias, dbias = w.vec(weight.Out), w.vec(weight.Out)
		}
		x := w.tensor(shape)
		y := w.Conv(x, weight, bias, spec)
		w.keep("output", y)
		dx := w.ConvBackward(x, w.gradient(y.Shape()), weight, spec, tensor.ConvGrads{W: w.like(weight),
			B: dbias, NeedX: true})
		w.keep("input gradient", dx)
	})
}

func testUnwanted(s *suite) {
	s.cases(6, 2e-5, func(w *world) {
		shape, weight, spec := w.convCase()
		x := w.raw(shape)
		y := w.Conv(x, weight, tensor.Vec{}, spec)
		dy := w.raw(y.Shape())
		if dx := w.ConvBackward(x, dy, weight, spec, tensor.ConvGrads{W: w.like(weight)}); dx != nil {
			s.Error("an input gradient that nobody wants")
		}
		w.keep("input gradient alone", w.ConvBackward(x, dy, weight, spec, tensor.ConvGrads{NeedX: true}))
		if dx := w.ConvBackward(x, dy, weight, spec, tensor.ConvGrads{B: w.vec(weight.Out)}); dx != nil {
			s.Error("an input gradient that nobody wants")
		}

		p, spec2 := w.norm(shape.C), w.normSpec(w.coin(), tensor.ActHSwish)
		if shape.Rows() < 4 {
			spec2.Train = false
		}
		_, saved := w.BatchNormAct(x, p, spec2)
		dz := w.raw(shape)
		if dx := w.BatchNormActBackward(x, saved, dz, p, spec2,
			tensor.BatchNormGrads{Gamma: w.vec(shape.C)}); dx != nil {
			s.Error("a normalisation's input gradient that nobody wants")
		}
		w.keep("normalisation's input gradient alone", w.BatchNormActBackward(x, saved, dz, p, spec2,
			tensor.BatchNormGrads{NeedX: true}))
		spec2.Keep = false
		if _, saved := w.BatchNormAct(x, p, spec2); saved != nil {
			s.Error("a normalisation saved what it was told not to keep")
		}
	})
}
