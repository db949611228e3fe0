package eatnas

import (
	"cmp"

	"github.com/tendril-nas/tendril/supernet"
)

// evaluator trains each candidate of a task for an epoch or so, from the weights that those before
// it have left, and judges it on held-out images. The search has one candidate at a time, so that
// each begins with what all before it have learnt.
func (e *engine) evaluator(t *task) (*supernet.TrainEvaluator, error) {
	n := t.images.train.Len()
	if t.Images > 0 {
		n = min(n, t.Images)
	}
	train := e.cfg.Evaluate.Options(n, e.cfg.Seed.For(t.purpose("evaluate")))
	train.Schedule = supernet.Constant
	o := &supernet.TrainEvaluatorOptions{Train: train, Images: n, CalibrationImages: cmp.Or(e.cfg.Calibrated, -1),
		Network: e.netOptions(t, e.cfg.Seed.For(t.purpose("weights")))}
	if !e.cfg.Sharing {
		o.Heritage = supernet.FromNone
	}
	var err error
	if o.Store, err = e.carry(t); err != nil {
		return nil, err
	}
	return supernet.NewTrainEvaluator(t.space, t.images.train, t.images.judged, o)
}
