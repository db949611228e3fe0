package generator

import (
	"context"
	"errors"

	"github.com/tendril-nas/tendril/searchspace"
)

// Learner is the loss of relaxed architectures on validation images of one superclass, its other
// classes left out: *supernet.RelaxedLoss is one.
type Learner interface {
	// Len is the number of images.
	Len() int
	// Gradient is the mean loss of rows on some of the images, numbered from 0, and its gradient,
	// ∂loss/∂row, of the shape of rows. The generator gives it rows of 0 and 1, one choice for
	// every decision, inactive ones too, and writes into rows again after the call.
	Gradient(ctx context.Context, rows searchspace.Relaxed, images []int) (loss float64,
		grad searchspace.Relaxed, err error)
}

// Recorder is told of the progress of a training, in order and from one goroutine. An error ends
// the training.
type Recorder interface {
	Record(Progress) error
}

// RecorderFunc makes a function a Recorder.
type RecorderFunc func(Progress) error

// Record calls f, and is an error where there is none.
func (f RecorderFunc) Record(p Progress) error {
	if f == nil {
		return errors.New("generator: a recorder without a function")
	}
	return f(p)
}

// Progress is what a Recorder sees after each step.
type Progress struct {
	Step       int     `json:"step"` // from 1
	Steps      int     `json:"steps"`
	Superclass string  `json:"superclass"`
	Budget     float64 `json:"budget"`
	Cost       float64 `json:"cost"`      // C(α) of the architecture drawn
	Loss       float64 `json:"loss"`      // L_val of eq. (4), nats
	CostLoss   float64 `json:"cost_loss"` // L_C of eq. (3), without λ
}

// TrainResult says what a training did. It describes what was finished when it comes with an error.
type TrainResult struct {
	Status  searchspace.Status `json:"status"`
	Steps   int                `json:"steps"`   // finished, those before a resumption included
	Resumed bool               `json:"resumed"` // it went on from a checkpoint or an interrupted training
}
