package zoo

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"slices"
	"unicode/utf8"

	"github.com/tendril-nas/tendril/searchspace"
)

// maxName is the most bytes of an entry's name.
const maxName = 200

// Entry is what a zoo knows of a model.
type Entry struct {
	Name string `json:"name"` // unique in the zoo
	// Space and Arch are the network: the space, with the image size and the number of classes that
	// the model has, and the text form of the architecture.
	Space searchspace.Spec `json:"space"`
	Arch  string           `json:"arch"`
	// Classes are the names of the classes by number; nil when they are not known.
	Classes []string `json:"classes,omitempty"`
	// Data says, for people, what the model was trained on.
	Data string `json:"data,omitempty"`
	// Accuracy is top-1 on images that the model was not trained on, a fraction, and Samples how
	// many those are; 0 when not known.
	Accuracy float64 `json:"accuracy,omitempty"`
	Samples  int     `json:"samples,omitempty"`
	MAdds    int64   `json:"madds,omitempty"`
	Params   int64   `json:"params,omitempty"`
	// Steps are times of training steps and Inference those of classifying a batch.
	Steps     []Timing `json:"steps,omitempty"`
	Inference []Timing `json:"inference,omitempty"`
	Source    string   `json:"source,omitempty"` // where model and figures come from
	Note      string   `json:"note,omitempty"`
	// Weights is the file of the weights, set by Add and AddFile; nil of an entry that only tells
	// of a model.
	Weights *File `json:"weights,omitempty"`
}

// File is a file of weights in a zoo.
type File struct {
	// Kind is that of a checkpoint of this library, "tendril-model" for what supernet.Model.Save
	// writes; "" is any other safetensors file.
	Kind   string `json:"kind,omitempty"`
	Size   int64  `json:"size"`   // bytes
	SHA256 string `json:"sha256"` // of all of them, in hexadecimal; the name of the file, too
}

// Network is the space and the architecture of the model. makers are those of spaces that are not
// of package searchspace.
func (e *Entry) Network(makers ...searchspace.Maker) (*searchspace.Space, searchspace.Arch, error) {
	space, err := searchspace.FromSpec(e.Space, makers...)
	if err != nil {
		return nil, searchspace.Arch{}, fmt.Errorf("zoo: %s: %w", e.Name, err)
	}
	a, err := space.Parse(e.Arch)
	if err != nil {
		return nil, searchspace.Arch{}, fmt.Errorf("zoo: %s: %w", e.Name, err)
	}
	return space, a, nil
}

// clone shares nothing with e that a caller could change.
func (e *Entry) clone() Entry {
	c := *e
	c.Space = e.Space.Clone()
	c.Classes = slices.Clone(e.Classes)
	c.Steps, c.Inference = slices.Clone(e.Steps), slices.Clone(e.Inference)
	if e.Weights != nil {
		w := *e.Weights
		c.Weights = &w
	}
	return c
}

// check says what is wrong with an entry. It does not build the network.
func (e *Entry) check() error {
	switch {
	case e.Name == "" || len(e.Name) > maxName || !utf8.ValidString(e.Name):
		return fmt.Errorf("%w: name %q, expected 1 to %d bytes of UTF-8", ErrEntry, e.Name, maxName)
	case e.Space.Family == "" || e.Arch == "":
		return fmt.Errorf("%w: %s: family %q and architecture %q, expected both", ErrEntry, e.Name,
			e.Space.Family, e.Arch)
	case e.Classes != nil && e.Space.Classes != 0 && len(e.Classes) != e.Space.Classes:
		return fmt.Errorf("%w: %s: names of %d classes, expected %d", ErrEntry, e.Name, len(e.Classes),
			e.Space.Classes)
	case !(e.Accuracy >= 0 && e.Accuracy <= 1) || e.Samples < 0:
		return fmt.Errorf("%w: %s: accuracy %g of %d images, expected a fraction", ErrEntry, e.Name, e.Accuracy,
			e.Samples)
	case e.MAdds < 0 || e.Params < 0:
		return fmt.Errorf("%w: %s: %d multiply-adds, %d parameters, expected none below 0", ErrEntry, e.Name,
			e.MAdds, e.Params)
	}
	for _, list := range [][]Timing{e.Steps, e.Inference} {
		for i, t := range list {
			if err := t.check(); err != nil {
				return fmt.Errorf("%w: %s: time %d: %w", ErrEntry, e.Name, i, err)
			}
		}
	}
	for _, text := range append([]string{e.Arch, e.Data, e.Source, e.Note}, e.Classes...) {
		if !utf8.ValidString(text) { // the index would hold another one
			return fmt.Errorf("%w: %s: text %q, expected UTF-8", ErrEntry, e.Name, text)
		}
	}
	if w := e.Weights; w != nil {
		// The digest is a file name: nothing but 64 hexadecimal digits will do.
		raw, err := hex.DecodeString(w.SHA256)
		if err != nil || len(raw) != 32 || hex.EncodeToString(raw) != w.SHA256 || w.Size < 0 {
			return fmt.Errorf("%w: %s: weights of %d bytes with digest %q", ErrEntry, e.Name, w.Size, w.SHA256)
		}
	}
	return nil
}

// Timing is how long a batch takes: a training step (forward, backward and update) or its
// classification, while the machine does nothing else.
type Timing struct {
	Batch     int     `json:"batch"`            // images
	InputSize int     `json:"input_size"`       // pixels
	Frozen    int     `json:"frozen,omitempty"` // first stages that do not learn, see Frozen; 0 of inference
	Seconds   float64 `json:"seconds"`          // median
	Lower     float64 `json:"lower,omitempty"`  // quartiles, in seconds; 0 when not known
	Upper     float64 `json:"upper,omitempty"`
	Memory    int64   `json:"memory,omitempty"` // bytes that it takes; 0 when not known; see Measure
	Machine   string  `json:"machine,omitempty"`
}

func (t *Timing) check() error {
	if t.Batch < 1 || t.InputSize < 1 || t.Frozen < 0 || t.Memory < 0 || t.Memory > mostMemory ||
		max(t.Batch, t.InputSize, t.Frozen) > math.MaxInt32 {
		return fmt.Errorf("batch %d of %d pixels, %d stages frozen, %d bytes", t.Batch, t.InputSize, t.Frozen,
			t.Memory)
	}
	for _, v := range [...]float64{t.Seconds, t.Lower, t.Upper} {
		if !(v >= 0) || math.IsInf(v, 1) {
			return fmt.Errorf("%g seconds, quartiles %g and %g", t.Seconds, t.Lower, t.Upper)
		}
	}
	if t.Seconds == 0 {
		return errors.New("no time at all")
	}
	if t.Upper != 0 && t.Lower > t.Upper {
		return fmt.Errorf("quartiles %g and %g, expected the lower one first", t.Lower, t.Upper)
	}
	if !utf8.ValidString(t.Machine) {
		return fmt.Errorf("machine %q, expected UTF-8", t.Machine)
	}
	return nil
}

// StepTime is the time of a training step of batch images of size pixels with the first stages
// frozen, in seconds: as it was measured, or on the line between the times of the next smaller and
// the next larger batch of the same machine. ok is false where neither is known. machine "" is any
// one: of those that know, the one that was measured last.
func (e *Entry) StepTime(machine string, batch, size, frozen int) (seconds float64, ok bool) {
	if machine != "" {
		return e.stepTime(machine, batch, size, frozen)
	}
	for i := len(e.Steps) - 1; i >= 0 && !ok; i-- {
		t := &e.Steps[i]
		if t.InputSize == size && t.Frozen == frozen {
			seconds, ok = e.stepTime(t.Machine, batch, size, frozen)
		}
	}
	return seconds, ok
}

// stepTime is StepTime on one machine.
func (e *Entry) stepTime(machine string, batch, size, frozen int) (seconds float64, ok bool) {
	var below, above *Timing
	for i := range e.Steps {
		t := &e.Steps[i]
		if t.InputSize != size || t.Frozen != frozen || t.Machine != machine {
			continue
		}
		if t.Batch <= batch && (below == nil || t.Batch >= below.Batch) {
			below = t
		}
		if t.Batch >= batch && (above == nil || t.Batch <= above.Batch) {
			above = t
		}
	}
	if below == nil || above == nil {
		return 0, false
	}
	if below.Batch == above.Batch {
		return below.Seconds, true
	}
	share := float64(batch-below.Batch) / float64(above.Batch-below.Batch)
	return below.Seconds + share*(above.Seconds-below.Seconds), true
}

// Frozen lists the first k of a network's stages, 0 being what comes before the searched ones: what
// supernet.TrainOptions.FrozenStages asks for when all but the last stages keep their weights and
// the statistics of their batch normalisations.
func Frozen(k int) []int {
	stages := make([]int, max(k, 0))
	for i := range stages {
		stages[i] = i
	}
	return stages
}

// SetStep adds a time of a training step, in the place of an older one of the same batch, image
// size, frozen stages and machine.
func (e *Entry) SetStep(t Timing) { e.Steps = setTiming(e.Steps, t) }

// SetInference adds a time of classification, as SetStep does.
func (e *Entry) SetInference(t Timing) { e.Inference = setTiming(e.Inference, t) }

func setTiming(list []Timing, t Timing) []Timing {
	list = slices.DeleteFunc(slices.Clone(list), func(o Timing) bool {
		return o.Batch == t.Batch && o.InputSize == t.InputSize && o.Frozen == t.Frozen &&
			o.Machine == t.Machine
	})
	return append(list, t)
}
