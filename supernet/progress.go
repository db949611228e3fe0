package supernet

import "github.com/tendril-nas/tendril/searchspace"

// Phases of a Progress.
const (
	PhaseTrain    = "train"
	PhaseValidate = "validate"
)

// Progress is one report of a running training.
type Progress struct {
	Phase           string           // PhaseTrain after every step, PhaseValidate after a validation
	Epoch, Epochs   int              // finished epochs begin to count at 0: the epoch under way, and how many there will be
	Step, Steps     int              // steps finished, and how many there will be
	Arch            searchspace.Arch // the sub-network of the step
	Loss            float64          // mean loss of the batch, or of the validation
	Accuracy        float64          // fraction of the batch, or of the validation images, that was right
	LR              float64          // learning rate of the step
	ImagesPerSecond float64          // speed since the training started or was resumed
	Best            bool             // PhaseValidate: the best so far
}

// Recorder is told of the progress of a training, in order and from one goroutine. An error ends the training.
type Recorder interface {
	Record(Progress) error
}

// RecorderFunc makes a function a Recorder.
type RecorderFunc func(Progress) error

// Record calls f.
func (f RecorderFunc) Record(p Progress) error { return f(p) }

// TrainResult says what a training did. It describes what was finished when it comes with an error.
type TrainResult struct {
	Epochs, Steps int       // finished, those before a resumption included
	Losses        []float64 // mean training loss of each finished epoch
	Accuracies    []float64 // training accuracy of each finished epoch, a fraction
	Validations   []Validation
	Best          Validation // zero without Validation data
	Resumed       bool       // the training started from a checkpoint
	Finished      bool       // all epochs are done
}

// Validation is one judgement during training.
type Validation struct {
	Epoch          int     // number of finished epochs
	Accuracy, Loss float64 // means over the validation architectures
}
