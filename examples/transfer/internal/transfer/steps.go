package transfer

import (
	"context"

	"github.com/tendril-nas/tendril/examples/internal/data"
	"github.com/tendril-nas/tendril/examples/internal/lite0"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// head is the first step: the pretrained network with the best linear classifier on its features.
func (e *engine) head(ctx context.Context) (*supernet.Model, error) {
	return e.model(ctx, phaseHead, func() (*supernet.Model, error) {
		m, _, err := lite0.Model(ctx, e.cfg.Size, e.images.train.Classes(),
			&lite0.Options{Options: e.options(seedHead)})
		if err != nil {
			return nil, err
		}
		seed := e.cfg.Seed.For(seedHead)
		some, err := data.Some(e.images.train, e.lengths.Head, seed)
		if err != nil {
			return nil, err
		}
		o := &supernet.FitOptions{Validation: e.images.held, Seed: seed}
		if n := e.cfg.Head.Passes; n > 0 {
			o.Augment, o.Passes = e.augment(), n
		}
		_, err = m.FitClassifier(ctx, some, o)
		return m, err
	})
}

// augment changes images for the linear head as for fine-tuning.
func (e *engine) augment() *dataset.Augment {
	return &dataset.Augment{Flip: e.cfg.Tune.Flip, CropPadding: e.cfg.Tune.Crop, Cutout: e.cfg.Tune.Cutout}
}

// tuned is the second step: that network trained on, the classifier first having been fitted so
// that its early gradients do not spoil the features (Kumar et al., "Fine-Tuning can Distort
// Pretrained Features and Underperform Out-of-Distribution", ICLR 2022).
func (e *engine) tuned(ctx context.Context) (*supernet.Model, error) {
	return e.model(ctx, phaseTune, func() (*supernet.Model, error) {
		first, err := e.head(ctx)
		if err != nil {
			return nil, err
		}
		m, err := twin(ctx, first)
		if err != nil {
			return nil, err
		}
		return m, e.train(ctx, m, e.tuning(), lite0.Learnt)
	})
}

// tuning is the training of the second step.
func (e *engine) tuning() *training {
	return &training{&e.cfg.Tune, e.lengths.Tune, phaseTune, titleTune, seedTune}
}

// scratch is the second step from initial weights.
func (e *engine) scratch(ctx context.Context) (*supernet.Model, error) {
	return e.model(ctx, phaseTune, func() (*supernet.Model, error) {
		o := e.options(seedScratch)
		o.Classes, o.Normalization = e.images.train.Classes(), lite0.Normalization()
		m, err := supernet.NewModel(e.space, e.start, &o)
		if err != nil {
			return nil, err
		}
		return m, e.train(ctx, m, e.tuning(), lite0.Learnt)
	})
}

// training is one that is due.
type training struct {
	*Training
	span               Span
	phase, title, seed string
}

// rates are those of supernet.MorphReport.Rate.
type rates func(inherited, norms float64) func(*searchspace.Node) float64

// train trains a model.
func (e *engine) train(ctx context.Context, m *supernet.Model, t *training, rate rates) error {
	seed := e.cfg.Seed.For(t.seed)
	table, some, err := t.table(t.span, e.images.train, seed)
	if err != nil {
		return err
	}
	o, err := e.job.TrainOptions(&table, some.Len(), seed, t.phase, t.title)
	if err != nil {
		return err
	}
	for s := range t.Frozen {
		o.FrozenStages = append(o.FrozenStages, s)
	}
	norms := t.Inherited
	if t.KeepNorms {
		norms = 0
	}
	o.Rate = rate(t.Inherited, norms)
	if t.Distill > 0 && t.phase != phaseTune {
		o.Teacher = &supernet.Teacher{Model: e.models[phaseTune], Weight: t.Distill}
	}
	_, err = m.Train(ctx, some, o)
	return err
}
