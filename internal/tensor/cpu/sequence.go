package cpu

import (
	"math"

	"github.com/tendril-nas/tendril/internal/tensor"
)

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// gate is the four activated gates of unit j of row r.
func gate(g *node, r, j, h int) (i, f, c, o float64) {
	d := g.data()
	at := func(k int) float64 { return float64(d[g.index(r, k*h+j)]) }
	return sigmoid(at(0)), sigmoid(at(1)), math.Tanh(at(2)), sigmoid(at(3))
}

// LSTMCell is one step of an LSTM after the affine maps.
func (s *stream) LSTMCell(gatest, ct tensor.Tensor) (h, cNew tensor.Tensor) {
	g, c := s.plain(gatest), s.plain(ct)
	units := c.shape.C
	hn, cn := s.zeros(c.shape), s.zeros(c.shape)
	s.parallel(c.rows, 64*units, func(r int) {
		for j := range units {
			i, f, u, o := gate(g, r, j, units)
			at := c.index(r, j)
			v := f*float64(c.data()[at]) + i*u
			cn.data()[at] = float32(v)
			hn.data()[at] = float32(o * math.Tanh(v))
		}
	})
	return hn, cn
}

// LSTMCellBackward is the gradient of one step.
func (s *stream) LSTMCellBackward(gatest, ct, cNewt, dht, dct tensor.Tensor) (dgates, dcPrev tensor.Tensor) {
	g, c, cn := s.plain(gatest), s.plain(ct), s.plain(cNewt)
	dh, dc := s.optional(dht), s.optional(dct)
	units := c.shape.C
	dg, dp := s.zeros(g.shape), s.zeros(c.shape)
	s.parallel(c.rows, 64*units, func(r int) {
		for j := range units {
			i, f, u, o := gate(g, r, j, units)
			at := c.index(r, j)
			t := math.Tanh(float64(cn.data()[at]))
			var a, b float64
			if dh != nil {
				a = float64(dh.data()[at])
			}
			if dc != nil {
				b = float64(dc.data()[at])
			}
			b += a * o * (1 - t*t)
			d := dg.data()
			d[g.index(r, j)] = float32(b * u * i * (1 - i))
			d[g.index(r, units+j)] = float32(b * float64(c.data()[at]) * f * (1 - f))
			d[g.index(r, 2*units+j)] = float32(b * i * (1 - u*u))
			d[g.index(r, 3*units+j)] = float32(a * t * o * (1 - o))
			dp.data()[at] = float32(b * f)
		}
	})
	return dg, dp
}

// Embedding gathers rows.
func (s *stream) Embedding(table tensor.Weight, rows []int) tensor.Tensor {
	y := s.zeros(tensor.Vector(len(rows), table.Out))
	src, d := weights(table), y.data()
	for r, i := range rows {
		for c, v := range src[i*table.StrideIn:][:table.Out] {
			d[y.index(r, c)] = v
		}
	}
	return y
}

// EmbeddingBackward adds rows in order.
func (s *stream) EmbeddingBackward(dyt tensor.Tensor, grad tensor.Weight, rows []int) {
	dy, dst := s.plain(dyt), weightGrad(grad)
	for r, i := range rows {
		d := dst[i*grad.StrideIn:][:grad.Out]
		for c := range d {
			d[c] += dy.data()[dy.index(r, c)]
		}
	}
}
