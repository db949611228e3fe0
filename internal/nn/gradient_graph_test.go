package nn_test

import (
	"testing"

	"github.com/tendril-nas/tendril/internal/nn"
	"github.com/tendril-nas/tendril/internal/tensor"
	"pgregory.net/rapid"
)

// TestGradientGraphs draws whole graphs: values are used any number of times, or never, and several
// are differentiated, so that gradients meet, are shared and are given back in every order.
func TestGradientGraphs(t *testing.T) {
	property(t, func(p *probe) func([]nn.Value) []nn.Value {
		s := tensor.Shape{N: 2, H: p.between(2, 4, "h"), W: p.between(2, 4, "w"), C: 4}
		p.spaced(s)
		p.normal(s)
		for i := range p.inputs {
			for j := range p.inputs[i].data {
				p.inputs[i].data[j] *= 0.5
			}
		}
		w, bn := p.param(1, 1, 4, 4).Weight(), p.norm(4)
		for _, q := range p.ps.All() {
			if !q.IsState() {
				q.InitNormal(p.st, p.rng, 0.4)
			}
		}
		bn.Eps = 0.5
		p.eps /= 2
		plan := rapid.SliceOfN(rapid.SliceOfN(rapid.IntRange(0, 99), 3, 3), 1, 9).Draw(p.T, "plan")
		outs := rapid.SliceOfN(rapid.IntRange(0, 99), 1, 3).Draw(p.T, "outputs")
		return func(x []nn.Value) []nn.Value {
			pool := append([]nn.Value(nil), x...)
			for _, op := range plan {
				pool = append(pool, p.apply(op[0], pool[op[1]%len(pool)], pool[op[2]%len(pool)], w, bn))
			}
			var chosen []nn.Value
			for _, o := range outs {
				chosen = append(chosen, pool[o%len(pool)])
			}
			return chosen
		}
	})
}

// apply is one of several smooth operations that keep the shape and the scale.
func (p *probe) apply(op int, a, b nn.Value, w nn.Weight, bn nn.BatchNorm) nn.Value {
	t := p.tape
	switch op % 9 {
	case 0:
		return t.Scale(t.Add(a, b, tensor.ActNone), 0.5)
	case 1:
		return t.Act(t.Add(a, b, tensor.ActNone), tensor.ActTanh)
	case 2:
		return t.Act(a, tensor.ActSwish)
	case 3:
		return t.Conv(a, w, nn.Vector{}, tensor.ConvSpec{Stride: 1, Groups: 1})
	case 4:
		return t.BatchNormAct(a, bn, tensor.ActSigmoid)
	case 5:
		return t.ScaleChannels(a, t.Act(t.GlobalAvgPool(b), tensor.ActSigmoid))
	case 6:
		return t.Slice(t.Concat(a, b), 2, 4)
	case 7:
		return t.Shuffle(t.Add(a, a, tensor.ActSwish), 2)
	}
	return t.Dropout(t.Scale(a, 0.5), 0.3)
}
