package nn

import (
	"math/rand/v2"

	"github.com/tendril-nas/tendril/internal/tensor"
)

// InitUniform fills a parameter from the uniform distribution on ±bound.
func (p *Param) InitUniform(st tensor.Stream, r *rand.Rand, bound float64) {
	p.fill(st, func() float64 { return (2*r.Float64() - 1) * bound })
}

func (p *Param) fill(st tensor.Stream, next func() float64) {
	v := make([]float32, p.Size())
	for i := range v {
		v[i] = float32(next())
	}
	st.Write(p.value, 0, v)
}
