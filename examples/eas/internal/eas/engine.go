package eas

import (
	"context"
	"fmt"
	"os"

	"github.com/tendril-nas/tendril/examples/internal/data"
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/generator"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
)

// engine goes through the phases of a run.
type engine struct {
	cfg          *Config
	job          *run.Job
	superclasses []generator.Superclass
	groups       [][]int // classes of the network, by superclass
	images       images
	space        *searchspace.Space
	cost         searchspace.CostLimit // what budgets are about
	unit         unit
	low, high    float64 // costs of the cheapest and the dearest network
	budgets      []float64
	net          *supernet.Net
	choose, test *judges // on the images of these parts
	generators   map[string]*generator.Generator
}

// scenario is a superclass, by its number, and a budget.
type scenario struct {
	k      int
	budget float64
}

// identity is what the data of a run are.
type identity struct {
	Images       data.Fingerprint          `json:"images"`
	Superclasses []generator.Superclass    `json:"superclasses"`
	Latency      *searchspace.LatencyTable `json:"latency,omitempty"`
}

func newEngine(ctx context.Context, cfg *Config, j *run.Job) (*engine, error) {
	e := &engine{cfg: cfg, job: j, generators: map[string]*generator.Generator{}}
	var err error
	if e.superclasses, err = superclassesOf(cfg); err != nil {
		return nil, err
	}
	if err := e.open(ctx); err != nil {
		return nil, err
	}
	if err := e.prepare(); err != nil {
		return nil, err
	}
	marks := identity{Superclasses: e.superclasses, Latency: e.cost.Table}
	if marks.Images, err = data.FingerprintOf(ctx, e.images.train, e.images.test); err != nil {
		return nil, err
	}
	if err := j.OnData(marks); err != nil {
		return nil, err
	}
	if err := j.Begin(); err != nil {
		return nil, fmt.Errorf("-out: %w", err)
	}
	return e, j.Write(stateFile, state{e.superclasses, e.unit})
}

// prepare makes the space and what budgets are about.
func (e *engine) prepare() (err error) {
	e.space, err = searchspace.MobileNetV3(searchspace.MobileNetV3Options{Width: e.cfg.Width,
		InputSize: e.cfg.Size, StemStride: e.cfg.Stride, Classes: len(e.images.train.Classes())})
	if err != nil {
		return err
	}
	e.cost, e.unit = searchspace.CostLimit{Of: searchspace.CostMAdds}, mega
	if e.cfg.Latency != "" {
		if e.cost.Table, err = readLatency(e.cfg.Latency); err != nil {
			return fmt.Errorf("-latency: %w", err)
		}
		e.cost.Of, e.unit = searchspace.CostSeconds, milli
	}
	if e.low, e.high, err = e.space.CostRange(e.cost); err != nil {
		if e.cfg.Latency != "" {
			err = fmt.Errorf("-latency %s, expected the table of this space: %w", e.cfg.Latency, err)
		}
		return err
	}
	for _, b := range e.cfg.Budgets {
		e.budgets = append(e.budgets, e.unit.cost(b))
	}
	if e.budgets == nil {
		for _, part := range BudgetParts() {
			e.budgets = append(e.budgets, e.low+part*(e.high-e.low))
		}
	}
	for _, b := range e.budgets {
		if b < e.low || b > e.high {
			return fmt.Errorf("-budgets %s: expected from %s to %s", e.unit.exact(b), e.unit.exact(e.low),
				e.unit.exact(e.high))
		}
	}
	return nil
}

func readLatency(path string) (*searchspace.LatencyTable, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return searchspace.ReadLatencyTable(f)
}

// scenarios are those that the methods answer, superclass by superclass.
func (e *engine) scenarios() (list []scenario) {
	for k := range e.superclasses {
		for _, b := range e.budgets {
			list = append(list, scenario{k, b})
		}
	}
	return list
}

// within is the space of the architectures that use a budget well.
func (e *engine) within(budget float64) (*searchspace.Space, error) {
	l := e.cost
	l.Max, l.Min = budget, leastUse*budget
	return e.space.Limit(l)
}

// netOptions are those of the supernet.
func (e *engine) netOptions() *supernet.Options {
	return &supernet.Options{Seed: e.cfg.Seed.For("eas.weights"), Logger: e.job.Log,
		Classes: e.images.train.Classes()}
}
