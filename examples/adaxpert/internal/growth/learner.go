package growth

import (
	"context"
	"fmt"

	"github.com/tendril-nas/tendril/adjuster"
	"github.com/tendril-nas/tendril/examples/internal/data"
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/supernet/dataset"
	"github.com/tendril-nas/tendril/wasserstein"
)

// Names of the files that are kept beside records at snapshot t.
func modelFile(t int) string   { return fmt.Sprintf("model-%d.ckpt", t) }
func momentsFile(t int) string { return fmt.Sprintf("moments-%d.ckpt", t) }

// Measure reads accuracy and distance of the snapshot under way under the model in service. Only
// images that the model was not trained on pass through it: the tally and the moments of the others
// were kept when it was trained.
func (e *engine) Measure(ctx context.Context) (adjuster.Reading, error) {
	m, err := run.Once(e.job, e.phase(SecondsMeasure), func() (measured, error) { return e.measure(ctx) })
	return m.Reading, err
}

func (e *engine) measure(ctx context.Context) (m measured, err error) {
	s, err := e.service(e.t)
	if err != nil {
		return m, err
	}
	added, err := e.scenario.Arrived(s.record.Snapshot, e.t)
	if err != nil {
		return m, err
	}
	m.Reading.Reference = s.record.Reference
	if m.Reading.Added, err = Tally(ctx, s.model, added); err != nil {
		return m, err
	}
	now := s.moments.Clone()
	if err = AddMoments(ctx, now, s.model, added); err != nil {
		return m, err
	}
	if m.Reading.Distance, err = wasserstein.Squared(now, s.moments); err != nil {
		return m, err
	}
	test, err := e.scenario.Test(e.t)
	if err != nil {
		return m, err
	}
	m.Test, err = Tally(ctx, s.model, test)
	return m, err
}

// FineTune trains the supernet on the snapshot under way: a new one at the first snapshot (and at
// each for baseline scratch), otherwise the one at hand.
func (e *engine) FineTune(ctx context.Context) error {
	if !e.hasSupernet() || e.netAt == e.t {
		return nil
	}
	net, err := run.Saved(ctx, e.job, e.phase(SecondsSupernet), e.loadNet,
		func() (*supernet.Net, error) { return e.trainNet(ctx) })
	if err != nil {
		e.net, e.netAt = nil, 0
		return err
	}
	e.net, e.netAt = net, e.t
	return nil
}

// trainNet is the supernet of the snapshot under way.
func (e *engine) trainNet(ctx context.Context) (*supernet.Net, error) {
	space, err := e.space(e.t)
	if err != nil {
		return nil, err
	}
	var net *supernet.Net
	if e.t == 1 || e.cfg.Baseline == "scratch" {
		net, err = supernet.New(space, e.netOptions(seedSupernet, e.t))
	} else {
		net, err = e.latestNet()
	}
	if err != nil {
		return nil, err
	}
	if net.Space().Classes() < space.Classes() {
		if err := net.GrowClasses(ctx, e.scenario.pool.Classes()[:space.Classes()]...); err != nil {
			return nil, err
		}
	}
	net.SetStage(e.t)
	train, err := e.scenario.Train(e.t)
	if err != nil {
		return nil, err
	}
	o, err := e.trainOptions(SecondsSupernet, train.Len(), seedSupernetData)
	if err != nil {
		return nil, err
	}
	if _, err := net.Train(ctx, train, o); err != nil {
		return nil, fmt.Errorf("train supernet: %w", err)
	}
	return net, nil
}

// latestNet is the supernet of the last snapshot that trained one, to be trained on.
func (e *engine) latestNet() (*supernet.Net, error) {
	if e.net != nil && e.netAt > 0 {
		return e.net, nil
	}
	for t := e.t - 1; t >= 1; t-- {
		file := phaseOf(SecondsSupernet, t) + ".ckpt"
		if ok, err := e.job.Has(file); err != nil {
			return nil, err
		} else if ok {
			return e.loadNet(e.job.Path(file))
		}
	}
	return nil, fmt.Errorf("no supernet of a snapshot before %d", e.t)
}

func (e *engine) loadNet(path string) (*supernet.Net, error) {
	return supernet.Load(path, &supernet.Options{Logger: e.job.Log})
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
	some, err := data.Some(val, e.cfg.Adjuster.Images, e.cfg.Seed.For(seedJudges, e.t))
	if err != nil {
		return nil, err
	}
	space, err := e.space(e.t)
	if err != nil {
		return nil, err
	}
	reward, err := e.net.On(some, &supernet.EvalOptions{BatchSize: 250, Calibration: train,
		CalibrationImages: e.cfg.Adjuster.Calibration, Seed: e.cfg.Seed.For(seedJudges, e.t)})
	if err != nil {
		return nil, err
	}
	final, err := e.net.On(val, &supernet.EvalOptions{BatchSize: 250, Calibration: train,
		Seed: e.cfg.Seed.For(seedJudges, e.t)})
	if err != nil {
		return nil, err
	}
	return &adjuster.Judges{Space: space, Reward: reward, Final: final}, nil
}

// Retrain trains a on all images of the snapshot under way, puts it into service, and gathers in a
// last pass what later snapshots are measured against.
func (e *engine) Retrain(ctx context.Context, a searchspace.Arch) error {
	_, err := run.Once(e.job, e.phase(SecondsRetrain), func() (retrained, error) { return e.retrain(ctx, a) })
	return err
}

func (e *engine) retrain(ctx context.Context, a searchspace.Arch) (r retrained, err error) {
	all, err := e.scenario.All(e.t)
	if err != nil {
		return r, err
	}
	m, err := e.initial(ctx, a)
	if err != nil {
		return r, err
	}
	m.SetStage(e.t)
	o, err := e.trainOptions(SecondsRetrain, all.Len(), seedModelData)
	if err != nil {
		return r, err
	}
	if _, err := m.Train(ctx, all, o); err != nil {
		return r, fmt.Errorf("retrain: %w", err)
	}
	s := &serving{model: m, record: retrained{Snapshot: e.t}}
	if err := e.takeStock(ctx, s, all); err != nil {
		return r, err
	}
	if err := e.keepService(ctx, s); err != nil {
		return r, err
	}
	e.serving = s
	return s.record, nil
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
	s, err := e.service(e.t)
	if err != nil {
		return nil, err
	}
	e.serving = nil // its weights are about to change
	if s.model.Classes() < space.Classes() {
		if err := s.model.GrowClasses(ctx, e.scenario.pool.Classes()[:space.Classes()]...); err != nil {
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
	if s.moments, err = wasserstein.NewMoments(g.Nodes[g.Feature()].Out.C,
		fmt.Sprintf("model of snapshot %d", e.t)); err != nil {
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
