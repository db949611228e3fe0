package fake

import (
	"math"

	"github.com/tendril-nas/tendril/internal/tensor"
)

func (s *stream) SGD(param, grad, momentum tensor.Buffer, spec tensor.SGDSpec) {
	check(grad, 0, param.Len())
	if spec.Momentum != 0 {
		check(momentum, 0, param.Len())
	}
	s.do(func() {
		p, g := data(param), data(grad)
		for i := range p {
			d := spec.GradScale*float64(g[i]) + spec.WeightDecay*float64(p[i])
			step := d
			if spec.Momentum != 0 {
				m := data(momentum)
				v := d
				if !spec.First {
					v += spec.Momentum * float64(m[i])
				}
				m[i] = float32(v)
				step = v
				if spec.Nesterov {
					step = d + spec.Momentum*v
				}
			}
			p[i] -= float32(spec.LR * step)
		}
	})
}

func (s *stream) Adam(param, grad, first, second tensor.Buffer, spec tensor.AdamSpec) {
	for _, b := range []tensor.Buffer{grad, first, second} {
		check(b, 0, param.Len())
	}
	s.do(func() {
		p, g, m, v := data(param), data(grad), data(first), data(second)
		c1, c2 := 1-math.Pow(spec.Beta1, float64(spec.Step)), 1-math.Pow(spec.Beta2, float64(spec.Step))
		for i := range p {
			d := spec.GradScale*float64(g[i]) + spec.WeightDecay*float64(p[i])
			a := spec.Beta1*float64(m[i]) + (1-spec.Beta1)*d
			b := spec.Beta2*float64(v[i]) + (1-spec.Beta2)*d*d
			m[i], v[i] = float32(a), float32(b)
			p[i] -= float32(spec.LR * (a / c1) / (math.Sqrt(b/c2) + spec.Eps))
		}
	})
}
