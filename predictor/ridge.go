package predictor

import (
	"cmp"
	"fmt"
	"math"
)

// RidgeOptions sets up a Ridge.
type RidgeOptions struct {
	// Penalty of the squared weights, the bias's included; 0 = 1.
	Penalty float64
}

// Ridge is linear regression with a penalty, exact after every example (recursive least squares).
// It needs no learning rate and uses examples far better than [Linear]; a step costs the square of
// the number of features.
//
// Features should be of the order of one, as [Online] makes them: where the sum of their squares is
// more than some 1e12 times the penalty and some depend on others, rounding errors take over.
type Ridge struct {
	opts RidgeOptions
	w    []float64 // weights and, last, the bias
	inv  []float64 // (penalty·I + Σ x·xᵀ)⁻¹, of features and a one
	x, u []float64
}

const mostRidge = 1 << 11

// NewRidge is one that has seen nothing. o may be nil.
func NewRidge(inputs int, o *RidgeOptions) (*Ridge, error) {
	var p RidgeOptions
	if o != nil {
		p = *o
	}
	p.Penalty = cmp.Or(p.Penalty, 1)
	if inputs < 1 || inputs > mostRidge || !(p.Penalty > 0) || math.IsInf(p.Penalty, 1) {
		return nil, fmt.Errorf("predictor: ridge regression of %d features with penalty %v, expected 1 to %d, above 0",
			inputs, p.Penalty, mostRidge)
	}
	n := inputs + 1
	r := &Ridge{opts: p, w: make([]float64, n), inv: make([]float64, n*n), x: make([]float64, n), u: make([]float64, n)}
	for i := range n {
		r.inv[i*n+i] = 1 / p.Penalty
	}
	return r, nil
}

// Inputs implements Learner.
func (r *Ridge) Inputs() int {
	if r == nil {
		return 0
	}
	return max(len(r.w)-1, 0)
}

// Predict implements Learner.
func (r *Ridge) Predict(x []float64) (float64, error) {
	if len(r.w) == 0 {
		return 0, errUnmade
	}
	if err := checkExample(x, r.Inputs(), 0); err != nil {
		return 0, err
	}
	return foretold(r.at(x))
}

func (r *Ridge) at(x []float64) float64 {
	sum := r.w[len(x)]
	for i, v := range x {
		sum += v * r.w[i]
	}
	return sum
}

// Width is √(xᵀA⁻¹x), A being the penalty and the features seen so far: times the deviation of the
// noise it is the standard error of the prediction, and large where little like x was seen.
func (r *Ridge) Width(x []float64) (float64, error) {
	if len(r.w) == 0 {
		return 0, errUnmade
	}
	if err := checkExample(x, r.Inputs(), 0); err != nil {
		return 0, err
	}
	return math.Sqrt(max(r.spread(x), 0)), nil
}

// spread is xᵀA⁻¹x, with A⁻¹x left in u.
func (r *Ridge) spread(x []float64) float64 {
	n := len(r.w)
	copy(r.x, x)
	r.x[n-1] = 1
	total := 0.0
	for i, v := range r.x {
		sum := 0.0
		for j, a := range r.inv[i*n:][:n] {
			sum += a * r.x[j]
		}
		r.u[i] = sum
		total += v * sum
	}
	return total
}

// Update implements Learner.
func (r *Ridge) Update(x []float64, y float64) (float64, error) {
	if len(r.w) == 0 {
		return 0, errUnmade
	}
	if err := checkExample(x, r.Inputs(), y); err != nil {
		return 0, err
	}
	f, err := foretold(r.at(x))
	if err != nil {
		return 0, err
	}
	r.step(x, f-y)
	return f, nil
}

// step is the update of Sherman and Morrison.
func (r *Ridge) step(x []float64, e float64) {
	n := len(r.w)
	gain := 1 / (1 + r.spread(x))
	for i, u := range r.u {
		by := gain * u
		r.w[i] -= e * by
		row := r.inv[i*n:][:n]
		for j, v := range r.u {
			row[j] -= by * v
		}
	}
}
