package growth

import (
	"context"
	"fmt"
	"time"

	"github.com/tendril-nas/tendril/adjuster"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/supernet/dataset"
	"github.com/tendril-nas/tendril/wasserstein"
)

// Names of the files of snapshot t.
func measuredFile(t int) string  { return fmt.Sprintf("measured-%d.json", t) }
func supernetFile(t int) string  { return fmt.Sprintf("supernet-%d.ckpt", t) }
func supernetTrain(t int) string { return fmt.Sprintf("supernet-%d-training.ckpt", t) }
func modelFile(t int) string     { return fmt.Sprintf("model-%d.ckpt", t) }
func modelTrain(t int) string    { return fmt.Sprintf("model-%d-training.ckpt", t) }
func momentsFile(t int) string   { return fmt.Sprintf("moments-%d.ckpt", t) }
func retrainedFile(t int) string { return fmt.Sprintf("retrained-%d.json", t) }

// Measure reads accuracy and distance of the snapshot under way under the model in service. Only images that the model was not
// trained on pass through it: the tally and the moments of the others were kept when it was trained.
func (e *engine) Measure(ctx context.Context) (adjuster.Reading, error) {
	var m measured
	if ok, err := e.recall(measuredFile(e.t), &m); ok || err != nil {
		return m.Reading, err
	}
	defer e.clockInto(SecondsMeasure, time.Now())
	s, err := e.service(ctx, e.t)
	if err != nil {
		return m.Reading, err
	}
	added, err := e.scenario.Arrived(s.record.Snapshot, e.t)
	if err != nil {
		return m.Reading, err
	}
	m.Reading.Reference = s.record.Reference
	if m.Reading.Added, err = Tally(ctx, s.model, added); err != nil {
		return m.Reading, err
	}
	now := s.moments.Clone()
	if err = AddMoments(ctx, now, s.model, added); err != nil {
		return m.Reading, err
	}
	if m.Reading.Distance, err = wasserstein.Squared(now, s.moments); err != nil {
		return m.Reading, err
	}
	test, err := e.scenario.Test(e.t)
	if err != nil {
		return m.Reading, err
	}
	if m.Test, err = Tally(ctx, s.model, test); err != nil {
		return m.Reading, err
	}
	return m.Reading, e.remember(measuredFile(e.t), m)
}

// FineTune trains the supernet on the snapshot under way: a new one at the first snapshot (and at each for baseline scratch),
// otherwise the one at hand.
func (e *engine) FineTune(ctx context.Context) error {
	if !e.hasSupernet() || e.netAt == e.t {
		return nil
	}
	if ok, err := e.store.has(supernetFile(e.t)); err != nil {
		return err
	} else if ok {
		return e.loadNet(e.t)
	}
	defer e.clockInto(SecondsSupernet, time.Now())
	space, err := e.space(e.t)
	if err != nil {
		return err
	}
	if e.t == 1 || e.cfg.Baseline == "scratch" {
		if e.net, err = supernet.New(space, e.netOptions(seedSupernet, e.t)); err != nil {
			return err
		}
	} else {
		if err := e.latestNet(); err != nil {
			return err
		}
		if e.net.Space().Classes() < space.Classes() {
			if err := e.net.GrowClasses(ctx, space.Classes()); err != nil {
				return err
			}
		}
	}
	e.netAt = 0 // not to be used as N_t until training is over
	e.net.SetStage(e.t)
	train, err := e.scenario.Train(e.t)
	if err != nil {
		return err
	}
	o := e.trainOptions(&e.cfg.Supernet, train.Len(), seedSupernetData, "supernet", supernetTrain(e.t))
	if _, err := e.net.Train(ctx, train, o); err != nil {
		e.net = nil
		return fmt.Errorf("train supernet: %w", err)
	}
	if p := e.store.path(supernetFile(e.t)); p != "" {
		if err := e.net.Save(ctx, p); err != nil {
			return err
		}
	}
	e.netAt = e.t
	return e.store.remove(supernetTrain(e.t))
}

// latestNet makes the supernet of the last snapshot that trained one the one at hand.
func (e *engine) latestNet() error {
	if e.net != nil && e.netAt > 0 {
		return nil
	}
	for t := e.t - 1; t >= 1; t-- {
		if ok, err := e.store.has(supernetFile(t)); err != nil {
			return err
		} else if ok {
			return e.loadNet(t)
		}
	}
	return fmt.Errorf("no supernet of an earlier snapshot in %s", e.store.dir)
}

func (e *engine) loadNet(t int) error {
	net, err := supernet.Load(e.store.path(supernetFile(t)), &supernet.Options{Logger: e.log})
	if err != nil {
		return err
	}
	e.net, e.netAt = net, t
	return nil
}

// Judges binds the fine-tuned supernet to the validation images.
func (e *engine) Judges(ctx context.Context) (*adjuster.Judges, error) {
	if err := e.FineTune(ctx); err != nil { // loads N_t after an interruption
		return nil, err
	}
	train, err := e.scenario.Train(e.t)
	if err != nil {
		return nil, err
	}
	val, err := e.scenario.Val(e.t)
	if err != nil {
		return nil, err
	}
	some, err := Some(val, e.cfg.Adjuster.Images, e.seed(seedJudges, e.t))
	if err != nil {
		return nil, err
	}
	space, err := e.space(e.t)
	if err != nil {
		return nil, err
	}
	reward, err := e.net.On(some, &supernet.EvalOptions{BatchSize: 250, Calibration: train, CalibrationImages: e.cfg.Adjuster.Calibration, Seed: e.seed(seedJudges, e.t)})
	if err != nil {
		return nil, err
	}
	final, err := e.net.On(val, &supernet.EvalOptions{BatchSize: 250, Calibration: train, Seed: e.seed(seedJudges, e.t)})
	if err != nil {
		return nil, err
	}
	return &adjuster.Judges{Space: space, Reward: reward, Final: final}, nil
}

// Retrain trains a on all images of the snapshot under way, puts it into service, and gathers in a last pass what later snapshots
// are measured against.
func (e *engine) Retrain(ctx context.Context, a searchspace.Arch) error {
	var r retrained
	if ok, err := e.recall(retrainedFile(e.t), &r); ok || err != nil {
		return err
	}
	defer e.clockInto(SecondsRetrain, time.Now())
	all, err := e.scenario.All(e.t)
	if err != nil {
		return err
	}
	m, err := e.initial(ctx, a)
	if err != nil {
		return err
	}
	m.SetStage(e.t)
	o := e.trainOptions(&e.cfg.Retrain, all.Len(), seedModelData, "retrain", modelTrain(e.t))
	if _, err := m.Train(ctx, all, o); err != nil {
		return fmt.Errorf("retrain: %w", err)
	}
	s := &serving{model: m, record: retrained{Snapshot: e.t}}
	if err := e.takeStock(ctx, s, all); err != nil {
		return err
	}
	if err := e.keepService(ctx, s); err != nil {
		return err
	}
	e.serving = s
	return e.store.remove(modelTrain(e.t))
}

// initial is the network that retraining starts from.
func (e *engine) initial(ctx context.Context, a searchspace.Arch) (*supernet.Model, error) {
	space, err := e.space(e.t)
	if err != nil {
		return nil, err
	}
	if !e.cfg.Inherit || (!e.hasSupernet() && e.t == 1) {
		return supernet.NewModel(space, a, e.netOptions(seedModel, e.t))
	}
	if e.hasSupernet() {
		if err := e.FineTune(ctx); err != nil { // loads N_t after an interruption
			return nil, err
		}
		train, err := e.scenario.Train(e.t)
		if err != nil {
			return nil, err
		}
		return e.net.Extract(ctx, a, train)
	}
	s, err := e.service(ctx, e.t)
	if err != nil {
		return nil, err
	}
	e.serving = nil // its weights are about to change
	if s.model.Classes() < space.Classes() {
		if err := s.model.GrowClasses(ctx, space.Classes()); err != nil {
			return nil, err
		}
	}
	return s.model, nil
}

// takeStock passes all images through a freshly trained model: tally, moments, and the test images.
func (e *engine) takeStock(ctx context.Context, s *serving, all dataset.Dataset) error {
	var err error
	if s.record.Reference, err = Tally(ctx, s.model, all); err != nil {
		return err
	}
	g := s.model.Graph()
	if s.moments, err = wasserstein.NewMoments(g.Nodes[g.Feature()].Out.C, fmt.Sprintf("model of snapshot %d", e.t)); err != nil {
		return err
	}
	if err := AddMoments(ctx, s.moments, s.model, all); err != nil {
		return err
	}
	test, err := e.scenario.Test(e.t)
	if err != nil {
		return err
	}
	s.record.Test, err = Tally(ctx, s.model, test)
	return err
}
