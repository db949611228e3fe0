package adjuster

import (
	"fmt"
	"math"

	"github.com/tendril-nas/tendril/searchspace"
)

// Objective says what V of the reward is, a fraction in any case.
type Objective uint8

const (
	// Accuracy is top-1 accuracy, as published.
	Accuracy Objective = iota
	// Likelihood is exp(−mean cross-entropy): the geometric mean of the probabilities that images
	// have under their labels, those aside whose class the network does not know. It varies less
	// from sample to sample of images than accuracy does, so that fewer of them tell architectures
	// apart.
	Likelihood
)

// String is "accuracy" or "likelihood".
func (o Objective) String() string {
	switch o {
	case Accuracy:
		return "accuracy"
	case Likelihood:
		return "likelihood"
	}
	return fmt.Sprintf("Objective(%d)", uint8(o))
}

// Value is V of a measurement.
func (o Objective) Value(m searchspace.Measurement) float64 {
	if o == Likelihood {
		return math.Exp(-m.Loss)
	}
	return m.Accuracy
}

// check refuses measurements that have no V. An infinite loss has one, 0.
func (o Objective) check(m searchspace.Measurement) error {
	if !(m.Accuracy >= 0 && m.Accuracy <= 1) {
		return fmt.Errorf("accuracy is %v, expected a fraction from 0 to 1", m.Accuracy)
	}
	if o == Likelihood && !(m.Loss >= 0) {
		return fmt.Errorf("loss is %v, expected 0 or more", m.Loss)
	}
	return nil
}
