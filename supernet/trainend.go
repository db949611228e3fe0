package supernet

import (
	"context"
	"errors"
	"fmt"

	"github.com/tendril-nas/tendril/internal/tensor"
	"github.com/tendril-nas/tendril/searchspace"
)

// finishEpoch closes an epoch whose steps are done, at most once: judges, keeps the best weights,
// writes the checkpoint.
func (t *training) finishEpoch(ctx context.Context) error {
	spe := t.plan.StepsPerEpoch
	epochs := t.state.Step / spe
	if t.state.Step%spe != 0 || t.closed() {
		return nil
	}
	values, err := t.finiteValues()
	if err != nil {
		return err
	}
	var v Validation
	due := t.validate != nil && (epochs%t.plan.ValidateEvery == 0 || epochs == t.plan.Epochs)
	if due {
		if v, err = t.validate(ctx); err != nil {
			return fmt.Errorf("validation: %w", err)
		}
		v.Epoch = epochs
	}
	res, loss := &t.state.Result, t.state.LossSum/float64(spe)
	healthy := !t.runaway(loss)
	res.Losses = append(res.Losses, loss)
	res.Accuracies = append(res.Accuracies, t.state.Right/float64(spe*t.plan.BatchSize))
	t.state.LossSum, t.state.Right = 0, 0
	var reported error
	better := due && (!t.state.HasBest || v.Accuracy > res.Best.Accuracy || v.Accuracy == res.Best.Accuracy &&
		v.Loss < res.Best.Loss)
	if better {
		res.Best, t.state.HasBest, t.best = v, true, values
	}
	if healthy && (better || !t.state.HasBest) {
		t.kept, t.state.KeptEpoch = values, epochs
	}
	if due {
		res.Validations = append(res.Validations, v)
		reported = t.report(Progress{Phase: PhaseValidate, Epoch: epochs, Loss: v.Loss, Accuracy: v.Accuracy,
			Best: better})
	}
	if epochs == t.plan.Epochs || t.opts.CheckpointEvery > 0 && t.state.Step%t.opts.CheckpointEvery != 0 {
		return reported
	}
	return errors.Join(reported, t.save())
}

// finish ends a training that ran all its steps, or those that it had time for: the best weights
// come back, or the last ones stay, and the checkpoint says that nothing is left to do.
func (t *training) finish() (err error) {
	defer tensor.Recover(&err)
	if t.state.HasBest && t.state.Result.Best.Epoch != t.plan.Epochs && !t.state.Result.Cut {
		if err := t.setValues(t.best); err != nil {
			return err
		}
		t.version.Add(1)
	}
	t.state.Result.Status = searchspace.StatusFinished
	t.best, t.kept = nil, nil
	t.store.set.ResetOptimizer()
	return t.save()
}
