package growth

import (
	"context"
	"fmt"

	"github.com/tendril-nas/tendril/adjuster"
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/searchspace"
)

const expertFile = "expert.ckpt"

// Run is the main loop: every snapshot of the scenario in turn. When ctx ends it returns the
// context's error, and what was finished is kept by the job.
func Run(ctx context.Context, j *run.Job, cfg *Config) (*Report, error) {
	e, err := newEngine(ctx, cfg, j)
	if err != nil {
		return nil, err
	}
	advance, err := e.method()
	if err != nil {
		return nil, err
	}
	if err := e.announce(); err != nil {
		return nil, err
	}
	rep := &Report{}
	var outcomes []*adjuster.Outcome
	for e.t = 1; e.t <= e.scenario.Len(); e.t++ {
		oc, err := advance(ctx)
		if err != nil {
			return rep, fmt.Errorf("snapshot %d: %w", e.t, err)
		}
		snap, err := e.report(e.t, oc)
		if err != nil {
			return rep, err
		}
		outcomes, rep.Snapshots = append(outcomes, oc), append(rep.Snapshots, *snap)
		e.describe(snap, oc)
	}
	if err := e.finish(ctx, rep); err != nil {
		return rep, err
	}
	return rep, e.draw(rep, outcomes)
}

// method returns the function that answers the snapshot under way.
func (e *engine) method() (func(context.Context) (*adjuster.Outcome, error), error) {
	if e.cfg.Baseline != "" {
		var prev searchspace.Arch
		return func(ctx context.Context) (*adjuster.Outcome, error) {
			o, err := e.advanceBaseline(ctx, prev)
			if err == nil {
				prev = o.After
			}
			return o, err
		}, nil
	}
	x, err := e.expert()
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) (*adjuster.Outcome, error) {
		if e.t <= x.Step() {
			return &x.Outcomes()[e.t-1], nil
		}
		defer e.job.Clock.Start(e.phase(SecondsAdjuster))() // what the learner's own phases leave
		if e.cfg.Always && e.t > 1 {
			reading, err := e.Measure(ctx)
			if err != nil {
				return nil, err
			}
			return x.Adjust(ctx, e, reading)
		}
		return x.Advance(ctx, e)
	}, nil
}

// expert is Algorithm 1, from its checkpoint if there is one.
func (e *engine) expert() (*adjuster.Expert, error) {
	start, err := e.start()
	if err != nil {
		return nil, err
	}
	opts := &adjuster.ExpertOptions{Condition: e.condition(), Start: start,
		Checkpoint: e.job.Path(expertFile)}
	if there, err := e.job.Has(expertFile); err != nil {
		return nil, err
	} else if there {
		return adjuster.LoadExpert(opts.Checkpoint, e.adjusterOptions(), opts)
	}
	space, err := e.space(1)
	if err != nil {
		return nil, err
	}
	a, err := adjuster.New(space, e.adjusterOptions())
	if err != nil {
		return nil, err
	}
	return adjuster.NewExpert(a, opts)
}
