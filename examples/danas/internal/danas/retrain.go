package danas

import (
	"context"
	"math"

	"github.com/tendril-nas/tendril/examples/internal/contest"
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// Trained is a network that was trained from initial weights on all classes.
type Trained struct {
	Arch          string  `json:"arch"`
	MAdds         float64 `json:"madds"` // millions
	Params        int64   `json:"params"`
	Accuracy      float64 `json:"accuracy"`
	StandardError float64 `json:"standard_error"`
	Seconds       float64 `json:"seconds"`
}

// retrain trains an architecture on training and validation images and tests it. All have the same
// images, batches and initial weights where they agree in a layer.
func (e *engine) retrain(ctx context.Context, phase, title string, a searchspace.Arch) (*supernet.Model,
	*Trained,
	error) {
	seed := e.cfg.Seed.For("danas.retraining")
	m, err := run.Saved(ctx, e.job, phase, func(path string) (*supernet.Model, error) {
		return supernet.LoadModel(path, &supernet.Options{Logger: e.job.Log})
	}, func() (*supernet.Model, error) {
		all, err := dataset.Concat(e.images.train, e.images.val)
		if err != nil {
			return nil, err
		}
		m, err := supernet.NewModel(e.space, a, e.netOptions("danas.retraining"))
		if err != nil {
			return nil, err
		}
		o, err := e.job.TrainOptions(&e.cfg.Retrain, all.Len(), seed, phase, title)
		if err != nil {
			return nil, err
		}
		if _, err = m.Train(ctx, all, o); err != nil || e.cfg.Calibrated == 0 {
			return m, err
		}
		return m, m.Recalibrate(ctx, all, &supernet.EvalOptions{CalibrationImages: e.cfg.Calibrated,
			Seed: seed})
	})
	if err != nil {
		return nil, nil, err
	}
	tested, err := run.Once(e.job, phase+"-tested", func() (contest.Answers, error) {
		return contest.Of(ctx, m, e.images.test)
	})
	if err != nil {
		return nil, nil, err
	}
	c := m.Graph().Cost()
	p, n := tested.Accuracy(), float64(tested.Images)
	return m, &Trained{Arch: e.space.Format(a), MAdds: float64(c.MAdds) / 1e6, Params: c.Params, Accuracy: p,
		StandardError: math.Sqrt((p*n + 1) * (n - p*n + 1) / math.Pow(n+2, 3)),
		Seconds:       e.job.Clock.Seconds(phase)}, nil
}
