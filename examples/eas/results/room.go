package main

import (
	"fmt"
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
	var each, one, more []float64
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
		x, y := stat.Mean(e, nil), stat.Mean(o, nil)
		each, one, more = append(each, x), append(one, y), append(more, x-y)
	}
	if all == 0 {
		return cells.NotRun + "."
	}
	planned := t.Planned(d.name)
	return fmt.Sprintf("of %d cases, a budget with a seed each, architectures differ (p < %g) in %d, and "+
		"differently on different superclasses in %d. %s An oracle that chooses one of %d for all superclasses "+
		"gains over a random one, points: %s; one for each superclass: %s; the second less the first: %s. %s",
		all, significant, archs, mixed, differing(2*archs >= all, 2*mixed >= all), headroomArchs,
		points(one, planned), points(each, planned), points(more, planned),
		verdict(more, planned, "Superclasses gain by architectures of their own.",
			"Choosing for each superclass loses more by noise than it gains.",
			"A gain by architectures of their own is not shown."))
}

// differing says what there is to be found where architectures differ in most cases or not, in
// general and by superclass.
func differing(archs, mixed bool) string {
	switch {
	case archs && mixed:
		return "There is something to find, for all superclasses together and for each."
	case archs:
		return "There is something to find for all superclasses together; **hardly anything is left for one alone.**"
	case mixed:
		return "There is something to find for each superclass; **hardly anything for all together.**"
	}
	return "**Where architectures hardly differ, no choice among them can show an effect.**"
}
