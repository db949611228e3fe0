package main

import (
	"fmt"

	"github.com/tendril-nas/tendril/examples/internal/run/cells"
)

// table3 sets small differences beside large ones.
func (t tables) table3() string {
	h := func(r *result) float64 { return r.Report.Snapshots[1].H }
	d := func(r *result) float64 { return r.Report.Snapshots[1].D }
	var rows [][]string
	var configs []string
	for _, how := range table3Differences() {
		a, f := table3Name(how, adjusted), table3Name(how, fixed)
		configs = append(configs, a, f)
		rows = append(rows, []string{
			how.title, cells.Spread("%.2f", t.Values(a, h)), cells.Spread("%.3g", t.Values(a, d)),
			cells.Spread("%.2f", t.Values(f, finalAccuracy)), cells.Spread("%.2f", t.Values(a, finalAccuracy)),
			cells.Spread("%+.2f", t.Differences(a, f, finalAccuracy)),
			cells.Spread("%.2f", t.Values(f, finalMAdds)) + " → " +
				cells.Spread("%.2f", t.Values(a, finalMAdds)),
		})
	}
	return cells.Table([]string{"second snapshot", "H_t", "d_t", "not adjusted, %", "adjusted, %",
		"gain, points", "M MAdds, not adjusted → adjusted"}, rows...) + "\n" + t.interaction(configs)
}

// interaction is the gain on unseen images less that on copies. configs are the adjusted and the
// fixed arm of copies, then those of unseen images.
func (t tables) interaction(configs []string) string {
	var x []float64
	for _, r := range t.Together(configs...) {
		x = append(x, finalAccuracy(r[2])-finalAccuracy(r[3])-finalAccuracy(r[0])+finalAccuracy(r[1]))
	}
	if len(x) == 0 {
		return "Gain on unseen images less gain on copies, points: " + cells.NotRun + ".\n"
	}
	return fmt.Sprintf("Gain on unseen images less gain on copies, points: %s. %s.\n",
		points(x, t.Planned(configs[0])), clear(x, "adjusting pays more after the large difference",
			"adjusting pays less after the large difference"))
}
