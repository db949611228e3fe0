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
	m, err := e.steps(ctx, rep)
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

// steps goes through the steps and returns the network to use.
func (e *engine) steps(ctx context.Context, rep *Report) (*supernet.Model, error) {
	head, err := e.head(ctx)
	if err != nil {
		return nil, err
	}
	if err := e.add(ctx, rep, StepHead, head, phaseHead); err != nil {
		return nil, err
	}
	tuned, err := e.tuned(ctx)
	if err != nil {
		return nil, err
	}
	if err := e.add(ctx, rep, StepTuned, tuned, phaseTune); err != nil {
		return nil, err
	}
	if !e.cfg.Adapt {
		rep.Model = StepTuned
		return tuned, nil
	}
	o, err := e.adapt(ctx)
	if err != nil {
		return nil, err
	}
	rep.Contest = contestReport(o.Comparison)
	e.describeContest(rep.Contest)
	winner, err := e.contestant(ctx, o.After)
	if err != nil {
		return nil, err
	}
	if o.Comparison != nil {
		if err := e.addContestant(ctx, rep, o.Comparison.Adapted.Arch); err != nil {
			return nil, err
		}
	}
	if err := e.addContestant(ctx, rep, e.start); err != nil {
		return nil, err
	}
	if rep.Model = StepKept; o.After != e.start {
		rep.Model = StepAdapted
	}
	e.net = nil
	return winner, e.job.Remove(phaseSupernet + ".ckpt")
}

// addContestant judges a network of the contest.
func (e *engine) addContestant(ctx context.Context, rep *Report, a searchspace.Arch) error {
	m, err := e.contestant(ctx, a)
	if err != nil {
		return err
	}
	if a == e.start {
		return e.add(ctx, rep, StepKept, m, phaseKept)
	}
	return e.add(ctx, rep, StepAdapted, m, phaseAdapted, phaseSupernet, phaseSearch)
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
