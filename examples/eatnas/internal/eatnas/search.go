package eatnas

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/tendril-nas/tendril/evolution"
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
)

// search is the search on a task, from these architectures, by tournaments or one of the baselines.
func (e *engine) search(ctx context.Context, t *task, initial []searchspace.Arch) (*SearchReport, error) {
	return run.Once(e.job, t.phase("search"), func() (r *SearchReport, err error) {
		s, err := e.strategy(t, initial)
		if err != nil {
			return nil, err
		}
		ev, err := e.evaluator(t)
		if err != nil {
			return nil, err
		}
		if err := e.drive(ctx, t, s, ev); err != nil {
			return nil, err
		}
		if r, err = s.report(t, e.cfg.Top); err != nil {
			return nil, err
		}
		return r, e.keep(t, ev.Store())
	})
}

// drive runs a search to its end, from where it was.
func (e *engine) drive(ctx context.Context, t *task, s *watched, ev *supernet.TrainEvaluator) error {
	score, err := evolution.Score(t.space, &evolution.ScoreOptions{Cost: t.cost, Target: t.Target})
	if err != nil {
		return err
	}
	evaluations := e.cfg.Population + e.cfg.Cycles
	weights := e.job.Scratch(t.phase("search.weights"))
	o := &evolution.SearchOptions{Evaluations: evaluations, Window: 1, Retries: -1,
		Checkpoint: e.job.Scratch(t.phase("search"))}
	if o.Checkpoint != "" {
		o.SaveFirst = func() error { return ev.Save(weights) }
	}
	x, err := evolution.NewSearch(t.space, s, ev, []evolution.Objective{score, evolution.ErrorRate()}, o)
	if err != nil {
		return err
	}
	if o.Checkpoint != "" {
		for _, resume := range []func() error{func() error { return ev.Resume(weights) },
			func() error { return x.Resume(ctx, o.Checkpoint) }} {
			if err := resume(); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	shown := e.job.Out.Phase(t.titleSearch(), evaluations)
	x.Observe(func([]evolution.Record[searchspace.Arch]) error {
		now := s.curve[len(s.curve)-1]
		shown.Set(len(s.curve), fmt.Sprintf("mean accuracy %.1f %%, best %.1f %%, %.1f M MAdds",
			100*now.Accuracy, 100*now.Best, now.MAdds))
		return nil
	})
	status, err := x.Run(ctx)
	if err == nil && status != searchspace.StatusFinished && status != searchspace.StatusExhausted {
		err = fmt.Errorf("%s task: the search ended as %v", t.name, status)
	}
	s.converged = err == nil && len(s.told) < evaluations
	return err
}

// strategy is how the candidates of a task are found. The small task's are always found by
// tournaments from a random population.
func (e *engine) strategy(t *task, initial []searchspace.Arch) (*watched, error) {
	baseline := e.cfg.Baseline
	if t == e.small {
		baseline = ""
	}
	genes := evolution.Architectures{Space: t.space}
	seed := e.cfg.Seed.For(t.purpose("search"))
	w := &watched{size: e.cfg.Population, cost: t.cost}
	if baseline == Random {
		var err error
		w.Strategy, err = evolution.NewRandom(genes, &evolution.RandomOptions[searchspace.Arch]{
			Population: e.cfg.Population, Initial: initial, Seed: seed})
		return w, err
	}
	quality := &evolution.QualityOptions{Tolerance: run.OrNone(e.cfg.Tolerance)}
	x, err := evolution.NewTournament(genes, &evolution.TournamentOptions[searchspace.Arch]{
		Population: e.cfg.Population, Sample: e.cfg.Sample, Initial: initial, Ageing: baseline == Regularized,
		Quality: quality, Seed: seed})
	w.Strategy, w.tournament = x, x
	return w, err
}

// random draws the first population of a search from scratch. Searches of one seed share it.
func (e *engine) random(t *task) ([]searchspace.Arch, error) {
	r := e.cfg.Seed.Stream(t.purpose("population"))
	seen := map[searchspace.Arch]bool{}
	var out []searchspace.Arch
	const tries = 1000
	for range tries * e.cfg.Population {
		if len(out) == e.cfg.Population {
			return out, nil
		}
		a, err := t.space.Sample(r)
		if err != nil {
			return nil, err
		}
		if !seen[a] {
			seen[a] = true
			out = append(out, a)
		}
	}
	return nil, fmt.Errorf("%s task: found %d different architectures, expected %d", t.name, len(out),
		e.cfg.Population)
}

// offspring is the first population of a search that begins from a basic architecture.
func (e *engine) offspring(t *task, basic searchspace.Arch) ([]searchspace.Arch, error) {
	return evolution.Offspring(t.space, basic, e.cfg.Population, searchspace.MutateOptions{},
		e.cfg.Seed.Stream(t.purpose("offspring")))
}
