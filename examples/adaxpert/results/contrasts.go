package main

import "github.com/tendril-nas/tendril/examples/internal/run/cells"

// contrasts sets AdaXpert beside each other arm of the service protocol, seed by seed.
func (t tables) contrasts(d dataSet) string {
	var rows [][]string
	for _, arm := range arms()[1:] {
		a, b := d.arm(ours), d.arm(arm)
		rows = append(rows, []string{arm,
			points(t.Differences(a, b, finalAccuracy), t.Planned(b)),
			points(t.Differences(a, b, meanAccuracy), t.Planned(b)),
			ratio(t.ratios(a, b, finalMAdds)), ratio(t.ratios(a, b, meanMAdds)),
			ratio(t.ratios(a, b, searchSeconds))})
	}
	return cells.Table([]string{"AdaXpert less, or over", "final accuracy, points",
		"mean accuracy over snapshots, points", "M MAdds at the end, ratio", "mean M MAdds, ratio",
		"search time, ratio"}, rows...)
}

// finals is one row per arm: what stands at the end, and what it took.
func (t tables) finals(d dataSet) string {
	var rows [][]string
	for _, arm := range arms() {
		runs := t.Of(d.arm(arm))
		col := func(format string, f func(*result) float64) string {
			return cells.Spread(format, t.Values(d.arm(arm), f))
		}
		var whole []float64
		for _, r := range runs {
			whole = append(whole, r.Seconds)
		}
		rows = append(rows, []string{arm, col("%.2f", finalAccuracy), col("%.2f", meanAccuracy),
			col("%.2f", finalMAdds), col("%.2f", meanMAdds), col("%.0f", searchSeconds),
			col("%.0f", compareSeconds), col("%.0f", retrainSeconds), cells.Spread("%.0f", whole)})
	}
	return cells.Table([]string{"arm", "final accuracy, %", "mean accuracy over snapshots, %",
		"M MAdds at the end", "mean M MAdds", "search, s", "contest, s", "retraining, s", "whole run, s"},
		rows...)
}
