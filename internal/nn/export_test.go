package nn

import (
	"math/rand/v2"

	"github.com/tendril-nas/tendril/internal/tensor"
)

// Tests compare gradients of inputs, too, multiply by numbers, and draw other first values, which
// nothing else asks for.

// Variable is Input whose gradient is wanted.
func (t *Tape) Variable(shape tensor.Shape, data []float32) Value {
	v := t.Input(shape, data)
	t.nodes[v].needs = t.step.Grad
	return v
}

// ReadGrad waits and copies the gradient of a Variable after Backward; zeros if nothing depended on
// it. A nil dst is allocated.
func (t *Tape) ReadGrad(v Value, dst []float32) []float32 {
	x := t.get("gradient", v)
	if g := t.nodes[v].grad; g != 0 {
		return t.download(t.grads[g].t, dst)
	}
	if dst == nil {
		dst = make([]float32, x.Shape().Size())
	}
	clear(dst)
	return dst
}

// Scale is alpha·x, a mix of one operand.
func (t *Tape) Scale(x Value, alpha float64) Value {
	p := NewParamSet(t.st.Backend()).Add("alpha", 1)
	p.SetFrozen(true)
	t.st.Write(p.value, 0, []float32{float32(alpha)})
	return t.Mix([]Value{x}, p.Vector())
}

// InitNormal fills a parameter from a normal distribution of mean 0.
func (p *Param) InitNormal(st tensor.Stream, r *rand.Rand, std float64) {
	p.fill(st, func() float64 { return r.NormFloat64() * std })
}

// InitConstant fills a parameter with one value.
func (p *Param) InitConstant(st tensor.Stream, value float64) {
	p.fill(st, func() float64 { return value })
}
