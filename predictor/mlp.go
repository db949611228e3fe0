package predictor

import (
	"cmp"

	"github.com/tendril-nas/tendril/internal/stream"
)

// MLPOptions sets up an MLP; the zero value, or nil, is the network of the paper's comparison with
// ten layers.
type MLPOptions struct {
	// Layers is the number of hidden layers; 0 = 10. The paper compares 3, 6, 10 and 14.
	Layers int
	// Units of each; 0 = 64.
	Units int
	// Rate of stochastic gradient descent on the squared error; 0 = 0.01.
	Rate float64
	// Init is how weights begin; InitHe by default.
	Init Init
	// Seed of the weights.
	Seed uint64
}

// MLP is a network of a fixed depth that takes one step of gradient descent for every example: what
// a [Hedge] is to be compared with.
type MLP struct {
	opts MLPOptions
	net  *network
	grad []float64
}

// NewMLP is an MLP of so many features that has learnt nothing. o may be nil.
func NewMLP(inputs int, o *MLPOptions) (*MLP, error) {
	var p MLPOptions
	if o != nil {
		p = *o
	}
	p.Layers, p.Units, p.Rate = cmp.Or(p.Layers, 10), cmp.Or(p.Units, 64), cmp.Or(p.Rate, 0.01)
	if err := cmp.Or(checkRate(p.Rate), p.Init.check()); err != nil {
		return nil, err
	}
	net, err := newNetwork(inputs, p.Units, p.Layers, false)
	if err != nil {
		return nil, err
	}
	net.rate = p.Rate
	net.initialise(p.Init, stream.New(p.Seed, "predictor.mlp"))
	return &MLP{opts: p, net: net, grad: make([]float64, p.Layers)}, nil
}

// Inputs implements Learner.
func (m *MLP) Inputs() int {
	if m == nil || m.net == nil {
		return 0
	}
	return m.net.inputs
}

// Predict implements Learner.
func (m *MLP) Predict(x []float64) (float64, error) {
	if m == nil || m.net == nil {
		return 0, errUnmade
	}
	if err := checkExample(x, m.net.inputs, 0); err != nil {
		return 0, err
	}
	if err := m.net.forward(x); err != nil {
		return 0, err
	}
	return foretold(m.net.f[m.net.layers-1])
}

// Update implements Learner.
func (m *MLP) Update(x []float64, y float64) (float64, error) {
	if m == nil || m.net == nil {
		return 0, errUnmade
	}
	if err := checkExample(x, m.net.inputs, y); err != nil {
		return 0, err
	}
	f, err := m.Predict(x)
	if err != nil {
		return 0, err
	}
	m.grad[m.net.layers-1] = 2 * (f - y)
	return f, m.net.backward(m.grad)
}
