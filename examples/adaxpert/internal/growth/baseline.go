package growth

import (
	"cmp"
	"context"
	"slices"

	"github.com/tendril-nas/tendril/adjuster"
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/searchspace"
)

// advanceBaseline answers snapshot t by the method that cfg.Baseline names. prev is the
// architecture in service, zero before the first snapshot. Every part finds what it did before an
// interruption.
//
//   - fixed, largest: one architecture; where AdaXpert would adjust, its weights are trained again on D_t.
//   - scratch: at every snapshot a new supernet and a new policy, reward V − λ·C.
//   - random: as AdaXpert, but uniformly random architectures instead of the policy's, as many evaluations.
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
			return e.randomSearch(ctx, judges, prev, d)
		}
		a, err := adjuster.New(judges.Space, e.adjusterOptions())
		if err != nil {
			return nil, err
		}
		return a.Adjust(ctx, searchspace.Arch{}, 1, judges.Reward, judges.Final)
	})
}

// randomSearch judges as many uniformly random architectures as the adjuster would propose, and the
// best of them once more on the whole validation set.
func (e *engine) randomSearch(ctx context.Context, j *adjuster.Judges, prev searchspace.Arch,
	d float64) (*adjuster.Result, error) {
	return RandomSearch(ctx, j, prev, d, &RandomOptions{
		Evaluations: e.cfg.Adjuster.Iterations, Candidates: e.cfg.Adjuster.Candidates,
		Reward: adjuster.Reward{Lambda: run.OrNone(e.lambda)},
		Seed:   run.Seed(e.cfg.Seed.For(seedCandidates, e.t)), Recorder: e.searchRecorder(),
	})
}

// RandomOptions of RandomSearch.
type RandomOptions struct {
	Evaluations int // architectures judged by the reward
	Candidates  int // of the best of them, judged on the whole validation set
	Reward      adjuster.Reward
	Seed        run.Seed
	Recorder    adjuster.Recorder
}

// RandomSearch is the adjuster with a uniform distribution in the place of its policy.
func RandomSearch(ctx context.Context, j *adjuster.Judges, prev searchspace.Arch, d float64,
	o *RandomOptions) (*adjuster.Result, error) {
	judge := func(ev adjuster.Evaluator, a searchspace.Arch, base searchspace.Measurement) (adjuster.Candidate, error) {
		m, err := ev.Evaluate(ctx, a)
		if err != nil {
			return adjuster.Candidate{}, err
		}
		c, err := adjuster.MAdds(j.Space, a)
		if err != nil {
			return adjuster.Candidate{}, err
		}
		pc, err := adjuster.MAdds(j.Space, prev)
		if err != nil {
			return adjuster.Candidate{}, err
		}
		return adjuster.Candidate{Arch: a, Measurement: m, Cost: c,
			Reward: o.Reward.Value(m.Accuracy, base.Accuracy, c, pc, d)}, nil
	}
	base, err := j.Reward.Evaluate(ctx, prev)
	if err != nil {
		return nil, err
	}
	res := &adjuster.Result{Iterations: o.Evaluations}
	seen := map[searchspace.Arch]bool{}
	var found []adjuster.Candidate
	for i := range o.Evaluations {
		a, err := j.Space.Sample(o.Seed.Stream("adaxpert.random", i))
		if err != nil {
			return nil, err
		}
		c, err := judge(j.Reward, a, base)
		if err != nil {
			return nil, err
		}
		p := adjuster.Proposal{Iteration: i, Arch: a, Accuracy: c.Measurement.Accuracy, Cost: c.Cost,
			Reward: c.Reward, Cached: seen[a]}
		res.History = append(res.History, p)
		if !seen[a] {
			seen[a] = true
			found = append(found, c)
		}
		if o.Recorder != nil {
			if err := o.Recorder.Record(adjuster.Progress{Iteration: i + 1, Iterations: o.Evaluations,
				Distinct: len(found), Proposal: p}); err != nil {
				return nil, err
			}
		}
	}
	res.Distinct = len(found)
	best := func(x, y adjuster.Candidate) int {
		return cmp.Or(cmp.Compare(y.Reward, x.Reward), cmp.Compare(x.Cost, y.Cost))
	}
	slices.SortStableFunc(found, best)
	if base, err = j.Final.Evaluate(ctx, prev); err != nil {
		return nil, err
	}
	res.Previous = adjuster.Candidate{Arch: prev, Measurement: base}
	for _, c := range found[:min(len(found), o.Candidates)] {
		if c, err = judge(j.Final, c.Arch, base); err != nil {
			return nil, err
		}
		res.Candidates = append(res.Candidates, c)
	}
	slices.SortStableFunc(res.Candidates, best)
	res.Arch = res.Candidates[0].Arch
	return res, nil
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
