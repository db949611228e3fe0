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
		cells.Verdict(d, "Superclass dropout helps.", "Superclass dropout harms.", "An effect of dropout is not shown."))
	fmt.Fprintf(&b, "2. Generator less evolution for each superclass, points: %s. %s\n", points(s, seeds),
		cells.Verdict(s, "The generator finds better architectures.", "Evolution finds better architectures.",
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
		out.WriteString(cells.Table(head, rows...) + "\n")
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

// against compares the generator with every other method at the same rate.
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
		rows = append(rows, r)
	}
	return cells.Table([]string{"generator less this, points", "rate 0.6", "rate 0"}, rows...)
}

// superclasses are accuracies by superclass, over all budgets.
func (t tables) superclasses() string {
	runs := t.Of(with().name)
	if len(runs) == 0 {
		return cells.NotRun + "\n"
	}
	methods := []string{eas.EAS, eas.OFAT, eas.RandomN}
	head := []string{"superclass"}
	for _, m := range methods {
		head = append(head, title(m)+", %")
	}
	head = append(head, "rate 0: generator, %", "0.6 less 0, points")
	var rows [][]string
	for k, s := range runs[0].Result.Report.Superclasses {
		r := row(strings.ReplaceAll(s.Name, "_", " "))
		for _, m := range methods {
			r = append(r, t.spread("%.1f", with(), accuracyOn(m, k), m))
		}
		rows = append(rows, append(r, t.spread("%.1f", without(), accuracyOn(eas.EAS, k), eas.EAS),
			points(t.gain(with(), without(), accuracyOn(eas.EAS, k)), seeds)))
	}
	return cells.Table(head, rows...)
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

// budgets says how budgets are kept and used.
func (t tables) budgets() string {
	var rows [][]string
	var verdicts strings.Builder
	for _, m := range []string{eas.EAS, eas.EASOne} {
		n, over := 0, 0
		var mean, lowest []float64
		for _, d := range allDrops() {
			for _, one := range t.having(d, m) {
				for _, a := range one.Result.Report.Method(m).Answers {
					if n++; a.Cost > a.Budget {
						over++
					}
				}
				mean, lowest = append(mean, used(m)(one.Result.Report)), append(lowest, least(m)(one.Result.Report))
			}
		}
		low := cells.NotRun
		if n > 0 {
			low = fmt.Sprintf("%.1f", lowest[0])
			for _, l := range lowest {
				low = min(low, fmt.Sprintf("%.1f", l))
			}
		}
		rows = append(rows, row(title(m), fmt.Sprint(n), fmt.Sprint(over), cells.Spread("%.1f", mean), low))
		if n > 0 {
			fmt.Fprintf(&verdicts, "\nOf the %s: %s.", title(m), keeping(over, stat.Mean(mean, nil)))
		}
	}
	return cells.Table([]string{"", "answers", "over their budget", "used on average, %", "least used, %"},
		rows...) + verdicts.String() + "\n"
}

// wantedUse is what is to be used of budgets on average, percent.
const wantedUse = 90

// keeping says whether budgets were kept and used as they were to be.
func keeping(over int, used float64) string {
	text := "every answer is within its budget"
	if over > 0 {
		text = "**not every answer is within its budget**"
	}
	if used < wantedUse {
		return text + fmt.Sprintf("; **less than the %d %%** that were to be used are used on average", wantedUse)
	}
	return text + fmt.Sprintf("; the %d %% that were to be used on average are used", wantedUse)
}

// times are what methods take of processors beside the supernet.
func (t tables) times() string {
	var rows [][]string
	for _, m := range eas.Methods() {
		before := spent("%.0f", t.values(with(), once(m), m))
		if m == eas.RandomN || m == eas.RandomOne {
			before = "–"
		}
		rows = append(rows, row(title(m), before, spent("%.2f", t.values(with(), perScenario(m), m)),
			t.breakEven(m)))
	}
	trained := t.Values(with().name, func(r *result) float64 { return r.Report.Trained.CPU })
	return cells.Table([]string{"", "before the first scenario, s", "a scenario, ms",
		"scenarios after which the generator's most probable answers cost less"}, rows...) +
		"\nThe supernet itself takes, s: " + spent("%.0f", trained) + ".\n"
}

// notKnown is what the page says about times of phases that were stopped and went on.
const notKnown = "not known"

// spent says what some processor times are. Those that are not known do not count.
func spent(format string, x []float64) string {
	known := slices.DeleteFunc(slices.Clone(x), func(v float64) bool { return v == 0 })
	if len(known) < len(x) && len(known) == 0 {
		return notKnown
	}
	return cells.Spread(format, known)
}

// breakEven is after how many scenarios the generator has cost less than a method, on average.
func (t tables) breakEven(m string) string {
	runs := t.having(with(), m, eas.EASOne)
	if len(runs) == 0 {
		return cells.NotRun
	}
	if m == eas.EASOne {
		return "–"
	}
	var x []float64
	for _, one := range runs {
		r := one.Result.Report
		if !timed(r, m) || !timed(r, eas.EASOne) {
			continue
		}
		saved := perScenario(m)(r) - perScenario(eas.EASOne)(r)
		if saved <= 0 {
			return "never"
		}
		x = append(x, max(0, 1000*(once(eas.EASOne)(r)-once(m)(r))/saved))
	}
	if x == nil {
		return notKnown
	}
	return cells.Spread("%.0f", x)
}

// similarity is how alike the architectures of superclasses are.
func (t tables) similarity() string {
	var rows [][]string
	for _, m := range []string{eas.EAS, eas.EASOne, eas.OFAT, eas.RandomOne} {
		r := row(title(m))
		for b := range budgetsOf(t) {
			r = append(r, t.spread("%.3f", with(), similarityAt(m, b), m))
		}
		rows = append(rows, r)
	}
	return cells.Table(append([]string{"mean cosine"}, budgetsOf(t)...), rows...) + "\n" + t.rise() + "\n"
}

// rise says whether the similarity of the generator's architectures rises with the budget.
func (t tables) rise() string {
	x := t.values(with(), func(r *eas.Report) float64 {
		s := r.Method(eas.EAS).Similarity
		return s[len(s)-1] - s[0]
	}, eas.EAS)
	return strings.TrimSpace(fmt.Sprintf("The generator's at the highest budget less that at the lowest: %s. %s",
		cells.Contrast("%+.3f", x, seeds), cells.Verdict(x, "It rises, as in the paper.",
			"It falls, other than in the paper.", "Whether it rises is not decided at this size.")))
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
	text := fmt.Sprintf("%.0f min of wall time", wall/60)
	if known {
		text += fmt.Sprintf(", %.0f min of processors", cpu/60)
	}
	return text
}
