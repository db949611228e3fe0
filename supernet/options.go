package supernet

import (
	"errors"
	"log/slog"

	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// Errors that callers branch on; they arrive wrapped.
var (
	// ErrNotFinite reports a training loss, weights, running statistics or logits of an image that
	// are NaN or infinite; it is that of searchspace. A training that ends with it has put back
	// weights that are not, see TrainOptions; what writes files does not write such weights.
	ErrNotFinite = searchspace.ErrNotFinite
	// ErrTraining reports a call out of TrainOptions.Before that trains, grows or otherwise changes
	// the network that is being trained.
	ErrTraining = errors.New("network is being trained")
	// ErrCheckpointMismatch reports a training checkpoint made by a different run: another space,
	// data size or option.
	ErrCheckpointMismatch = errors.New("checkpoint belongs to a different training run")
	// ErrWeights reports a set of named weights that does not fit a model: names missing, left over
	// or of another shape, or values that no network can have.
	ErrWeights = errors.New("weights do not fit the model")
	// ErrData reports data that do not fit a network: no images, images of another size, or of
	// classes that it does not know.
	ErrData = errors.New("data do not fit the network")
)

// Sharing says how the sub-networks of a Net share weights.
type Sharing int

const (
	// Elastic stores one tensor per site and lets every sub-network use a part of it: smaller
	// kernels are centre crops, smaller widths the first channels, smaller depths the first layers;
	// batch-norm vectors and running statistics are shared the same way.
	Elastic Sharing = iota
	// SinglePath stores one block per site and candidate, as the code published with AdaXpert.
	// Where a space has no choice graph (ETNAS), a candidate is one shape, and its weights come
	// into being with the first network that uses them.
	SinglePath
)

// String returns the name of the form: "elastic", "single-path".
func (s Sharing) String() string {
	scheme, err := s.scheme()
	if err != nil {
		return "unknown sharing"
	}
	return scheme.name()
}

// Options configures New, NewModel, Load and LoadModel. The zero value, or a nil pointer, is the
// default.
type Options struct {
	// Sharing is the form of weight sharing; Elastic by default. A Model has none and ignores it.
	Sharing Sharing
	// Classes are the names of the classes by number, one for each class of the space; no two may
	// be the same. They are saved and exported with the weights, and say what is what in data and
	// when classes come and go. Nil if they are not known: then the network takes them from the
	// first data that it trains on, where these have as many classes and their names tell them
	// apart. Load and LoadModel take them from the file.
	Classes []string
	// Seed draws the initial weights: one PCG stream per tensor name.
	Seed uint64
	// Workers bounds the goroutines that compute; 0 means GOMAXPROCS. Results do not depend on it.
	Workers int
	// Device is where the network computes; nil means the CPU, with Workers.
	Device Device
	// Normalization is applied to every image, in training and evaluation. The zero value means
	// that of ImageNet. Load and LoadModel take it from the file.
	Normalization dataset.Normalization
	// Fit says how Model.Classify makes an image of another shape square. 0 = what the first
	// training images went through, where their data set knows (dataset.PreparationOf), else
	// dataset.FitCrop. It is saved with the weights, and networks made from this one have it. Load
	// and LoadModel take it from the file.
	Fit dataset.Fit
	// Makers lets Load and LoadModel rebuild spaces of families that a program wrote itself; those
	// of package searchspace are known.
	Makers []searchspace.Maker
	// Logger receives warnings, such as a checkpoint made on another kernel path, or classes of
	// data that could be matched by number only. Nil means silence.
	Logger *slog.Logger
}
