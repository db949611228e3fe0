package predictor

import (
	"cmp"
	"fmt"
)

// LinearOptions sets up a Linear.
type LinearOptions struct {
	// Rate is the part of an error that a step takes away, in (0, 2); 0 = 0.2.
	Rate float64
}

// Linear is a linear model with a bias under normalised least mean squares: a step is divided by
// the squared length of the features, so that none can be too long.
type Linear struct {
	opts LinearOptions
	w    []float64 // weights and, last, the bias
}

// NewLinear is one of zeros. o may be nil.
func NewLinear(inputs int, o *LinearOptions) (*Linear, error) {
	var p LinearOptions
	if o != nil {
		p = *o
	}
	p.Rate = cmp.Or(p.Rate, 0.2)
	if inputs < 1 || !(p.Rate > 0 && p.Rate < 2) {
		return nil, fmt.Errorf("predictor: linear model of %d features with rate %v, expected at least one, in (0, 2)",
			inputs, p.Rate)
	}
	return &Linear{opts: p, w: make([]float64, inputs+1)}, nil
}

// Inputs implements Learner.
func (l *Linear) Inputs() int {
	if l == nil {
		return 0
	}
	return max(len(l.w)-1, 0)
}

// Predict implements Learner.
func (l *Linear) Predict(x []float64) (float64, error) {
	if len(l.w) == 0 {
		return 0, errUnmade
	}
	if err := checkExample(x, l.Inputs(), 0); err != nil {
		return 0, err
	}
	return foretold(l.at(x))
}

func (l *Linear) at(x []float64) float64 {
	n := len(x)
	sum := l.w[n]
	for i, v := range x {
		sum += v * l.w[i]
	}
	return sum
}

// Update implements Learner.
func (l *Linear) Update(x []float64, y float64) (float64, error) {
	if len(l.w) == 0 {
		return 0, errUnmade
	}
	if err := checkExample(x, l.Inputs(), y); err != nil {
		return 0, err
	}
	f, err := foretold(l.at(x))
	if err != nil {
		return 0, err
	}
	l.step(x, f-y)
	return f, nil
}

// step takes a part of the error away.
func (l *Linear) step(x []float64, e float64) {
	size := 1.0
	for _, v := range x {
		size += v * v
	}
	by := l.opts.Rate * e / size
	n := len(x)
	for i, v := range x {
		l.w[i] -= by * v
	}
	l.w[n] -= by
}

// Mean predicts the mean of all targets so far, and 0 before the first: what any other learner has
// to beat.
type Mean struct {
	inputs, count int
	mean          float64
}

// NewMean is one that has seen nothing.
func NewMean(inputs int) (*Mean, error) {
	if inputs < 1 {
		return nil, fmt.Errorf("predictor: mean beside %d features, expected at least one", inputs)
	}
	return &Mean{inputs: inputs}, nil
}

// Inputs implements Learner.
func (m *Mean) Inputs() int {
	if m == nil {
		return 0
	}
	return m.inputs
}

// Predict implements Learner.
func (m *Mean) Predict(x []float64) (float64, error) {
	if m.inputs == 0 {
		return 0, errUnmade
	}
	return m.mean, checkExample(x, m.inputs, 0)
}

// Update implements Learner.
func (m *Mean) Update(x []float64, y float64) (float64, error) {
	if m.inputs == 0 {
		return 0, errUnmade
	}
	if err := checkExample(x, m.inputs, y); err != nil {
		return 0, err
	}
	before := m.mean
	m.count++
	m.mean += (y - m.mean) / float64(m.count)
	return before, nil
}
