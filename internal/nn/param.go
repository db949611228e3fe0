package nn

import (
	"fmt"
	"slices"

	"github.com/tendril-nas/tendril/internal/tensor"
)

// Param is a named float32 tensor in a ParamSet. Convolution weights have dims [kh, kw, in/groups,
// out], linear weights [in, out], embeddings [rows, dim], vectors [n]; elements are stored in that
// order.
type Param struct {
	name    string
	dims    []int
	set     *ParamSet
	value   tensor.Buffer
	grad    tensor.Buffer
	slots   [2]tensor.Buffer // optimiser state: momentum; Adam's two moments
	steps   int              // updates since the optimiser state was cleared
	state   bool
	frozen  bool
	noDecay bool
	rate    float64 // factor of the learning rate
	touched bool
}

// Name is the parameter's unique name.
func (p *Param) Name() string { return p.name }

// Dims is a copy of the dimensions.
func (p *Param) Dims() []int { return slices.Clone(p.dims) }

// Size is the number of elements.
func (p *Param) Size() int { return p.value.Len() }

// Value is the parameter's memory.
func (p *Param) Value() tensor.Buffer { return p.value }

// Grad is the gradient of the current step, shaped as the value; nil if no step has touched the
// parameter yet.
func (p *Param) Grad() tensor.Buffer { return p.grad }

// IsState reports whether the parameter is a running statistic, which is saved but not trained.
func (p *Param) IsState() bool { return p.state }

// Frozen reports whether training leaves the parameter alone.
func (p *Param) Frozen() bool { return p.frozen || p.state }

// SetFrozen freezes or unfreezes the parameter. Frozen parameters get no gradient, so layers below
// only frozen ones cost no backward pass.
func (p *Param) SetFrozen(frozen bool) { p.frozen = frozen }

// SetNoDecay exempts the parameter from weight decay, as is common for biases and batch
// normalisation.
func (p *Param) SetNoDecay(exempt bool) { p.noDecay = exempt }

// SetRate sets a factor of the learning rate, at least 0; a new parameter has 1. The gradient stays
// what it is, and so does its part in the norm that clipping bounds.
func (p *Param) SetRate(factor float64) { p.rate = factor }

// Touched reports whether the current step uses the parameter for training.
func (p *Param) Touched() bool { return p.touched }

// slot is the optimiser's state i (0: momentum or first moment, 1: second moment).
func (p *Param) slot(i int) tensor.Buffer {
	if p.slots[i] == nil {
		p.slots[i] = p.set.backend.NewBuffer(p.Size())
	}
	return p.slots[i]
}

// Weight views the parameter as a convolution weight ([kh, kw, in, out]) or as a linear weight or
// embedding table ([in, out]).
func (p *Param) Weight() Weight {
	switch d := p.dims; len(d) {
	case 4:
		return Weight{P: p, V: tensor.NewWeight(p.value, d[0], d[1], d[2], d[3])}
	case 2:
		return Weight{P: p, V: tensor.NewWeight(p.value, 1, 1, d[0], d[1])}
	}
	tensor.Failf("weight", "%s has %d dimensions, expected 2 or 4", p.name, len(p.dims))
	return Weight{}
}

// Vector views the whole parameter as a vector.
func (p *Param) Vector() Vector { return Vector{P: p, V: tensor.NewVec(p.value)} }

// Weight is a view of a parameter used as a layer's weight.
type Weight struct {
	P *Param
	V tensor.Weight
}

// Crop is the centre k×k of the kernel, first in input and first out output channels.
func (w Weight) Crop(k, in, out int) Weight {
	w.V = w.V.Crop(k, in, out)
	return w
}

// Vector is a view of a parameter used as a bias or a batch normalisation's gamma or beta. The zero
// value means "none".
type Vector struct {
	P *Param
	V tensor.Vec
}

// First is the first n elements.
func (v Vector) First(n int) Vector {
	v.V = v.V.First(n)
	return v
}

// trains reports whether gradients of p are wanted.
func (p *Param) trains() bool { return p != nil && !p.frozen && !p.state }

// touch marks p as used by the current step and clears its gradient the first time.
func (p *Param) touch(st tensor.Stream) {
	if p.touched {
		return
	}
	if p.grad == nil {
		p.grad = p.set.backend.NewBuffer(p.Size())
	} else {
		st.Zero(p.grad)
	}
	p.touched = true
	p.set.touched = append(p.set.touched, p)
}

// Set writes the whole value; len(src) must be Size.
func (p *Param) Set(st tensor.Stream, src []float32) error {
	if len(src) != p.Size() {
		return fmt.Errorf("parameter %s: got %d numbers, expected %d", p.name, len(src), p.Size())
	}
	st.Write(p.value, 0, src)
	return nil
}

// Get reads the whole value.
func (p *Param) Get(st tensor.Stream) []float32 {
	dst := make([]float32, p.Size())
	st.Read(p.value, 0, dst)
	return dst
}
