package main

import (
	"context"
	"errors"
	"os"

	"github.com/tendril-nas/tendril/adjuster"
	"github.com/tendril-nas/tendril/examples/internal/lite0"
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
)

// rewardImages is the number of held-out images that proposals are judged on. Fewer make the best
// of many proposals a matter of luck; see Options of the adjuster.
const rewardImages = 1000

// learner is the side of a Service that Algorithm 1 sees. It is asked by whoever has the turn. What
// it does goes on where a kill ended it: each training has a file of its own, and what is finished
// is in the store.
type learner struct{ *Service }

// learner is the learner of a service: one that compares, if it is to.
func (s *Service) learner() adjuster.Learner {
	if s.cfg.Compare {
		return comparing{learner{s}}
	}
	return learner{s}
}

// Measure hands over what observe has kept up to date.
func (l learner) Measure(context.Context) (adjuster.Reading, error) {
	return l.serving.Load().reading, nil
}

// FineTune trains the supernet on the data so far, classes that came with them added: by the
// sandwich rule, with the serving model as a teacher of the largest sub-network. Where networks are
// pretrained, each search has a supernet of its own, which begins with the weights of the serving
// model; before there is one, none is needed.
func (l learner) FineTune(ctx context.Context) error {
	defer l.metrics.time("fine-tune")()
	if at := l.store.Supernet; at != nil && at.Batch == l.store.Batches {
		return nil // before an interruption
	}
	if l.cfg.Pretrained && l.serving.Load() == nil {
		return nil
	}
	d, err := l.data(ctx)
	if err != nil {
		return err
	}
	net, err := l.untrained(ctx, d.classes())
	if err != nil {
		return err
	}
	l.net = nil // until it is trained and kept, a restart would find another one
	net.SetStage(l.store.Batches)
	o := l.cfg.Supernet
	o.Subnets.Sampler = supernet.Sandwich(net.Space(), l.cfg.Sandwich, l.seed("sandwich"))
	o.Subnets.StepsPerDraw = 1
	err = l.train("supernet", o, func(o *supernet.TrainOptions) error {
		_, err := net.Train(ctx, d.train.Snapshot(), o)
		return err
	})
	if err != nil {
		return err
	}
	err = l.store.commit(func(m *manifest) error {
		file, err := l.store.save(m.name("supernet"), func(path string) error { return net.Save(ctx, path) })
		m.Supernet = &netFile{file, m.Batches}
		return err
	})
	if err == nil {
		l.net = net
	}
	return err
}

// untrained is the supernet for some classes before its training.
func (l learner) untrained(ctx context.Context, classes []string) (*supernet.Net, error) {
	if !l.cfg.Pretrained {
		net, err := l.supernet(classes)
		if err != nil {
			return nil, err
		}
		return net, net.GrowClasses(ctx, classes...)
	}
	space, err := l.cfg.space(classes)
	if err != nil {
		return nil, err
	}
	net, err := supernet.New(space, l.cfg.network(classes))
	if err != nil {
		return nil, err
	}
	_, err = net.Inherit(ctx, l.serving.Load().model, nil)
	return net, err
}

// supernet is the latest one, or a new one for some classes.
func (l learner) supernet(classes []string) (*supernet.Net, error) {
	switch {
	case l.net != nil:
		return l.net, nil
	case l.store.Supernet != nil:
		return supernet.Load(l.store.path(l.store.Supernet.File), l.cfg.network(nil))
	}
	space, err := l.cfg.space(classes)
	if err != nil {
		return nil, err
	}
	return supernet.New(space, l.cfg.network(classes))
}

// train runs a training with a file of its own, and with the serving model as its teacher. One that
// was interrupted goes on, unless its options have changed since; one that diverged leaves nothing
// behind.
func (l learner) train(name string, o supernet.TrainOptions, do func(*supernet.TrainOptions) error) error {
	if w := l.serving.Load(); w != nil && l.cfg.Distill > 0 {
		o.Teacher = &supernet.Teacher{Model: w.model, Weight: l.cfg.Distill}
	}
	o.Seed, o.Checkpoint = l.seed("train"), l.store.part(name)
	err := do(&o)
	if errors.Is(err, supernet.ErrCheckpointMismatch) {
		l.log.Warn("a training begins again, its options have changed", "training", name, "error", err)
		if err := os.Remove(o.Checkpoint); err != nil {
			return err
		}
		err = do(&o)
	}
	if errors.Is(err, supernet.ErrNotFinite) {
		if err := os.Remove(o.Checkpoint); err != nil && !errors.Is(err, os.ErrNotExist) {
			l.log.Warn("the file of a training that diverged is still there", "error", err)
		}
	}
	return err
}

// Judges binds the supernet to held-out images.
func (l learner) Judges(ctx context.Context) (*adjuster.Judges, error) {
	d, err := l.data(ctx)
	if err != nil {
		return nil, err
	}
	if l.net, err = l.supernet(d.classes()); err != nil {
		return nil, err
	}
	held, err := d.judges(l.seed("judges"))
	if err != nil {
		return nil, err
	}
	some, err := interval(held, 0, min(rewardImages, held.Len()))
	if err != nil {
		return nil, err
	}
	o := &supernet.EvalOptions{Calibration: d.train.Snapshot(), CalibrationImages: 500,
		Seed: l.seed("judges")}
	j := &adjuster.Judges{Space: l.net.Space()}
	if j.Reward, err = l.net.On(some, o); err != nil {
		return nil, err
	}
	if j.Final, err = l.net.On(held, o); err != nil {
		return nil, err
	}
	if l.cfg.Trial > 0 {
		j.Trial = l.trial(d, held)
	}
	return j, nil
}

// Retrain trains the architecture, or finds it trained for a contest, and puts it into service: one
// store, which the next Classify sees. What it replaces is kept for a rollback.
func (l learner) Retrain(ctx context.Context, a searchspace.Arch) error {
	defer l.metrics.time("retrain")()
	if l.retrained() {
		return nil // before an interruption
	}
	model, err := l.fit(ctx, a)
	if err != nil {
		return err
	}
	return l.swap(ctx, model)
}

// Keep trains the serving model on, if that is wanted, when its architecture stays.
func (l learner) Keep(ctx context.Context) error {
	defer l.metrics.time("keep")()
	if !l.cfg.KeepTraining || l.retrained() {
		return nil
	}
	d, err := l.data(ctx)
	if err != nil {
		return err
	}
	serving := l.serving.Load().model
	model, err := serving.WithClasses(ctx, d.classes()...)
	if err != nil {
		return err
	}
	if err := l.learn(ctx, model, serving.Classes(), d); err != nil {
		return err
	}
	if err := l.trainModel(ctx, &newborn{model, lite0.Learnt}, "keep", d, l.cfg.Retrain); err != nil {
		return err
	}
	return l.swap(ctx, model)
}

// swap takes stock of a model that was trained on D_t and puts it into service.
func (l learner) swap(ctx context.Context, model *supernet.Model) error {
	d, err := l.data(ctx)
	if err != nil {
		return err
	}
	all, err := d.all()
	if err != nil {
		return err
	}
	w, err := watch(ctx, model, l.store.Batches, all)
	if err != nil {
		return err
	}
	err = l.store.commit(func(m *manifest) (err error) {
		m.Previous = m.Serving
		m.Serving, err = w.keep(ctx, l.store, m)
		return err
	})
	if err != nil {
		return err
	}
	l.previous = l.serving.Load()
	l.show(w)
	return nil
}

// seed is that of one purpose after the last batch.
func (s *Service) seed(purpose string) uint64 {
	return run.Seed(s.cfg.Seed).For(purpose, s.store.Batches)
}

// retrained reports that the model that serves was trained on D_t.
func (s *Service) retrained() bool {
	w := s.serving.Load()
	return w != nil && w.trained == s.store.Batches
}
