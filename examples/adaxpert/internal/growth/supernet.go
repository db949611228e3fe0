package growth

import (
	"context"
	"fmt"

	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/supernet"
)

// FineTune trains the supernet on the snapshot under way: a new one at the first snapshot (and at
// each for baseline scratch, and where networks are published ones), otherwise the one at hand.
func (e *engine) FineTune(ctx context.Context) error {
	if !e.trainsSupernet(e.t) || e.netAt == e.t {
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
	net, err := e.untrainedNet(ctx)
	if err != nil {
		return nil, err
	}
	net.SetStage(e.t)
	train, err := e.scenario.Train(e.t)
	if err != nil {
		return nil, err
	}
	table := e.training(SecondsSupernet, e.t)
	o, err := e.job.TrainOptions(&table, train.Len(), e.cfg.Seed.For(seedSupernetData, e.t),
		e.phase(SecondsSupernet), e.title(SecondsSupernet, e.t))
	if err != nil {
		return nil, err
	}
	if k := e.cfg.Supernet.Sandwich; k > 0 {
		o.Subnets.Sampler = supernet.Sandwich(net.Space(), k, e.cfg.Seed.For(seedSandwich, e.t))
	}
	o.FrozenStages = e.cfg.Supernet.frozen()
	if o.Teacher, err = e.teacher(); err != nil {
		return nil, err
	}
	if _, err := net.Train(ctx, train, o); err != nil {
		return nil, err
	}
	return net, nil
}

// untrainedNet is the supernet that the snapshot under way finds, with its classes.
func (e *engine) untrainedNet(ctx context.Context) (*supernet.Net, error) {
	if e.t == 1 || e.method == Scratch || e.origin.anew() {
		return e.origin.supernet(ctx, e)
	}
	net, err := e.latestNet()
	if err != nil {
		return nil, err
	}
	return net, net.GrowClasses(ctx, e.scenario.Classes(e.t)...)
}

// latestNet is the supernet of the last snapshot that trained one, to be trained on.
func (e *engine) latestNet() (*supernet.Net, error) {
	if e.net != nil && e.netAt > 0 {
		return e.net, nil
	}
	for t := e.t - 1; t >= 1; t-- {
		file := e.phaseAt(SecondsSupernet, t) + ".ckpt"
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
