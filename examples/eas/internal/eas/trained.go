package eas

import (
	"context"

	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/supernet"
)

func (e *engine) trained(ctx context.Context) (*supernet.Net, error) {
	return run.Saved(ctx, e.job, supernetPhase, func(path string) (*supernet.Net, error) {
		return supernet.Load(path, &supernet.Options{Logger: e.job.Log})
	}, func() (*supernet.Net, error) {
		n, err := supernet.New(e.space, e.netOptions())
		if err != nil {
			return nil, err
		}
		seed := e.cfg.Seed.For("eas.supernet")
		o, err := e.job.TrainOptions(&e.cfg.Supernet, e.images.train.Len(), seed, supernetPhase, "train supernet")
		if err != nil {
			return nil, err
		}
		o.Masks, err = supernet.SuperclassDropout(superclassOf(e.groups), e.cfg.Drop, e.cfg.Seed.For("eas.dropout"))
		if err != nil {
			return nil, err
		}
		o.Subnets = supernet.SubnetOptions{Sampler: supernet.Several(2, supernet.Uniform(e.space, seed)), StepsPerDraw: 1}
		o.DecayWeightsOnly, o.Nesterov = true, true
		_, err = n.Train(ctx, e.images.train, o)
		return n, err
	})
}
