package supernet

import (
	"encoding/json"
	"errors"

	"github.com/tendril-nas/tendril/internal/jsonfloat"
	"github.com/tendril-nas/tendril/searchspace"
)

// Phases of a Progress.
const (
	PhaseTrain    = "train"
	PhaseValidate = "validate"
)

// Progress is one report of a running training.
type Progress struct {
	Phase           string           // PhaseTrain after every step, PhaseValidate after a validation
	Epoch, Epochs   int              // the epoch under way, from 0, and how many there will be
	Step, Steps     int              // steps finished, and how many there will be
	Arch            searchspace.Arch // of the first pass; zero for a relaxed one and validations
	Text            string           // Arch as Space.Format writes it
	Passes          int              // that the step was made of
	Loss            float64          // minimised by the step, over all passes; or of the validation
	Accuracy        float64          // fraction of right answers, in all passes or in the validation
	LR              float64          // learning rate of the step
	ImagesPerSecond float64          // speed since the training started or was resumed
	Best            bool             // PhaseValidate: the best so far
}

// progressJSON is the stable JSON form of a Progress.
type progressJSON struct {
	Phase           string           `json:"phase"`
	Epoch           int              `json:"epoch"`
	Epochs          int              `json:"epochs"`
	Step            int              `json:"step"`
	Steps           int              `json:"steps"`
	Arch            string           `json:"arch"`    // for people
	Choices         searchspace.Arch `json:"choices"` // for programs
	Passes          int              `json:"passes"`
	Loss            jsonfloat.Float  `json:"loss"`
	Accuracy        jsonfloat.Float  `json:"accuracy"`
	LR              jsonfloat.Float  `json:"lr"`
	ImagesPerSecond jsonfloat.Float  `json:"images_per_second"`
	Best            bool             `json:"best"`
}

// MarshalJSON writes names in snake case: "arch" is Text, "choices" the hexadecimal form of Arch,
// both empty where Arch is zero. An infinite loss is the string "Infinity".
func (p Progress) MarshalJSON() ([]byte, error) {
	return json.Marshal(progressJSON{p.Phase, p.Epoch, p.Epochs, p.Step, p.Steps, p.Text, p.Arch, p.Passes,
		jsonfloat.Float(p.Loss),
		jsonfloat.Float(p.Accuracy), jsonfloat.Float(p.LR), jsonfloat.Float(p.ImagesPerSecond), p.Best})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (p *Progress) UnmarshalJSON(text []byte) error {
	var j progressJSON
	if err := json.Unmarshal(text, &j); err != nil {
		return err
	}
	*p = Progress{j.Phase, j.Epoch, j.Epochs, j.Step, j.Steps, j.Choices, j.Arch, j.Passes, float64(j.Loss),
		float64(j.Accuracy),
		float64(j.LR), float64(j.ImagesPerSecond), j.Best}
	return nil
}

// Recorder is told of the progress of a training, in order and from one goroutine. An error ends
// the training.
type Recorder interface {
	Record(Progress) error
}

// RecorderFunc makes a function a Recorder.
type RecorderFunc func(Progress) error

var errNoRecorder = errors.New("supernet: a recorder without a function")

// Record calls f, and is an error where there is none.
func (f RecorderFunc) Record(p Progress) error {
	if f == nil {
		return errNoRecorder
	}
	return f(p)
}

// TrainResult says what a training did. It describes what was finished when it comes with an error.
type TrainResult struct {
	Status        searchspace.Status // why it ended
	Epochs, Steps int                // finished, those before a resumption included
	Losses        []float64          // mean training loss of each finished epoch
	Accuracies    []float64          // training accuracy of each finished epoch, a fraction
	Validations   []Validation
	Best          Validation // zero without Validation data
	Resumed       bool       // the training started from a checkpoint
	BackTo        int        // StatusDiverged: the epoch whose weights were put back, 0 for the first weights
}

// Validation is one judgement during training.
type Validation struct {
	Epoch          int     // number of finished epochs
	Accuracy, Loss float64 // means over the validation architectures
}
