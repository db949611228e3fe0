package pruning

import (
	"context"
	"errors"

	"github.com/tendril-nas/tendril/searchspace"
)

// Supernet is the weights that all architectures of a space share, with the images for them and for
// the architecture. Calls come one at a time, those of Gradient also out of rows.
type Supernet interface {
	// Begin makes phase number phase ready, from 0: from now on only the choices that space, a
	// restriction of the space searched, has left are computed, and only images of classes, by
	// their numbers, are seen; other classes are not in the softmax. It gives the number of updates
	// in an epoch of the training images, and the number of validation images.
	Begin(ctx context.Context, phase int, space *searchspace.Space, classes []int) (updates, images int,
		err error)
	// Train updates the weights in the phase begun, for so many epochs, each update through the
	// relaxed architecture that rows(ctx, n) gives before it, n counting the updates of the phase
	// from 0. Entries that are 0 need not be computed. The next call of rows writes into the same
	// memory. An error of rows ends it.
	//
	// Where the supernet keeps a checkpoint it writes it after every so many updates of the phase
	// as every says, and when Train ends early. It then goes on where that says, and calls rows
	// from that number on; not at all, where the phase is finished.
	Train(ctx context.Context, epochs, every int,
		rows func(ctx context.Context, n int) (searchspace.Relaxed, error)) error
	// Gradient is the mean loss of rows on some validation images of the phase, numbered from 0,
	// and its gradient ∂loss/∂row, of the shape of rows. Weights stay as they are. With
	// Options.TwoPaths the gradient of entries that are 0 is not read.
	Gradient(ctx context.Context, rows searchspace.Relaxed, images []int) (loss float64,
		grad searchspace.Relaxed, err error)
}

// Recorder is told of the progress of a search, in order and from one goroutine. An error ends the
// search. After a kill, what followed the last checkpoint is told again.
type Recorder interface {
	Record(Progress) error
}

// RecorderFunc makes a function a Recorder.
type RecorderFunc func(Progress) error

// Record calls f, and is an error where there is none.
func (f RecorderFunc) Record(p Progress) error {
	if f == nil {
		return errors.New("pruning: a recorder without a function")
	}
	return f(p)
}

// Progress is what a Recorder sees: after every step on the architecture, and at the end of every
// phase.
type Progress struct {
	Phase   int    `json:"phase"` // from 0
	Name    string `json:"name"`
	Update  int    `json:"update"`  // of the weights in this phase, finished
	Updates int    `json:"updates"` // of this phase
	// Step is what a step on the architecture did; nil at the end of a phase.
	Step *Step `json:"step,omitempty"`
	// End is what a phase did; nil before its end.
	End *PhaseResult `json:"end,omitempty"`
}

// Step is one step on the architecture.
type Step struct {
	Number      int     `json:"number"`      // from 1, over all phases
	Temperature float64 `json:"temperature"` // τ
	// Loss is the cross-entropy on validation images, Factor what the cost multiplies it with.
	Loss   float64 `json:"loss"`
	Factor float64 `json:"factor"`
	// Cost is the expected cost before the step at softmax(a), and ArgMaxCost that of the most
	// probable choices.
	Cost       float64 `json:"cost"`
	ArgMaxCost float64 `json:"arg_max_cost"`
	// Probabilities are softmax(a) after the step, removed choices 0. They are the Recorder's own.
	Probabilities searchspace.Relaxed `json:"probabilities"`
}
