package eatnas

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/tendril-nas/tendril/evolution"
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/searchspace"
)

// search is the search on a task, from these architectures, by tournaments or one of the baselines.
func (e *engine) search(ctx context.Context, t *task, initial []searchspace.Arch) (*SearchReport, error) {
	phase := t.phase("search")
	return run.Once(e.job, phase, func() (*SearchReport, error) {
		s, err := e.strategy(t, initial)
		if err != nil {
			return nil, err
		}
		ev, err := e.evaluator(t, phase)
		if err != nil {
			return nil, err
		}
		score, err := evolution.Score(t.space, &evolution.ScoreOptions{Cost: t.cost, Target: t.Target})
		if err != nil {
			return nil, err
		}
		o := &evolution.SearchOptions{Evaluations: e.cfg.Population + e.cfg.Cycles, Window: 1, Retries: -1,
			Checkpoint: e.job.Scratch(phase)}
		if o.Checkpoint != "" {
			o.SaveFirst = ev.save
		}
		x, err := evolution.NewSearch(t.space, s, ev, []evolution.Objective{score, evolution.ErrorRate()}, o)
		if err != nil {
			return nil, err
		}
		cpu, err := run.CPUSeconds(o.Checkpoint, func() error { return e.drive(ctx, t, x, s, o.Checkpoint) })
		if err != nil {
			return nil, err
		}
		r, err := s.report(t, e.cfg.Top)
		if err != nil {
			return nil, err
		}
		r.CPU = cpu
		return r, ev.keep(len(s.told))
	})
}

// drive runs a search to its end, from where it was.
func (e *engine) drive(ctx context.Context, t *task, x *evolution.Search[searchspace.Arch], s *watched,
	checkpoint string) error {
	if checkpoint != "" {
		if err := x.Resume(ctx, checkpoint); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	shown := e.job.Out.Phase(t.titleSearch(), e.cfg.Population+e.cfg.Cycles)
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
	s.converged = err == nil && len(s.told) < e.cfg.Population+e.cfg.Cycles
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
	return nil, fmt.Errorf("%s task: found %d different architectures, expected %d", t.name, len(out), e.cfg.Population)
}

// offspring is the first population of a search that begins from a basic architecture.
func (e *engine) offspring(t *task, basic searchspace.Arch) ([]searchspace.Arch, error) {
	return evolution.Offspring(t.space, basic, e.cfg.Population, searchspace.MutateOptions{},
		e.cfg.Seed.Stream(t.purpose("offspring")))
}

// there says whether a file exists; "" never does.
func there(path string) bool {
	if path == "" {
		return false
	}
	_, err := os.Stat(path)
	return err == nil
}
