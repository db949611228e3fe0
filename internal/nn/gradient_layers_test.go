package nn_test

import (
	"fmt"
	"testing"

	"github.com/tendril-nas/tendril/internal/nn"
	"github.com/tendril-nas/tendril/internal/tensor"
	"pgregory.net/rapid"
)

func one(v nn.Value) []nn.Value { return []nn.Value{v} }

// view is a random centre-crop and prefix view of a new parameter.
func (p *probe) view(k, in, out int) nn.Weight {
	grow := 0
	if p.coin("larger kernel") {
		grow = 2
	}
	moreIn, moreOut := p.between(0, 2, "spare input channels"), p.between(0, 3, "spare output channels")
	return p.param(k+grow, k+grow, in+moreIn, out+moreOut).Weight().Crop(k, in, out)
}

func TestGradientConv(t *testing.T) {
	property(t, func(p *probe) func([]nn.Value) []nn.Value {
		k := rapid.SampledFrom([]int{1, 3, 5, 7}).Draw(p.T, "kernel")
		groups := rapid.SampledFrom([]int{1, 1, 2, 3}).Draw(p.T, "groups")
		in, out := p.between(1, 4, "in"), groups*p.between(1, 4, "out")
		if p.coin("depthwise") {
			groups = p.between(2, 6, "channels")
			in, out = 1, groups
		}
		spec := tensor.ConvSpec{Stride: p.between(1, 2, "stride"), Pad: p.between(0, k/2, "pad"), Groups: groups, WantStats: p.coin("stats")}
		spec.PadExtra = p.between(0, 1, "more padding after")
		least := max(1, k-2*spec.Pad-spec.PadExtra)
		s := tensor.Shape{N: p.between(1, 2, "n"), H: p.between(least, least+4, "h"), W: p.between(least, least+4, "w"), C: in * groups}
		p.normal(s)
		w := p.view(k, in, out)
		var bias nn.Vector
		if p.coin("bias") {
			bias = p.param(out + 2).Vector().First(out)
		}
		return func(x []nn.Value) []nn.Value { return one(p.tape.Conv(x[0], w, bias, spec)) }
	})
}

func TestGradientLinear(t *testing.T) {
	property(t, func(p *probe) func([]nn.Value) []nn.Value {
		in, out := p.between(1, 20, "in"), p.between(1, 20, "out")
		p.normal(tensor.Vector(p.between(1, 5, "n"), in))
		w, b := p.param(in, out).Weight(), p.param(out).Vector()
		return func(x []nn.Value) []nn.Value { return one(p.tape.Linear(x[0], w, b)) }
	})
}

func (p *probe) state(n int) *nn.Param {
	return p.ps.AddState(fmt.Sprint("state", len(p.ps.All())), n)
}

func (p *probe) norm(c int) nn.BatchNorm {
	spare := p.between(0, 3, "spare channels")
	mean, variance := p.state(c+spare), p.state(c+spare)
	mean.InitNormal(p.st, p.rng, 1)
	variance.InitConstant(p.st, 0.5+p.rng.Float64())
	return nn.BatchNorm{Gamma: p.param(c + spare).Vector(), Beta: p.param(c + spare).Vector(), Stats: statsOf(mean, variance), Eps: 1e-3}
}

func TestGradientBatchNorm(t *testing.T) {
	property(t, func(p *probe) func([]nn.Value) []nn.Value {
		s := p.shape()
		s.H = max(s.H, 3)
		s.W = max(s.W, 3)
		p.spaced(s)
		bn := p.norm(s.C)
		p.step.Norm = rapid.SampledFrom([]nn.NormMode{nn.NormTrain, nn.NormEval}).Draw(p.T, "mode")
		act := rapid.SampledFrom([]tensor.Act{tensor.ActNone, tensor.ActSwish, tensor.ActSigmoid, tensor.ActTanh}).Draw(p.T, "activation")
		return func(x []nn.Value) []nn.Value { return one(p.tape.BatchNormAct(x[0], bn, act)) }
	})
}

func TestGradientConvNormAct(t *testing.T) {
	property(t, func(p *probe) func([]nn.Value) []nn.Value {
		s := p.shape()
		s.H, s.W = max(s.H, 4), max(s.W, 4)
		p.spaced(s)
		out := p.between(1, 6, "out")
		w, bn := p.view(1, s.C, out), p.norm(out)
		deep := p.view(3, 1, out)
		bn.Eps = 1 // this, small weights and small steps keep the curvature down
		for _, q := range p.ps.All() {
			if !q.IsState() {
				q.InitNormal(p.st, p.rng, 0.4)
			}
		}
		p.eps /= 6
		return func(x []nn.Value) []nn.Value {
			y := p.tape.ConvNormAct(x[0], w, tensor.ConvSpec{Stride: 1, Groups: 1}, bn, tensor.ActSwish)
			return one(p.tape.ConvNormAct(y, deep, tensor.ConvSpec{Stride: 1, Pad: 1, Groups: out}, bn, tensor.ActTanh)) // bn twice: gradients add up
		}
	})
}

func TestGradientActivations(t *testing.T) {
	property(t, func(p *probe) func([]nn.Value) []nn.Value {
		s := p.shape()
		act := tensor.Act(p.between(int(tensor.ActReLU), int(tensor.ActTanh), "activation"))
		p.input(s, p.awayFromKinks)
		p.normal(s)
		for i, b := range p.inputs[1].data {
			p.inputs[1].data[i] = float32(p.awayFromKinks()) - b
		}
		p.inputs = append(p.inputs, input{s, nil})
		p.inputs[2].data = make([]float32, s.Size())
		for i, b := range p.inputs[1].data {
			p.inputs[2].data[i] = float32(p.awayFromKinks()) - b
		}
		return func(x []nn.Value) []nn.Value {
			return []nn.Value{p.tape.Act(x[0], act), p.tape.Add(x[1], x[2], act)}
		}
	})
}

func TestGradientElements(t *testing.T) {
	property(t, func(p *probe) func([]nn.Value) []nn.Value {
		s := p.shape()
		p.normal(s)
		p.normal(s)
		p.normal(tensor.Vector(s.N, s.C))
		return func(x []nn.Value) []nn.Value {
			bent := p.tape.Act(x[1], tensor.ActTanh)
			scaled := p.tape.ScaleChannels(bent, x[2])
			return []nn.Value{p.tape.Add(p.tape.Scale(x[0], -0.5), scaled, tensor.ActNone), p.tape.Sum(bent, 0.25), p.tape.Mean(x[0])}
		}
	})
}

func TestGradientChannels(t *testing.T) {
	property(t, func(p *probe) func([]nn.Value) []nn.Value {
		s := p.shape()
		groups := p.between(1, 4, "groups")
		a, b := s, s
		a.C = groups * p.between(1, 3, "per group")
		b.C = groups * p.between(1, 3, "per group")
		p.normal(a)
		p.normal(b)
		off := p.between(0, a.C-1, "offset")
		return func(x []nn.Value) []nn.Value {
			joined := p.tape.Concat(x[0], x[1], x[0])
			return []nn.Value{p.tape.Shuffle(joined, groups), p.tape.Slice(joined, off, a.C), p.tape.Dropout(joined, 0.4)}
		}
	})
}

func TestGradientPools(t *testing.T) {
	property(t, func(p *probe) func([]nn.Value) []nn.Value {
		k := p.between(1, 4, "window")
		spec := tensor.PoolSpec{Kernel: k, Stride: p.between(1, k, "stride"), Pad: p.between(0, k/2, "pad"), Ceil: p.coin("ceil"), CountPad: p.coin("count padding")}
		s := p.shape()
		s.H, s.W = max(s.H, k), max(s.W, k)
		p.spaced(s)
		return func(x []nn.Value) []nn.Value {
			return []nn.Value{p.tape.AvgPool(x[0], spec), p.tape.MaxPool(x[0], spec), p.tape.GlobalAvgPool(x[0])}
		}
	})
}
