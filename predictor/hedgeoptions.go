package predictor

import (
	"cmp"
	"errors"
	"fmt"
	"math"
)

// LossKind is what the weights of a Hedge's layers are updated by.
type LossKind int

const (
	// LossClipped is the squared error, at most 1.
	LossClipped LossKind = iota
	// LossRange takes the squared errors of one example from [least, largest] to [0, 1], at least
	// 0.01, as the code of online deep learning (Sahoo et al., 2018) does: weights tell layers
	// apart however small the errors are.
	LossRange
)

// LinearExpert is a linear model among the layers of a Hedge.
type LinearExpert int

const (
	// LinearNone is the paper's: layers only.
	LinearNone LinearExpert = iota
	// LinearNormalised is a [Linear].
	LinearNormalised
	// LinearRidge is a [Ridge].
	LinearRidge
)

// HedgeOptions sets up a Hedge. The zero value, or nil, is the paper's (section 4.2 of Xu et al.,
// "NASOA", ICCV 2021). See [Tuned] for what does better on a stream of a thousand tasks.
type HedgeOptions struct {
	// Layers is L, the number of hidden layers; 0 = 10.
	Layers int
	// Units of each; 0 = 64.
	Units int
	// Rate is η; 0 = 0.01. A layer's step is scaled by its weight, so that this network stands
	// larger rates than an MLP.
	Rate float64
	// Discount is β; 0 = 0.99, or where Horizon is set the value of Theorem 1. With the paper's
	// value, weights of layers whose errors differ by 0.01 are within a tenth of each other after a
	// thousand tasks.
	Discount float64
	// Horizon is T, the number of examples that are expected; 0 leaves Discount as it is.
	Horizon int
	// Constant is C of Theorem 1; 0 = 5.
	Constant float64
	// Floor is s: no weight falls below s/L before weights are divided by their sum, so that layers
	// come back when data change. 0, the default, is none; Sahoo et al. use 0.2.
	Floor float64
	// ClippedGradient takes the gradient of min(error², 1), which is 0 for errors above 1, instead
	// of that of the squared error.
	ClippedGradient bool
	// Losses is what weights are updated by; LossClipped by default.
	Losses LossKind
	// Linear puts a linear model beside the layers, as the first expert; LinearNone by default.
	Linear LinearExpert
	// Residual has every layer predict what the linear model leaves, so that each is the linear
	// model and a correction. Heads begin at 0 and the linear model with half the weight: the
	// mixture is then hardly ever worse than it. Needs Linear.
	Residual bool
	// Normalised divides the step of every layer and head by the squared length of the gradient of
	// its output, as [Linear] does, and takes no head further than to the target. Rates of 1 to 4
	// are then right whatever the features, where plain steps of 0.1 may diverge.
	Normalised bool
	// Init is how weights begin; InitHe by default.
	Init Init
	// Seed of the weights.
	Seed uint64
}

// resolved fills in defaults.
func (o *HedgeOptions) resolved() (HedgeOptions, error) {
	var p HedgeOptions
	if o != nil {
		p = *o
	}
	p.Layers, p.Units, p.Rate = cmp.Or(p.Layers, 10), cmp.Or(p.Units, 64), cmp.Or(p.Rate, 0.01)
	if p.Horizon < 0 || p.Constant < 0 || !finite(p.Constant) {
		return p, fmt.Errorf("predictor: horizon %d with constant %v, expected at least 0 of both", p.Horizon, p.Constant)
	}
	if p.Horizon > 0 && p.Discount == 0 {
		p.Discount = Discount(p.Horizon, p.Constant)
	}
	p.Discount = cmp.Or(p.Discount, 0.99)
	if p.Losses != LossClipped && p.Losses != LossRange {
		return p, fmt.Errorf("predictor: losses %d, expected LossClipped or LossRange", p.Losses)
	}
	if p.Linear < LinearNone || p.Linear > LinearRidge {
		return p, fmt.Errorf("predictor: linear expert %d, expected LinearNone, LinearNormalised or LinearRidge", p.Linear)
	}
	if p.Residual && p.Linear == LinearNone {
		return p, errors.New("predictor: layers that predict what a linear model leaves, and no linear model")
	}
	return p, cmp.Or(checkRate(p.Rate), p.Init.check())
}

// Tuned is ours: layers that predict what ridge regression leaves, normalised steps, and a discount
// of 1/√e. Squared errors in [0, 1] are exp-concave, so that with this discount the squared error
// of the mixture exceeds that of the best expert by at most 2·ln(1/α₀)/T on average, where Theorem
// 1 says O(1/√T) (Kivinen and Warmuth, 1999), α₀ being that expert's weight at the beginning.
//
// On the four streams of real data that come with the reference figures its mean absolute error is
// 0.5 to 0.82 times that of the paper's settings, and 0.88 to 1.02 times that of ridge regression.
func Tuned() *HedgeOptions {
	return &HedgeOptions{Rate: 2, Normalised: true, Discount: math.Exp(-0.5), Linear: LinearRidge, Residual: true}
}
