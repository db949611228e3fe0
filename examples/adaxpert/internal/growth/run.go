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
	advance, err := e.advancer()
	if err != nil {
		return nil, err
	}
	if err := e.announce(); err != nil {
		return nil, err
	}
	rep := &Report{}
	rival, err := e.rival()
	if err != nil {
		return nil, err
	}
	var outcomes []*adjuster.Outcome
	for e.t = 1; e.t <= e.scenario.Len(); e.t++ {
		o, err := advance(ctx)
		if err != nil {
			return rep, err
		}
		ours, err := e.tested(ctx)
		if err != nil {
			return rep, err
		}
		snap, err := e.report(o, ours)
		if err != nil {
			return rep, err
		}
		if rival != nil {
			if err := rival.follow(ctx, e, ours, snap); err != nil {
				return rep, fmt.Errorf("keeping the first network: %w", err)
			}
		}
		if err := e.tidy(o, rival); err != nil {
			return rep, err
		}
		outcomes, rep.Snapshots = append(outcomes, o), append(rep.Snapshots, *snap)
		e.describe(snap, o)
	}
	if err := e.finish(ctx, rival, rep); err != nil {
		return rep, err
	}
	e.sumUp(rep)
	return rep, e.draw(rep, outcomes)
}

// tidy drops the networks of the snapshot under way that serve nowhere.
func (e *engine) tidy(o *adjuster.Outcome, rival *engine) error {
	clear(e.networks)
	var names []string
	if o.Search != nil && o.Search.Finalists != nil {
		names = append(names, e.trialPhase(o.Before)+".ckpt")
		for _, c := range o.Search.Finalists {
			names = append(names, e.trialPhase(c.Arch)+".ckpt")
		}
	}
	serve := map[string]bool{}
	for _, x := range []*engine{e, rival} {
		if x == nil {
			continue
		}
		last, err := x.lastRetrained(e.t)
		if err != nil {
			return err
		}
		serve[last.Network] = true
	}
	for _, kind := range []string{SecondsRetrain, kindKeep} {
		if phase := e.phase(kind); !serve[phase] {
			names = append(names, phase+".ckpt")
		}
	}
	return e.job.Remove(names...)
}

// advancer returns the function that answers the snapshot under way.
func (e *engine) advancer() (func(context.Context) (*adjuster.Outcome, error), error) {
	if e.method != "" {
		var prev searchspace.Arch
		return func(ctx context.Context) (*adjuster.Outcome, error) {
			o, err := e.advanceBaseline(ctx, prev)
			if err != nil {
				return o, fmt.Errorf("snapshot %d: %w", e.t, err)
			}
			prev = o.After
			return o, nil
		}, nil
	}
	x, err := e.expert()
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) (*adjuster.Outcome, error) { return e.advance(ctx, x) }, nil
}

// advance answers the snapshot under way by Algorithm 1.
func (e *engine) advance(ctx context.Context, x *adjuster.Expert) (*adjuster.Outcome, error) {
	if e.t <= x.Step() {
		return &x.Outcomes()[e.t-1], nil
	}
	defer e.job.Clock.Start(e.phase(SecondsAdjuster))() // what the learner's own phases leave
	if e.cfg.Always && e.t > 1 {
		reading, err := e.Measure(ctx)
		if err != nil {
			return nil, err
		}
		return x.Adjust(ctx, e.learner(), reading)
	}
	return x.Advance(ctx, e.learner())
}

// learner is the side of e that Algorithm 1 sees.
func (e *engine) learner() adjuster.Learner {
	if e.cfg.Compare {
		return contender{e}
	}
	return e
}

// expert is Algorithm 1, from its checkpoint if there is one.
func (e *engine) expert() (*adjuster.Expert, error) {
	o, err := e.adjusterOptions()
	if err != nil {
		return nil, err
	}
	opts := &adjuster.ExpertOptions{Condition: e.condition(), Start: e.starts[0],
		Checkpoint: e.job.Path(expertFile)}
	if there, err := e.job.Has(expertFile); err != nil {
		return nil, err
	} else if there {
		return adjuster.LoadExpert(opts.Checkpoint, o, opts)
	}
	space, err := e.space(1)
	if err != nil {
		return nil, err
	}
	a, err := adjuster.New(space, o)
	if err != nil {
		return nil, err
	}
	return adjuster.NewExpert(a, opts)
}
