package predictor

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/tendril-nas/tendril/internal/kernel"
)

// network is hidden layers of rectified units, each with a head that predicts, or the last one
// only:
//
//	hₗ = relu(Φₗ·hₗ₋₁ + bₗ)    fₗ = wₗ·hₗ + cₗ
//
// Φₗ is held by its columns, one row of memory for each input of the layer: what belongs to an
// input that is 0 is then neither read nor changed, in any direction.
type network struct {
	inputs, units, layers int
	heads                 int // the layers from heads on have one
	path                  kernel.Path
	flat                  []float64 // all that learns: Φ, b, w, c
	phi                   []kernel.Matrix64
	b, w                  [][]float64
	c                     []float64
	x                     []float64   // input, a copy
	h                     [][]float64 // activations of the last pass
	f                     []float64   // what heads said then
	dz, dh                []float64
	rate                  float64 // of a step; see rateFor
	normalised            bool
}

const (
	mostLayers = 1 << 10
	mostUnits  = 1 << 14
	mostValues = 1 << 26
)

// networkSize is the number of weights, where such a network may be.
func networkSize(inputs, units, layers int) (int, error) {
	if inputs < 1 || inputs > mostUnits || units < 1 || units > mostUnits || layers < 1 || layers > mostLayers {
		return 0, fmt.Errorf("predictor: network of %d inputs and %d layers of %d units, expected 1 to %d, 1 to %d, "+
			"1 to %d", inputs, layers, units, mostUnits, mostLayers, mostUnits)
	}
	in, u, l := int64(inputs), int64(units), int64(layers)
	size := in*u + (l-1)*u*u + 2*l*u + l
	if size > mostValues {
		return 0, fmt.Errorf("predictor: network of %d weights, expected at most %d", size, mostValues)
	}
	return int(size), nil
}

// newNetwork is one of zeros.
func newNetwork(inputs, units, layers int, allHeads bool) (*network, error) {
	size, err := networkSize(inputs, units, layers)
	if err != nil {
		return nil, err
	}
	if err := kernel.CheckDefault(); err != nil {
		return nil, fmt.Errorf("predictor: %w", err)
	}
	n := &network{inputs: inputs, units: units, layers: layers, path: kernel.Default()}
	if !allHeads {
		n.heads = layers - 1
	}
	n.flat = make([]float64, size)
	rest := n.flat
	take := func(k int) []float64 {
		part := rest[:k:k]
		rest = rest[k:]
		return part
	}
	for l := range layers {
		rows := n.fanIn(l)
		n.phi = append(n.phi, kernel.Matrix64{Data: take(rows * units), Rows: rows, Cols: units, Stride: units})
		n.h = append(n.h, make([]float64, units))
	}
	for range layers {
		n.b = append(n.b, take(units))
	}
	for range layers {
		n.w = append(n.w, take(units))
	}
	n.c = take(layers)
	n.x, n.f = make([]float64, inputs), make([]float64, layers)
	n.dz, n.dh = make([]float64, units), make([]float64, max(units, inputs))
	return n, nil
}

// fanIn is the number of inputs of layer l.
func (n *network) fanIn(l int) int {
	if l == 0 {
		return n.inputs
	}
	return n.units
}

// initialise draws weights: for layers as He et al. (2015) do, N(0, 2/inputs) without bias, and for
// heads N(0, 1/units); or uniform from ±1/√inputs, biases too, as linear layers of PyTorch begin.
func (n *network) initialise(kind Init, r *rand.Rand) {
	for l := range n.layers {
		in, out := float64(n.fanIn(l)), float64(n.units)
		switch kind {
		case InitUniform:
			uniform(r, n.phi[l].Data, 1/math.Sqrt(in))
			uniform(r, n.b[l], 1/math.Sqrt(in))
			uniform(r, n.w[l], 1/math.Sqrt(out))
			uniform(r, n.c[l:l+1], 1/math.Sqrt(out))
		default:
			normal(r, n.phi[l].Data, math.Sqrt(2/in))
			normal(r, n.w[l], math.Sqrt(1/out))
		}
	}
}

func uniform(r *rand.Rand, x []float64, bound float64) {
	for i := range x {
		x[i] = (2*r.Float64() - 1) * bound
	}
}

func normal(r *rand.Rand, x []float64, deviation float64) {
	for i := range x {
		x[i] = r.NormFloat64() * deviation
	}
}

// forward fills h and f.
func (n *network) forward(x []float64) error {
	copy(n.x, x)
	below := n.x
	for l, h := range n.h {
		copy(h, n.b[l])
		if err := n.path.SumRows64(n.phi[l], below, h); err != nil {
			return fmt.Errorf("predictor: layer %d: %w", l, err)
		}
		if l < n.heads {
			for i, z := range h {
				h[i] = max(z, 0)
			}
		} else {
			n.f[l] = n.c[l] + rectify(h, n.w[l])
		}
		below = h
	}
	return nil
}

// rectify replaces z by relu(z) and gives its product with w.
func rectify(z, w []float64) float64 {
	w = w[:len(z)]
	var s, t float64
	i := 0
	for ; i+2 <= len(z); i += 2 {
		a, b := max(z[i], 0), max(z[i+1], 0)
		z[i], z[i+1] = a, b
		s += a * w[i]
		t += b * w[i+1]
	}
	if i < len(z) {
		z[i] = max(z[i], 0)
		s += z[i] * w[i]
	}
	return s + t
}

// backward goes down the gradient of a loss whose derivatives by the heads' outputs are grad, with
// the activations of the last pass. All derivatives are those at the weights before the step.
func (n *network) backward(grad []float64) error {
	clear(n.dh)
	total := 0.0 // of |grad| from here up
	for l := n.layers - 1; l >= 0; l-- {
		g := 0.0
		if l >= n.heads {
			g = grad[l]
		}
		total += math.Abs(g)
		below := n.x
		if l > 0 {
			below = n.h[l-1]
		}
		headRate := n.rateFor(n.h[l], 0)
		size := stepHead(n.h[l], n.w[l], n.dh[:n.units], n.dz, g, headRate)
		n.c[l] -= headRate * g
		steep := 0.0
		if total > 0 {
			steep = size / (total * total)
		}
		rate := n.rateFor(below, steep)
		for i, d := range n.dz {
			n.b[l][i] -= rate * d
		}
		if err := n.path.StepRows64(n.phi[l], below, -rate, n.dz, n.dh); err != nil {
			return fmt.Errorf("predictor: layer %d: %w", l, err)
		}
	}
	return nil
}

// rateFor is the learning rate of weights with these inputs, behind which outputs rise by steep,
// the squared length of their gradient. Normalised, it is divided by the squared length of the
// inputs, a one for the bias among them, and by 1 + steep.
func (n *network) rateFor(inputs []float64, steep float64) float64 {
	if !n.normalised {
		return n.rate
	}
	size := 1.0 // of a bias
	for _, v := range inputs {
		size += v * v
	}
	return n.rate / (size * (1 + steep))
}

// stepHead joins the gradient dh from the layers above with that of the head, takes it through the
// rectifier (whose derivative at 0 is 0) into dz, and steps the head's weights. It gives the
// squared length of dz.
func stepHead(h, w, dh, dz []float64, g, rate float64) float64 {
	w, dh, dz = w[:len(h)], dh[:len(h)], dz[:len(h)]
	size := 0.0
	for i, a := range h {
		// All ones where a is above 0: signs are random, and a wrong guess of a branch costs more.
		mask := uint64(-int64(math.Float64bits(a)) >> 63)
		d := math.Float64frombits(math.Float64bits(dh[i]+g*w[i]) & mask)
		dz[i] = d
		size += d * d
		w[i] -= rate * g * a
	}
	return size
}

// allFinite reports whether all of x are numbers.
func allFinite(x []float64) bool {
	sum := 0.0
	for _, v := range x {
		sum += v - v
	}
	return sum == 0
}
