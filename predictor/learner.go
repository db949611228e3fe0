package predictor

import (
	"errors"
	"fmt"
	"math"
)

// Learner predicts a number from features and learns from the true one, one example at a time. It
// is for one goroutine. [Hedge], [MLP], [Linear], [Ridge] and [Mean] are learners.
//
// Features and targets beyond ±1e100 are refused, as those that are no numbers are.
type Learner interface {
	// Inputs is the number of features.
	Inputs() int
	// Predict is the prediction for features, of which the learner keeps nothing.
	Predict(x []float64) (float64, error)
	// Update learns that y belongs to x, and gives what the prediction was before.
	Update(x []float64, y float64) (float64, error)
}

// ErrDiverged is wrapped when a learner's predictions are no longer finite numbers. It has learnt
// too fast; nothing brings it back.
var ErrDiverged = errors.New("learner has diverged")

// errUnmade is for values that no function of this package has made.
var errUnmade = errors.New("predictor: a zero value, expected one from its New function")

// Init is how the weights of a network begin.
type Init int

const (
	// InitHe is the initialisation of He et al. (2015), which keeps the size of activations through
	// layers of rectifiers.
	InitHe Init = iota
	// InitUniform is that of linear layers of PyTorch. With it deep networks of plain layers hardly
	// begin to learn.
	InitUniform
)

func (i Init) check() error {
	if i != InitHe && i != InitUniform {
		return fmt.Errorf("predictor: initialisation %d, expected InitHe or InitUniform", i)
	}
	return nil
}

// checkExample refuses what is no example of n features.
func checkExample(x []float64, n int, y float64) error {
	if len(x) != n {
		return fmt.Errorf("predictor: %d features, expected %d", len(x), n)
	}
	for i, v := range x {
		if !(math.Abs(v) <= mostValue) {
			return fmt.Errorf("predictor: feature %d is %v, expected a finite number of at most %g", i, v, mostValue)
		}
	}
	return checkTarget(y)
}

// checkTarget refuses what nothing can be learnt from.
func checkTarget(y float64) error {
	if !(math.Abs(y) <= mostValue) {
		return fmt.Errorf("predictor: target is %v, expected a finite number of at most %g", y, mostValue)
	}
	return nil
}

// mostValue is the largest feature and target: sums of their squares and products are finite.
const mostValue = 1e100

// foretold is a prediction, if it is a number.
func foretold(f float64) (float64, error) {
	if !finite(f) {
		return 0, fmt.Errorf("predictor: %w: it predicts %v", ErrDiverged, f)
	}
	return f, nil
}

func finite(v float64) bool { return v-v == 0 }

func checkRate(rate float64) error {
	if !(rate > 0) || math.IsInf(rate, 1) {
		return fmt.Errorf("predictor: learning rate %v, expected a finite number above 0", rate)
	}
	return nil
}
