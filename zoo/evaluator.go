package zoo

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/tendril-nas/tendril/internal/search"
	"github.com/tendril-nas/tendril/searchspace"
)

// Candidate is a network that the search for a zoo judges.
type Candidate interface {
	// StepTime measures a training step. Nothing else of the search runs meanwhile.
	StepTime(ctx context.Context) (Timing, error)
	// Train trains for a short time and judges: top-1 accuracy, a fraction, on so many images. It
	// calls pause between steps (supernet.TrainOptions.Before is the place), and ends with its
	// error if it has one: other candidates are timed meanwhile.
	Train(ctx context.Context, pause func(context.Context) error) (accuracy float64, samples int, err error)
}

// Trial is what an Evaluator found out about an architecture.
type Trial struct {
	Arch     searchspace.Arch
	Step     Timing  // of a training step
	Trained  bool    // false: the step takes longer than the limit, so that nobody trained
	Accuracy float64 // a fraction
	Samples  int
	limit    float64
}

// Objectives are the two numbers of NASOA's eq. (1), to be minimised: the error rate and the time
// of a step in seconds, with their standard errors (that of a proportion; a third of the range of
// the quartiles, which is right for ten repetitions). violation is how far the time is over the
// limit, relative to it: at most 0 where it is kept.
func (t *Trial) Objectives() (values, standardErrors []float64, violation float64) {
	p := 1 - t.Accuracy
	se := 0.0
	if t.Samples > 0 {
		se = math.Sqrt(max(p*(1-p), 0) / float64(t.Samples))
	}
	if t.limit > 0 {
		violation = t.Step.Seconds/t.limit - 1
	}
	return []float64{p, t.Step.Seconds}, []float64{se, max(t.Step.Upper-t.Step.Lower, 0) / 3}, violation
}

// EvaluatorOptions sets up NewEvaluator. The zero value, or a nil pointer, is the default.
type EvaluatorOptions struct {
	// StepLimit is the longest training step in seconds, T_m of eq. (1): architectures beyond it
	// are not trained. 0 = none.
	StepLimit float64
}

// Evaluator judges architectures for a zoo: how long a training step takes, measured while nothing
// else of the search is at work, and how accurate the network is after a short training. It is for
// the evaluations of a search of package evolution, several at a time; called from elsewhere it
// does not wait for others.
//
//	evolution.PointFunc[searchspace.Arch](func(ctx context.Context, a searchspace.Arch) (evolution.Point, error) {
//		t, err := evaluator.Evaluate(ctx, a)
//		if err != nil {
//			return evolution.Point{}, err
//		}
//		values, errs, violation := t.Objectives()
//		return evolution.Point{Objectives: values, Errors: errs, Violations: []float64{violation}}, nil
//	})
type Evaluator struct {
	make func(ctx context.Context, a searchspace.Arch) (Candidate, error)
	o    EvaluatorOptions
}

// NewEvaluator judges the candidates that make makes of architectures.
func NewEvaluator(make func(ctx context.Context, a searchspace.Arch) (Candidate, error),
	o *EvaluatorOptions) (*Evaluator, error) {
	e := &Evaluator{make: make}
	if o != nil {
		e.o = *o
	}
	if make == nil || !(e.o.StepLimit >= 0) || math.IsInf(e.o.StepLimit, 1) {
		return nil, fmt.Errorf("zoo: evaluator without candidates, or with a limit of %g s", e.o.StepLimit)
	}
	return e, nil
}

// Evaluate judges one architecture.
func (e *Evaluator) Evaluate(ctx context.Context, a searchspace.Arch) (Trial, error) {
	if e == nil || e.make == nil {
		return Trial{}, errors.New("zoo: evaluate: an evaluator that NewEvaluator has not made")
	}
	t := Trial{Arch: a, limit: e.o.StepLimit}
	c, err := e.make(ctx, a)
	if err == nil && c == nil {
		err = errors.New("no candidate")
	}
	if err == nil {
		err = search.Alone(ctx, func(ctx context.Context) (err error) {
			t.Step, err = c.StepTime(ctx)
			return err
		})
	}
	if err == nil {
		err = t.Step.check()
	}
	if err == nil && (t.limit == 0 || t.Step.Seconds <= t.limit) {
		t.Accuracy, t.Samples, err = c.Train(ctx, func(own context.Context) error {
			if err := search.Pause(ctx); err != nil { // ctx knows of the search; own need not
				return err
			}
			return own.Err()
		})
		if t.Trained = err == nil; t.Trained && !(t.Accuracy >= 0 && t.Accuracy <= 1) {
			err = fmt.Errorf("accuracy %g, expected a fraction", t.Accuracy)
		}
	}
	if err != nil {
		return t, fmt.Errorf("zoo: evaluate %v: %w", a, err)
	}
	return t, nil
}
