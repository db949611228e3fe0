package main

import (
	"fmt"
	"slices"
	"strings"

	"gonum.org/v1/gonum/stat"

	"github.com/tendril-nas/tendril/examples/eas/internal/eas"
	"github.com/tendril-nas/tendril/examples/internal/run/cells"
)

// primary says in sentences how the primary endpoints came out.
func (t tables) primary() string {
	var b strings.Builder
	d, s := dropEffect(t), searchEffect(t)
	fmt.Fprintf(&b, "1. Dropout at rate 0.6 less none, points: %s. %s\n", points(d, seeds),
		verdict(d, seeds, "Superclass dropout helps.", "Superclass dropout harms.", "An effect of dropout is not shown."))
	fmt.Fprintf(&b, "2. Generator less evolution for each superclass, points: %s. %s\n", points(s, seeds),
		verdict(s, seeds, "The generator finds better architectures.", "Evolution finds better architectures.",
			"A difference between them is not shown."))
	return b.String()
}

// twoByTwo is the table that takes dropout and search apart.
func (t tables) twoByTwo() string {
	var rows [][]string
	for _, m := range []string{eas.EAS, eas.OFAT} {
		rows = append(rows, row(title(m), t.spread("%.2f", without(), accuracy(m), m),
			t.spread("%.2f", with(), accuracy(m), m), points(t.gain(with(), without(), accuracy(m)), seeds)))
	}
	rows = append(rows, row("generator less evolution", points(t.lead(without(), eas.EAS, eas.OFAT), seeds),
		points(t.lead(with(), eas.EAS, eas.OFAT), seeds), points(interaction(t), seeds)))
	return cells.Table([]string{"test accuracy, %", "rate 0", "rate 0.6", "0.6 less 0"}, rows...)
}

// accuracies are those of all methods at all budgets.
func (t tables) accuracies() string {
	var out strings.Builder
	for _, d := range []drop{with(), without()} {
		head := []string{fmt.Sprintf("rate %g", d.rate)}
		for b := range budgetsOf(t) {
			head = append(head, budgetsOf(t)[b]+", %")
		}
		head = append(head, "mean, %", "seeds")
		var rows [][]string
		for _, m := range eas.Methods() {
			if t.planned(d, m) == 0 {
				continue
			}
			r := row(title(m))
			for b := range budgetsOf(t) {
				r = append(r, t.spread("%.2f", d, accuracyAt(m, b), m))
			}
			rows = append(rows, append(r, t.spread("%.2f", d, accuracy(m), m), fmt.Sprint(len(t.having(d, m)))))
		}
		cheapest := t.spread("%.2f", d, func(r *eas.Report) float64 { return 100 * r.Ends.Cheapest })
		dearest := t.spread("%.2f", d, func(r *eas.Report) float64 { return 100 * r.Ends.Dearest })
		fmt.Fprintf(&out, "%s\nThe cheapest network of the supernet at rate %g has, %%: %s; the dearest, %%: %s.\n\n",
			cells.Table(head, rows...), d.rate, cheapest, dearest)
	}
	return strings.TrimSuffix(out.String(), "\n")
}

// budgetsOf are the budgets of the runs.
func budgetsOf(t tables) (out []string) {
	for _, d := range allDrops() {
		if runs := t.Of(d.name); len(runs) > 0 {
			for _, b := range runs[0].Result.Report.Budgets {
				out = append(out, millions(b))
			}
			return out
		}
	}
	return nil
}

// against compares the generator with every other method at the same rate, in accuracy and in what
// they use of the budgets.
func (t tables) against() string {
	var rows [][]string
	for _, m := range eas.Methods()[1:] {
		r := row(title(m))
		for _, d := range []drop{with(), without()} {
			if t.planned(d, m) == 0 {
				r = append(r, "not planned")
				continue
			}
			r = append(r, points(t.lead(d, eas.EAS, m), t.planned(d, m)))
		}
		rows = append(rows, append(r, cells.Spread("%+.1f", t.values(with(),
			func(r *eas.Report) float64 { return used(eas.EAS)(r) - used(m)(r) }, eas.EAS, m))))
	}
	return cells.Table([]string{"generator less this", "rate 0.6, points", "rate 0, points",
		"used of the budgets at rate 0.6, points"}, rows...) +
		"\nOne percent of cost is worth, by the generator's own curve at rate 0.6, points: " +
		t.spread("%.3f", with(), worth(eas.EAS), eas.EAS) + ".\n"
}

// superclasses are accuracies by superclass, over all budgets.
func (t tables) superclasses() string {
	runs := t.Of(with().name)
	if len(runs) == 0 {
		return cells.NotRun + "\n"
	}
	head := []string{"superclass"}
	var methods []string
	for _, m := range eas.Methods() {
		if t.planned(with(), m) > 0 {
			methods, head = append(methods, m), append(head, title(m)+", %")
		}
	}
	var rows, drops [][]string
	for k, s := range runs[0].Result.Report.Superclasses {
		r := row(strings.ReplaceAll(s.Name, "_", " "))
		drops = append(drops, append(slices.Clone(r), t.spread("%.1f", without(), accuracyOn(eas.EAS, k), eas.EAS),
			t.spread("%.1f", with(), accuracyOn(eas.EAS, k), eas.EAS),
			points(t.gain(with(), without(), accuracyOn(eas.EAS, k)), seeds)))
		for _, m := range methods {
			r = append(r, t.spread("%.1f", with(), accuracyOn(m, k), m))
		}
		rows = append(rows, r)
	}
	return cells.Table(head, rows...) + "\n" +
		cells.Table([]string{"generator", "rate 0, %", "rate 0.6, %", "0.6 less 0, points"}, drops...)
}

// superclassesAt are accuracies by superclass and budget.
func (t tables) superclassesAt() string {
	runs := t.Of(with().name)
	if len(runs) == 0 {
		return cells.NotRun + "\n"
	}
	var rows [][]string
	for k, s := range runs[0].Result.Report.Superclasses {
		r := row(strings.ReplaceAll(s.Name, "_", " "))
		for b := range budgetsOf(t) {
			var both []string
			for _, m := range []string{eas.EAS, eas.OFAT} {
				both = append(both, fmt.Sprintf("%.1f", stat.Mean(t.values(with(), accuracyOnAt(m, k, b), m), nil)))
			}
			r = append(r, strings.Join(both, " / "))
		}
		rows = append(rows, r)
	}
	return cells.Table(append([]string{"generator / evolution (OFA-T), %"}, budgetsOf(t)...), rows...)
}

// rates are the accuracies of all drop rates, those of one seed beside that seed of the others.
func (t tables) rates() string {
	var rows [][]string
	for _, d := range []drop{without(), otherDrops()[1], with(), otherDrops()[2], otherDrops()[0]} {
		first := func(m string) string {
			if one := t.Get(d.name + "-1"); one != nil {
				return fmt.Sprintf("%.2f", accuracy(m)(one.Result.Report))
			}
			return cells.NotRun
		}
		rows = append(rows, row(fmt.Sprintf("%g", d.rate), first(eas.EAS), first(eas.OFAT),
			t.spread("%.2f", d, accuracy(eas.EAS), eas.EAS), t.spread("%.2f", d, accuracy(eas.OFAT), eas.OFAT),
			fmt.Sprintf("%d of %d", len(t.Of(d.name)), t.Planned(d.name))))
	}
	return cells.Table([]string{"rate", "seed 1: generator, %", "evolution, %", "all seeds: generator, %",
		"evolution, %", "seeds"}, rows...)
}

// time is what all cells took.
func (t tables) time() string {
	var wall, cpu float64
	n, known := 0, true
	for _, c := range thePage().Cells {
		if one := t.Get(c.Name); one != nil {
			n++
			wall, cpu = wall+one.Seconds, cpu+one.Result.CPU
			known = known && one.Result.CPU > 0
		}
	}
	if n == 0 {
		return cells.NotRun
	}
	if !known { // a start that was killed has left no time of the phase under way
		return fmt.Sprintf("at least %.0f min of wall time", wall/60)
	}
	return fmt.Sprintf("%.0f min of wall time, %.0f min of processors", wall/60, cpu/60)
}
