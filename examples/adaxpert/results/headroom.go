package main

import (
	"fmt"
	"math"
	"strings"

	"gonum.org/v1/gonum/stat"

	"github.com/tendril-nas/tendril/examples/adaxpert/internal/growth"
	"github.com/tendril-nas/tendril/examples/internal/run/cells"
)

// criterion is what networks trained alone are compared by.
type criterion struct {
	name, unit, format string
	of                 func(*growth.Alone) float64
}

func accuracyOf(a *growth.Alone) float64 { return 100 * a.Accuracy }

func criteria() []criterion {
	return []criterion{
		{"accuracy, %", "points", "%.2f", accuracyOf},
		{"cross-entropy", "nats", "%.3f", func(a *growth.Alone) float64 { return a.Loss }},
	}
}

// headroom lists what each architecture reaches alone, at the first and the last snapshot.
func (t tables) headroom(d dataSet) string {
	head, rows := []string{"architecture", "", "M MAdds"}, [][]string(nil)
	for _, s := range stages() {
		for _, c := range criteria() {
			head = append(head, s.name+" snapshot, "+c.name)
		}
		if runs := t.Of(headroomName(d, s)); rows == nil && len(runs) > 0 {
			for _, a := range runs[0].Result.Alone {
				rows = append(rows, []string{a.Name, "`" + a.Arch + "`",
					fmt.Sprintf("%.2f", millions(a.MAdds))})
			}
		}
	}
	if rows == nil {
		return cells.NotRun + "\n"
	}
	for i := range rows {
		for _, s := range stages() {
			for _, c := range criteria() {
				rows[i] = append(rows[i], cells.Spread(c.format, t.alone(headroomName(d, s), c, i)))
			}
		}
	}
	return cells.Table(head, rows...)
}

// alone is a figure of architecture i for every seed.
func (t tables) alone(config string, c criterion, i int) []float64 {
	return t.Values(config, func(r *result) float64 { return c.of(&r.Alone[i]) })
}

// spreadOf is the analysis of variance over the architectures of the middle one's multiply-adds.
func (t tables) spreadOf(config string, c criterion) cells.Variance {
	var groups [][]float64
	if runs := t.Of(config); len(runs) > 0 {
		for i, a := range runs[0].Result.Alone {
			if a.Name != growth.Smallest && a.Name != growth.Largest {
				groups = append(groups, t.alone(config, c, i))
			}
		}
	}
	return cells.OneWay(groups...)
}

// slopes is by how much a figure rises with a doubling of multiply-adds, for every seed.
func (t tables) slopes(config string, c criterion) []float64 {
	return t.Values(config, func(r *result) float64 {
		_, slope := lineOver(r.Alone, c)
		return slope
	})
}

// lineOver is the least-squares line of a figure over log2 of millions of multiply-adds.
func lineOver(list []growth.Alone, c criterion) (intercept, slope float64) {
	var x, y []float64
	for i := range list {
		x, y = append(x, math.Log2(millions(list[i].MAdds))), append(y, c.of(&list[i]))
	}
	return stat.LinearRegression(x, y, nil, false)
}

// spread is a table of how architectures differ.
func (t tables) spread(d dataSet) string {
	var rows [][]string
	for _, s := range stages() {
		for _, c := range criteria() {
			config := headroomName(d, s)
			v := t.spreadOf(config, c)
			row := []string{s.name, c.name}
			if math.IsNaN(v.P) {
				row = append(row, "–", "–", "–", "–")
			} else {
				row = append(row, fmt.Sprintf(c.format, v.Between), fmt.Sprintf(c.format, v.Within),
					fmt.Sprintf("%.2f", v.F), fmt.Sprintf("%.3f", v.P))
			}
			rows = append(rows, append(row, cells.Contrast(signed(c.format), t.slopes(config, c),
				t.Planned(config))))
		}
	}
	return cells.Table([]string{"snapshot", "", "standard deviation between architectures at equal MAdds",
		"between seeds", "F", "p", "rise with each doubling of MAdds"}, rows...)
}

// signed is a format that writes a plus sign.
func signed(format string) string { return strings.Replace(format, "%", "%+", 1) }

// significant is the p below which a spread counts as one.
const significant = 0.05

// room says in sentences at which snapshots there is anything to gain by choosing an architecture.
func (t tables) room(d dataSet) string {
	var b strings.Builder
	for _, s := range stages() {
		config, c := headroomName(d, s), criteria()[0]
		fmt.Fprintf(&b, "- %s, %s snapshot: %s\n", d.title, s.name,
			roomText(t.spreadOf(config, c), t.slopes(config, c), t.Planned(config)))
	}
	return b.String()
}

// roomText judges the accuracy of architectures: its spread at equal multiply-adds, and its slopes
// of so many planned.
func roomText(v cells.Variance, slopes []float64, planned int) string {
	if len(slopes) == 0 {
		return cells.NotRun + "."
	}
	slope := "points with each doubling: " + points(slopes, planned)
	if len(slopes) < 2 || math.IsNaN(v.P) {
		return "one seed cannot tell architectures from noise; " + slope + "."
	}
	spread := fmt.Sprintf("F = %.2f, p = %.3f", v.F, v.P)
	differ, rises := v.P < significant, cells.Sign(slopes) > 0
	text := "architectures of equal multiply-adds do not differ beyond the noise of seeds (" + spread + ")"
	if differ {
		text = fmt.Sprintf("architectures of equal multiply-adds differ, with a standard deviation of %.2f "+
			"points (%s)", v.Between, spread)
	}
	switch sign := cells.Sign(slopes); {
	case sign > 0:
		text += "; accuracy rises with size, " + slope
	case sign < 0:
		text += "; accuracy falls with size, " + slope
	default:
		text += "; that accuracy changes with size is not shown, " + slope
	}
	switch {
	case differ && rises:
		return text + ". There is headroom, in the choice and in growing."
	case differ:
		return text + ". There is headroom in the choice at equal cost, none shown in growing."
	case rises:
		return text + ". There is headroom in growing, none shown in the choice at equal cost."
	}
	return text + ". **No headroom is shown; where there is none, no method can show an effect.**"
}
