package main

import (
	"fmt"
	"strings"

	"github.com/tendril-nas/tendril/examples/adaxpert/internal/growth"
	"github.com/tendril-nas/tendril/examples/internal/run/cells"
)

// tables are those of the page.
type tables struct{ *cells.Results[result] }

type record = cells.Record[result]

// column collects one figure of snapshot t over runs.
func column(runs []*record, snapshot int, f func(s *growth.SnapshotReport) float64) []float64 {
	var out []float64
	for _, r := range runs {
		if snapshot < len(r.Result.Report.Snapshots) {
			out = append(out, f(&r.Result.Report.Snapshots[snapshot]))
		}
	}
	return out
}

// curves is a table per method with one row per snapshot.
func (t tables) curves(prefix string, names ...string) string {
	var b strings.Builder
	for _, m := range names {
		runs := t.Of(prefix + "-" + m)
		if len(runs) == 0 {
			fmt.Fprintf(&b, "**%s**: %s\n\n", m, cells.NotRun)
			continue
		}
		fmt.Fprintf(&b, "**%s** (%s)\n\n", m, seedCount(runs))
		var rows [][]string
		for i, s := range runs[0].Result.Report.Snapshots {
			col := func(format string, f func(s *growth.SnapshotReport) float64) string {
				return cells.Spread(format, column(runs, i, f))
			}
			rows = append(rows, []string{
				fmt.Sprint(i + 1), fmt.Sprint(s.Images), fmt.Sprint(s.Classes),
				col("%.2f", func(s *growth.SnapshotReport) float64 { return s.H }),
				col("%.3g", func(s *growth.SnapshotReport) float64 { return s.D }),
				decisions(runs, i),
				col("%.2f", func(s *growth.SnapshotReport) float64 { return float64(s.MAddsAfter) / 1e6 }),
				col("%.1f", func(s *growth.SnapshotReport) float64 { return 100 * s.AccBefore }),
				col("%.1f", func(s *growth.SnapshotReport) float64 { return 100 * s.AccAfter }),
				col("%.0f", func(s *growth.SnapshotReport) float64 {
					return s.Seconds[growth.SecondsSupernet] + s.Seconds[growth.SecondsAdjuster]
				}),
				col("%.0f",
					func(s *growth.SnapshotReport) float64 { return s.Seconds[growth.SecondsRetrain] }),
			})
		}
		b.WriteString(cells.Table([]string{"snapshot", "images", "classes", "H_t", "d_t", "decision",
			"M MAdds", "accuracy before, %", "accuracy after, %",
			"search, s", "retraining, s"}, rows...))
		b.WriteString("\n")
	}
	return b.String()
}

func seedCount(runs []*record) string {
	if len(runs) == 1 {
		return "one seed"
	}
	return fmt.Sprintf("%d seeds, mean ± standard deviation", len(runs))
}

// decisions sums up what several seeds decided.
func decisions(runs []*record, t int) string {
	count := map[string]int{}
	var order []string
	for _, r := range runs {
		d := r.Result.Report.Snapshots[t].Decision
		if count[d] == 0 {
			order = append(order, d)
		}
		count[d]++
	}
	if len(order) == 1 {
		return order[0]
	}
	for i, d := range order {
		order[i] = fmt.Sprintf("%d× %s", count[d], d)
	}
	return strings.Join(order, ", ")
}

// finals is one row per method: what stands at the end.
func (t tables) finals(prefix string, names ...string) string {
	var rows [][]string
	for _, m := range names {
		runs := t.Of(prefix + "-" + m)
		col := func(format string, f func(r *record) float64) string {
			var x []float64
			for _, r := range runs {
				x = append(x, f(r))
			}
			return cells.Spread(format, x)
		}
		mean := func(f func(s *growth.SnapshotReport) float64) func(r *record) float64 {
			return func(r *record) (sum float64) {
				for i := range r.Result.Report.Snapshots {
					sum += f(&r.Result.Report.Snapshots[i]) / float64(len(r.Result.Report.Snapshots))
				}
				return sum
			}
		}
		rows = append(rows, []string{
			m,
			col("%.2f", func(r *record) float64 { return 100 * r.Result.Report.Final.TestAccuracy }),
			col("%.2f", func(r *record) float64 { return float64(r.Result.Report.Final.MAdds) / 1e6 }),
			col("%.2f", mean(func(s *growth.SnapshotReport) float64 { return 100 * s.AccAfter })),
			col("%.2f", mean(func(s *growth.SnapshotReport) float64 { return float64(s.MAddsAfter) / 1e6 })),
			col("%.0f", func(r *record) float64 { return r.Result.Report.SearchSeconds() }),
			col("%.0f", func(r *record) float64 { return r.Seconds }),
		})
	}
	return cells.Table([]string{"method", "final test accuracy, %", "M MAdds",
		"mean accuracy over snapshots, %", "mean M MAdds", "search, s", "whole run, s"}, rows...)
}
