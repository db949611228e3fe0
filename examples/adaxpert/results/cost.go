package main

import (
	"fmt"

	"github.com/tendril-nas/tendril/examples/adaxpert/internal/growth"
	"github.com/tendril-nas/tendril/examples/internal/run/cells"
)

// cost sets the time of AdaXpert's search beside that of a search from scratch of the same seeds,
// snapshot by snapshot, and says what the contest took on top.
func (t tables) cost(d dataSet) string {
	pairs := t.Together(d.arm(ours), d.arm(scratch))
	if len(pairs) == 0 {
		return d.title + ": " + cells.NotRun + ".\n"
	}
	var rows [][]string
	var all [3]float64
	for i := range pairs[0][0].Report.Snapshots {
		var took [3]float64
		for _, p := range pairs {
			mine, theirs := &p[0].Report.Snapshots[i], &p[1].Report.Snapshots[i]
			for k, s := range []float64{mine.SearchSeconds(), theirs.SearchSeconds(),
				mine.Seconds[growth.SecondsCompare]} {
				took[k] += s / float64(len(pairs))
				all[k] += s / float64(len(pairs))
			}
		}
		rows = append(rows, costRow(fmt.Sprint(i+1), took))
	}
	rows = append(rows, costRow("all", all))
	return cells.Table([]string{d.title + ", snapshot", "search of AdaXpert, s", "search from scratch, s",
		"ratio", "contest of AdaXpert, s"}, rows...)
}

func costRow(name string, took [3]float64) []string {
	return []string{name, fmt.Sprintf("%.0f", took[0]), fmt.Sprintf("%.0f", took[1]),
		ratio([]float64{took[0] / took[1]}), fmt.Sprintf("%.0f", took[2])}
}
