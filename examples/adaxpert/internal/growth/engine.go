package growth

import (
	"context"
	"fmt"

	"github.com/tendril-nas/tendril/adjuster"
	"github.com/tendril-nas/tendril/examples/internal/data"
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/supernet/dataset"
	"github.com/tendril-nas/tendril/wasserstein"
)

// engine owns the data, the supernet and the model in service of one run. It is the learner of
// Algorithm 1.
type engine struct {
	cfg      *Config
	job      *run.Job
	scenario *Scenario
	full     *searchspace.Space // with all classes that will ever come
	norm     dataset.Normalization
	lambda   float64

	t       int           // snapshot under way, from 1
	net     *supernet.Net // N_t, or N of the last adjusted snapshot; nil = not loaded or none
	netAt   int           // snapshot that net was last trained at; 0 = none
	serving *serving      // nil before the first retraining
}

// serving is the model in service and what is known of the data that its weights were trained on.
type serving struct {
	model   *supernet.Model
	moments *wasserstein.Moments
	record  retrained
}

// retrained is the record of a finished retraining.
type retrained struct {
	Snapshot  int            `json:"snapshot"`
	Reference adjuster.Tally `json:"reference"` // of all images of the snapshot
	Test      adjuster.Tally `json:"test"`
}

// measured is the record of what the model in service said about a new snapshot.
type measured struct {
	Reading adjuster.Reading `json:"reading"`
	Test    adjuster.Tally   `json:"test"`
}

func newEngine(ctx context.Context, cfg *Config, j *run.Job) (*engine, error) {
	pool, test, err := data.Open(ctx, cfg.Data, cfg.Size, uint64(cfg.Seed))
	if err != nil {
		return nil, err
	}
	sc, err := NewScenario(pool, test, cfg.Steps(len(pool.Classes())), cfg.ValShare, cfg.Seed)
	if err != nil {
		return nil, err
	}
	if cfg.Copies {
		if sc, err = sc.WithCopies(copyPadding, cfg.Seed); err != nil {
			return nil, err
		}
	}
	full, err := searchspace.MobileNetV3(searchspace.MobileNetV3Options{
		Width: cfg.Width, InputSize: pool.Size(), StemStride: cfg.Stem, Classes: sc.Classes(sc.Len()),
	})
	if err != nil {
		return nil, err
	}
	first, err := sc.All(1)
	if err != nil {
		return nil, err
	}
	norm, err := dataset.Measure(ctx, first)
	if err != nil {
		return nil, err
	}
	e := &engine{cfg: cfg, job: j, scenario: sc, full: full, norm: norm, lambda: cfg.Adjuster.Lambda}
	if e.lambda == 0 {
		if e.lambda, err = adjuster.ScaledLambda(full); err != nil {
			return nil, err
		}
	}
	if _, err := e.start(); err != nil {
		return nil, err
	}
	return e, j.Begin()
}

// copyPadding is the largest shift of copied images, pixels.
const copyPadding = 2

// Purposes of random streams.
const (
	seedSupernet     = "adaxpert.supernet"
	seedSupernetData = "adaxpert.supernet.data"
	seedModel        = "adaxpert.model"
	seedModelData    = "adaxpert.model.data"
	seedJudges       = "adaxpert.judges"
	seedPolicy       = "adaxpert.policy"
	seedCandidates   = "adaxpert.candidates"
	seedFinalData    = "adaxpert.final.data"
)

// phase names a kind of work at the snapshot under way.
func (e *engine) phase(kind string) string { return phaseOf(kind, e.t) }

func phaseOf(kind string, t int) string { return fmt.Sprintf("%s-%d", kind, t) }

// space is the search space with the classes of snapshot t.
func (e *engine) space(t int) (*searchspace.Space, error) {
	return e.full.WithClasses(e.scenario.Classes(t))
}

func (e *engine) netOptions(purpose string, t int) *supernet.Options {
	return &supernet.Options{Seed: e.cfg.Seed.For(purpose, t), Normalization: e.norm, Logger: e.job.Log}
}

// hasSupernet says whether the method trains one.
func (e *engine) hasSupernet() bool { return e.cfg.Baseline != "fixed" && e.cfg.Baseline != "largest" }

// start is α_1.
func (e *engine) start() (searchspace.Arch, error) {
	switch {
	case e.cfg.Baseline == "largest":
		return e.full.Largest(), nil
	case e.cfg.Start != "":
		a, err := e.full.Parse(e.cfg.Start)
		if err != nil {
			return a, fmt.Errorf("-start: %w", err)
		}
		return a, nil
	default:
		return e.full.Smallest(), nil
	}
}

// trainOptions turns a table into options for n images at the snapshot under way.
func (e *engine) trainOptions(kind string, n int, purpose string) (*supernet.TrainOptions, error) {
	t := e.training(kind, e.t)
	return e.job.TrainOptions(&t, n, e.cfg.Seed.For(purpose, e.t), e.phase(kind), e.title(kind, e.t))
}

// training is the table of a kind of training at snapshot t.
func (e *engine) training(kind string, t int) run.Training {
	table := e.cfg.Retrain
	if kind == SecondsSupernet {
		table = e.cfg.Supernet
	}
	if t > 1 && !(e.cfg.Baseline == "scratch" && kind == SecondsSupernet) {
		return table.later()
	}
	return table.Training
}

// title is what progress is shown under.
func (e *engine) title(kind string, t int) string {
	return fmt.Sprintf("%s %d/%d", kind, t, e.scenario.Len())
}
