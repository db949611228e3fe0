package eatnas

import (
	"context"

	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
)

// Run is the tasks, one after the other, and what is written about them. When ctx ends it returns
// the context's error, and what was finished is kept by the job.
func Run(ctx context.Context, j *run.Job, cfg *Config) (*Report, error) {
	e, err := newEngine(ctx, cfg, j)
	if err != nil {
		return nil, err
	}
	rep := &Report{Basic: cfg.Basic}
	var m *supernet.Model
	if e.small != nil {
		initial, err := e.random(e.small)
		if err != nil {
			return rep, err
		}
		if rep.Small, m, err = e.solve(ctx, e.small, initial); err != nil {
			return rep, err
		}
		if e.large != nil {
			rep.Basic = rep.Small.Network().Arch
		}
	}
	if e.large != nil {
		initial, err := e.begin(rep)
		if err != nil {
			return rep, err
		}
		if rep.Large, m, err = e.solve(ctx, e.large, initial); err != nil {
			return rep, err
		}
	}
	return rep, e.finish(ctx, m, rep)
}

// solve searches on a task and trains what was found.
func (e *engine) solve(ctx context.Context, t *task, initial []searchspace.Arch) (
	*TaskReport, *supernet.Model, error) {
	s, err := e.search(ctx, t, initial)
	if err != nil {
		return nil, nil, err
	}
	r := &TaskReport{Images: t.imagesReport(), Search: *s}
	r.Search.Seconds, r.Search.CPU = e.job.Clock.Seconds(t.phase("search")), e.job.Clock.CPU(t.phase("search"))
	e.describeSearch(t, &r.Search)
	m, err := e.choose(ctx, t, r)
	return r, m, err
}

// begin is the first population of the large task.
func (e *engine) begin(rep *Report) (initial []searchspace.Arch, err error) {
	switch rep.Begin = e.cfg.Baseline; rep.Begin {
	case Scratch, Random, Regularized:
		return e.random(e.large)
	case RandomBasic:
		a, err := e.large.space.Sample(e.cfg.Seed.Stream(e.large.purpose("basic")))
		if err != nil {
			return nil, err
		}
		rep.Basic = e.wide.Format(a)
		return e.offspring(e.large, a)
	}
	if rep.Begin = Transferred; e.cfg.Basic != "" {
		rep.Begin = Given
	}
	a, err := e.wide.Parse(rep.Basic)
	if err != nil {
		return nil, err
	}
	return e.offspring(e.large, a)
}
