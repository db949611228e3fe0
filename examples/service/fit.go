package main

import (
	"context"
	"fmt"
	"hash/crc32"
	"math"

	"github.com/tendril-nas/tendril/adjuster"
	"github.com/tendril-nas/tendril/examples/internal/lite0"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// models are architectures with weights of their own.
type models map[searchspace.Arch]*supernet.Model

// fit is an architecture trained for service on D_t, once.
func (l learner) fit(ctx context.Context, a searchspace.Arch) (*supernet.Model, error) {
	if m := l.trained[a]; m != nil {
		return m, nil
	}
	d, err := l.data(ctx)
	if err != nil {
		return nil, err
	}
	model, err := l.initial(ctx, a, d)
	if err != nil {
		return nil, err
	}
	if err := l.trainModel(ctx, model, "retrain", d, l.cfg.Retrain); err != nil {
		return nil, err
	}
	if l.trained == nil {
		l.trained = models{}
	}
	l.trained[a] = model.Model
	return model.Model, nil
}

// newborn is a model before its training.
type newborn struct {
	*supernet.Model
	rate rates
}

// rates gives layers the factors of their learning rates, by those of inherited weights; nil = 1
// for all. See supernet.MorphReport.Rate.
type rates func(inherited, norms float64) func(*searchspace.Node) float64

// initial is an architecture as training begins, with all classes of D_t.
func (l learner) initial(ctx context.Context, a searchspace.Arch, d *images) (*newborn, error) {
	classes, train := d.classes(), d.train.Snapshot()
	w := l.serving.Load()
	if l.cfg.Inherit == fromNothing || l.cfg.Pretrained && w == nil {
		return l.first(ctx, a, d)
	}
	var err error
	if l.net, err = l.supernet(classes); err != nil {
		return nil, err
	}
	if w != nil && l.cfg.Inherit == fromServing {
		model, report, err := w.model.Morph(ctx, a,
			&supernet.MorphOptions{Supernet: l.net, Classes: classes, Calibration: train,
				KeepOffset: l.cfg.Pretrained})
		if err != nil {
			return nil, err
		}
		l.log.Info("morphed", "report", report)
		return &newborn{model, report.Rate}, l.learn(ctx, model, w.model.Classes(), d)
	}
	model, err := l.net.Extract(ctx, a, train)
	if err != nil {
		return nil, err
	}
	return &newborn{Model: model}, model.GrowClasses(ctx, classes...)
}

// first is an architecture that inherits nothing: with initial weights, or with the published ones
// and a classifier fitted to what they see.
func (l learner) first(ctx context.Context, a searchspace.Arch, d *images) (*newborn, error) {
	classes := d.classes()
	if !l.cfg.Pretrained {
		space, err := l.cfg.space(classes)
		if err != nil {
			return nil, err
		}
		model, err := supernet.NewModel(space, a, l.cfg.network(classes))
		return &newborn{Model: model}, err
	}
	model, _, err := lite0.Model(ctx, l.cfg.Space.InputSize, classes,
		&lite0.Options{Options: *l.cfg.network(nil)})
	if err != nil {
		return nil, err
	}
	born := &newborn{model, lite0.Learnt}
	if model.Arch() != a {
		o := &supernet.MorphOptions{Calibration: d.train.Snapshot(), KeepOffset: true}
		morphed, report, err := model.Morph(ctx, a, o)
		if err != nil {
			return nil, err
		}
		born = &newborn{morphed, report.Rate}
	}
	return born, l.learn(ctx, born.Model, 0, d)
}

// learn fits the classifier of a pretrained model that knew fewer classes to the features of all.
func (l learner) learn(ctx context.Context, model *supernet.Model, known int, d *images) error {
	if !l.cfg.Pretrained || model.Classes() == known || model.Classes() == 1 {
		return nil
	}
	_, err := model.FitClassifier(ctx, d.train.Snapshot(), &supernet.FitOptions{Seed: l.seed("head")})
	return err
}

// trainModel trains a model on D_t: where there is a contest, on what is not held out for it, else
// on all. Its batch-norm statistics are gathered anew, since few steps leave them behind the
// weights; where it is pretrained they are part of what it inherits, and stay.
func (l learner) trainModel(ctx context.Context, model *newborn, what string, d *images,
	o supernet.TrainOptions) error {
	if l.cfg.Pretrained && model.rate != nil {
		o.Rate = model.rate(l.cfg.Inherited, 0)
	}
	data := d.train.Snapshot()
	if !l.cfg.Compare {
		var err error
		if data, err = d.all(); err != nil {
			return err
		}
	}
	model.SetStage(l.store.Batches)
	text := model.Space().Format(model.Arch())
	name := fmt.Sprintf("%s-%08x", what, crc32.ChecksumIEEE([]byte(text)))
	err := l.train(name, o, func(o *supernet.TrainOptions) error {
		_, err := model.Train(ctx, data, o)
		return err
	})
	if err != nil {
		return err
	}
	if l.cfg.Pretrained {
		return nil
	}
	return model.Recalibrate(ctx, data, nil)
}

// comparing is a learner that lets an architecture into service only if it does better than the
// serving one, when both have been trained for it.
type comparing struct{ learner }

// Contest judges both on the held-out images.
func (c comparing) Contest(ctx context.Context) (adjuster.RangeEvaluator, error) {
	d, err := c.data(ctx)
	if err != nil {
		return nil, err
	}
	held, err := d.judges(c.seed("judges"))
	if err != nil {
		return nil, err
	}
	return newContest(c.learner, "compare", held, c.fit), nil
}

// trial judges architectures by models that were trained for a share of what service takes.
func (l learner) trial(d *images, held dataset.Dataset) *contest {
	o := l.cfg.Retrain
	o.Epochs = max(1, int(math.Round(l.cfg.Trial*float64(o.Epochs))))
	train := func(ctx context.Context, a searchspace.Arch) (*supernet.Model, error) {
		model, err := l.initial(ctx, a, d)
		if err != nil {
			return nil, err
		}
		return model.Model, l.trainModel(ctx, model, "trial", d, o)
	}
	return newContest(l, "trial", held, train)
}
