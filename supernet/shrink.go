package supernet

import (
	"context"
	"fmt"

	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// ShrinkOptions configures Net.Shrink. The zero value, or a nil pointer, is the setting of EAS and
// of the code published with Once-for-all.
type ShrinkOptions struct {
	// Phases in their order; those that ShrinkPhases has for the supernet's space by default.
	Phases []ShrinkPhase
	// Train is how all phases train; nil is ShrinkTraining. Epochs are those of the phases that do
	// not teach, together (see ShrinkEpochs); LR is the rate that those of the phases are relative
	// to; Seed is the seed of a stream for each phase. Masks see the steps of all phases numbered
	// through; Before and Pace see those of their phase, and where Pace ends one the next begins.
	// Where Validation is set, each phase ends with the weights that did best in it, judged by the
	// smallest and the largest network of its space unless Subnets.Validation says by which. The
	// phases decide about TMax, WarmupSteps, Teacher, Checkpoint, From, Recorder, Subnets.Sampler
	// and Subnets.StepsPerDraw, which must be zero.
	Train *TrainOptions
	// Teacher is what all phases but those that teach distil from; nil is one with BatchStatistics.
	// With a Model that model teaches, and phases that teach are left out: give the supernet its
	// weights before (Net.Inherit). Without, the network that the last phase which teaches has left
	// does; without such a phase nobody.
	Teacher *Teacher
	// Folder keeps a checkpoint of each phase, phase1.ckpt and so on, and is made if it is missing.
	// Where it has some the call goes on from the last, and ends with the same bits as one that was
	// never interrupted. Phases, options and data must be the same, or the error wraps
	// ErrCheckpointMismatch. "" keeps none.
	Folder string
	// Recorder is told of every step and every validation. Its error ends the training.
	Recorder ShrinkRecorder
}

// ShrinkTraining is how EAS and the code published with Once-for-all train a supernet: batches of
// 256, a base rate of 0.01, Nesterov's momentum, weight decay 3e-5 on weights alone, label
// smoothing 0.1; 120 epochs, as EAS has in all.
func ShrinkTraining() *TrainOptions {
	return &TrainOptions{Epochs: 120, BatchSize: 256, LR: 0.01, Nesterov: true, WeightDecay: 3e-5,
		DecayWeightsOnly: true, LabelSmoothing: 0.1}
}

// ShrinkProgress is one report of Net.Shrink.
type ShrinkProgress struct {
	Phase    int      `json:"phase"`    // under way, from 0
	Phases   int      `json:"phases"`   // how many there are
	Name     string   `json:"name"`     // of the phase
	Step     int      `json:"step"`     // steps finished, of all phases
	Steps    int      `json:"steps"`    // how many there will be
	Training Progress `json:"training"` // of the phase
}

// ShrinkRecorder is told of the progress of Net.Shrink, in order and from one goroutine. An error
// ends it.
type ShrinkRecorder interface {
	Record(ShrinkProgress) error
}

// ShrinkRecorderFunc makes a function a ShrinkRecorder.
type ShrinkRecorderFunc func(ShrinkProgress) error

// Record calls f, and is an error where there is none.
func (f ShrinkRecorderFunc) Record(p ShrinkProgress) error {
	if f == nil {
		return errNoRecorder
	}
	return f(p)
}

// ShrinkResult says what Net.Shrink did. It describes what was finished when it comes with an
// error.
type ShrinkResult struct {
	Status  searchspace.Status // why it ended
	Phases  []ShrunkPhase      // those that began
	Teacher *Model             // that phases learnt from; nil if nobody taught
}

// ShrunkPhase is what became of a phase.
type ShrunkPhase struct {
	ShrinkPhase
	Result *TrainResult
}

// Shrink trains the supernet by progressive shrinking: the largest network first, which then
// teaches; then sub-networks of spaces that grow from it to the whole, phase after phase, each a
// training as Train does it, on random sub-networks that learn from labels and teacher. Before
// widths become free, channels are sorted (SortChannels). ShrinkPhases says which phases there are.
//
// When the context ends, the weights trained so far stay, and the result says how far it came. The
// supernet must not be trained by others meanwhile; Recorder must not call methods of it that
// compute.
//
// See Cai et al., "Once-for-All: Train One Network and Specialize it for Efficient Deployment",
// ICLR 2020, section 3.3, and section 3.1 of EAS, which adds SuperclassDropout.
func (n *Net) Shrink(ctx context.Context, train dataset.Dataset, o *ShrinkOptions) (*ShrinkResult, error) {
	if o == nil {
		o = &ShrinkOptions{}
	}
	s := shrinker{net: n, data: train, opts: *o, result: &ShrinkResult{}}
	err := s.run(ctx)
	s.result.Status = statusOf(ctx, err)
	if err != nil {
		return s.result, fmt.Errorf("supernet: shrink: %w", err)
	}
	return s.result, nil
}
