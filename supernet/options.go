package supernet

import (
	"errors"
	"log/slog"

	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// Errors that callers branch on; they arrive wrapped.
var (
	// ErrNotFinite reports a training loss that became NaN or infinite.
	ErrNotFinite = errors.New("loss is not finite")
	// ErrCheckpointMismatch reports a training checkpoint made by a different run: another space, data size or option.
	ErrCheckpointMismatch = errors.New("checkpoint belongs to a different training run")
	// ErrWeights reports a set of named weights that does not fit a model: names missing, left over or of another shape.
	ErrWeights = errors.New("weights do not fit the model")
	// ErrData reports data that do not fit a network: no images, or labels outside its classes.
	ErrData = errors.New("data do not fit the network")
)

// Sharing says how the sub-networks of a Net share weights.
type Sharing int

const (
	// Elastic stores one tensor per site and lets every sub-network use a part of it: smaller kernels are centre
	// crops, smaller widths the first channels, smaller depths the first layers; batch-norm vectors and running
	// statistics are shared the same way.
	Elastic Sharing = iota
	// SinglePath stores one block per site and candidate, as the code published with AdaXpert. Where a space has no choice graph
	// (ETNAS), a candidate is one shape, and its weights come into being with the first network that uses them.
	SinglePath
)

// String returns "elastic" or "single-path".
func (s Sharing) String() string {
	switch s {
	case Elastic:
		return "elastic"
	case SinglePath:
		return "single-path"
	}
	return "unknown sharing"
}

// Options configures New, NewModel, Load and LoadModel. The zero value, or a nil pointer, is the default.
type Options struct {
	// Sharing is the form of weight sharing; Elastic by default. A Model has none and ignores it.
	Sharing Sharing
	// Seed draws the initial weights: one PCG stream per tensor name.
	Seed uint64
	// Workers bounds the goroutines that compute; 0 means GOMAXPROCS. Results do not depend on it.
	Workers int
	// Device is where the network computes; nil means the CPU, with Workers.
	Device Device
	// Normalization is applied to every image, in training and evaluation. The zero value means that of ImageNet. Load and
	// LoadModel take it from the file.
	Normalization dataset.Normalization
	// Fit says how Model.Classify makes an image of another shape square; by default it crops (dataset.FitCrop). Choose what the
	// training images went through: small IDX images that were padded want dataset.FitPad. Load and LoadModel take it from
	// the file.
	Fit dataset.Fit
	// Makers lets Load and LoadModel rebuild spaces of families that a program wrote itself; those of package searchspace
	// are known.
	Makers []searchspace.Maker
	// Logger receives warnings, such as a checkpoint made on another kernel path. Nil means silence.
	Logger *slog.Logger
}

// ScheduleKind is the form of the learning-rate schedule.
type ScheduleKind int

const (
	// Cosine is lr(t) = LR·(1 + cos(π t / T))/2, with T = TMax epochs.
	Cosine ScheduleKind = iota
	// Constant keeps LR.
	Constant
	// StepDecay multiplies LR by Gamma after every DecayEpochs epochs.
	StepDecay
)

// TrainOptions configures Net.Train and Model.Train. The zero value, or a nil pointer, is the setting of the training
// code published with AdaXpert. Where zero means a default, a negative number means zero.
type TrainOptions struct {
	// Epochs is the number of passes over the data; 100 by default.
	Epochs int
	// BatchSize is the number of images of a step; 256 by default, and never more than the data set holds. When the data
	// do not divide into whole batches, the last incomplete one of each epoch is left out.
	BatchSize int
	// LR is the peak learning rate of SGD; 0.1 by default.
	LR float64
	// Momentum of SGD; 0.9 by default.
	Momentum float64
	// WeightDecay is added to every gradient, those of batch norms and biases included; 5e-4 by default.
	WeightDecay float64
	// Nesterov switches to Nesterov's momentum; off by default.
	Nesterov bool
	// Schedule of the learning rate, moved at every step; Cosine by default.
	Schedule ScheduleKind
	// TMax is the cosine's length in epochs. By default it is Epochs; when Epochs is left at its default too, 120: the published code
	// stops at epoch 100 of a cosine of 120.
	TMax int
	// WarmupSteps raises the rate linearly from 0 over the first steps; 0 by default.
	WarmupSteps int
	// DecayEpochs and Gamma belong to StepDecay; 30 and 0.1 by default.
	DecayEpochs int
	Gamma       float64
	// LabelSmoothing mixes the target with the uniform distribution; 0 by default, in [0, 1).
	LabelSmoothing float64
	// ClipNorm bounds the norm of the whole gradient; 0 (default) does not.
	ClipNorm float64
	// StepsPerArch is the number of consecutive batches that train one sub-network; 5 by default. Model.Train ignores it.
	StepsPerArch int
	// Sampler draws the sub-networks; Uniform(space, Seed) by default. Model.Train ignores it.
	Sampler Sampler
	// Augment transforms training images; nil trains on the images as they are.
	Augment *dataset.Augment
	// NoShuffle takes the images in the order of the data set.
	NoShuffle bool
	// Seed fixes the order of the images, their augmentation, dropout and the default sampler.
	Seed uint64
	// LoaderWorkers decode and augment images beside training; 0 means GOMAXPROCS.
	LoaderWorkers int
	// FrozenStages lists the stages (searchspace.Node.Stage: 0 before the searched ones, Graph.Stages+1 after them) whose weights and
	// running statistics stay as they are.
	// Batch norms of a frozen stage use their running statistics in a Model, and those of the batch in a Net.
	FrozenStages []int

	// Validation, when set, is judged every ValidateEvery epochs, and after the last; training ends with the weights that
	// did best. A Net is judged by the mean accuracy of ValidationArchs, which costs as many calls of Judge.Evaluate.
	Validation dataset.Dataset
	// ValidateEvery counts epochs; 1 by default.
	ValidateEvery int
	// ValidationArchs are the sub-networks that judge a Net; the smallest and the largest of the space by default.
	ValidationArchs []searchspace.Arch
	// ValidationOptions are used to judge. Its Calibration is the training data when nil.
	ValidationOptions *EvalOptions

	// Checkpoint is the path of the file that lets an interrupted training go on. When the file exists, training starts
	// from it and ends with the same bits as one that was never interrupted; a finished one returns at once. Written
	// atomically every CheckpointEvery steps, at the end, and when the context is cancelled. "" keeps none.
	Checkpoint string
	// CheckpointEvery counts steps; 0 means once per epoch.
	CheckpointEvery int
	// Recorder is told of every step and every validation. Its error ends training.
	Recorder Recorder
}

// Statistics says which statistics batch normalisation uses when a sub-network is judged.
type Statistics int

const (
	// Recalibrated gathers the statistics of the sub-network on calibration images first: see EvalOptions.Calibration.
	Recalibrated Statistics = iota
	// Running uses the running statistics shared by all sub-networks.
	Running
	// OfBatch uses the statistics of each batch of the judged images itself.
	OfBatch
)

// EvalOptions configures Net.On, Model.Recalibrate and validation. The zero value, or a nil pointer, is the default.
type EvalOptions struct {
	// BatchSize is the number of images of a forward pass; 100 by default. It has no influence on results but rounding.
	BatchSize int
	// Calibration is the training data that batch-norm statistics are gathered on, without augmentation.
	// Net.On needs it where Statistics is Recalibrated.
	Calibration dataset.Dataset
	// CalibrationImages is the number of images gathered on, drawn once with Seed; 2000 by default, or all if there are
	// fewer.
	CalibrationImages int
	// Statistics says which batch-norm statistics a sub-network is judged with; Recalibrated by default.
	Statistics Statistics
	// Seed draws the calibration images.
	Seed uint64
	// CacheBytes bounds the decoded images kept in memory, for each of both data sets; 256 MiB by
	// default, none if negative.
	CacheBytes int64
}
