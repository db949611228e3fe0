package main

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"

	"github.com/tendril-nas/tendril/examples/internal/run/cells"
	"github.com/tendril-nas/tendril/examples/nasoa/internal/nasoa"
)

// rates are those of a log, rising.
func rates(log outcomes) (list []float64) {
	for _, o := range log {
		if !slices.Contains(list, o.Rate) {
			list = append(list, o.Rate)
		}
	}
	slices.Sort(list)
	return list
}

// grids say how much there is to choose: how regimes differ on a task, and how much of it one
// regime for all tasks would have.
func (t tables) grids() string {
	done := t.Of(grid)
	if len(done) == 0 {
		return "Grids: " + cells.NotRun + ".\n"
	}
	mean := map[nasoa.GridCell]float64{} // of a regime over the tasks
	key := func(c nasoa.GridCell) nasoa.GridCell {
		c.Accuracy, c.Step = 0, 0
		return c
	}
	for _, r := range done {
		for _, c := range r.Result.Grid.Cells {
			mean[key(c)] += c.Accuracy / float64(len(done))
		}
	}
	var fixed nasoa.GridCell
	for _, c := range done[0].Result.Grid.Cells {
		if fixed.Model == "" || mean[key(c)] > mean[fixed] {
			fixed = key(c)
		}
	}
	var rows [][]string
	var gains []float64
	for _, r := range done {
		g := r.Result.Grid
		var x []float64
		best, one := 0.0, 0.0
		for _, c := range g.Cells {
			x = append(x, 100*c.Accuracy)
			best = max(best, 100*c.Accuracy)
			if key(c) == fixed {
				one = 100 * c.Accuracy
			}
		}
		p := best / 100
		gains = append(gains, best-one)
		rows = append(rows, []string{r.Name, g.Source, fmt.Sprint(g.Classes), fmt.Sprint(g.Images),
			fmt.Sprintf("%.3f", g.Similarity), cells.Spread("%.1f", x), fmt.Sprintf("%.1f", best),
			fmt.Sprintf("%.1f", one),
			fmt.Sprintf("%.1f", 100*math.Sqrt(p*(1-p)/float64(max(g.Samples, 1))))})
	}
	return fmt.Sprintf("The regime that is best on average: %s at rate %g, %d stages frozen, %d steps. What "+
		"the best of all "+
		"has more on a task: %s points.\n\n", fixed.Model, fixed.Rate, fixed.Frozen, fixed.Iterations,
		cells.Spread("%.1f", gains)) + cells.Table([]string{"task", "of", "classes", "images", "similarity",
		"accuracy of all regimes, %", "the best", "the one that is best on average",
		"standard error of the best"}, rows...)
}

// regrets are those of the ways to choose.
func (t tables) regrets() string {
	r := t.Get(regret)
	if r == nil {
		return "Regrets: " + cells.NotRun + ".\n"
	}
	reference := t.way(wayTaught)
	var rows [][]string
	for _, w := range r.Result.Regrets.Ways {
		difference := "–"
		if w.Name != wayTaught {
			difference = tasks(cells.Contrast("%+.2f", scaled(minus(w.Tasks, reference)), gridTasks))
		}
		rows = append(rows, []string{w.Name, fmt.Sprintf("%.1f", w.Trials), cells.Spread("%.2f", scaled(w.Tasks)),
			difference})
	}
	return cells.Table([]string{"way to choose", "trials", "regret, points", "less that of NASOA, taught"},
		rows...)
}

// way is the regret of one way by task.
func (t tables) way(name string) []float64 {
	if r := t.Get(regret); r != nil {
		for _, w := range r.Result.Regrets.Ways {
			if w.Name == name {
				return w.Tasks
			}
		}
	}
	return nil
}

// tasks is what cells.Contrast says about tasks in the place of seeds.
func tasks(text string) string { return replaceAll(text, "seeds", "tasks") }

// limitedLog are the outcomes with a time limit of a configuration.
func (t tables) limitedLog(config string) (log outcomes) {
	for _, r := range t.Of(config) {
		log = append(log, r.Result.Log...)
	}
	return log
}

// punctual says whether tasks ended within their limits.
func (t tables) punctual() string {
	var rows [][]string
	for _, config := range []string{taught, cold} {
		log := t.limitedLog(config)
		c := nasoa.Punctual(log)
		if c == nil {
			continue
		}
		done := c.Tasks - c.Refused
		relative := 0.0
		for _, o := range log {
			if !o.Refused() {
				relative = max(relative, o.Seconds/o.Limit-1)
			}
		}
		rows = append(rows, []string{config, fmt.Sprint(c.Tasks), fmt.Sprint(c.Refused), interval(done-c.Late,
			done),
			fmt.Sprintf("%.3f", c.Worst), fmt.Sprintf("%.1f", 100*max(relative, 0)),
			interval(int(math.Round(c.Covered*float64(done))), done)})
	}
	if rows == nil {
		return "Tasks with time limits: " + cells.NotRun + ".\n"
	}
	return cells.Table([]string{"generator", "tasks", "refused", "within their limit", "worst overrun, s",
		"worst overrun, % of the limit", "accuracy inside its 90 % interval"}, rows...)
}

// covered says how often intervals held the accuracy in the log of random regimes, as it came.
func (t tables) covered() string {
	log := t.randomLog()
	k := 0
	for _, o := range log {
		if o.Accuracy >= o.Low && o.Accuracy <= o.High {
			k++
		}
	}
	return "Intervals of 90 % held the accuracy of random regimes, as outcomes came, in " + interval(k,
		len(log)) + ".\n"
}

// pairs are the accuracies of tasks that both generators fine-tuned on within the same limit.
func (t tables) pairs() (difference []float64, byCell []float64) {
	for _, pair := range t.Together(taught, cold) {
		var x []float64
		for i := range pair[0].Log {
			if i < len(pair[1].Log) && !pair[0].Log[i].Refused() && !pair[1].Log[i].Refused() {
				x = append(x, 100*(pair[0].Log[i].Accuracy-pair[1].Log[i].Accuracy))
			}
		}
		difference = append(difference, x...)
		if len(x) > 0 {
			byCell = append(byCell, stat.Mean(x, nil))
		}
	}
	return difference, byCell
}

// arms compares generators on the same tasks.
func (t tables) arms() string {
	x, byCell := t.pairs()
	if len(x) < 2 {
		return "The two generators on the same tasks: " + cells.NotRun + ".\n"
	}
	return "Accuracy, taught − cold, points, over tasks: " + tasks(cells.Contrast("%+.2f", x,
		limited*perLimits)) +
		"; over cells: " + replaceAll(cells.Contrast("%+.2f", byCell, limited), "seeds", "cells") + ".\n"
}

// time is that of all cells.
func (t tables) time() string {
	sum, cpu := 0.0, 0.0
	for _, name := range []string{zooCell, random, grid, taught, cold, network, replay, regret, borrowed} {
		for _, r := range t.Of(name) {
			sum, cpu = sum+r.Seconds, cpu+r.Result.CPU
		}
	}
	return fmt.Sprintf("%.0f min of wall time, %.0f min of processors", sum/60, cpu/60)
}
