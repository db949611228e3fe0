package growth

import (
	"context"
	"fmt"

	"gonum.org/v1/gonum/stat"

	"github.com/tendril-nas/tendril/adjuster"
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/internal/search"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// study prepares an engine at a snapshot whose supernet is trained, for experiments beside the main
// loop.
func study(ctx context.Context, j *run.Job, cfg *Config, t int) (*engine, error) {
	e, err := newEngine(ctx, cfg, j)
	if err != nil {
		return nil, err
	}
	for e.t = 1; ; e.t++ {
		if err := e.FineTune(ctx); err != nil {
			return nil, err
		}
		if e.t == t {
			return e, nil
		}
		if err := e.Retrain(ctx, e.starts[0]); err != nil {
			return nil, err
		}
		clear(e.networks)
	}
}

// Ranked is one architecture of RankStudy. Accuracies are fractions of the test images.
type Ranked struct {
	Arch      string  `json:"arch"`
	MAdds     int64   `json:"madds"`
	Inherited float64 `json:"inherited"` // with the supernet's weights, batch-norm statistics recalibrated
	Retrained float64 `json:"retrained"` // trained alone on the images of the supernet
}

// RankStudy compares, over n random architectures, accuracy with inherited weights and after
// training each alone: what the search sees and what it is after. It uses the first snapshot of the
// scenario.
func RankStudy(ctx context.Context, j *run.Job, cfg *Config, n int) ([]Ranked, error) {
	e, err := study(ctx, j, cfg, 1)
	if err != nil {
		return nil, err
	}
	train, err := e.scenario.Train(1)
	if err != nil {
		return nil, err
	}
	test, err := e.scenario.Test(1)
	if err != nil {
		return nil, err
	}
	judge, err := e.net.On(test, &supernet.EvalOptions{BatchSize: 250, CalibrationBatch: 250,
		Calibration: train,
		Seed:        e.cfg.Seed.For(seedJudges, 1)})
	if err != nil {
		return nil, err
	}
	return run.Once(j, "rank", func() ([]Ranked, error) {
		s := run.Search[struct{}]{
			Phase: "rank", Space: e.full, Options: search.Options{Steps: n},
			Strategy: search.Uniform{Space: e.full, Seed: e.cfg.Seed.For(seedCandidates)},
			Values: func(ctx context.Context, a searchspace.Arch) (
				searchspace.Measurement, []float64, error) {
				m, err := judge.Evaluate(ctx, a)
				if err != nil {
					return m, nil, err
				}
				retrained, err := e.retrainedAlone(ctx, a, train, test)
				return m, []float64{retrained}, err
			},
		}
		records, err := s.Run(ctx, j)
		if err != nil {
			return nil, err
		}
		var out []Ranked
		for _, r := range records {
			cost, err := e.full.Cost(r.Arch)
			if err != nil {
				return nil, err
			}
			if r.Measured() {
				out = append(out, Ranked{e.full.Format(r.Arch), cost.MAdds, r.Measurement.Accuracy,
					r.Values[0]})
			}
		}
		return out, nil
	})
}

// retrainedAlone is the test accuracy of a network that was trained from initial weights.
func (e *engine) retrainedAlone(ctx context.Context, a searchspace.Arch, train,
	test dataset.Dataset) (float64, error) {
	step, _ := search.StepOf(ctx)
	m, err := e.alone(ctx, a, train, fmt.Sprintf("rank.%d", step+1), fmt.Sprintf("network %d", step+1))
	if err != nil {
		return 0, err
	}
	t, err := tally(ctx, m, test)
	return t.Accuracy(), err
}

// Learnt is one seed of PolicyStudy.
type Learnt struct {
	Seed         uint64    `json:"seed"`
	First        float64   `json:"first"`         // mean reward of the first tenth of the proposals
	Last         float64   `json:"last"`          // and of the last
	EntropyFirst float64   `json:"entropy_first"` // mean entropy of the same tenths, nats
	EntropyLast  float64   `json:"entropy_last"`
	Policy       float64   `json:"policy"` // reward of the final choice on the whole validation set
	Random       float64   `json:"random"` // the same for uniform random search with as many evaluations
	PolicyMAdds  float64   `json:"policy_madds"`
	RandomMAdds  float64   `json:"random_madds"`
	Rewards      []float64 `json:"rewards"`
}

// PolicyStudy trains the adjuster at the second snapshot from several seeds, and searches at random
// beside it. All seeds see the same supernet, distance and validation images.
func PolicyStudy(ctx context.Context, j *run.Job, cfg *Config, seeds int) ([]Learnt, error) {
	e, err := study(ctx, j, cfg, 2)
	if err != nil {
		return nil, err
	}
	reading, err := e.Measure(ctx)
	if err != nil {
		return nil, err
	}
	judges, err := e.Judges(ctx)
	if err != nil {
		return nil, err
	}
	prev := e.starts[0]
	out := make([]Learnt, seeds)
	for s := range out {
		if out[s], err = run.Once(j, policyPhase(uint64(s+1)), func() (Learnt, error) {
			return e.learn(ctx, judges, prev, reading.Distance, uint64(s+1))
		}); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func policyPhase(seed uint64) string { return fmt.Sprintf("policy-%d", seed) }

func (e *engine) learn(ctx context.Context, j *adjuster.Judges, prev searchspace.Arch, d float64,
	seed uint64) (Learnt, error) {
	opts, err := e.adjusterOptions()
	if err != nil {
		return Learnt{}, err
	}
	opts.Seed, opts.Race = seed, nil // rewards on all images, as those of random search
	a, err := adjuster.New(j.Space, opts)
	if err != nil {
		return Learnt{}, err
	}
	res, err := a.Adjust(ctx, prev, d, j.Reward, j.Final)
	if err != nil {
		return Learnt{}, err
	}
	random, err := e.randomSearch(ctx, j, prev, d, seed, policyPhase(seed))
	if err != nil {
		return Learnt{}, err
	}
	l := Learnt{Seed: seed, Policy: res.Best().Reward, Random: random.Best().Reward,
		PolicyMAdds: res.Best().Cost, RandomMAdds: random.Best().Cost}
	var entropy []float64
	for _, p := range res.History {
		l.Rewards, entropy = append(l.Rewards, p.Reward), append(entropy, p.Entropy)
	}
	tenth := max(1, len(l.Rewards)/10)
	end := len(l.Rewards) - tenth
	l.First, l.Last = stat.Mean(l.Rewards[:tenth], nil), stat.Mean(l.Rewards[end:], nil)
	l.EntropyFirst, l.EntropyLast = stat.Mean(entropy[:tenth], nil), stat.Mean(entropy[end:], nil)
	return l, nil
}
