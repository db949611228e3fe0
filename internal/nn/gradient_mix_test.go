package nn_test

import (
	"slices"
	"testing"

	"github.com/tendril-nas/tendril/internal/nn"
	"github.com/tendril-nas/tendril/internal/tensor"
	"pgregory.net/rapid"
)

// TestGradientMix mixes operands that a device may not have computed yet, some of them twice,
// behind and before layers that read them in different ways; coefficients may be frozen or 0.
func TestGradientMix(t *testing.T) {
	property(t, func(p *probe) func([]nn.Value) []nn.Value {
		s := tensor.Shape{N: 2, H: p.between(2, 5, "h"), W: p.between(2, 5, "w"), C: p.between(1, 20, "c")}
		p.spaced(s)
		p.normal(s)
		w, w3, bn, after := p.view(1, s.C, s.C), p.view(3, 1, s.C), p.norm(s.C), p.norm(s.C)
		bn.Eps, after.Eps = 1, 1
		for _, q := range p.ps.All() {
			if !q.IsState() {
				q.InitNormal(p.st, p.rng, 0.4)
			}
		}
		p.eps /= 6
		k := p.between(1, 6, "operands")
		share := p.param(k + 3)
		v := share.Vector()
		v.V.Off, v.V.Len = 2, k
		if p.coin("a zero") {
			p.st.Write(share.Value(), 2, []float32{0})
		}
		frozen := p.coin("frozen coefficients")
		plan := rapid.SliceOfN(rapid.IntRange(0, 6), k, k).Draw(p.T, "kinds")
		behind := p.between(0, 3, "behind")
		share.SetFrozen(frozen)
		return func(x []nn.Value) []nn.Value {
			t := p.tape
			var xs []nn.Value
			for _, kind := range plan {
				xs = append(xs, p.operand(kind, x, xs, w, w3, bn))
			}
			y := t.Mix(xs, v)
			switch behind {
			case 1:
				y = t.MixNormAct(xs, v, after, tensor.ActSwish)
			case 2:
				y = t.Conv(y, w, nn.Vector{}, tensor.ConvSpec{Stride: 1, Groups: 1})
			case 3:
				y = t.ScaleChannels(t.BatchNormAct(y, after, tensor.ActTanh), t.Act(t.GlobalAvgPool(y), tensor.ActSigmoid))
			}
			return []nn.Value{y, t.Mean(xs[0])}
		}
	})
}

// operand is a value of the shape of x[0] in one of the forms that a device delays.
func (p *probe) operand(kind int, x, before []nn.Value, w, w3 nn.Weight, bn nn.BatchNorm) nn.Value {
	t := p.tape
	point := tensor.ConvSpec{Stride: 1, Groups: 1}
	switch {
	case kind == 0:
		return t.ConvNormAct(x[0], w, point, bn, tensor.ActSwish)
	case kind == 1:
		y := t.BatchNormAct(x[0], bn, tensor.ActSwish)
		return t.ScaleChannels(y, t.Act(t.GlobalAvgPool(y), tensor.ActSigmoid))
	case kind == 2:
		return t.Scale(t.ConvNormAct(x[1], w, point, bn, tensor.ActNone), -0.7)
	case kind == 3:
		return t.Conv(x[1], w3, nn.Vector{}, tensor.ConvSpec{Stride: 1, Pad: 1, Groups: t.Shape(x[1]).C})
	case kind == 4 && len(before) > 0:
		return before[len(before)-1]
	case kind == 5:
		return t.Act(x[1], tensor.ActTanh)
	}
	return x[0]
}

// TestMixFrozen: a frozen coefficient costs nothing and gets no gradient; a zero share's operand
// gets none either.
func TestMixFrozen(t *testing.T) {
	for name, backend := range backends() {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, backend())
			share := r.ps.Add("share", 2)
			if err := share.Set(r.st, []float32{0, 1}); err != nil {
				t.Fatal(err)
			}
			run := func() (first, second []float32) {
				r.ps.BeginStep()
				r.tape.Begin(nn.Training(1))
				a := r.tape.Variable(tensor.Vector(1, 2), []float32{1, 2})
				b := r.tape.Variable(tensor.Vector(1, 2), []float32{3, 5})
				y := r.tape.Mix([]nn.Value{a, b}, share.Vector())
				same(t, "mix", r.tape.Read(y, nil), []float32{3, 5})
				r.tape.Backward(r.tape.Sum(y, 2))
				return r.tape.ReadGrad(a, nil), r.tape.ReadGrad(b, nil)
			}
			for _, frozen := range []bool{true, false} {
				share.SetFrozen(frozen)
				a, b := run()
				if !slices.Equal(a, []float32{0, 0}) || !slices.Equal(b, []float32{2, 2}) {
					t.Errorf("operands' gradients are %v and %v", a, b)
				}
				if share.Touched() == frozen {
					t.Errorf("frozen %v, touched %v", frozen, share.Touched())
				}
			}
			same(t, "coefficients' gradient", r.grad(share), []float32{6, 16})
		})
	}
}
