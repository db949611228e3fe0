package eas

import (
	"context"

	"github.com/tendril-nas/tendril/examples/internal/run"
)

// Run trains what is not yet there, answers by every method, and writes what is about it; with
// Query alone, on a run that is over, it answers from what the run has left.
func Run(ctx context.Context, j *run.Job, cfg *Config) (*Report, error) {
	if cfg.Query != "" {
		if over, err := isOver(j); err != nil {
			return nil, err
		} else if over {
			return answerFromState(ctx, j, cfg)
		}
	}
	e, err := newEngine(ctx, cfg, j)
	if err != nil {
		return nil, err
	}
	e.announce()
	e.plan()
	if err := e.train(ctx); err != nil {
		return nil, err
	}
	rep := &Report{Images: e.imagesReport(), Superclasses: e.superclasses, Unit: e.unit, Low: e.low,
		High: e.high, Budgets: e.budgets, Drop: cfg.Drop, Trained: e.took(supernetPhase)}
	if rep.Ends, err = e.ends(ctx); err != nil {
		return rep, err
	}
	if rep.Headroom, err = e.headroom(ctx); err != nil {
		return rep, err
	}
	for _, name := range cfg.Methods {
		m, err := e.solve(ctx, methodNamed(name))
		if err != nil {
			return rep, err
		}
		e.describe(m)
		rep.Methods = append(rep.Methods, *m)
	}
	if rep.Fifty, err = e.fifty(ctx); err != nil {
		return rep, err
	}
	if err := e.finish(rep); err != nil {
		return rep, err
	}
	if cfg.Query == "" {
		return rep, nil
	}
	g, err := e.generator(ctx, EAS)
	if err != nil {
		return rep, err
	}
	rep.Queries, err = answerQueries(j, g, e.superclasses, e.unit, cfg.Query)
	if err == nil && cfg.Extract != "" {
		err = e.extract(ctx, rep.Queries)
	}
	return rep, err
}
