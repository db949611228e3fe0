package nasoa

import (
	"context"
	"runtime"

	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/supernet/dataset"
	"github.com/tendril-nas/tendril/zoo"
)

// candidate is an architecture of the search.
type candidate struct {
	e           *engine
	arch        searchspace.Arch
	train, held dataset.Dataset
}

// model of the architecture, with initial weights that are the same for all where they agree.
func (c *candidate) model(workers int) (*supernet.Model, error) {
	return supernet.NewModel(c.e.space, c.arch, c.e.netOptions(c.e.cfg.Seed.For("nasoa.search.weights"),
		workers))
}

// StepTime is measured with all processors, as fine-tuning will have them.
func (c *candidate) StepTime(ctx context.Context) (zoo.Timing, error) {
	m, err := c.model(0)
	if err != nil {
		return zoo.Timing{}, err
	}
	t, err := m.TimeStep(ctx, &supernet.TimeOptions{BatchSize: c.e.cfg.Tune.Batch})
	timing, err := timed(t, err)
	timing.Batch, timing.InputSize = c.e.cfg.Tune.Batch, c.e.cfg.Size
	return timing, err
}

func (c *candidate) Train(ctx context.Context, pause func(context.Context) error) (float64, int, error) {
	m, err := c.model(max(1, runtime.GOMAXPROCS(0)/c.e.cfg.Search.Workers))
	if err != nil {
		return 0, 0, err
	}
	o := c.e.cfg.Search.Train.Options(c.train.Len(), c.e.cfg.Seed.For("nasoa.search.train"))
	o.Before = func(ctx context.Context, _ int) error { return pause(ctx) }
	if _, err := m.Train(ctx, c.train, o); err != nil {
		return 0, 0, err
	}
	got, err := m.Evaluate(ctx, c.held, nil)
	return got.Accuracy, got.Samples, err
}

func timed(t *supernet.Timing, err error) (zoo.Timing, error) {
	if err != nil {
		return zoo.Timing{}, err
	}
	return zoo.Timing{Seconds: t.Median, Lower: t.Lower, Upper: t.Upper}, nil
}
