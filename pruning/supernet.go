package pruning

import (
	"context"
	"encoding"
	"errors"

	"github.com/tendril-nas/tendril/searchspace"
)

// Supernet is weights that all architectures of a space share, with images for them and for the
// architecture: *supernet.Mixture is one. Calls come one at a time, those of Gradient also out of a
// RowSource.
type Supernet interface {
	// Narrow sets the space, a restriction of the one that is searched, and the classes, by their
	// numbers, for everything that follows: choices that are gone are computed no more, images of
	// other classes are seen no more, and other classes are not in the softmax.
	Narrow(ctx context.Context, space *searchspace.Space, classes []int) error
	// Labels lists the classes of all validation images.
	Labels() []int
	// Steps is the number of updates of the weights that Train makes of some epochs.
	Steps(epochs int) int
	// Train trains the weights for some epochs, each update with the rows of the source, and gives
	// the mean loss of every epoch. checkpoint is the path of a file with weights and source, from
	// which an interrupted training goes on, and from which a finished one gives both back at once;
	// "" keeps none.
	Train(ctx context.Context, epochs int, checkpoint string, rows RowSource) (losses []float64, err error)
	// Gradient is the mean loss of rows on some validation images, by their place in Labels, all of
	// present classes, and its gradient ∂loss/∂row, of the shape of rows. That of entries which are
	// 0 is not read. Weights stay as they are.
	Gradient(ctx context.Context, rows searchspace.Relaxed, images []int) (loss float64,
		grad searchspace.Relaxed, err error)
}

// RowSource gives the rows of the updates. It is a name for a type without one, so that packages
// which do not know this one can have it in their methods.
type RowSource = interface {
	// Rows gives the rows of update n, from 0. It is called before each update in order, and writes
	// into the same memory every time. After an error the source is as it was before.
	Rows(ctx context.Context, n int) (searchspace.Relaxed, error)
	// Identity is everything that Rows depends on beside what was learnt.
	Identity() string
	// What was learnt.
	encoding.BinaryMarshaler
	encoding.BinaryUnmarshaler
}

// Recorder is told of the progress of a search, in order and from one goroutine. An error ends the
// search. When a search goes on from checkpoints, ends of finished phases are told again, and after
// a kill the steps that followed the last checkpoint.
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
	Update  int    `json:"update"`  // of the weights in this phase: so many are finished
	Updates int    `json:"updates"` // of this phase
	// Step is what a step on the architecture did, and Probabilities are softmax(a) after it,
	// removed choices 0; nil at the end of a phase. They are the Recorder's own.
	Step          *Step               `json:"step,omitempty"`
	Probabilities searchspace.Relaxed `json:"probabilities,omitempty"`
	// End is what a phase did; nil before its end.
	End *PhaseResult `json:"end,omitempty"`
}

// Step is one step on the architecture.
type Step struct {
	Number      int     `json:"number"`      // from 1, over all phases
	Update      int     `json:"update"`      // of the weights in the phase, before which it was made, from 0
	Temperature float64 `json:"temperature"` // τ; 0 with Options.TwoPaths
	// Loss is the cross-entropy on validation images, Factor what the cost multiplies it with.
	Loss   float64 `json:"loss"`
	Factor float64 `json:"factor"`
	// Cost is the expected cost before the step at softmax(a), and ArgMaxCost that of the most
	// probable choices.
	Cost       float64 `json:"cost"`
	ArgMaxCost float64 `json:"arg_max_cost"`
}
