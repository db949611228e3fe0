package main

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"

	"github.com/tendril-nas/tendril/examples/internal/run/cells"
	"github.com/tendril-nas/tendril/examples/nasoa/internal/nasoa"
)

func millions(n int64) float64 { return float64(n) / 1e6 }

// scaled is a list in percent.
func scaled(x []float64) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = 100 * v
	}
	return out
}

func minus(a, b []float64) []float64 {
	out := make([]float64, min(len(a), len(b)))
	for i := range out {
		out[i] = a[i] - b[i]
	}
	return out
}

// zoo are the models.
func (t tables) zoo() string {
	r := t.Get(zooCell)
	if r == nil {
		return "The zoo was " + cells.NotRun + ".\n"
	}
	var rows [][]string
	for _, m := range r.Result.Zoo {
		rows = append(rows, []string{m.Name, "`" + m.Arch + "`", fmt.Sprintf("%.2f", 100*m.Accuracy),
			fmt.Sprintf("%.2f", millions(m.MAdds)), fmt.Sprintf("%.0f", float64(m.Params)/1e3),
			fmt.Sprintf("%.1f", 1e3*m.Steps[0]), fmt.Sprintf("%.1f", 1e3*m.Steps[len(m.Steps)-1]),
			fmt.Sprintf("%.1f", float64(m.Memory)/1e6), fmt.Sprintf("%.3f", 1e3*m.Inference)})
	}
	measured := map[string]bool{} // macro layouts begin with architectures of the block level
	for _, p := range r.Result.Points {
		measured[p.Arch] = true
	}
	return fmt.Sprintf("%d architectures were measured, %d pretrained, %d kept, of which another one that is no "+
		"slower beats %d on test images.\n\n", len(measured), len(r.Result.Candidates), len(rows),
		beaten(r.Result.Zoo)) +
		cells.Table([]string{"model", "architecture", "accuracy, %", "M MAdds", "k parameters", "step, ms",
			"step, all but the last stage frozen, ms", "a step needs, MB", "an image, ms"}, rows...)
}

// beaten counts the models that another of the zoo, no slower in training, is more accurate than.
func beaten(zoo []nasoa.Model) (n int) {
	for _, m := range zoo {
		if slices.ContainsFunc(zoo, func(o nasoa.Model) bool {
			return o.Steps[0] <= m.Steps[0] && o.Accuracy > m.Accuracy
		}) {
			n++
		}
	}
	return n
}

// reached is the accuracy that the zoo has at the step time of a network, in percent: that of its
// most accurate model that is no slower, as both were measured one after the other; false where all
// are slower.
func reached(zoo []nasoa.Model, n *nasoa.Model) (best float64, ok bool) {
	for _, m := range zoo {
		step, there := n.Beside[m.Name]
		if there && step <= n.Steps[0] {
			best, ok = max(best, 100*m.Accuracy), true
		}
	}
	return best, ok
}

// networks are those of other families that were trained.
func (t tables) networks() (list []*nasoa.Model) {
	for _, r := range t.Of(network) {
		list = append(list, r.Result.Network)
	}
	return list
}

// front is the zoo beside networks of other families.
func (t tables) front() string {
	var rows [][]string
	zoo := t.Get(zooCell)
	for _, n := range t.networks() {
		row := []string{n.Name, fmt.Sprintf("%.2f", 100*n.Accuracy), fmt.Sprintf("%.2f", millions(n.MAdds)),
			fmt.Sprintf("%.0f", float64(n.Params)/1e3), fmt.Sprintf("%.1f", 1e3*n.Steps[0]), cells.NotRun, ""}
		if zoo != nil {
			if best, ok := reached(zoo.Result.Zoo, n); ok {
				row[5], row[6] = fmt.Sprintf("%.2f", best), fmt.Sprintf("%+.2f ± %.2f", best-100*n.Accuracy, deviation(n))
			} else {
				row[5], row[6] = "none is as fast", "–"
			}
		}
		rows = append(rows, row)
	}
	if rows == nil {
		return "Networks of other families were " + cells.NotRun + ".\n"
	}
	return cells.Table([]string{"network", "accuracy, %", "M MAdds", "k parameters", "step, ms",
		"best of the zoo that is no slower, %", "difference"}, rows...)
}

// deviation is the standard error of a difference of two accuracies on the same number of test
// images, in points, as if they were independent.
func deviation(n *nasoa.Model) float64 {
	p := n.Accuracy
	return 100 * math.Sqrt(2*p*(1-p)/float64(max(n.Samples, 1)))
}

// logs are the outcomes of random regimes.
func (t tables) logs() string {
	log := t.randomLog()
	if len(log) == 0 {
		return "Outcomes of random regimes: " + cells.NotRun + ".\n"
	}
	var accuracy, noise, seconds []float64
	for _, o := range log {
		accuracy, seconds = append(accuracy, o.Accuracy), append(seconds, o.Seconds)
		noise = append(noise, o.Accuracy*(1-o.Accuracy)/float64(max(o.Samples, 1)))
	}
	text := fmt.Sprintf("%d outcomes in %s; accuracy %s %%, of which the test images that were drawn make a "+
		"standard "+
		"deviation of %.1f; %s s each.\n\n", len(log), cellsDone(len(t.Of(random)), logs),
		cells.Spread("%.1f", scaled(accuracy)), 100*math.Sqrt(stat.Mean(noise, nil)), cells.Spread("%.2f", seconds))
	var rows [][]string
	for _, rate := range rates(log) {
		var x []float64
		for _, o := range log {
			if o.Rate == rate {
				x = append(x, 100*o.Accuracy)
			}
		}
		rows = append(rows, []string{fmt.Sprint(rate), fmt.Sprint(len(x)), cells.Spread("%.1f", x)})
	}
	return text + cells.Table([]string{"rate", "outcomes", "accuracy, %"}, rows...)
}

func cellsDone(n, planned int) string {
	if n < planned {
		return fmt.Sprintf("%d of %d cells", n, planned)
	}
	return fmt.Sprintf("%d cells", n)
}

// errors are those of learners on the log.
func (t tables) errors() string {
	r := t.Get(replay)
	if r == nil {
		return "Replays: " + cells.NotRun + ".\n"
	}
	var rows [][]string
	all := r.Result.Replays.Rivals
	for _, e := range all {
		rows = append(rows, []string{e.Name, cells.Spread("%.2f", scaled(e.MAE)), cells.Spread("%.3f",
			scaled(e.MSE)),
			cells.Spread("%.2f", scaled(e.LastMAE)), cells.Spread("%.3f", scaled(e.LastMSE)),
			replaceAll(cells.Contrast("%+.2f", scaled(minus(e.Logs, all[0].Logs)), logs), "seeds", "cells"), cells.Spread("%.1f",
				scaled(e.Covered)),
			fmt.Sprint(e.Restarts)})
	}
	return fmt.Sprintf("%d outcomes in %d orders.\n\n", r.Result.Replays.Outcomes, len(all[0].MAE)) +
		cells.Table([]string{"learner", "MAE, points", "MSE, %", "MAE, last fifth", "MSE, last fifth",
			"MAE less that of ours, on each cell's outcomes alone", "inside 90 % interval, %",
			"diverged"},
			rows...)
}

// theorem are the regrets of hedges.
func (t tables) theorem() string {
	r := t.Get(replay)
	if r == nil {
		return "Regrets of hedges: " + cells.NotRun + ".\n"
	}
	var rows [][]string
	for _, e := range r.Result.Replays.Rivals {
		if len(e.Regret) == 0 {
			continue
		}
		root := math.Sqrt(float64(r.Result.Replays.Outcomes))
		most, bound := 0.0, "–"
		for _, v := range e.Regret {
			most = max(most, v*root)
		}
		if e.Bound > 0 {
			bound = fmt.Sprintf("%.4f", e.Bound*root)
		}
		even := stat.Mean(e.Evenness, nil)
		rows = append(rows, []string{e.Name, fmt.Sprintf("%.5f", stat.Mean(e.Regret, nil)*root),
			fmt.Sprintf("%.5f", most), bound,
			fmt.Sprintf("%.3g", even)})
	}
	return cells.Table([]string{"hedge", "mean regret·√T", "largest", "bound of Theorem 1",
		"smallest weight over largest, mean"}, rows...)
}

// streams are the errors on data of others.
func (t tables) streams() string {
	r := t.Get(borrowed)
	if r == nil {
		return "Streams of others: " + cells.NotRun + ".\n"
	}
	head := []string{"learner"}
	for _, s := range r.Result.Streams {
		head = append(head, fmt.Sprintf("%s, %d examples", s.Name, s.Examples))
	}
	var rows [][]string
	for k, name := range r.Result.Streams[0].Learners {
		row := []string{name}
		for _, s := range r.Result.Streams {
			row = append(row, fmt.Sprintf("%.4f", s.MAE[k]))
		}
		rows = append(rows, row)
	}
	return cells.Table(head, rows...)
}

// interval is a share with its 95 % interval by Clopper and Pearson, in percent.
func interval(k, n int) string {
	if n == 0 {
		return cells.NotRun
	}
	low, high := 0.0, 1.0
	if k > 0 {
		low = distuv.Beta{Alpha: float64(k), Beta: float64(n - k + 1)}.Quantile(0.025)
	}
	if k < n {
		high = distuv.Beta{Alpha: float64(k + 1), Beta: float64(n - k)}.Quantile(0.975)
	}
	return fmt.Sprintf("%.1f %% (%d of %d, 95 %% interval %.1f to %.1f)", 100*float64(k)/float64(n), k, n,
		100*low, 100*high)
}
