package eatnas

import (
	"context"
	"fmt"

	"github.com/tendril-nas/tendril/examples/internal/contest"
	"github.com/tendril-nas/tendril/examples/internal/data"
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// tested is what is kept of a retrained network's test.
type tested struct {
	Held    float64 `json:"held"` // accuracy of the held-out images
	Correct int     `json:"correct"`
	Images  int     `json:"images"`
}

// retrain trains architecture i of those that are retrained from initial weights, and tests it. All
// of a task have the same images and batches.
func (e *engine) retrain(ctx context.Context, t *task, i int, a searchspace.Arch) (*supernet.Model,
	*Trained, error) {
	name := fmt.Sprintf("trained-%d", i+1)
	m, err := e.trained(ctx, t, name, t.titleRetrain(i), a)
	if err != nil {
		return nil, nil, err
	}
	test, err := run.Once(e.job, t.phase(fmt.Sprintf("tested-%d", i+1)), func() (x tested, err error) {
		held, err := contest.Of(ctx, m, t.images.held)
		if err != nil {
			return x, err
		}
		all, err := contest.Of(ctx, m, t.images.test)
		return tested{held.Accuracy(), all.Tally().Correct, all.Images}, err
	})
	if err != nil {
		return nil, nil, err
	}
	c := m.Graph().Cost()
	return m, &Trained{Arch: e.wide.Format(a), MAdds: c.MAdds, Params: c.Params, Held: test.Held,
		Accuracy:      float64(test.Correct) / float64(test.Images),
		StandardError: proportionError(test.Correct, test.Images),
		Seconds:       e.job.Clock.Seconds(t.phase(name))}, nil
}

func (e *engine) trained(ctx context.Context, t *task, name, title string, a searchspace.Arch) (
	*supernet.Model, error) {
	phase := t.phase(name)
	return run.Saved(ctx, e.job, phase, func(path string) (*supernet.Model, error) {
		return supernet.LoadModel(path, &supernet.Options{Logger: e.job.Log})
	}, func() (*supernet.Model, error) {
		seed := e.cfg.Seed.For(t.purpose("retraining"))
		m, err := supernet.NewModel(t.space, a, e.netOptions(t, seed))
		if err != nil {
			return nil, err
		}
		some, err := data.Some(t.images.train, t.Retrain, seed)
		if err != nil {
			return nil, err
		}
		o, err := e.job.TrainOptions(&e.cfg.Retrain, some.Len(), seed, phase, title)
		if err != nil {
			return nil, err
		}
		if _, err = m.Train(ctx, some, o); err != nil {
			return nil, err
		}
		return m, e.calibrate(ctx, m, some, seed)
	})
}

// calibrate gathers the batch-norm statistics of a trained network: those of its training lag
// behind where there were few steps.
func (e *engine) calibrate(ctx context.Context, m *supernet.Model, some dataset.Dataset, seed uint64) error {
	if e.cfg.Calibrated == 0 {
		return nil
	}
	return m.Recalibrate(ctx, some, &supernet.EvalOptions{CalibrationImages: e.cfg.Calibrated, Seed: seed})
}

// choose retrains the best architectures of a search and chooses by held-out accuracy, as the paper
// does, not by the score.
func (e *engine) choose(ctx context.Context, t *task, r *TaskReport) (*supernet.Model, error) {
	var best *supernet.Model
	for i, text := range r.Search.Best {
		a, err := t.space.Parse(text)
		if err != nil {
			return nil, err
		}
		m, one, err := e.retrain(ctx, t, i, a)
		if err != nil {
			return nil, err
		}
		r.Trained = append(r.Trained, *one)
		if i == 0 || one.Held > r.Trained[r.Chosen].Held {
			best, r.Chosen = m, i
		}
		e.describe(t, one)
	}
	return best, nil
}
