package supernet

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/tendril-nas/tendril/internal/stream"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// Heritage says with which weights the models of a TrainEvaluator begin.
type Heritage int

const (
	// FromAll gives a model its slice of a WeightStore that all models before it have written to.
	FromAll Heritage = iota
	// FromLast gives it the slice that it has in common with the model before it alone: the one
	// shared model of Algorithm 2. Of a step whose models train side by side it is the last.
	FromLast
	// FromNone gives it weights of its own. Its measurements depend on no other's.
	FromNone
)

// TrainEvaluatorOptions configures a TrainEvaluator. The zero value, or a nil pointer, is the
// setting of EAT-NAS.
type TrainEvaluatorOptions struct {
	// Heritage says with which weights models begin; FromAll by default.
	Heritage Heritage
	// Store is where they come from and go to; a new one by default. Weights that it has already,
	// of another task, say, are read.
	Store *WeightStore
	// Images is how many training images one evaluation sees, drawn anew for every step; all by
	// default.
	Images int
	// Train is how each model is trained; nil is BriefTraining. Its Epochs are passes over the
	// images of one evaluation. Its Seed draws these, their order and augmentation, by streams of
	// their own for every step. Its functions are called by several goroutines where several models
	// train side by side. Validation, Checkpoint and Before must be nil or empty.
	Train *TrainOptions
	// CalibrationImages is how many of these images batch-norm statistics are gathered on after the
	// training, without augmentation; 2000 by default, or all if there are fewer. A negative number
	// keeps the running statistics, as the paper does: they lag behind the weights, and after few
	// steps a model is judged at chance with them.
	CalibrationImages int
	// EvalBatch is the batch size of judging; 100 by default. It moves results by rounding at most.
	EvalBatch int
	// Network is how models are made. Its Seed draws initial weights, by a stream of its own for
	// every step. Classes are those of the training data by default. With several workers in a
	// search, Workers 1 keeps each model on one processor.
	Network *Options
	// Stage is the number of the data snapshot that measurements are stamped with.
	Stage int
}

// BriefTraining is how EAT-NAS trains a model before it judges it: one epoch in batches of 128 at a
// constant learning rate of 0.0256, momentum 0.9, weight decay 3e-4. The paper trains on ImageNet
// with rate 0.05, random crops of 20 to 100 % and flips.
func BriefTraining() *TrainOptions {
	return &TrainOptions{Epochs: 1, BatchSize: 128, LR: 0.0256, Momentum: 0.9, WeightDecay: 3e-4,
		Schedule: Constant}
}

// TrainEvaluator measures architectures by training: the model of each begins with weights that
// those before it have left, is trained for a moment, judged, and leaves its own.
//
// A search asks for some architectures at a time, a step, and calls BeginStep, EvaluateStep for
// each and EndStep, as evolution.Search does. The models of a step begin with the weights that are
// there at BeginStep, wherever and whenever they train; EndStep writes theirs in the order of
// asking. So measurements depend on the order of these two calls, which a search fixes, and neither
// on the number of workers nor on how long a training takes. A step of one at a time is the order
// of the paper; of a step of many, models do not learn from each other. Evaluate is all three for
// use without steps.
//
// A measurement is stamped with the version of the weights that the model began with, and holds for
// them: an architecture that is asked again is trained again, on other images and from newer
// weights, and a search must neither reuse measurements nor take their moving versions for an error
// (evolution's StaleKeep and Repeat). All models of a step have the same images and draw initial
// weights from the same seed, so that they differ by their architectures alone.
//
// Save and Resume let an interrupted search go on with the same bits; no evaluation that was
// finished is repeated.
//
// Methods may be called from several goroutines. It keeps the weights of the store, and of the
// trained models of open steps, in memory; of the others their measurements.
//
// See Algorithm 1 (train-eval), Algorithm 2 and eqs. (4) and (5) of Fang et al., "EAT-NAS: Elastic
// Architecture Transfer for Accelerating Large-scale Neural Architecture Search", 2019. There one
// model is shared and it is not said which; the store of all is ours.
type TrainEvaluator struct {
	space      *searchspace.Space
	train, val dataset.Dataset
	opts       TrainEvaluatorOptions // with defaults filled in
	network    Options
	store      *WeightStore
	identity   evaluatorIdentity
	turn       chan struct{} // of Evaluate

	mu    sync.Mutex
	steps []*evaluatorStep // by number
	ended int              // steps; those before are over
}

// NewTrainEvaluator makes an evaluator for a search: it trains on one data set and judges on
// another, which must be no part of the first. What could not be trained is an error here, not at
// the first evaluation.
func NewTrainEvaluator(space *searchspace.Space, train, val dataset.Dataset,
	o *TrainEvaluatorOptions) (*TrainEvaluator, error) {
	e := &TrainEvaluator{space: space, train: train, val: val, turn: make(chan struct{}, 1)}
	if o != nil {
		e.opts = *o
	}
	if err := e.prepare(); err != nil {
		return nil, fmt.Errorf("supernet: train evaluator: %w", err)
	}
	return e, nil
}

// prepare fills in defaults and checks everything.
func (e *TrainEvaluator) prepare() error {
	if e.space == nil {
		return errors.New("no space")
	}
	o := &e.opts
	if o.Heritage < FromAll || o.Heritage > FromNone {
		return fmt.Errorf("heritage %d, expected FromAll, FromLast or FromNone", o.Heritage)
	}
	for _, ds := range []dataset.Dataset{e.train, e.val} {
		if err := checkData(ds, e.space.InputSize()); err != nil {
			return err
		}
	}
	if o.Images < 0 || o.Images > e.train.Len() || o.EvalBatch < 0 || o.Stage < 0 {
		return fmt.Errorf("%d of %d images an evaluation, judged in batches of %d, stage %d",
			o.Images, e.train.Len(), o.EvalBatch, o.Stage)
	}
	if o.Images == 0 {
		o.Images = e.train.Len()
	}
	o.CalibrationImages = min(orInt(o.CalibrationImages, defaultCalibrationImages), o.Images)
	if o.Train == nil {
		o.Train = BriefTraining()
	}
	if o.Train.Validation != nil || o.Train.Checkpoint != "" || o.Train.Before != nil {
		return errors.New("training options with Validation, Checkpoint or Before; " +
			"the evaluator judges and saves by itself")
	}
	if o.Network != nil {
		e.network = *o.Network
	}
	if names := e.train.Classes(); len(e.network.Classes) == 0 && len(names) == e.space.Classes() &&
		distinct(names) {
		e.network.Classes = names
	}
	if e.store = o.Store; e.store == nil {
		e.store = NewWeightStore()
	}
	return e.identify()
}

// Store is the weights that models have left so far. A model that is to be trained to the end may
// begin with them, too.
func (e *TrainEvaluator) Store() *WeightStore { return e.store }

// Evaluate is a step with one architecture, for use without BeginStep and EndStep, one at a time:
// calls wait for each other, and what each begins with depends on their order. After an error the
// store is as it was, and the next call has the same images and seed. Open steps are an error.
func (e *TrainEvaluator) Evaluate(ctx context.Context, a searchspace.Arch) (searchspace.Measurement, error) {
	m, err := e.alone(ctx, a)
	if err != nil {
		return m, fmt.Errorf("supernet: evaluate: %w", err)
	}
	return m, nil
}

func (e *TrainEvaluator) alone(ctx context.Context, a searchspace.Arch) (searchspace.Measurement, error) {
	none := searchspace.Measurement{Arch: a}
	if err := ctx.Err(); err != nil {
		return none, err
	}
	select {
	case e.turn <- struct{}{}:
		defer func() { <-e.turn }()
	case <-ctx.Done():
		return none, ctx.Err()
	}
	e.mu.Lock()
	step := len(e.steps)
	open := step - e.ended
	e.mu.Unlock()
	if open > 0 {
		return none, fmt.Errorf("%d steps are open; Evaluate has a step of its own", open)
	}
	if err := e.begin(step, []searchspace.Arch{a}); err != nil {
		return none, err
	}
	m, err := e.evaluate(ctx, a, step)
	if err == nil {
		err = e.end(ctx, step)
	}
	if err != nil {
		e.drop(step)
	}
	return m, err
}

// drop forgets the last step, if it is open.
func (e *TrainEvaluator) drop(step int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if step == e.ended && step == len(e.steps)-1 {
		e.steps = e.steps[:step]
	}
}

// measure trains and judges one model. What it leaves is nil where nobody inherits.
func (e *TrainEvaluator) measure(ctx context.Context, a searchspace.Arch, step int, from *stored) (
	m searchspace.Measurement, left *legacy, err error) {
	m.Arch = a
	network, training := e.network, *e.opts.Train
	network.Seed = stream.Seed(network.Seed, "supernet.evaluator.weights", uint64(step))
	training.Seed = stream.Seed(training.Seed, "supernet.evaluator.order", uint64(step))
	model, err := NewModel(e.space, a, &network)
	if err != nil {
		return m, nil, err
	}
	if err := from.fill(ctx, model); err != nil {
		return m, nil, err
	}
	images, err := e.images(step)
	if err != nil {
		return m, nil, err
	}
	if _, err := model.Train(ctx, images, &training); err != nil {
		return m, nil, err
	}
	if n := e.opts.CalibrationImages; n > 0 {
		o := &EvalOptions{CalibrationImages: n, Seed: training.Seed, BatchSize: e.opts.EvalBatch}
		if err := model.Recalibrate(ctx, images, o); err != nil {
			return m, nil, err
		}
	}
	m, err = model.Evaluate(ctx, e.val, &EvalOptions{BatchSize: e.opts.EvalBatch})
	if err != nil {
		return m, nil, err
	}
	m.Stage, m.WeightVersion, m.Recalibrated = e.opts.Stage, from.version, e.opts.CalibrationImages > 0
	if e.opts.Heritage != FromNone {
		left, err = model.legacy(ctx)
	}
	return m, left, err
}

// images are those of a step.
func (e *TrainEvaluator) images(step int) (dataset.Dataset, error) {
	if e.opts.Images == e.train.Len() {
		return e.train, nil
	}
	r := stream.New(e.opts.Train.Seed, "supernet.evaluator.images", uint64(step))
	drawn := r.Perm(e.train.Len())[:e.opts.Images]
	slices.Sort(drawn)
	return dataset.Subset(e.train, drawn)
}
