package transfer

import (
	"context"
	"fmt"

	"github.com/tendril-nas/tendril/examples/internal/contest"
	"github.com/tendril-nas/tendril/examples/internal/lite0"
	"github.com/tendril-nas/tendril/examples/internal/progress"
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// engine goes through the steps. Models are in memory once they are trained or loaded, and do not
// change any more.
type engine struct {
	cfg     *Config
	job     *run.Job
	images  *images
	space   *searchspace.Space
	near    *searchspace.Space // the part of space that is searched
	start   searchspace.Arch   // Lite0
	lengths Lengths
	models  map[string]*supernet.Model // by phase
	answers map[string]contest.Answers // to the test images, by step
}

// Purposes of random streams.
const (
	seedTest    = "transfer.test"
	seedImages  = "transfer.images"
	seedHeld    = "transfer.held"
	seedHead    = "transfer.head"
	seedTune    = "transfer.tune"
	seedScratch = "transfer.scratch"
	seedLast    = "transfer.last"
	seedJudges  = "transfer.judges"
)

// Phases. They name the files that a run keeps, and its times.
const (
	phaseHead    = "head"
	phaseTune    = "tuned"
	phaseSearch  = "search"
	phaseAdapted = "adapted"
	phaseKept    = "kept"
	phaseTest    = "test" // answers of networks to test images, and their speed: in no time
)

// Titles of what is shown as it goes.
const (
	titleTune    = "fine-tuning"
	titleSearch  = "search"
	titleAdapted = "adapted"
	titleKept    = "kept"
)

func newEngine(ctx context.Context, cfg *Config, j *run.Job) (*engine, error) {
	e := &engine{cfg: cfg, job: j, models: map[string]*supernet.Model{}, answers: map[string]contest.Answers{}}
	var err error
	if e.images, err = e.open(ctx); err != nil {
		return nil, err
	}
	if err := e.around(len(e.images.train.Classes())); err != nil {
		return nil, err
	}
	if e.lengths, err = e.plan(); err != nil {
		return nil, err
	}
	if err := e.announce(); err != nil {
		return nil, err
	}
	if err := j.Begin(); err != nil {
		return nil, fmt.Errorf("-out: %w", err)
	}
	return e, nil
}

// around makes the spaces around Lite0.
func (e *engine) around(classes int) (err error) {
	if e.space, e.start, err = lite0.Space(e.cfg.Size, classes, nil); err != nil {
		return err
	}
	var narrow []searchspace.Restriction
	for i, d := range e.space.Decisions() {
		r := searchspace.Restriction{Decisions: []string{d.Name}}
		switch d.Kind {
		case searchspace.KindKernel:
			r.Keep = []int{e.start.At(i)}
		case searchspace.KindExpand:
			r.Values = []int{nearExpand, d.Values[e.start.At(i)]}
		default:
			continue
		}
		narrow = append(narrow, r)
	}
	e.near, err = e.space.Restrict(narrow...)
	return err
}

// nearExpand is the ratio next to Lite0's.
const nearExpand = 4

// planned is the work to come, in the order of steps: what the bar estimates times from.
func (e *engine) planned() (phases []progress.Planned, err error) {
	g, err := e.space.Lower(e.start)
	if err != nil {
		return nil, err
	}
	work := e.lengths.work(e.cfg, g, len(e.neighbours()))
	for _, title := range []string{titleTune, titleSearch, titleKept, titleAdapted} {
		if w := work[title]; w > 0 {
			phases = append(phases, progress.Planned{Name: title, Work: w})
		}
	}
	return phases, nil
}

// model is what a phase trains: from memory, from its file, or made now.
func (e *engine) model(ctx context.Context, phase string, do func() (*supernet.Model, error)) (
	*supernet.Model, error) {
	if m := e.models[phase]; m != nil {
		return m, nil
	}
	m, err := run.Saved(ctx, e.job, phase, func(path string) (*supernet.Model, error) {
		return supernet.LoadModel(path, &supernet.Options{Logger: e.job.Log})
	}, do)
	if err == nil {
		e.models[phase] = m
	}
	return m, err
}

// twin is a copy of a model, to be trained.
func twin(ctx context.Context, m *supernet.Model) (*supernet.Model, error) {
	return m.WithClasses(ctx, m.ClassNames()...)
}

// options are those of networks.
func (e *engine) options(purpose string) supernet.Options {
	o := supernet.Options{Seed: e.cfg.Seed.For(purpose), Logger: e.job.Log}
	if e.cfg.Data == "" && e.cfg.Size <= paddedUpTo {
		o.Fit = dataset.FitPad
	}
	return o
}

// paddedUpTo pixels the embedded images are put on black, not scaled; so are others that the model
// is asked about.
const paddedUpTo = 36
