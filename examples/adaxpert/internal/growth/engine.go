package growth

import (
	"context"
	"fmt"
	"strings"

	"github.com/tendril-nas/tendril/adjuster"
	"github.com/tendril-nas/tendril/examples/internal/data"
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// setting is what all engines of a run have in common: data and space, which stay as they are, and
// where results go.
type setting struct {
	cfg      *Config
	job      *run.Job
	scenario *Scenario
	origin   origin
	full     *searchspace.Space // with all classes that will ever come
	norm     dataset.Normalization
}

// engine owns the supernet and the model in service of one method. It is the learner of
// Algorithm 1.
//
// All methods train their networks alike: on the same images, for as many steps, in an order and
// with an augmentation that depend on seed and snapshot alone.
type engine struct {
	*setting
	method string             // one of Baselines; "" is AdaXpert
	arm    string             // in the names of its phases from snapshot 2 on; those of snapshot 1 are common
	starts []searchspace.Arch // by snapshot, what serves as long as nothing else was searched for

	t        int                        // snapshot under way, from 1
	net      *supernet.Net              // N_t, or N of the last adjusted snapshot; nil = not loaded or none
	netAt    int                        // snapshot that net was last trained at; 0 = none
	serving  *serving                   // nil before the first retraining
	networks map[string]*supernet.Model // trained at the snapshot under way, by phase
}

func newEngine(ctx context.Context, cfg *Config, j *run.Job) (*engine, error) {
	s, err := newSetting(ctx, cfg, j)
	if err != nil {
		return nil, err
	}
	e, err := s.engine(cfg.Baseline)
	if err != nil {
		return nil, err
	}
	return e, j.Begin()
}

// engine is that of a method.
func (s *setting) engine(method string) (*engine, error) {
	e := &engine{setting: s, method: method, networks: map[string]*supernet.Model{}}
	for t := range s.scenario.Len() {
		a, err := s.start(method, t+1)
		if err != nil {
			return nil, err
		}
		e.starts = append(e.starts, a)
	}
	return e, nil
}

func newSetting(ctx context.Context, cfg *Config, j *run.Job) (*setting, error) {
	pool, test, err := data.Open(ctx, cfg.Data, cfg.Size, uint64(cfg.Seed))
	if err != nil {
		return nil, err
	}
	if pool, test, err = data.Present(pool, test); err != nil {
		return nil, err
	}
	mark, err := data.FingerprintOf(ctx, pool, test)
	if err != nil {
		return nil, err
	}
	if err := j.OnData(mark); err != nil {
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
	from := cfg.Space.origin()
	full, err := from.space(pool.Size(), len(sc.Classes(sc.Len())))
	if err != nil {
		return nil, err
	}
	first, err := sc.All(1)
	if err != nil {
		return nil, err
	}
	norm, err := from.normalization(ctx, first)
	if err != nil {
		return nil, err
	}
	return &setting{cfg: cfg, job: j, scenario: sc, origin: from, full: full, norm: norm}, nil
}

// copyPadding is the largest shift of copied images, pixels.
const copyPadding = 2

// Purposes of random streams. None depends on the method, but for those of searches.
const (
	seedSupernet     = "adaxpert.supernet"
	seedSupernetData = "adaxpert.supernet.data"
	seedSandwich     = "adaxpert.sandwich"
	seedModel        = "adaxpert.model"
	seedHead         = "adaxpert.head"
	seedModelData    = "adaxpert.model.data"
	seedTrialData    = "adaxpert.trial.data"
	seedJudges       = "adaxpert.judges"
	seedHeld         = "adaxpert.held"
	seedRelabelling  = "adaxpert.relabelling"
	seedPolicy       = "adaxpert.policy"
	seedCandidates   = "adaxpert.candidates"
	seedArch         = "adaxpert.arch"
	seedHeadroom     = "adaxpert.headroom"
	seedFinalData    = "adaxpert.final.data"
)

// space is the search space with the classes of snapshot t.
func (s *setting) space(t int) (*searchspace.Space, error) {
	return s.full.WithClasses(len(s.scenario.Classes(t)))
}

// netOptions are those of a network with the classes of snapshot t.
func (s *setting) netOptions(t int, seed uint64) *supernet.Options {
	return &supernet.Options{Seed: seed, Normalization: s.norm, Logger: s.job.Log,
		Classes: s.scenario.Classes(t)}
}

// trainingSet is what networks for service are trained on at snapshot t: D_t without the images
// that decide about them.
func (s *setting) trainingSet(t int) (dataset.Dataset, error) {
	if s.cfg.Compare {
		return s.scenario.Train(t)
	}
	return s.scenario.All(t)
}

// held are the images that judge networks at snapshot t, in random order.
func (s *setting) held(t int) (dataset.Dataset, error) {
	val, err := s.scenario.Val(t)
	if err != nil {
		return nil, err
	}
	return dataset.Shuffle(val, s.cfg.Seed.For(seedHeld, t))
}

// Kinds of work at a snapshot. They begin the names of its phases, are what its progress is shown
// under, and the keys of SnapshotReport.Seconds.
const (
	SecondsMeasure  = "measure" // H_t and d_t
	SecondsSupernet = "supernet"
	SecondsAdjuster = "adjuster" // the search, without the trial
	SecondsTrial    = "trial"    // of finalists
	SecondsCompare  = "compare"  // contest: judging, and training the network that does not serve
	SecondsRetrain  = "retrain"  // of the network that serves
	SecondsAgainst  = "against"  // keeping the first network, for comparison
	SecondsTotal    = "total"    // without SecondsAgainst

	kindKeep  = "keep"  // training of the architecture in service: part of compare or retrain
	kindServe = "serve" // what is gathered about a network for service: part of retrain
	kindTest  = "test"  // answers to the test images: in no time
)

// phase names a kind of work at the snapshot under way.
func (e *engine) phase(kind string) string { return e.phaseAt(kind, e.t) }

func (e *engine) phaseAt(kind string, t int) string {
	if t == 1 {
		return phaseName(kind, t)
	}
	return e.arm + phaseName(kind, t)
}

func phaseName(kind string, t int) string { return fmt.Sprintf("%s-%d", kind, t) }

// title is what progress is shown under.
func (e *engine) title(kind string, t int) string {
	if e.arm != "" {
		kind = strings.TrimSuffix(e.arm, "-")
	}
	return fmt.Sprintf("%s %d/%d", kind, t, e.scenario.Len())
}

// seconds is the time that a kind of work took at snapshot t, all its parts together.
func (e *engine) seconds(kind string, t int) (sum float64) {
	phase := e.phaseAt(kind, t)
	for name, s := range e.job.Clock.All() {
		if name == phase || strings.HasPrefix(name, phase+".") {
			sum += s
		}
	}
	return sum
}

// hasSupernet says whether the method trains one.
func (e *engine) hasSupernet() bool { return e.method == "" || e.method == Scratch }

// trainsSupernet says whether it does at snapshot t, if a search comes to it.
func (e *engine) trainsSupernet(t int) bool {
	return e.hasSupernet() && (t > 1 || e.method == Scratch || !e.origin.anew())
}

// training is the table of a kind of training at snapshot t.
func (e *engine) training(kind string, t int) run.Training {
	table := e.cfg.Retrain
	if kind == SecondsSupernet {
		table = e.cfg.Supernet
	}
	if t > 1 && !(e.method == Scratch && kind == SecondsSupernet) {
		return table.later()
	}
	return table.Training
}

func (e *engine) condition() adjuster.Condition {
	c := adjuster.Condition{Epsilon: e.cfg.Epsilon}
	if c.Epsilon == 0 {
		c.Epsilon = -1 // 0 would mean the default
	}
	return c
}
