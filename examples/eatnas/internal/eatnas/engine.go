package eatnas

import (
	"context"
	"fmt"

	"github.com/tendril-nas/tendril/evolution"
	"github.com/tendril-nas/tendril/examples/internal/data"
	"github.com/tendril-nas/tendril/examples/internal/progress"
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// engine goes through the tasks of a run.
type engine struct {
	cfg          *Config
	job          *run.Job
	small, large *task // nil = not part of the run
	// wide is the space of the last task without limits. It has every architecture of both tasks
	// under the same name, though not as the same network.
	wide    *searchspace.Space
	carried *supernet.WeightStore // what the small task leaves to the large one, see keep
}

// task is a task with its images and its space.
type task struct {
	Task
	name   string
	path   string
	images *images
	space  *searchspace.Space
	cost   evolution.Objective // multiply-adds, millions
	// embedded are the images where there is no path.
	embedded func(size int, seed uint64) (pool, test dataset.Dataset, err error)
}

// Names of the tasks, which begin those of their phases.
const (
	SmallTask = "small"
	LargeTask = "large"
)

// purpose names a random stream of the task.
func (t *task) purpose(of string) string { return "eatnas." + t.name + "." + of }

// phase names a file that the run keeps, and its time.
func (t *task) phase(of string) string { return t.name + "-" + of }

func newEngine(ctx context.Context, cfg *Config, j *run.Job) (*engine, error) {
	e := &engine{cfg: cfg, job: j}
	var err error
	marks := map[string]data.Fingerprint{}
	for _, t := range e.tasks() {
		if t.images, err = e.open(ctx, t.path, t); err != nil {
			return nil, err
		}
		if err := e.prepare(t); err != nil {
			return nil, fmt.Errorf("%s task: %w", t.name, err)
		}
		if marks[t.name], err = data.FingerprintOf(ctx, t.images.train, t.images.test); err != nil {
			return nil, err
		}
	}
	if cfg.Basic != "" {
		if _, err := e.wide.Parse(cfg.Basic); err != nil {
			return nil, fmt.Errorf("-basic: %w", err)
		}
	}
	if err := j.OnData(marks); err != nil {
		return nil, err
	}
	e.announce()
	if err := j.Begin(); err != nil {
		return nil, fmt.Errorf("-out: %w", err)
	}
	return e, nil
}

// tasks are those of the run, in their order; the first call makes them.
func (e *engine) tasks() (list []*task) {
	if e.cfg.hasSmall() {
		if e.small == nil {
			e.small = &task{Task: e.cfg.Small, name: SmallTask, path: e.cfg.Data, embedded: embeddedSmall}
		}
		list = append(list, e.small)
	}
	if e.cfg.Transfer {
		if e.large == nil {
			e.large = &task{Task: e.cfg.Large, name: LargeTask, path: e.cfg.LargeData, embedded: embeddedLarge}
		}
		list = append(list, e.large)
	}
	return list
}

// prepare makes the space of a task whose images are there.
func (e *engine) prepare(t *task) (err error) {
	o := searchspace.EATNASOptions{CIFAR: t == e.small, Chain: true, InputSize: e.cfg.Size,
		Classes: len(t.images.train.Classes()), StemChannels: e.cfg.Channels, StemStride: t.Stride}
	if t.space, err = searchspace.EATNAS(o); err != nil {
		return err
	}
	o.Unlimited = true
	if e.wide, err = searchspace.EATNAS(o); err != nil {
		return err
	}
	if t.Target == 0 { // of the space without the bound, so that it means the same with any
		median, err := t.space.MedianMAdds(targetDraws, targetSeed)
		if err != nil {
			return err
		}
		t.Target = median / 1e6
	}
	t.cost = evolution.CostOf("MAdds", func(a searchspace.Arch) (float64, error) {
		c, err := t.space.Cost(a)
		return millions(c.MAdds), err
	})
	if t.MAdds > 0 {
		t.space, err = t.space.Limit(searchspace.CostLimit{Of: searchspace.CostMAdds, Max: 1e6 * t.MAdds})
	}
	return err
}

// The score's target is the median of so many random architectures, the same for all seeds.
const (
	targetDraws = 1000
	targetSeed  = 1
)

// netOptions are those of a network of a task.
func (e *engine) netOptions(t *task, seed uint64) *supernet.Options {
	o := &supernet.Options{Seed: seed, Logger: e.job.Log, Classes: t.images.train.Classes()}
	if t.path == "" {
		o.Fit = dataset.FitPad
	}
	return o
}

// Titles of what is shown as it goes; the first word says how fast it is.
func (t *task) titleSearch() string { return "search, " + t.name + " task" }

func (t *task) titleRetrain(i int) string { return fmt.Sprintf("retrain %d, %s task", i+1, t.name) }

// announceWork tells the bar what is to come, in images times multiply-adds.
func (e *engine) announceWork() {
	var phases []progress.Planned
	count := func(n int, ds dataset.Dataset) float64 {
		if n == 0 || n > ds.Len() {
			n = ds.Len()
		}
		return float64(n)
	}
	for _, t := range e.tasks() {
		one := 3*float64(e.cfg.Evaluate.Epochs)*count(t.Images, t.images.train) + float64(t.images.judged.Len())
		phases = append(phases, progress.Planned{Name: t.titleSearch(),
			Work: float64(e.cfg.Population+e.cfg.Cycles) * one * t.Target})
		for i := range e.cfg.Top {
			phases = append(phases, progress.Planned{Name: t.titleRetrain(i),
				Work: 3 * float64(e.cfg.Retrain.Epochs) * count(t.Retrain, t.images.train) * t.Target})
		}
	}
	e.job.Out.Plan(phases...)
}
