package main

import (
	"fmt"
	"strings"

	"github.com/tendril-nas/tendril/examples/adaxpert/internal/growth"
	"github.com/tendril-nas/tendril/examples/internal/run/cells"
)

// curves is a table per arm with one row per snapshot.
func (t tables) curves(d dataSet) string {
	var b strings.Builder
	for i, arm := range arms() {
		if i > 0 {
			b.WriteString("\n")
		}
		runs := t.Of(d.arm(arm))
		if len(runs) == 0 {
			fmt.Fprintf(&b, "**%s**: %s\n", arm, cells.NotRun)
			continue
		}
		fmt.Fprintf(&b, "**%s** (%s)\n\n", arm, seedCount(runs))
		var rows [][]string
		for i := range runs[0].Result.Report.Snapshots {
			rows = append(rows, snapshotRow(runs, i))
		}
		b.WriteString(cells.Table([]string{"snapshot", "images", "classes", "H_t", "d_t", "decision",
			"M MAdds", "accuracy before, %", "after, %", "search, s", "contest, s", "retraining, s"}, rows...))
	}
	return b.String()
}

// snapshotRow is snapshot i of several runs.
func snapshotRow(runs []*record, i int) []string {
	s := &runs[0].Result.Report.Snapshots[i]
	col := func(format string, f func(s *growth.SnapshotReport) float64) string {
		return cells.Spread(format, column(runs, i, f))
	}
	took := func(kind string) string {
		return col("%.0f", func(s *growth.SnapshotReport) float64 { return s.Seconds[kind] })
	}
	return []string{
		fmt.Sprint(i + 1), fmt.Sprint(s.Images), fmt.Sprint(s.Classes),
		col("%.2f", func(s *growth.SnapshotReport) float64 { return s.H }),
		col("%.3g", func(s *growth.SnapshotReport) float64 { return s.D }),
		decisions(runs, i),
		col("%.2f", func(s *growth.SnapshotReport) float64 { return millions(s.MAddsAfter) }),
		col("%.1f", func(s *growth.SnapshotReport) float64 { return 100 * s.AccBefore }),
		col("%.1f", func(s *growth.SnapshotReport) float64 { return 100 * s.AccAfter }),
		col("%.0f", (*growth.SnapshotReport).SearchSeconds),
		took(growth.SecondsCompare), took(growth.SecondsRetrain),
	}
}

// column collects one figure of snapshot i over runs.
func column(runs []*record, i int, f func(s *growth.SnapshotReport) float64) []float64 {
	var out []float64
	for _, r := range runs {
		if i < len(r.Result.Report.Snapshots) {
			out = append(out, f(&r.Result.Report.Snapshots[i]))
		}
	}
	return out
}

func seedCount(runs []*record) string {
	if len(runs) == 1 {
		return "one seed"
	}
	return fmt.Sprintf("%d seeds, mean ± standard deviation", len(runs))
}

// decisions sums up what several seeds decided.
func decisions(runs []*record, i int) string {
	count := map[string]int{}
	var order []string
	for _, r := range runs {
		d := r.Result.Report.Snapshots[i].Decision
		if count[d] == 0 {
			order = append(order, d)
		}
		count[d]++
	}
	if len(order) == 1 {
		return order[0]
	}
	for k, d := range order {
		order[k] = fmt.Sprintf("%d× %s", count[d], d)
	}
	return strings.Join(order, ", ")
}
