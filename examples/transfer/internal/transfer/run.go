package transfer

import (
	"context"

	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
)

// Run is all three steps and what is written about them. When ctx ends it returns the context's
// error, and what was finished is kept by the job.
func Run(ctx context.Context, j *run.Job, cfg *Config) (*Report, error) {
	e, err := newEngine(ctx, cfg, j)
	if err != nil {
		return nil, err
	}
	rep := &Report{Images: e.imagesReport(), Lengths: e.lengths}
	if err := e.steps(ctx, rep); err != nil {
		return rep, err
	}
	rep.Model = rep.choose()
	m, err := e.model(ctx, phases[rep.Model], nil) // it is there
	if err != nil {
		return rep, err
	}
	if err := e.look(ctx, m, rep); err != nil {
		return rep, err
	}
	for _, s := range rep.Steps {
		rep.Seconds += s.Seconds
	}
	return rep, e.finish(ctx, m, rep)
}

// phases that train the networks of steps.
var phases = map[string]string{StepHead: phaseHead, StepTuned: phaseTune, StepAdapted: phaseAdapted,
	StepKept: phaseKept, StepScratch: phaseTune}

// steps goes through the steps.
func (e *engine) steps(ctx context.Context, rep *Report) error {
	if e.cfg.Baseline == Scratch {
		m, err := e.scratch(ctx)
		if err != nil {
			return err
		}
		return e.add(ctx, rep, StepScratch, m, phaseTune)
	}
	head, err := e.head(ctx)
	if err != nil {
		return err
	}
	if err := e.add(ctx, rep, StepHead, head, phaseHead); err != nil {
		return err
	}
	tuned, err := e.tuned(ctx)
	if err != nil {
		return err
	}
	if err := e.add(ctx, rep, StepTuned, tuned, phaseTune); err != nil {
		return err
	}
	if !e.cfg.Adapt {
		return nil
	}
	a, err := e.search(ctx)
	if err != nil {
		return err
	}
	if err := e.addSuccessor(ctx, rep, e.start, StepKept, phaseKept); err != nil || a == e.start {
		return err
	}
	return e.addSuccessor(ctx, rep, a, StepAdapted, phaseAdapted, phaseSearch)
}

// addSuccessor judges a network of the last training.
func (e *engine) addSuccessor(ctx context.Context, rep *Report, a searchspace.Arch, name string,
	phases ...string) error {
	m, err := e.successor(ctx, a)
	if err != nil {
		return err
	}
	return e.add(ctx, rep, name, m, phases...)
}

// add judges a network and prints what came of it.
func (e *engine) add(ctx context.Context, rep *Report, name string, m *supernet.Model,
	phases ...string) error {
	s, err := e.step(ctx, name, m, phases...)
	if err != nil {
		return err
	}
	rep.Steps = append(rep.Steps, s)
	e.describe(&s)
	return nil
}
