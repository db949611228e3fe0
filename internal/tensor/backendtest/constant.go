package backendtest

import "github.com/tendril-nas/tendril/internal/tensor"

// testConstant: a convolution that is told that its weight seldom changes sees every change,
// whatever made it, and other views of the buffer.
func testConstant(s *suite) {
	s.cases(40, 2e-5, func(w *world) {
		shape := tensor.Shape{N: w.between(1, 2), H: w.between(3, 9), W: w.between(3, 9), C: w.channels()}
		weight, spec := w.weight(1, 1, shape.C, w.between(2, 40)), one
		switch w.between(0, 2) {
		case 0:
			weight = w.weight(3, 3, 1, shape.C)
			spec = tensor.ConvSpec{Stride: 1, Pad: 1, Groups: shape.C}
		case 1:
			weight = w.weight(3, 3, shape.C, w.between(2, 40))
			spec.Pad = 1
		}
		spec.Constant = true
		x := w.raw(shape)
		run := func() {
			if spec.Groups == 1 {
				part := weight
				part.Off += w.between(0, 1)
				part.Out = max(1, part.Out-w.between(1, 20))
				w.keep("part", w.Conv(x, part, tensor.Vec{}, spec))
			}
			w.keep("convolution", w.Conv(x, weight, tensor.Vec{}, spec))
		}
		run()
		for range 9 {
			w.change(weight)
			run()
		}
	})
}

// testConstantNorm: so does a normalisation by running statistics.
func testConstantNorm(s *suite) {
	s.cases(30, 2e-5, func(w *world) {
		shape := w.shape()
		x, p, spec := w.raw(shape), w.norm(shape.C), w.normSpec(false, tensor.ActNone)
		run := func() {
			part := p
			part.Gamma.Off += w.between(0, 1) * w.between(0, part.Gamma.Buf.Len()-part.Gamma.Len-part.Gamma.Off)
			for i, v := range []tensor.BatchNorm{part, p} {
				y, _ := w.BatchNormAct(x, v, spec)
				w.keep([]string{"part", "normalisation"}[i], y)
			}
		}
		run()
		for range 8 {
			switch v := pick(w, p.Gamma, p.Beta, p.Mean, p.Var); {
			case v != p.Var:
				w.change(tensor.NewWeight(v.Buf, 1, 1, 1, v.Buf.Len()))
			case w.coin():
				w.Copy(v.Buf, v.Off, w.positive(v.Len).Buf, 0, v.Len)
			default:
				w.BatchNormAct(w.raw(shape), p, w.normSpec(true, tensor.ActNone))
			}
			run()
		}
	})
}

// change writes to the buffer of a weight in one of the ways that there are.
func (w *world) change(weight tensor.Weight) {
	b := weight.Buf
	n := b.Len()
	c := w.between(1, min(n, 9))
	part := tensor.Vec{Buf: b, Off: w.between(0, n-c), Len: c}
	rows := tensor.Shape{N: 2, H: 3, W: 3, C: c}
	switch w.rng.IntN(11) {
	case 0:
		w.Write(b, part.Off, w.normal(c))
	case 1:
		w.Copy(b, part.Off, w.buffer(c), 0, c)
	case 2:
		w.Zero(b)
	case 3:
		w.SGD(b, w.buffer(n), nil, tensor.SGDSpec{LR: 0.1, GradScale: 1})
	case 4:
		w.Adam(b, w.buffer(n), w.Backend().NewBuffer(n), w.Backend().NewBuffer(n),
			tensor.AdamSpec{LR: 0.1, Beta1: 0.9, Beta2: 0.99, Eps: 1e-3, GradScale: 1, Step: 1})
	case 5: // as a momentum
		w.SGD(w.buffer(n), w.buffer(n), b, tensor.SGDSpec{LR: 0.1, Momentum: 0.9, GradScale: 1})
	case 6: // as a gradient of another weight of that shape
		x := w.raw(tensor.Shape{N: 1, H: 5, W: 5, C: weight.In})
		spec := tensor.ConvSpec{Stride: 1, Pad: weight.KH / 2, Groups: 1}
		if weight.KH > 1 && weight.In == 1 {
			x = w.raw(tensor.Shape{N: 1, H: 5, W: 5, C: weight.Out})
			spec.Groups = weight.Out
		}
		other := w.like(weight)
		y := w.Conv(x, other, tensor.Vec{}, spec)
		w.ConvBackward(x, w.raw(y.Shape()), other, spec, tensor.ConvGrads{W: weight})
	case 7: // of a bias
		x := w.raw(rows)
		w.ConvBackward(x, w.raw(rows), w.weight(1, 1, c, c), one, tensor.ConvGrads{B: part})
	case 8: // of an embedding
		table := tensor.NewWeight(b, 1, 1, n/c, c)
		w.EmbeddingBackward(w.raw(tensor.Vector(2, c)), table, []int{0, n/c - 1})
	case 9: // of a mix
		list, need := make([]tensor.Tensor, c), make([]bool, c)
		for i := range list {
			list[i] = w.raw(rows)
		}
		w.MixBackward(list, w.raw(rows), w.vec(c), part, need)
	case 10: // of a normalisation, or its running statistics
		p, spec := w.norm(c), w.normSpec(true, tensor.ActNone)
		grads := tensor.BatchNormGrads{Gamma: part}
		if w.coin() {
			p.Mean, grads = part, tensor.BatchNormGrads{}
		}
		x := w.raw(rows)
		_, saved := w.BatchNormAct(x, p, spec)
		w.BatchNormActBackward(x, saved, w.raw(rows), p, spec, grads)
	}
}
