package growth

import (
	"context"

	"github.com/tendril-nas/tendril/adjuster"
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
	reward, err := e.net.On(some, &supernet.EvalOptions{BatchSize: 250, Calibration: train,
		CalibrationImages: e.cfg.Adjuster.Calibration, Seed: seed})
	if err != nil {
		return nil, err
	}
	final, err := e.net.On(held, &supernet.EvalOptions{BatchSize: 250, Calibration: train, Seed: seed})
	if err != nil {
		return nil, err
	}
	return &adjuster.Judges{Space: space, Reward: reward, Final: final}, nil
}

func (e *engine) adjusterOptions() (*adjuster.Options, error) {
	s := &e.cfg.Adjuster
	lambda, err := e.lambda()
	if err != nil {
		return nil, err
	}
	o := &adjuster.Options{
		Iterations: s.Iterations, LearningRate: s.LR, Entropy: run.OrNone(s.Entropy),
		Lambda: lambda, Candidates: s.Candidates, Elites: s.Elites, KeepPrevious: s.Previous,
		Seed: e.cfg.Seed.For(seedPolicy), Recorder: &searchRecorder{e: e}, Logger: e.job.Log,
		CheckpointEvery: 50,
	}
	if s.MovingMean {
		o.Baseline = 0.95
	}
	return o, nil
}

// lambda is the weight of cost in rewards.
func (e *engine) lambda() (float64, error) {
	if e.cfg.Adjuster.Lambda > 0 || e.cfg.Adjuster.Reward == "doubling" {
		return e.cfg.Adjuster.Lambda, nil
	}
	return adjuster.ScaledLambda(e.full)
}
