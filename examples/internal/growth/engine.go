package growth

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"

	"github.com/tendril-nas/tendril/adjuster"
	"github.com/tendril-nas/tendril/examples/internal/progress"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/supernet/dataset"
	"github.com/tendril-nas/tendril/wasserstein"
)

// engine owns the data, the supernet and the model in service of one run. It is the learner of Algorithm 1.
type engine struct {
	cfg      Config
	scenario *Scenario
	full     *searchspace.Space // with all classes that will ever come
	norm     dataset.Normalization
	lambda   float64
	store    store
	out      *progress.Printer
	said     []string // what was printed about the run, for its log
	log      *slog.Logger

	t       int               // snapshot under way, from 1
	net     *supernet.Net     // N_t, or N of the last adjusted snapshot; nil = not loaded or none
	netAt   int               // snapshot that net was last trained at; 0 = none
	serving *serving          // nil before the first retraining
	seconds map[int]seconds   // wall time by snapshot and phase
	memory  map[string][]byte // records, kept here too so that runs without a directory can read them back
}

type seconds map[string]float64

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

func newEngine(ctx context.Context, cfg Config, s store, out *progress.Printer, log *slog.Logger) (*engine, error) {
	pool, test, err := OpenData(ctx, cfg.Data, cfg.Size, cfg.Seed)
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
	e := &engine{cfg: cfg, scenario: sc, full: full, norm: norm, lambda: cfg.Adjuster.Lambda, store: s, out: out, log: log,
		seconds: map[int]seconds{}, memory: map[string][]byte{}}
	if e.lambda == 0 {
		if e.lambda, err = adjuster.ScaledLambda(full); err != nil {
			return nil, err
		}
	}
	if _, err := s.read(secondsFile, &e.seconds); err != nil {
		return nil, err
	}
	return e, nil
}

const secondsFile = "seconds.json"

// copyPadding is the largest shift of copied images, pixels.
const copyPadding = 2

// Purposes of random streams.
const (
	seedSupernet = iota + 1
	seedSupernetData
	seedModel
	seedModelData
	seedJudges
	seedPolicy
	seedCandidates
	seedFinalData
)

// seed derives the seed of one purpose at one snapshot.
func (e *engine) seed(purpose, t int) uint64 {
	return rand.New(rand.NewPCG(e.cfg.Seed, uint64(purpose)<<32|uint64(t))).Uint64()
}

// space is the search space with the classes of snapshot t.
func (e *engine) space(t int) (*searchspace.Space, error) {
	return e.full.WithClasses(e.scenario.Classes(t))
}

func (e *engine) netOptions(purpose, t int) *supernet.Options {
	return &supernet.Options{Seed: e.seed(purpose, t), Normalization: e.norm, Logger: e.log}
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

// trainOptions turns a table entry into options for n images at the snapshot under way.
func (e *engine) trainOptions(tr *Training, n, seedPurpose int, name, checkpoint string) *supernet.TrainOptions {
	epochs, lr := tr.Epochs, tr.LR
	if e.t > 1 && !(e.cfg.Baseline == "scratch" && tr == &e.cfg.Supernet) {
		epochs = tr.LaterEpochs
		if tr.LaterLR > 0 {
			lr = tr.LaterLR
		}
	}
	perEpoch := max(1, n/tr.Batch)
	epochs = max(epochs, (tr.MinSteps+perEpoch-1)/perEpoch)
	o := &supernet.TrainOptions{
		Epochs: epochs, BatchSize: tr.Batch, LR: lr, WeightDecay: orNone(tr.WeightDecay),
		LabelSmoothing: tr.LabelSmoothing, Subnets: supernet.SubnetOptions{StepsPerDraw: tr.StepsPerArch},
		Seed: e.seed(seedPurpose, e.t), Checkpoint: e.store.path(checkpoint), CheckpointEvery: max(perEpoch, 50),
	}
	if tr.Crop > 0 || tr.Flip || tr.Cutout > 0 {
		o.Augment = &dataset.Augment{CropPadding: tr.Crop, Flip: tr.Flip, Cutout: tr.Cutout}
	}
	phase := e.out.Phase(fmt.Sprintf("%s %d/%d", name, e.t, e.scenario.Len()), epochs*perEpoch)
	o.Recorder = supernet.RecorderFunc(func(p supernet.Progress) error {
		if p.Phase == supernet.PhaseTrain {
			phase.Set(p.Step, fmt.Sprintf("epoch %d/%d loss %.3f", p.Epoch+1, p.Epochs, p.Loss))
		}
		return nil
	})
	return o
}

// orNone says "none" where the options' zero means a default.
func orNone(v float64) float64 {
	if v == 0 {
		return -1
	}
	return v
}
