package supernet

import (
	"context"

	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

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

// TrainOptions configures Net.Train and Model.Train. The zero value, or a nil pointer, is the
// setting of the training code published with AdaXpert. Where zero means a default, a negative
// number means zero.
//
// Classes of the training data, and of Validation, are matched with those of the network by name;
// the order that data number them in makes no difference. Images of classes that the network does
// not know are an error, which wraps ErrData and names them; classes without images do not matter.
// A network that knows no names takes those of the training data before anything else, if they are
// as many as its classes and tell them apart, and keeps them from the first step on: a training
// that fails before leaves none. Otherwise labels are numbers, with a warning.
//
// A training whose loss, weights or running statistics become NaN or infinite, and one that a
// function of these options ends with an error that wraps ErrNotFinite, ends with that error and
// StatusDiverged. The network gets back the best validated weights, else those of the last finished
// epoch, else those that it began with (TrainResult.BackTo). Epochs that had run away already do
// not count: those whose mean loss is more than twice the lowest of an epoch before, or of the
// first step for the first epoch. From such weights no training recovers. Tensors that came into
// being since the weights that come back start anew (SinglePath on a space without choice graph).
//
// For that a copy of the weights stays in host memory, two where the best validated weights had run
// away. It is renewed at the end of every epoch, which reads the weights twice; a step does that
// many times.
type TrainOptions struct {
	// Epochs is the number of passes over the data; 100 by default.
	Epochs int
	// BatchSize is the number of images of a step; 256 by default, and never more than the data set
	// holds. When the data do not divide into whole batches, the last incomplete one of each epoch
	// is left out.
	BatchSize int
	// LR is the peak learning rate of SGD; 0.1 by default.
	LR float64
	// Momentum of SGD; 0.9 by default.
	Momentum float64
	// WeightDecay is added to every gradient, those of batch norms and biases included; 5e-4 by
	// default.
	WeightDecay float64
	// DecayWeightsOnly leaves scales and shifts of batch norms and all biases out of weight decay,
	// as the published code of Once-for-all does.
	DecayWeightsOnly bool
	// Nesterov switches to Nesterov's momentum; off by default.
	Nesterov bool
	// Schedule of the learning rate, moved at every step; Cosine by default.
	Schedule ScheduleKind
	// TMax is the cosine's length in epochs. By default it is Epochs; when Epochs is left at its
	// default too, 120: the published code stops at epoch 100 of a cosine of 120.
	TMax int
	// WarmupSteps raises the rate linearly from 0 over the first steps; 0 by default.
	WarmupSteps int
	// DecayEpochs and Gamma belong to StepDecay; 30 and 0.1 by default.
	DecayEpochs int
	Gamma       float64
	// LabelSmoothing mixes the target with the uniform distribution; 0 by default, in [0, 1).
	LabelSmoothing float64
	// Teacher distils into every pass of a step that has no teacher of its own; nil is none.
	Teacher *Teacher
	// Masks takes classes out of the softmax sample by sample; nil keeps all. See
	// SuperclassDropout.
	Masks ClassMasks
	// ClipNorm bounds the norm of the whole gradient; 0 (default) does not.
	ClipNorm float64
	// Augment transforms training images; nil trains on the images as they are.
	Augment *dataset.Augment
	// NoShuffle takes the images in the order of the data set.
	NoShuffle bool
	// Seed fixes the order of the images, their augmentation, dropout and the default sampler, each
	// by streams of its own.
	Seed uint64
	// LoaderWorkers decode and augment images beside training; 0 means GOMAXPROCS.
	LoaderWorkers int
	// FrozenStages lists the stages (searchspace.Node.Stage: 0 before the searched ones,
	// Graph.Stages+1 after them) whose weights and running statistics stay as they are. Batch norms
	// of a frozen stage use their running statistics in a Model, and those of the batch in a Net.
	// Stages before the first one that trains cost what they cost without training: a forward pass,
	// of which nothing is kept.
	FrozenStages []int
	// Rate gives the factor of the learning rate for the weights of a layer, from 0 on; nil means 1
	// for all. Weight decay is part of the gradient and so has the factor, too. With 0 weights and
	// running statistics stay, as in FrozenStages. Rate is called once for every layer with
	// weights, before the first step or when the layer comes: for a Net with one of the nodes that
	// share a site, or under SinglePath a candidate of it. What it returns is part of a
	// checkpoint's identity. See MorphReport.Rate.
	Rate func(n *searchspace.Node) float64

	// Subnets says which sub-networks of a Net are trained and judged. Model.Train does not read
	// it.
	Subnets SubnetOptions

	// Validation, when set, is judged every ValidateEvery epochs, and after the last; training ends
	// with the weights that did best. A Net is judged by the mean accuracy of Subnets.Validation,
	// which costs as many calls of Judge.Evaluate.
	Validation dataset.Dataset
	// ValidateEvery counts epochs; 1 by default.
	ValidateEvery int
	// ValidationOptions are used to judge. Its Calibration is the training data when nil.
	ValidationOptions *EvalOptions

	// Checkpoint is the path of the file that lets an interrupted training go on. When the file
	// exists, training starts from it and ends with the same bits as one that was never
	// interrupted; a finished one returns at once. Written atomically every CheckpointEvery steps,
	// at the end, and when the context is cancelled. "" keeps none. The names of the network's
	// classes, those that it took from the data included, must be those that the training began
	// with.
	//
	// A training that diverges leaves the file as it was last written, with finite weights. The
	// same training started again goes on from there and diverges in the same way; with other
	// options, such as a lower LR, it is another one, which needs another path or the file removed:
	// From gives it the weights. The network itself has the weights that TrainOptions says, ready
	// for either.
	Checkpoint string
	// From is the path of the checkpoint of another training, interrupted or finished, whose
	// weights and running statistics take the place of the network's before the first step; its
	// momentum, options and place in the data do not count: to train on with another rate, for more
	// epochs or on more data. The network has to be the same, with the same class names and
	// normalisation, else the error wraps ErrCheckpointMismatch. Where Checkpoint exists the
	// training goes on from there and From is not read. "" begins with the weights of the network.
	From string
	// CheckpointEvery counts steps; 0 means once per epoch.
	CheckpointEvery int
	// Recorder is told of every step and every validation. Its error ends training.
	Recorder Recorder
	// Before, when set, is called before every step, between two updates: what Recorder may not do,
	// it may. It may call methods of the network that compute (evaluation, gradients of relaxed
	// architectures), but neither train nor grow it. Its error ends training like one of Recorder.
	// What it decides is not part of a checkpoint's identity.
	Before func(ctx context.Context, step int) error
	// Pace, when set, is called before every step, after its images are there, and gives a factor
	// of the learning rate for it, or false when there is no time for it. The training is then
	// finished early (TrainResult.Cut) with the weights of its last step, whatever was validated
	// before: a schedule that knows it is running out of time has come down by then.
	// predictor.Anytime has such a method. Like a clock, what it decides is not part of a
	// checkpoint's identity.
	Pace func(step int) (factor float64, more bool)
}

// SubnetOptions is what only Net.Train reads. The zero value is the setting of the training code
// published with AdaXpert.
type SubnetOptions struct {
	// Sampler says what runs in a step; Uniform(space, Seed) by default.
	Sampler Sampler
	// StepsPerDraw is the number of consecutive steps that run one draw of Sampler; 5 by default.
	StepsPerDraw int
	// Validation lists the sub-networks that judge a Net; the smallest and the largest of the space
	// by default.
	Validation []searchspace.Arch
}
