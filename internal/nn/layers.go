package nn

import "github.com/tendril-nas/tendril/internal/tensor"

// Conv is a convolution; kernel size and channels are the weight view's. The zero Vector means no
// bias.
func (t *Tape) Conv(x Value, w Weight, bias Vector, spec tensor.ConvSpec) Value {
	in := t.get("conv", x)
	tensor.CheckConv(in.Shape(), w.V, bias.V, spec)
	spec.Constant = t.step.Constant
	needs := t.wants(w.P)
	if bias.P != nil {
		needs = t.wants(bias.P) || needs
	}
	out := t.push(t.st.Conv(in, w.V, bias.V, spec), needs || t.needs(x))
	if r := t.remember(out); r != nil {
		r.op, r.a, r.weight, r.bias, r.conv = opConv, x, w, bias, spec
	}
	return out
}

// Linear maps N×1×1×in to N×1×1×out with a weight [in, out].
func (t *Tape) Linear(x Value, w Weight, bias Vector) Value {
	if s := t.get("linear", x).Shape(); s.H != 1 || s.W != 1 {
		tensor.Failf("linear", "input has shape %v, expected N×1×1×C", s)
	}
	return t.Conv(x, w, bias, tensor.ConvSpec{Stride: 1, Groups: 1})
}

// ConvNormAct is a convolution without bias, batch normalisation and an activation: the unit most
// networks are made of.
func (t *Tape) ConvNormAct(x Value, w Weight, spec tensor.ConvSpec, bn BatchNorm, act tensor.Act) Value {
	spec.WantStats = t.step.Norm != NormEval && !bn.Frozen
	y := t.Conv(x, w, Vector{}, spec)
	z := t.BatchNormAct(y, bn, act)
	t.Release(y)
	return z
}

// Act applies an activation.
func (t *Tape) Act(x Value, act tensor.Act) Value {
	if act == tensor.ActNone {
		return x
	}
	out := t.push(t.st.Act(t.get("activation", x), act), t.needs(x))
	if r := t.remember(out); r != nil {
		r.op, r.a, r.act = opAct, x, act
	}
	return out
}

// Add is act(a+b).
func (t *Tape) Add(a, b Value, act tensor.Act) Value {
	x, y := t.get("add", a), t.get("add", b)
	tensor.CheckShape("add", "second operand", y, x.Shape())
	out := t.push(t.st.Add(x, y, act), t.needs(a) || t.needs(b))
	if r := t.remember(out); r != nil {
		r.op, r.a, r.b, r.act = opAdd, a, b, act
	}
	return out
}

// Mix is Σ_i p_i·x_i of values of one shape; p has one number for each, and a gradient like any
// parameter. An operand whose number is 0 has no part in the sum and gets no gradient, its number
// does.
func (t *Tape) Mix(xs []Value, p Vector) Value { return t.mix(xs, p, false) }

// MixNormAct is Mix, batch normalisation and an activation: a mixture of convolutions with one
// normalisation behind.
func (t *Tape) MixNormAct(xs []Value, p Vector, bn BatchNorm, act tensor.Act) Value {
	y := t.mix(xs, p, t.step.Norm != NormEval && !bn.Frozen)
	z := t.BatchNormAct(y, bn, act)
	t.Release(y)
	return z
}

func (t *Tape) mix(xs []Value, p Vector, wantStats bool) Value {
	if len(xs) == 0 {
		tensor.Failf("mix", "no operands")
	}
	tensor.CheckVec("mix", "coefficients", p.V, len(xs))
	needs := t.wants(p.P)
	t.tensors = t.tensors[:0]
	for _, x := range xs {
		y := t.get("mix", x)
		tensor.CheckShape("mix", "operand", y, t.get("mix", xs[0]).Shape())
		t.tensors = append(t.tensors, y)
		needs = needs || t.needs(x)
	}
	out := t.push(t.st.Mix(t.tensors, p.V, wantStats), needs)
	clear(t.tensors)
	if r := t.remember(out); r != nil {
		lo := len(t.lists)
		t.lists = append(t.lists, xs...)
		r.op, r.bias, r.lo, r.hi = opMix, p, lo, len(t.lists)
	}
	return out
}

// ScaleChannels multiplies x per sample and channel with s (N×1×1×C).
func (t *Tape) ScaleChannels(x, s Value) Value {
	a, b := t.get("scale channels", x), t.get("scale channels", s)
	tensor.CheckShape("scale channels", "scale", b, tensor.Vector(a.Shape().N, a.Shape().C))
	out := t.push(t.st.ScaleChannels(a, b), t.needs(x) || t.needs(s))
	if r := t.remember(out); r != nil {
		r.op, r.a, r.b = opScaleChannels, x, s
	}
	return out
}

// Concat joins values along the channels.
func (t *Tape) Concat(xs ...Value) Value {
	if len(xs) == 0 {
		tensor.Failf("concat", "no operands")
	}
	if len(xs) == 1 {
		return xs[0]
	}
	t.tensors = t.tensors[:0]
	needs := false
	for _, x := range xs {
		y := t.get("concat", x)
		if len(t.tensors) > 0 {
			want := t.tensors[0].Shape()
			want.C = y.Shape().C
			tensor.CheckShape("concat", "operand", y, want)
		}
		t.tensors = append(t.tensors, y)
		needs = needs || t.needs(x)
	}
	out := t.push(t.st.Concat(t.tensors), needs)
	clear(t.tensors)
	if r := t.remember(out); r != nil {
		lo := len(t.lists)
		t.lists = append(t.lists, xs...)
		r.op, r.lo, r.hi = opConcat, lo, len(t.lists)
	}
	return out
}

// Slice is channels [off, off+n) of x.
func (t *Tape) Slice(x Value, off, n int) Value {
	a := t.get("slice", x)
	if off < 0 || n < 1 || off+n > a.Shape().C {
		tensor.Failf("slice", "channels [%d, %d) of %d", off, off+n, a.Shape().C)
	}
	out := t.push(t.st.SliceChannels(a, off, n), t.needs(x))
	if r := t.remember(out); r != nil {
		r.op, r.a, r.lo = opSlice, x, off
	}
	return out
}

// Shuffle interleaves the channels of g groups: output channel q reads input channel (q mod
// g)·(C/g) + q div g.
func (t *Tape) Shuffle(x Value, groups int) Value {
	a := t.get("shuffle", x)
	if groups < 1 || a.Shape().C%groups != 0 {
		tensor.Failf("shuffle", "%d channels in %d groups", a.Shape().C, groups)
	}
	out := t.push(t.st.ChannelShuffle(a, groups), t.needs(x))
	if r := t.remember(out); r != nil {
		r.op, r.a, r.lo = opShuffle, x, groups
	}
	return out
}

// Dropout zeroes elements with probability rate and divides the others by 1−rate; it does nothing
// unless the step says Dropout. The mask depends on the step's seed and on how many dropout layers
// ran before in the step.
func (t *Tape) Dropout(x Value, rate float64) Value {
	a := t.get("dropout", x)
	if rate < 0 || rate >= 1 {
		tensor.Failf("dropout", "rate is %g, expected [0, 1)", rate)
	}
	t.drops++
	if !t.step.Dropout || rate == 0 {
		return x
	}
	spec := tensor.DropoutSpec{Rate: rate, Seed: t.step.Seed ^ t.drops*0xd1342543de82ef95}
	out := t.push(t.st.Dropout(a, spec), t.needs(x))
	if r := t.remember(out); r != nil {
		r.op, r.a, r.drop = opDropout, x, spec
	}
	return out
}

// GlobalAvgPool is the mean over height and width: N×1×1×C.
func (t *Tape) GlobalAvgPool(x Value) Value {
	out := t.push(t.st.GlobalAvgPool(t.get("global pool", x)), t.needs(x))
	if r := t.remember(out); r != nil {
		r.op, r.a = opGlobalPool, x
	}
	return out
}

// AvgPool is the mean over windows.
func (t *Tape) AvgPool(x Value, spec tensor.PoolSpec) Value {
	a := t.get("average pool", x)
	tensor.CheckPool(a.Shape(), spec)
	out := t.push(t.st.AvgPool(a, spec), t.needs(x))
	if r := t.remember(out); r != nil {
		r.op, r.a, r.pool = opAvgPool, x, spec
	}
	return out
}

// MaxPool is the largest element of each window.
func (t *Tape) MaxPool(x Value, spec tensor.PoolSpec) Value {
	a := t.get("max pool", x)
	tensor.CheckPool(a.Shape(), spec)
	out := t.push(t.st.MaxPool(a, spec), t.needs(x))
	if r := t.remember(out); r != nil {
		r.op, r.a, r.pool = opMaxPool, x, spec
	}
	return out
}
