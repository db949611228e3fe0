package predictor

import (
	"fmt"

	"github.com/tendril-nas/tendril/internal/stream"
)

// Hedge is the adaptive network of NASOA: hidden layers that each predict by a head of their own,
// the mean of whose predictions is weighed by [Weights] over what each has lost so far. It begins
// as a shallow network, which learns fast, and becomes as deep as pays.
//
//	Xu et al., "NASOA: Towards Faster Task-oriented Online Fine-tuning with a Zoo of Models",
//	ICCV 2021, eqs. 3 and 4; after Sahoo et al., "Online Deep Learning", IJCAI 2018.
//
// For an example (x, y) every head loses (fₗ − y)², at most 1, and with the weights α before the
// example
//
//	wₗ −= η·αₗ·∂(fₗ−y)²/∂wₗ    Φₗ −= η·Σⱼ≥ₗ αⱼ·∂(fⱼ−y)²/∂Φₗ    αₗ ∝ αₗ·β^lossₗ
//
// all at once: gradients are those before the step. Layers and heads have biases, which learn
// alike.
//
// It does not beat the best fixed depth in general, but comes close to it without being told which
// it is, and far better than deep networks that do not train.
type Hedge struct {
	opts           HedgeOptions
	net            *network
	weights        *Weights
	linear         *Linear
	ridge          *Ridge
	first          int // the place of the first layer among experts
	outputs        []float64
	losses, scaled []float64
	grad           []float64
}

// NewHedge is a Hedge of so many features that has learnt nothing. o may be nil.
func NewHedge(inputs int, o *HedgeOptions) (*Hedge, error) {
	p, err := o.resolved()
	if err != nil {
		return nil, err
	}
	h := &Hedge{opts: p}
	if h.net, err = newNetwork(inputs, p.Units, p.Layers, true); err != nil {
		return nil, err
	}
	switch p.Linear {
	case LinearNormalised:
		h.linear, err = NewLinear(inputs, nil)
	case LinearRidge:
		h.ridge, err = NewRidge(inputs, nil)
	}
	if err != nil {
		return nil, err
	}
	if p.Linear != LinearNone {
		h.first = 1
	}
	h.grad = make([]float64, p.Layers)
	experts := p.Layers + h.first
	if h.weights, err = NewWeights(experts, p.Discount, p.Floor); err != nil {
		return nil, err
	}
	h.outputs, h.losses, h.scaled = make([]float64, experts), make([]float64, experts), make([]float64, experts)
	h.net.rate, h.net.normalised = p.Rate, p.Normalised
	h.net.initialise(p.Init, stream.New(p.Seed, "predictor.hedge"))
	if p.Residual {
		h.leaveToLinear()
	}
	return h, nil
}

// leaveToLinear makes every expert the linear model, which gets half the weight.
func (h *Hedge) leaveToLinear() {
	for l := range h.net.layers {
		clear(h.net.w[l])
		h.net.c[l] = 0
		h.weights.alpha[l+1] = 0.5 / float64(h.net.layers)
	}
	h.weights.alpha[0] = 0.5
}

// Inputs implements Learner.
func (h *Hedge) Inputs() int {
	if h == nil || h.net == nil {
		return 0
	}
	return h.net.inputs
}

// Options are those of the Hedge with defaults filled in.
func (h *Hedge) Options() HedgeOptions { return h.opts }

// Predict implements Learner: Σ αₗ·fₗ.
func (h *Hedge) Predict(x []float64) (float64, error) {
	if h == nil || h.net == nil {
		return 0, errUnmade
	}
	if err := checkExample(x, h.net.inputs, 0); err != nil {
		return 0, err
	}
	return h.forward(x)
}

func (h *Hedge) forward(x []float64) (float64, error) {
	if err := h.net.forward(x); err != nil {
		return 0, err
	}
	copy(h.outputs[h.first:], h.net.f)
	switch {
	case h.linear != nil:
		h.outputs[0] = h.linear.at(x)
	case h.ridge != nil:
		h.outputs[0] = h.ridge.at(x)
	}
	sum := 0.0
	for i, f := range h.outputs {
		if !finite(f) {
			return 0, fmt.Errorf("predictor: %w: expert %d predicts %v", ErrDiverged, i, f)
		}
		if h.opts.Residual && i > 0 {
			f += h.outputs[0]
			h.outputs[i] = f
		}
		sum += h.weights.alpha[i] * f
	}
	return sum, nil
}

// Update implements Learner. It allocates nothing.
func (h *Hedge) Update(x []float64, y float64) (float64, error) {
	if h == nil || h.net == nil {
		return 0, errUnmade
	}
	if err := checkExample(x, h.net.inputs, y); err != nil {
		return 0, err
	}
	f, err := h.forward(x)
	if err != nil {
		return 0, err
	}
	for i, out := range h.outputs {
		e := out - y
		h.losses[i] = min(e*e, 1)
		if i < h.first {
			continue
		}
		h.grad[i-h.first] = 2 * e * h.weights.alpha[i]
		if h.opts.ClippedGradient && e*e > 1 {
			h.grad[i-h.first] = 0
		}
	}
	h.setRate()
	if err := h.net.backward(h.grad); err != nil {
		return 0, err
	}
	switch {
	case h.linear != nil:
		h.linear.step(x, h.outputs[0]-y)
	case h.ridge != nil:
		h.ridge.step(x, h.outputs[0]-y)
	}
	return f, h.weights.Update(h.forWeights())
}

// setRate bounds the rate, if steps are normalised, such that no head goes beyond what it was
// taught: where all weight lies on one layer, a rate of ½ takes its error away.
func (h *Hedge) setRate() {
	if !h.opts.Normalised {
		return
	}
	largest := 0.0
	for _, a := range h.weights.alpha[h.first:] {
		largest = max(largest, a)
	}
	h.net.rate = min(h.opts.Rate, 0.5/largest)
}

// forWeights is the losses as weights take them.
func (h *Hedge) forWeights() []float64 {
	if h.opts.Losses == LossClipped {
		return h.losses
	}
	lo, hi := h.losses[0], h.losses[0]
	for _, l := range h.losses {
		lo, hi = min(lo, l), max(hi, l)
	}
	for i, l := range h.losses {
		h.scaled[i] = leastRangeLoss
		if hi > lo {
			h.scaled[i] = max((l-lo)/(hi-lo), leastRangeLoss)
		}
	}
	return h.scaled
}

const leastRangeLoss = 0.01

// Outputs appends what every expert said of the last example or prediction: the linear model if
// there is one, then the layers from the first to the last.
func (h *Hedge) Outputs(dst []float64) []float64 { return append(dst, h.outputs...) }

// Losses appends the squared errors, at most 1, of every expert at the last example.
func (h *Hedge) Losses(dst []float64) []float64 { return append(dst, h.losses...) }

// Alpha appends the weights of the experts.
func (h *Hedge) Alpha(dst []float64) []float64 {
	if h.weights == nil {
		return dst
	}
	return append(dst, h.weights.alpha...)
}

// Regret is how the mixture has fared beside its experts, in the losses that its weights are
// updated by.
func (h *Hedge) Regret() Regret {
	if h.weights == nil {
		return Regret{}
	}
	return h.weights.Regret()
}
