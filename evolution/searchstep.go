package evolution

import (
	"context"
	"fmt"
	"slices"

	"github.com/tendril-nas/tendril/searchspace"
)

// StepEvaluator is an Evaluator whose measurements build on each other, as those of models do that
// leave their weights to the models after them. Search calls these methods instead of Evaluate: a
// step is what is asked and told together, numbered from 0. BeginStep and EndStep are called one
// after the other, each in the order of steps, and at times that depend on SearchOptions.Window and
// on nothing else. So what the first reads and the second writes depends neither on the number of
// workers nor on how long evaluations take. SearchOptions.Repeat and StaleKeep are set for it.
//
// What BeginStep and EndStep did must be saved by the evaluator: see SearchOptions.SaveFirst.
type StepEvaluator interface {
	Evaluator
	// BeginStep hears what is asked, before any of it is measured. Where a search is resumed it
	// hears the steps that are open once more.
	BeginStep(step int, archs []searchspace.Arch) error
	// EvaluateStep measures a candidate of a step, on several goroutines. It is called again for a
	// candidate that failed or was cut off, and not for what was measured before a search was
	// interrupted.
	EvaluateStep(ctx context.Context, a searchspace.Arch, step int) (searchspace.Measurement, error)
	// EndStep is called once all candidates of a step are measured or have failed, before the
	// strategy is told. After a crash it may be called for a step that it has ended already.
	EndStep(ctx context.Context, step int) error
}

// begin tells a StepEvaluator of a step.
func (x *Search[G]) begin(step int) error {
	if x.stepper == nil || x.replay || x.begun[step] {
		return nil
	}
	if err := x.stepper.BeginStep(step, slices.Clone(x.open[step])); err != nil {
		return fmt.Errorf("evolution: begin: %w", err)
	}
	x.begun[step] = true
	return nil
}

// end tells a StepEvaluator that a step is measured.
func (x *Search[G]) end(ctx context.Context, step int) error {
	if x.stepper != nil && !x.replay && step >= x.ended {
		if err := x.stepper.EndStep(ctx, step); err != nil {
			return fmt.Errorf("evolution: end: %w", err)
		}
	}
	x.ended = step + 1
	delete(x.begun, step)
	return nil
}
