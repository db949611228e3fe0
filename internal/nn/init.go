package nn

import (
	"math"
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

// InitConv fills a convolution weight from a normal distribution of variance 2/(kh·kw·out/groups): He et al. (2015), fan-out form, as
// the MobileNet family uses it (see Once-for-all's weight initialisation).
func (p *Param) InitConv(st tensor.Stream, r *rand.Rand, groups int) {
	if len(p.dims) != 4 {
		tensor.Failf("init", "%s has %d dimensions, expected 4", p.name, len(p.dims))
	}
	p.InitNormal(st, r, math.Sqrt(2*float64(groups)/float64(p.dims[0]*p.dims[1]*p.dims[3])))
}

// InitFanIn fills a weight or bias from the uniform distribution on ±1/√fanIn, the usual start of linear layers.
func (p *Param) InitFanIn(st tensor.Stream, r *rand.Rand, fanIn int) {
	p.InitUniform(st, r, 1/math.Sqrt(float64(fanIn)))
}

func (p *Param) fill(st tensor.Stream, next func() float64) {
	v := make([]float32, p.Size())
	for i := range v {
		v[i] = float32(next())
	}
	st.Write(p.value, 0, v)
}
