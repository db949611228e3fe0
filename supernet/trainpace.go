package supernet

import (
	"errors"
	"fmt"
)

// errPaced is where TrainOptions.Pace ends a training.
var errPaced = errors.New("no time for another step")

// pacedRate is the learning rate of the next step.
func (t *training) pacedRate() (float64, error) {
	rate := t.plan.rate(t.state.Step)
	if t.opts.Pace == nil {
		return rate, nil
	}
	factor, more := t.opts.Pace(t.state.Step)
	if !more {
		return 0, errPaced
	}
	if !finite(factor) || factor < 0 {
		return 0, fmt.Errorf("pace: factor %v of the learning rate of step %d, expected a finite number, at least 0: %w",
			factor, t.state.Step, errStopped)
	}
	return rate * factor, nil
}

// cut ends a training before its last step, if it has weights to end with.
func (t *training) cut() error {
	if _, err := t.finiteValues(); err != nil {
		return err
	}
	t.state.Result.Cut = true
	return nil
}
