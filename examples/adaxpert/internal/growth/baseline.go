package growth

import (
	"context"

	"github.com/tendril-nas/tendril/adjuster"
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/searchspace"
)

// advanceBaseline answers snapshot t by the method that cfg.Baseline names. prev is the
// architecture in service, zero before the first snapshot. Every part finds what it did before an
// interruption.
//
//   - fixed, largest: one architecture; where AdaXpert would adjust, its weights are trained again
//     on D_t.
//   - scratch: at every snapshot a new supernet and a new policy, reward V − λ·C.
//   - random: as AdaXpert, but uniformly random architectures instead of the policy's, as many
//     evaluations.
func (e *engine) advanceBaseline(ctx context.Context, prev searchspace.Arch) (*adjuster.Outcome, error) {
	o := &adjuster.Outcome{Step: e.t, Before: prev, After: prev, Action: adjuster.First}
	change := true
	if e.t == 1 {
		start, err := e.start()
		if err != nil {
			return nil, err
		}
		o.After = start
	} else {
		reading, err := e.Measure(ctx)
		if err != nil {
			return nil, err
		}
		if o.Decision, err = e.condition().Decide(reading); err != nil {
			return nil, err
		}
		o.Reading, change = reading, o.Decision.Adjust || e.cfg.Always
	}
	searches := e.cfg.Baseline == "scratch" || (e.cfg.Baseline == "random" && e.t > 1 && change)
	if e.cfg.Baseline == "scratch" {
		change = true
	}
	if change {
		if err := e.FineTune(ctx); err != nil {
			return nil, err
		}
	}
	if searches {
		res, err := e.searchOnce(ctx, prev, o.Reading.Distance)
		if err != nil {
			return nil, err
		}
		o.Search, o.After = res, res.Arch
	}
	if change {
		if err := e.Retrain(ctx, o.After); err != nil {
			return nil, err
		}
	}
	if e.t > 1 {
		o.Action = adjuster.Kept
		if searches {
			o.Action = adjuster.Adjusted
		}
	}
	return o, nil
}

// searchOnce runs the baseline's search, or reads what it found earlier.
func (e *engine) searchOnce(ctx context.Context, prev searchspace.Arch, d float64) (*adjuster.Result, error) {
	return run.Once(e.job, e.phase(SecondsAdjuster), func() (*adjuster.Result, error) {
		judges, err := e.Judges(ctx)
		if err != nil {
			return nil, err
		}
		if e.cfg.Baseline != "scratch" {
			seed := e.cfg.Seed.For(seedCandidates, e.t)
			return e.randomSearch(ctx, judges, prev, d, seed, e.phase(SecondsAdjuster))
		}
		a, err := adjuster.New(judges.Space, e.adjusterOptions())
		if err != nil {
			return nil, err
		}
		return a.Adjust(ctx, searchspace.Arch{}, 1, judges.Reward, judges.Final)
	})
}

func (e *engine) condition() adjuster.Condition {
	c := adjuster.Condition{Epsilon: e.cfg.Epsilon}
	if c.Epsilon == 0 {
		c.Epsilon = -1 // 0 would mean the default
	}
	return c
}

func (e *engine) adjusterOptions() *adjuster.Options {
	s := &e.cfg.Adjuster
	o := &adjuster.Options{
		Iterations: s.Iterations, LearningRate: s.LR, Entropy: run.OrNone(s.Entropy),
		Lambda: run.OrNone(e.lambda), Candidates: s.Candidates,
		Seed: e.cfg.Seed.For(seedPolicy), Recorder: e.searchRecorder(), Logger: e.job.Log,
		CheckpointEvery: 50,
	}
	if s.MovingMean {
		o.Baseline = 0.95
	}
	return o
}

// searchRecorder shows proposals as progress of the snapshot under way.
func (e *engine) searchRecorder() adjuster.Recorder { return &searchRecorder{e: e} }
