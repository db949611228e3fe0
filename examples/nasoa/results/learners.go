package main

import (
	"context"
	"math"
	"slices"

	"github.com/tendril-nas/tendril/examples/nasoa/internal/nasoa"
	"github.com/tendril-nas/tendril/predictor"
)

// learner is a way that foretells accuracies.
type learner struct {
	rival   string
	passes  int     // over the log of random regimes, before
	online  bool    // it learns from what it has chosen
	explore float64 // see predictor.Request.Explore
}

func learnerOf(way string) learner {
	return map[string]learner{
		wayOffline: {"MLP, 3 layers", 5, false, 0},
		wayOnline:  {nasoa.Paper, 0, true, 0},
		wayPaper:   {nasoa.Paper, 1, true, 0},
		wayPlain:   {nasoa.Ours, 0, true, 0},
		wayCold:    {nasoa.Ours, 0, true, 1},
		wayTaught:  {nasoa.Ours, 1, true, 0},
	}[way]
}

// learn goes through the tasks in n orders, as the log before. For all limits of a task regimes are
// chosen before any of its outcomes is learnt: who had tried one would no longer choose at the
// first go.
func (w *wayRegret) learn(ctx context.Context, l learner, models []predictor.Model, log outcomes,
	grids []*nasoa.Grid, n int) error {
	list := nasoa.Rivals(len(log))
	rival := list[slices.IndexFunc(list, func(r nasoa.Rival) bool { return r.Name == l.rival })]
	for k := range n {
		g, err := rival.Pupil(models)
		if err != nil {
			return err
		}
		for pass := range l.passes {
			for _, i := range ordersSeed.Stream("nasoa.regret.log", k, pass).Perm(len(log)) {
				if _, err := g.Learn(log[i].Task(), log[i].Regime(), log[i].Accuracy); err != nil {
					return err
				}
			}
		}
		for _, at := range ordersSeed.Stream("nasoa.regret.tasks", k).Perm(len(grids)) {
			if err := ctx.Err(); err != nil {
				return err
			}
			lost, tried, err := chooseAll(g, grids[at], l.explore)
			if err != nil {
				return err
			}
			w.Tasks[at] += lost / float64(n)
			for _, c := range tried {
				if !l.online {
					break
				}
				if _, err := g.Learn(grids[at].Task(), c.Regime(), c.Accuracy); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// chooseAll chooses for every limit of a task, and gives the mean regret and the regimes that were
// chosen, each once.
func chooseAll(g *nasoa.Pupil, task *nasoa.Grid, explore float64) (lost float64, tried []nasoa.GridCell,
	err error) {
	for _, limit := range limitsOf(task) {
		fits, best := within(task, limit)
		c, err := choose(g, task, fits, explore)
		if err != nil {
			return 0, nil, err
		}
		lost += (best - c.Accuracy) / limits
		if !slices.Contains(tried, c) {
			tried = append(tried, c)
		}
	}
	return lost, tried, nil
}

// choose picks the regime of the highest predicted accuracy and κ standard errors.
func choose(g *nasoa.Pupil, task *nasoa.Grid, list []nasoa.GridCell,
	explore float64) (best nasoa.GridCell, err error) {
	top := math.Inf(-1)
	for _, c := range list {
		p, err := g.Predict(task.Task(), c.Regime())
		if err != nil {
			return best, err
		}
		if score := p.Value + explore*p.Error; score > top {
			top, best = score, c
		}
	}
	return best, nil
}
