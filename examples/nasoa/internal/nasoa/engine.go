package nasoa

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/predictor"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/supernet/dataset"
	"github.com/tendril-nas/tendril/zoo"
)

// engine goes through the parts of a run.
type engine struct {
	cfg   *Config
	job   *run.Job
	began time.Time

	known images    // pretraining classes of Config.Data
	pools []*source // what tasks are made of
	space *searchspace.Space

	recorded *Recorded // the zoo to be built again; nil = a new one

	zoo     *zoo.Zoo
	library *library                   // what belongs to the zoo beside its models
	loaded  map[string]*supernet.Model // models of the zoo that were used
	rest    meanTime                   // of tasks, beside what is measured by itself
	first   time.Duration              // what that is thought to be until some have shown it
	slow    float64                    // how much longer the last features took than the table says; at least 1
}

// images are those of pretraining, in three parts without an image in common.
type images struct {
	train dataset.Dataset // models learn from them
	held  dataset.Dataset // judge architectures of the search
	test  dataset.Dataset // judge models of the zoo
}

// Run is the whole program, or the part that the settings say. When ctx ends it returns the
// context's error, and what was finished is kept by the job.
func Run(ctx context.Context, j *run.Job, cfg *Config) (*Report, error) {
	return start(ctx, j, cfg, nil)
}

// start is Run, or Rebuild with what is on record of a zoo.
func start(ctx context.Context, j *run.Job, cfg *Config, r *Recorded) (rep *Report, err error) {
	e := &engine{cfg: cfg, job: j, began: time.Now(), loaded: map[string]*supernet.Model{}, first: firstRest,
		recorded: r}
	defer func() { err = errors.Join(err, e.close()) }()
	rep = &Report{}
	if cfg.Task != "" {
		return rep, e.answer(ctx, rep)
	}
	if err := e.open(ctx); err != nil {
		return rep, err
	}
	e.plan()
	if cfg.From == "" {
		if err := e.build(ctx, rep); err != nil {
			return rep, err
		}
	} else if err := e.reuse(ctx, cfg.From); err != nil {
		return rep, err
	}
	rep.describe(e)
	if cfg.Run != Zoo {
		if err := e.stream(ctx, rep); err != nil {
			return rep, err
		}
	}
	return rep, e.finish(rep)
}

// models are those that a generator chooses from.
func (e *engine) models() (list []predictor.Model) {
	for _, m := range e.zoo.Entries() {
		list = append(list, predictor.Model{Name: m.Name, Accuracy: m.Accuracy})
	}
	return list
}

// base is a model of the zoo, as it was pretrained.
func (e *engine) base(ctx context.Context, name string) (*supernet.Model, error) {
	if m := e.loaded[name]; m != nil {
		return m, nil
	}
	m, err := zoo.Load(ctx, e.zoo, name, loadModel)
	if err != nil {
		return nil, err
	}
	e.loaded[name] = m
	return m, nil
}

// netOptions are those of a network that learns the classes.
func (e *engine) netOptions(seed uint64, workers int) *supernet.Options {
	o := &supernet.Options{Seed: seed, Workers: workers, Logger: e.job.Log, Classes: e.known.train.Classes()}
	if e.cfg.Data == "" {
		o.Fit = dataset.FitPad
	}
	return o
}

// meanTime is the mean of durations.
type meanTime struct {
	sum time.Duration
	n   int
}

func (m *meanTime) add(d time.Duration) { m.sum, m.n = m.sum+max(d, 0), m.n+1 }

// of is the mean, and a first guess without any.
func (m *meanTime) of(first time.Duration) time.Duration {
	return (m.sum + first) / time.Duration(m.n+1)
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

func millions(n int64) float64 { return float64(n) / 1e6 }

func percent(p float64) string { return fmt.Sprintf("%.1f %%", 100*p) }
