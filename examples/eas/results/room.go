package main

import (
	"fmt"
	"math"
	"strings"

	"gonum.org/v1/gonum/stat"

	"github.com/tendril-nas/tendril/examples/eas/internal/eas"
	"github.com/tendril-nas/tendril/examples/internal/run/cells"
)

// headroomAt is a figure of the headroom at a budget, in points.
func headroomAt(b int, f func(h *eas.Headroom) float64) figure {
	return func(r *eas.Report) float64 { return 100 * f(&r.Headroom[b]) }
}

// headroom is the table of what architectures of equal cost differ by.
func (t tables) headroom() string {
	columns := []func(h *eas.Headroom) float64{
		func(h *eas.Headroom) float64 { return h.Arch }, func(h *eas.Headroom) float64 { return h.Superclass },
		func(h *eas.Headroom) float64 { return h.Interaction }, func(h *eas.Headroom) float64 { return h.Noise },
		func(h *eas.Headroom) float64 { return h.Binomial }, func(h *eas.Headroom) float64 { return h.Each },
		func(h *eas.Headroom) float64 { return h.All },
	}
	var rows [][]string
	for _, d := range []drop{with(), without()} {
		for b, budget := range budgetsOf(t) {
			r := row(fmt.Sprintf("%g", d.rate), budget)
			for _, f := range columns {
				r = append(r, t.spread("%.2f", d, headroomAt(b, f)))
			}
			rows = append(rows, r)
		}
	}
	if rows == nil {
		return cells.NotRun + "\n"
	}
	return cells.Table([]string{"rate", "multiply-adds", "architecture", "superclass", "interaction",
		"noise of a cell", "binomial noise", "oracle for each", "oracle for all"}, rows...)
}

// significant is the p below which a spread counts as one.
const significant = 0.05

// room says in sentences whether there is anything to find.
func (t tables) room() string {
	var b strings.Builder
	for _, d := range []drop{with(), without()} {
		fmt.Fprintf(&b, "- rate %g: %s\n", d.rate, t.roomOf(d))
	}
	return b.String()
}

func (t tables) roomOf(d drop) string {
	var archs, mixed, all int
	var each, one []float64
	for _, r := range t.Of(d.name) {
		var e, o []float64
		for _, h := range r.Result.Report.Headroom {
			all++
			if h.PArch < significant {
				archs++
			}
			if h.PInteraction < significant {
				mixed++
			}
			e, o = append(e, 100*h.Each), append(o, 100*h.All)
		}
		each, one = append(each, stat.Mean(e, nil)), append(one, stat.Mean(o, nil))
	}
	if all == 0 {
		return cells.NotRun + "."
	}
	text := fmt.Sprintf("architectures differ (p < %g) at %d of %d budgets, and differently on different "+
		"superclasses at %d; an oracle that chooses one of %d for each superclass gains %s points over a random "+
		"one, one for all %s. ",
		significant, archs, all, mixed, headroomArchs, points(each, t.Planned(d.name)),
		points(one, t.Planned(d.name)))
	if math.Max(float64(archs), float64(mixed)) < 0.5*float64(all) {
		return text + "**Where architectures hardly differ, no method can show an effect.**"
	}
	return text + "There is headroom."
}
