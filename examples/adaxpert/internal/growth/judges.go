package growth

import (
	"context"

	"github.com/tendril-nas/tendril/adjuster"
	"github.com/tendril-nas/tendril/examples/internal/contest"
	"github.com/tendril-nas/tendril/examples/internal/data"
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/supernet"
)

// Judges binds the fine-tuned supernet to the validation images.
func (e *engine) Judges(ctx context.Context) (*adjuster.Judges, error) {
	if err := e.FineTune(ctx); err != nil { // loads N_t after an interruption
		return nil, err
	}
	train, err := e.scenario.Train(e.t)
	if err != nil {
		return nil, err
	}
	held, err := e.held(e.t)
	if err != nil {
		return nil, err
	}
	seed := e.cfg.Seed.For(seedJudges, e.t)
	some, err := data.Some(held, e.cfg.Adjuster.Images, seed)
	if err != nil {
		return nil, err
	}
	space, err := e.space(e.t)
	if err != nil {
		return nil, err
	}
	reward, err := e.net.On(some, &supernet.EvalOptions{BatchSize: 250, CalibrationBatch: 250,
		Calibration:       train,
		CalibrationImages: e.cfg.Adjuster.Calibration, Seed: seed})
	if err != nil {
		return nil, err
	}
	final, err := e.net.On(held, &supernet.EvalOptions{BatchSize: 250, CalibrationBatch: 250, Calibration: train,
		Seed: seed})
	if err != nil {
		return nil, err
	}
	j := &adjuster.Judges{Space: space, Reward: reward, Final: final}
	if e.cfg.Trial > 0 && e.t > 1 {
		if j.Trial, err = e.trial(); err != nil {
			return nil, err
		}
	}
	return j, nil
}

func (e *engine) adjusterOptions() (*adjuster.Options, error) {
	s := &e.cfg.Adjuster
	reward, err := e.reward()
	if err != nil {
		return nil, err
	}
	o := &adjuster.Options{
		Iterations: s.Iterations, LearningRate: s.LR, Entropy: run.OrNone(s.Entropy),
		Objective: e.objective(), Lambda: reward.Lambda, Form: reward.Form,
		Candidates: s.Candidates, Elites: s.Elites, KeepPrevious: s.Previous,
		Seed: e.cfg.Seed.For(seedPolicy), Recorder: e.proposals(), Logger: e.job.Log,
		CheckpointEvery: 50,
	}
	if s.MovingMean {
		o.Baseline = 0.95
	}
	if s.Race {
		o.Race = &adjuster.Race{}
	}
	return o, nil
}

func (e *engine) objective() adjuster.Objective {
	if e.cfg.Adjuster.Objective == "likelihood" {
		return adjuster.Likelihood
	}
	return adjuster.Accuracy
}

// reward is the form of the rewards of the configuration.
func (e *engine) reward() (adjuster.Reward, error) {
	r := adjuster.Reward{Lambda: e.cfg.Adjuster.Lambda, Form: adjuster.PerDoubling}
	switch e.cfg.Adjuster.Reward {
	case "eq5":
		r.Form = adjuster.Eq5
	case "published":
		r.Form = adjuster.Published
	}
	if r.Lambda > 0 || r.Form == adjuster.PerDoubling {
		return r, nil
	}
	var err error
	r.Lambda, err = adjuster.ScaledLambda(e.full)
	return r, err
}

// proposals shows those of the snapshot under way.
func (e *engine) proposals() *contest.Proposals {
	return &contest.Proposals{Out: e.job.Out, Title: func() string { return e.title(SecondsAdjuster, e.t) }}
}
