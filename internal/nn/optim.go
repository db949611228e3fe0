package nn

import "github.com/tendril-nas/tendril/internal/tensor"

// Optimizer updates the touched parameters of a set.
type Optimizer interface {
	// Step makes one update with learning rate lr times the factor of each parameter, and returns
	// the norm of all gradients together before clipping, or 0 when the norm is not computed
	// because nothing clips.
	Step(st tensor.Stream, ps *ParamSet, lr float64) float64
}

// SGD is stochastic gradient descent. The zero value is plain: no momentum, no decay, no clipping.
type SGD struct {
	Momentum    float64
	WeightDecay float64 // added to the gradient, on the whole tensor
	Nesterov    bool
	ClipNorm    float64 // 0: off; gradients are scaled down together so that their norm is at most this
}

// Step implements Optimizer.
func (o *SGD) Step(st tensor.Stream, ps *ParamSet, lr float64) float64 {
	norm, scale := clip(st, ps, o.ClipNorm)
	for _, p := range ps.touched {
		spec := tensor.SGDSpec{LR: lr * p.rate, Momentum: o.Momentum, WeightDecay: o.WeightDecay,
			GradScale: scale, Nesterov: o.Nesterov, First: p.steps == 0}
		if p.noDecay {
			spec.WeightDecay = 0
		}
		var m tensor.Buffer
		if o.Momentum != 0 {
			m = p.slot(0)
		}
		st.SGD(p.value, p.grad, m, spec)
		p.steps++
	}
	return norm
}

// Adam is Adam with weight decay added to the gradient. Zero fields mean betas 0.9 and 0.999, eps
// 1e-8.
type Adam struct {
	Beta1, Beta2 float64
	Eps          float64
	WeightDecay  float64
	ClipNorm     float64 // 0: off
}

// Step implements Optimizer.
func (o *Adam) Step(st tensor.Stream, ps *ParamSet, lr float64) float64 {
	norm, scale := clip(st, ps, o.ClipNorm)
	spec := tensor.AdamSpec{Beta1: o.Beta1, Beta2: o.Beta2, Eps: o.Eps, GradScale: scale}
	if spec.Beta1 == 0 {
		spec.Beta1 = 0.9
	}
	if spec.Beta2 == 0 {
		spec.Beta2 = 0.999
	}
	if spec.Eps == 0 {
		spec.Eps = 1e-8
	}
	for _, p := range ps.touched {
		p.steps++
		spec.LR, spec.Step, spec.WeightDecay = lr*p.rate, p.steps, o.WeightDecay
		if p.noDecay {
			spec.WeightDecay = 0
		}
		st.Adam(p.value, p.grad, p.slot(0), p.slot(1), spec)
	}
	return norm
}

// clip is the gradients' norm and the factor that brings it down to limit; without a limit the norm
// is not computed.
func clip(st tensor.Stream, ps *ParamSet, limit float64) (norm, scale float64) {
	if limit <= 0 {
		return 0, 1
	}
	norm = ps.GradNorm(st)
	if norm > limit {
		return norm, limit / norm
	}
	return norm, 1
}
