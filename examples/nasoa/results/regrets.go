package main

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/tendril-nas/tendril/examples/internal/run/cells"
	"github.com/tendril-nas/tendril/examples/nasoa/internal/nasoa"
	"github.com/tendril-nas/tendril/predictor"
)

// limits is how many time limits a task of the grids has, evenly on a logarithmic scale between the
// fastest regime and the slowest.
const limits = 4

// Ways to choose a regime.
const (
	wayRandom1  = "random, one trial"
	wayRandom5  = "random, best of 5 trials"
	wayRandom40 = "random, best of 40 trials"
	wayHalving  = "successive halving"
	wayOffline  = "MLP taught offline"
	wayOnline   = "hedge of the paper, online only"
	wayPaper    = "hedge of the paper, taught"
	wayPlain    = "NASOA, cold, without exploration"
	wayCold     = "NASOA, cold"
	wayTaught   = "NASOA, taught"
	wayOracle   = "oracle: the best that fits"
)

func ways() []string {
	return []string{wayRandom1, wayRandom5, wayRandom40, wayHalving, wayOffline, wayOnline, wayPaper, wayPlain,
		wayCold, wayTaught, wayOracle}
}

// regrets are by how much the ways to choose a regime fall short of the best one, by task: the mean
// over limits and orders, as a fraction.
type regrets struct {
	Ways []wayRegret `json:"ways"`
}

type wayRegret struct {
	Name  string    `json:"name"`
	Tasks []float64 `json:"tasks"`
	// Trials are the mean numbers of regimes that were tried.
	Trials float64 `json:"trials"`
}

func (p *places) regretCell(name string) cell {
	return arithmetic(name, func(r *cells.Results[result]) error {
		if _, err := r.Need(zooCell); err != nil {
			return err
		}
		if err := needAll(r, random, logs); err != nil {
			return err
		}
		return needAll(r, grid, gridTasks)
	}, func(ctx context.Context, t tables) (r result, err error) {
		var list []*nasoa.Grid
		for _, one := range t.Of(grid) {
			list = append(list, one.Result.Grid)
		}
		r.Regrets, err = regretAll(ctx, t.modelsOf(), t.randomLog(), list, orders)
		return r, err
	})
}

// within are the regimes of a grid that fit a time limit, and the best accuracy among them.
func within(g *nasoa.Grid, limit float64) (list []nasoa.GridCell, best float64) {
	for _, c := range g.Cells {
		if taken(g, c) <= limit {
			list = append(list, c)
			best = max(best, c.Accuracy)
		}
	}
	return list, best
}

// taken is the time of a regime, features and judging included.
func taken(g *nasoa.Grid, c nasoa.GridCell) float64 {
	return g.Features + float64(c.Iterations)*c.Step + g.Judging[c.Model]
}

// limitsOf are the time limits of a task: every one has some regimes that fit.
func limitsOf(g *nasoa.Grid) []float64 {
	least, most := math.Inf(1), 0.0
	for _, c := range g.Cells {
		least, most = min(least, taken(g, c)), max(most, taken(g, c))
	}
	out := make([]float64, limits)
	for i := range out {
		out[i] = least * math.Pow(most/least, float64(i+1)/limits)
	}
	out[limits-1] = most // rounding would leave the slowest regime out
	return out
}

// regretAll computes all ways.
func regretAll(ctx context.Context, models []predictor.Model, log outcomes, grids []*nasoa.Grid,
	n int) (*regrets, error) {
	out := &regrets{}
	for _, name := range ways() {
		w := wayRegret{Name: name, Tasks: make([]float64, len(grids))}
		var err error
		switch name {
		case wayRandom1:
			w.each(grids, func(list []nasoa.GridCell, _ *nasoa.Grid) (float64, int) { return bestOf(list, 1), 1 })
		case wayRandom5:
			w.each(grids, func(list []nasoa.GridCell, _ *nasoa.Grid) (float64, int) {
				return bestOf(list, 5), min(5,
					len(list))
			})
		case wayRandom40:
			w.each(grids, func(list []nasoa.GridCell, _ *nasoa.Grid) (float64, int) {
				return bestOf(list, 40),
					min(40, len(list))
			})
		case wayHalving:
			w.each(grids, halving)
		case wayOracle:
			w.each(grids, func(list []nasoa.GridCell, _ *nasoa.Grid) (float64, int) {
				return bestOf(list, len(list)), len(list)
			})
		default:
			w.Trials = 1
			err = w.learn(ctx, learnerOf(name), models, log, grids, n)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out.Ways = append(out.Ways, w)
	}
	return out, nil
}

// each adds up what a way without memory finds.
func (w *wayRegret) each(grids []*nasoa.Grid, way func([]nasoa.GridCell, *nasoa.Grid) (found float64,
	trials int)) {
	for i, g := range grids {
		for _, limit := range limitsOf(g) {
			list, best := within(g, limit)
			found, trials := way(list, g)
			w.Tasks[i] += (best - found) / limits
			w.Trials += float64(trials) / float64(limits*len(grids))
		}
	}
}

// bestOf is the expected best accuracy of k regimes drawn without replacement.
func bestOf(list []nasoa.GridCell, k int) float64 {
	var x []float64
	for _, c := range list {
		x = append(x, c.Accuracy)
	}
	slices.Sort(x)
	if k >= len(x) {
		return x[len(x)-1]
	}
	// The largest of k is x[i] when it is among them and the others come from the i below it.
	mean, below := 0.0, 0.0
	for i, v := range x {
		upTo := 1.0 // chance that all k are among the first i+1
		for m := range k {
			upTo *= max(float64(i+1-m), 0) / float64(len(x)-m)
		}
		mean += v * (upTo - below)
		below = upTo
	}
	return mean
}

// halving tries all that fits up to the first checkpoint, trains the best third of it on to the
// second, and the best third of these to the last.
func halving(list []nasoa.GridCell, _ *nasoa.Grid) (best float64, trials int) {
	byLength := map[int][]nasoa.GridCell{}
	var lengths []int
	for _, c := range list {
		if byLength[c.Iterations] == nil {
			lengths = append(lengths, c.Iterations)
		}
		byLength[c.Iterations] = append(byLength[c.Iterations], c)
	}
	slices.Sort(lengths)
	var left []nasoa.GridCell
	for round, n := range lengths {
		now := byLength[n]
		if round > 0 {
			now = slices.DeleteFunc(slices.Clone(now), func(c nasoa.GridCell) bool {
				return !slices.ContainsFunc(left, func(o nasoa.GridCell) bool {
					return o.Model == c.Model && o.Rate == c.Rate && o.Frozen == c.Frozen
				})
			})
		}
		for _, c := range now {
			best = max(best, c.Accuracy)
		}
		trials += len(now)
		now = slices.Clone(now)
		slices.SortStableFunc(now, func(a, b nasoa.GridCell) int {
			if a.Accuracy > b.Accuracy {
				return -1
			}
			if a.Accuracy < b.Accuracy {
				return 1
			}
			return 0
		})
		left = now[:(len(now)+2)/3]
	}
	return best, trials
}
