package fake

import (
	"math"
	"slices"

	"github.com/tendril-nas/tendril/internal/tensor"
)

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// gate is pre-activation k (0 input, 1 forget, 2 cell, 3 output) of unit c.
func gate(g *array, n, k, c int) float64 { return float64(g.data[g.at(n, 0, 0, k*(g.shape.C/4)+c)]) }

func (s *stream) LSTMCell(gates, c tensor.Tensor) (h, cNew tensor.Tensor) {
	g, p := s.use(gates), s.use(c)
	tensor.CheckShape("lstm", "gates", gates, tensor.Vector(p.shape.N, 4*p.shape.C))
	next := s.make(p.shape, func(out *array) {
		out.each(func(n, _, _, c int) {
			i := out.at(n, 0, 0, c)
			out.data[i] = float32(sigmoid(gate(g, n, 1, c))*float64(p.data[i]) +
				sigmoid(gate(g, n, 0, c))*math.Tanh(gate(g, n, 2, c)))
		})
	})
	h = s.gather(p.shape, func(n, _, _, c int) float32 {
		return float32(sigmoid(gate(g, n, 3, c)) * math.Tanh(float64(next.data[next.at(n, 0, 0, c)])))
	})
	return h, next
}

func (s *stream) LSTMCellBackward(gates, c, cNew, dh, dc tensor.Tensor) (dgates, dcPrev tensor.Tensor) {
	g, p, next, dH, dC := s.use(gates), s.use(c), s.use(cNew), s.optional(dh), s.optional(dc)
	// cell is the gradient of the new cell state, through the hidden state and directly.
	cell := func(n, c int) (th, dcell, dhid float64) {
		i := p.at(n, 0, 0, c)
		th = math.Tanh(float64(next.data[i]))
		if dH != nil {
			dhid = float64(dH.data[i])
		}
		dcell = dhid * sigmoid(gate(g, n, 3, c)) * (1 - th*th)
		if dC != nil {
			dcell += float64(dC.data[i])
		}
		return th, dcell, dhid
	}
	dg := s.make(g.shape, func(out *array) {
		h := p.shape.C
		p.each(func(n, _, _, c int) {
			th, dcell, dhid := cell(n, c)
			in, f, a, o := sigmoid(gate(g, n, 0, c)), sigmoid(gate(g, n, 1, c)), math.Tanh(gate(g, n, 2,
				c)), sigmoid(gate(g, n, 3, c))
			out.data[out.at(n, 0, 0, c)] = float32(dcell * a * in * (1 - in))
			out.data[out.at(n, 0, 0, h+c)] = float32(dcell * float64(p.data[p.at(n, 0, 0, c)]) * f * (1 - f))
			out.data[out.at(n, 0, 0, 2*h+c)] = float32(dcell * in * (1 - a*a))
			out.data[out.at(n, 0, 0, 3*h+c)] = float32(dhid * th * o * (1 - o))
		})
	})
	dp := s.gather(p.shape, func(n, _, _, c int) float32 {
		_, dcell, _ := cell(n, c)
		return float32(dcell * sigmoid(gate(g, n, 1, c)))
	})
	return dg, dp
}

func (s *stream) Embedding(table tensor.Weight, rows []int) tensor.Tensor {
	tensor.CheckWeight("embedding", table)
	rows = slices.Clone(rows)
	return s.gather(tensor.Vector(len(rows), table.Out),
		func(n, _, _, c int) float32 { return data(table.Buf)[table.Index(0, 0, rows[n], c)] })
}

func (s *stream) EmbeddingBackward(dy tensor.Tensor, grad tensor.Weight, rows []int) {
	d := s.use(dy)
	rows = slices.Clone(rows)
	s.do(func() {
		d.each(func(n, _, _,
			c int) {
			data(grad.Buf)[grad.Index(0, 0, rows[n], c)] += d.data[d.at(n, 0, 0, c)]
		})
	})
}
