package nn_test

import (
	"testing"

	"github.com/tendril-nas/tendril/internal/nn"
	"github.com/tendril-nas/tendril/internal/tensor"
)

// mask keeps the given class of every row and a random part of the others; nil half of the time.
func (p *probe) mask(labels []int, k int) []bool {
	if !p.coin("masked") {
		return nil
	}
	m := make([]bool, len(labels)*k)
	for i := range m {
		m[i] = i%k == labels[i/k] || p.rng.IntN(2) == 0
	}
	return m
}

func TestGradientLosses(t *testing.T) {
	property(t, func(p *probe) func([]nn.Value) []nn.Value {
		n, k := p.between(1, 5, "rows"), p.between(1, 12, "classes")
		p.normal(tensor.Vector(n, k))
		p.normal(tensor.Vector(n, k))
		labels := make([]int, n)
		for i := range labels {
			labels[i] = p.rng.IntN(k)
		}
		mask := p.mask(labels, k)
		soft := make([]float32, n*k)
		for i := range soft {
			soft[i] = p.rng.Float32()
		}
		teacher := make([]float32, n*k)
		for i := range teacher {
			teacher[i] = float32(p.rng.NormFloat64())
		}
		temperature := 0.5 + 3*p.rng.Float64()
		return func(x []nn.Value) []nn.Value {
			smooth := p.tape.Goal(k, nn.Targets{Labels: labels, Smoothing: 0.1, Mask: mask})
			weighted := p.tape.Goal(k, nn.Targets{Soft: soft})
			weighted.Mask = smooth.Mask
			return []nn.Value{
				p.tape.CrossEntropy(x[0], smooth),
				p.tape.CrossEntropy(x[0], weighted),
				p.tape.Distill(x[0], p.tape.Input(tensor.Vector(n, k), teacher), temperature, smooth.Mask),
				p.tape.Distill(x[1], p.tape.Constant(p.st.Upload(tensor.Vector(n, k), teacher)), 1, nn.Mask{}),
			}
		}
	})
}

// TestGradientLSTM runs the cell over three steps of embedded inputs, the state coming from
// outside.
func TestGradientLSTM(t *testing.T) {
	property(t, func(p *probe) func([]nn.Value) []nn.Value {
		n, in, hidden := p.between(1, 3, "n"), p.between(1, 6, "in"), p.between(1, 8, "hidden")
		table := p.param(4, in).Weight()
		cell := nn.LSTM{WX: p.param(in, 4*hidden).Weight(), WH: p.param(hidden, 4*hidden).Weight(), BX: p.param(4 * hidden).Vector(), BH: p.param(4 * hidden).Vector(), Hidden: hidden}
		for _, q := range p.ps.All() {
			q.InitNormal(p.st, p.rng, 0.4)
		}
		p.normal(tensor.Vector(n, hidden))
		p.normal(tensor.Vector(n, hidden))
		rows := make([][]int, 3)
		for s := range rows {
			for range n {
				rows[s] = append(rows[s], p.rng.IntN(4))
			}
		}
		lastOnly := p.coin("last hidden state only")
		return func(x []nn.Value) []nn.Value {
			state := nn.State{H: x[0], C: x[1]}
			var outs []nn.Value
			for _, r := range rows {
				state = p.tape.LSTM(cell, p.tape.Embedding(table, r...), state)
				outs = append(outs, state.H, state.C)
			}
			if lastOnly {
				return outs[4:5]
			}
			return outs
		}
	})
}
