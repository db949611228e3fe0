package fake

import (
	"math"

	"github.com/tendril-nas/tendril/internal/tensor"
)

// BatchNormAct saves mean and 1/√(variance+eps) of every channel as a 2×1×1×C tensor.
func (s *stream) BatchNormAct(x tensor.Tensor, p tensor.BatchNorm,
	spec tensor.BatchNormSpec) (tensor.Tensor, tensor.Tensor) {
	in := s.use(x)
	tensor.CheckBatchNorm(in.shape, p)
	c := in.shape.C
	stats := s.make(tensor.Vector(2, c), func(st *array) {
		mean, variance := vec(p.Mean), vec(p.Var)
		if spec.Train {
			mean, variance = moments(in)
			n := float64(in.shape.Rows())
			update(p.Mean, mean, spec.Momentum, 1)
			update(p.Var, variance, spec.Momentum, n/max(n-1, 1))
		}
		for k := range c {
			st.data[st.at(0, 0, 0, k)] = float32(mean[k])
			st.data[st.at(1, 0, 0, k)] = float32(1 / math.Sqrt(variance[k]+spec.Eps))
		}
	})
	out := s.make(in.shape, func(out *array) {
		pre := normalised(in, stats, p)
		for i, v := range pre {
			out.data[i] = spec.Act.Apply(v)
		}
	})
	if !spec.Keep {
		s.Free(stats)
		return out, nil
	}
	return out, stats
}

func vec(v tensor.Vec) []float64 { return widen(data(v.Buf)[v.Off : v.Off+v.Len]) }

// moments is mean and biased variance of every channel.
func moments(in *array) (mean, variance []float64) {
	mean, variance = make([]float64, in.shape.C), make([]float64, in.shape.C)
	n := float64(in.shape.Rows())
	in.each(func(b, y, x, c int) { mean[c] += float64(in.data[in.at(b, y, x, c)]) / n })
	in.each(func(b, y, x, c int) {
		d := float64(in.data[in.at(b, y, x, c)]) - mean[c]
		variance[c] += d * d / n
	})
	return mean, variance
}

func update(v tensor.Vec, batch []float64, momentum, scale float64) {
	if momentum == 0 {
		return
	}
	d := data(v.Buf)[v.Off : v.Off+v.Len]
	for i := range d {
		d[i] = float32((1-momentum)*float64(d[i]) + momentum*scale*batch[i])
	}
}

// normalised is gamma·(x−mean)/std + beta, the activation's input.
func normalised(in, stats *array, p tensor.BatchNorm) []float32 {
	gamma, beta := vec(p.Gamma), vec(p.Beta)
	pre := make([]float32, len(in.data))
	in.each(func(n, y, x, c int) {
		i := in.at(n, y, x, c)
		pre[i] = float32(gamma[c]*hat(in.data[i], stats, c) + beta[c])
	})
	return pre
}

func hat(x float32, stats *array, c int) float64 {
	return (float64(x) - float64(stats.data[stats.at(0, 0, 0, c)])) *
		float64(stats.data[stats.at(1, 0, 0, c)])
}

// BatchNormActBackward: with h the normalised input, g = dy·act'(γh+β) and n positions per channel,
//
//	dγ = Σ g·h,  dβ = Σ g,  dx = γ/σ·(g − dβ/n − h·dγ/n) in train mode and γ/σ·g in eval mode.
func (s *stream) BatchNormActBackward(x, saved, dy tensor.Tensor, p tensor.BatchNorm,
	spec tensor.BatchNormSpec, grads tensor.BatchNormGrads) tensor.Tensor {
	in, stats, d := s.use(x), s.use(saved), s.use(dy)
	tensor.CheckShape("batch norm", "output gradient", dy, in.shape)
	// sums holds Σ g·h and Σ g.
	sums := s.make(tensor.Vector(2, in.shape.C), nil)
	g := s.make(in.shape, func(g *array) {
		pre := normalised(in, stats, p)
		dgamma, dbeta := make([]float64, in.shape.C), make([]float64, in.shape.C)
		in.each(func(n, y, x, c int) {
			i := in.at(n, y, x, c)
			g.data[i] = d.data[i] * spec.Act.Slope(pre[i])
			dgamma[c] += float64(g.data[i]) * hat(in.data[i], stats, c)
			dbeta[c] += float64(g.data[i])
		})
		for c := range in.shape.C {
			sums.data[sums.at(0, 0, 0, c)], sums.data[sums.at(1, 0, 0,
				c)] = float32(dgamma[c]), float32(dbeta[c])
		}
		if grads.Gamma.Buf != nil {
			addTo(grads.Gamma, dgamma)
		}
		if grads.Beta.Buf != nil {
			addTo(grads.Beta, dbeta)
		}
	})
	var out tensor.Tensor
	if grads.NeedX {
		out = s.make(in.shape, func(out *array) {
			gamma, n := vec(p.Gamma), float64(in.shape.Rows())
			in.each(func(b, y, x, c int) {
				i := in.at(b, y, x, c)
				v := float64(g.data[i])
				if spec.Train {
					v -= (float64(sums.data[sums.at(1, 0, 0, c)]) +
						hat(in.data[i], stats, c)*float64(sums.data[sums.at(0, 0, 0, c)])) / n
				}
				out.data[i] = float32(gamma[c] * float64(stats.data[stats.at(1, 0, 0, c)]) * v)
			})
		})
	}
	s.Free(sums)
	s.Free(g)
	return out
}
