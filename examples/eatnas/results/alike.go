package main

import (
	"fmt"
	"math"
	"strings"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"

	"github.com/tendril-nas/tendril/examples/eatnas/internal/eatnas"
	"github.com/tendril-nas/tendril/examples/internal/run/cells"
)

// worstAlike is the number of the architecture with the lowest mean accuracy on held-out images of
// the small task; test images choose nothing.
func (t tables) worstAlike() int {
	var means []float64
	config := headroomOf(eatnas.SmallTask)
	for i := range t.alike(config) {
		means = append(means, stat.Mean(t.Values(config, func(r *result) float64 { return r.Alike[i].Held }), nil))
	}
	return floats.MinIdx(means)
}

// alike are the networks of the first cell of a configuration; every cell has the same
// architectures.
func (t tables) alike(config string) []eatnas.Trained {
	if runs := t.Of(config); len(runs) > 0 {
		return runs[0].Result.Alike
	}
	return nil
}

// accuracyAlike is what an architecture reaches, trained alike, percent of the test images.
func (t tables) accuracyAlike(config string, i int) []float64 {
	return t.Values(config, func(r *result) float64 { return 100 * r.Alike[i].Accuracy })
}

// aboveAlike is by how many points the networks that searches of a configuration found are better
// than the mean of those trained alike on the same task with the same seed, images and batches.
func (t tables) aboveAlike(config, task string) string {
	d := t.Differences(config, headroomOf(task), func(r *result) float64 {
		if r.Task != nil {
			return accuracy(r.Task)
		}
		var sum float64
		for _, n := range r.Alike {
			sum += 100 * n.Accuracy
		}
		return sum / float64(len(r.Alike))
	})
	return cells.Contrast("%+.2f", d, headroomSeeds)
}

// slope is by how many points accuracy rises with a doubling of multiply-adds.
func slope(list []eatnas.Trained) float64 {
	var x, y []float64
	for _, n := range list {
		x, y = append(x, math.Log2(millions(n.MAdds))), append(y, 100*n.Accuracy)
	}
	_, b := stat.LinearRegression(x, y, nil, false)
	return b
}

// headroom lists what each architecture reaches, trained alike.
func (t tables) headroom() string {
	var rows [][]string
	for _, task := range []string{eatnas.SmallTask, eatnas.LargeTask} {
		config := headroomOf(task)
		for i, n := range t.alike(config) {
			rows = append(rows, []string{task, "`" + n.Arch + "`", fmt.Sprintf("%.1f", millions(n.MAdds)),
				cells.Spread("%.2f", t.accuracyAlike(config, i))})
		}
	}
	if rows == nil {
		return cells.NotRun + "\n"
	}
	return cells.Table([]string{"task", "architecture", "M MAdds", "test accuracy, %"}, rows...)
}

// significant is the p below which a spread counts as one.
const significant = 0.05

// room says in sentences whether there is anything to gain by choosing an architecture.
func (t tables) room() string {
	var b strings.Builder
	for _, task := range []string{eatnas.SmallTask, eatnas.LargeTask} {
		fmt.Fprintf(&b, "- %s task: %s\n", task, t.roomOf(headroomOf(task)))
	}
	return b.String()
}

func (t tables) roomOf(config string) string {
	if len(t.Of(config)) == 0 {
		return cells.NotRun + "."
	}
	var size []float64
	var groups [][]float64
	for i, n := range t.alike(config) {
		size, groups = append(size, math.Log2(millions(n.MAdds))), append(groups, t.accuracyAlike(config, i))
	}
	all, levelled := cells.Blocked(groups...), cells.BlockedOver(size, groups...)
	if math.IsNaN(all.P) {
		return "one seed cannot tell architectures from noise."
	}
	text := fmt.Sprintf("standard deviation between architectures %.2f points, of noise %.2f (F = "+
		"%.1f, %s); "+
		"beside the line over the logarithm of multiply-adds %.2f points (F = %.1f, %s); accuracy rises with each "+
		"doubling of multiply-adds by %s points. ", all.Between, all.Within, all.F, cells.Probability(all.P),
		levelled.Between, levelled.F, cells.Probability(levelled.P),
		cells.Contrast("%+.2f", t.Values(config, func(r *result) float64 { return slope(r.Alike) }),
			t.Planned(config)))
	switch {
	case !(all.P < significant):
		return text + "**No headroom is shown; where there is none, no method can show an effect.**"
	case !(levelled.P < significant):
		return text + "Architectures differ: there is headroom, though none is shown beside multiply-adds."
	}
	return text + "Architectures differ: there is headroom."
}
