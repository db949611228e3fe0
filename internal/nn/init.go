package nn

import (
	"math/rand/v2"

	"github.com/tendril-nas/tendril/internal/tensor"
)

// InitUniform fills a parameter from the uniform distribution on ±bound.
func (p *Param) InitUniform(st tensor.Stream, r *rand.Rand, bound float64) {
	p.fill(st, func() float64 { return (2*r.Float64() - 1) * bound })
}

// InitNormal fills a parameter from a normal distribution of mean 0.
func (p *Param) InitNormal(st tensor.Stream, r *rand.Rand, std float64) {
	p.fill(st, func() float64 { return r.NormFloat64() * std })
}

// InitConstant fills a parameter with one value.
func (p *Param) InitConstant(st tensor.Stream, value float64) {
	p.fill(st, func() float64 { return value })
}

func (p *Param) fill(st tensor.Stream, next func() float64) {
	v := make([]float32, p.Size())
	for i := range v {
		v[i] = float32(next())
	}
	st.Write(p.value, 0, v)
}
