package main

import (
	"fmt"
	"slices"
	"strings"

	"gonum.org/v1/gonum/stat"

	"github.com/tendril-nas/tendril/examples/eatnas/internal/eatnas"
	"github.com/tendril-nas/tendril/examples/internal/run/cells"
)

// primary says in sentences how the primary endpoint came out.
func (t tables) primary() string {
	var b strings.Builder
	scratch, control := t.differences("transfer", "scratch", area), t.differences("transfer", "basic", area)
	fmt.Fprintf(&b, "Area, transfer − scratch, points: %s. %s\n", t.contrast("transfer", "scratch", area),
		cells.Verdict(scratch, "The population is better with transfer.", "The population is worse with transfer.",
			"A difference is not shown."))
	fmt.Fprintf(&b, "Area, transfer − random basic, points: %s. ", t.contrast("transfer", "basic", area))
	if len(scratch) > 1 && cells.Sign(scratch) <= 0 {
		b.WriteString("The first step was not passed, so this one has no say.\n")
		return b.String()
	}
	b.WriteString(cells.Verdict(control, "What the small task has found is worth something on the large one.",
		"What the small task has found is worth less on the large one than a random architecture.",
		"That what the small task has found is worth more than a random architecture is not shown: a "+
			"population of "+
			"neighbours explains the gain as well.") + "\n")
	return b.String()
}

// points of a curve that are shown: the first population and every ten cycles.
func shown() []int { return []int{12, 22, 32, 42} }

// curves are the mean accuracy and the mean multiply-adds of populations.
func (t tables) curves() string {
	head := []string{"arm"}
	for _, n := range shown() {
		head = append(head, fmt.Sprintf("after %d, %%", n))
	}
	head = append(head, "M MAdds at first", "M MAdds at the end", "best quality")
	var rows [][]string
	for _, a := range arms() {
		row := []string{a.title}
		for _, n := range shown() {
			row = append(row, t.spread("%.2f", a.name, at(n, accuracyOf)))
		}
		rows = append(rows, append(row, t.spread("%.1f", a.name, at(shown()[0], maddsOf)),
			t.spread("%.1f", a.name, at(last, maddsOf)), t.spread("%.4f", a.name, quality)))
	}
	return cells.Table(head, rows...)
}

// areas are those under the curves, and what else populations differ in.
func (t tables) areas() string {
	var rows [][]string
	for _, a := range arms() {
		row := []string{a.title, t.spread("%.2f", a.name, area), "–", t.spread("%.1f", a.name, meanMAdds), "–",
			t.spread("%.1f", a.name, apart)}
		if a.name != arms()[0].name {
			row[2], row[4] = t.contrast(arms()[0].name, a.name, area), t.ratio(arms()[0].name, a.name, meanMAdds)
		}
		rows = append(rows, row)
	}
	return cells.Table([]string{"arm", "area, %", "transfer less this", "M MAdds", "transfer over this (95 % interval)",
		"decisions apart"}, rows...)
}

// basics are the architectures that populations began from.
func (t tables) basics() string {
	var rows [][]string
	for seed := 1; seed <= seeds; seed++ {
		row := []string{fmt.Sprint(seed), cells.NotRun, "–", "–", cells.NotRun}
		if one := t.Get(cells.Seeded(small, seed)); one != nil {
			n := one.Result.Task.Network()
			copy(row[1:], []string{"`" + n.Arch + "`", fmt.Sprintf("%.1f", millions(n.MAdds)),
				fmt.Sprintf("%.2f", 100*n.Accuracy)})
		}
		if one := t.Get(cells.Seeded("basic", seed)); one != nil {
			row[4] = "`" + one.Result.Basic + "`"
		}
		rows = append(rows, row)
	}
	text := cells.Table([]string{"seed", "found on the small task", "M MAdds there", "test accuracy there, %",
		"random basic"}, rows...)
	config := headroomOf(eatnas.SmallTask)
	if len(t.alike(config)) == 0 {
		return text + "\nWorse basic: " + cells.NotRun + ".\n"
	}
	i := t.worstAlike()
	n := t.alike(config)[i]
	return text + fmt.Sprintf("\nWorse basic, for all seeds: `%s`, %.1f M MAdds on the small task and there %s %% of the "+
		"test images, trained alike.\n", n.Arch, millions(n.MAdds), cells.Spread("%.2f", t.accuracyAlike(config, i)))
}

// finals are the networks at the end.
func (t tables) finals() string {
	var rows [][]string
	for _, a := range arms() {
		times, _, _ := t.processors(a.name, a.name)
		rows = append(rows, []string{a.title, t.spread("%.2f", a.name, accuracy), t.spread("%.1f", a.name, madds),
			t.aboveAlike(a.name, eatnas.LargeTask), cells.Spread("%.0f", times)})
	}
	return cells.Table([]string{"arm", "test accuracy, %", "M MAdds", "less six random architectures, points",
		"processor time of the search, s"}, rows...)
}

func (t tables) finalDifferences() string {
	var rows [][]string
	for _, a := range arms()[1:] {
		rows = append(rows, []string{a.title, t.contrast(arms()[0].name, a.name, accuracy),
			t.ratio(arms()[0].name, a.name, madds)})
	}
	return cells.Table([]string{"arm", "transfer less this, points",
		"MAdds, transfer over this (95 % interval)"},
		rows...)
}

// levels of accuracy that are fixed, percent.
func levels() []float64 { return []float64{20, 25, 30, 35} }

// reaches says when populations of the small task reach an accuracy, with and without shared
// weights.
func (t tables) reaches() string {
	var rows [][]string
	add := func(title string, level func(seed int) (accuracy float64, ok bool)) {
		row := []string{title}
		for _, config := range []string{small, alone} {
			var evaluations, times []float64
			cellsOf := 0
			for seed := 1; seed <= seeds; seed++ {
				one := t.Get(cells.Seeded(config, seed))
				goal, ok := level(seed)
				if one == nil || !ok {
					continue
				}
				cellsOf++
				s := &one.Result.Task.Search
				if n := s.Reaches(goal); n > 0 {
					evaluations = append(evaluations, float64(n))
					if s.CPU > 0 {
						times = append(times, s.CPU*float64(n)/float64(len(s.Curve)))
					}
				}
			}
			time := "–" // never, or in searches that were stopped and went on
			if cellsOf == 0 || len(times) > 0 {
				time = cells.Spread("%.0f", times)
			}
			row = append(row, reached(evaluations, cellsOf), time)
		}
		rows = append(rows, row)
	}
	for _, l := range levels() {
		add(fmt.Sprintf("%.0f %%", l), func(int) (float64, bool) { return l / 100, true })
	}
	add("that of 42 evaluations without sharing, of the same seed", func(seed int) (float64, bool) {
		one := t.Get(cells.Seeded(alone, seed))
		if one == nil {
			return 0, false
		}
		curve := one.Result.Task.Search.Curve // no percent, which rounding would put above the accuracy
		return curve[len(curve)-1].Accuracy, true
	})
	return cells.Table([]string{"mean accuracy", "shared: evaluations", "s", "not shared: evaluations",
		"s"}, rows...)
}

// reached is the mean number of evaluations of those that reached a level, and how many of all.
func reached(evaluations []float64, all int) string {
	switch {
	case all == 0:
		return cells.NotRun
	case len(evaluations) == 0:
		return fmt.Sprintf("never (%d seeds)", all)
	case len(evaluations) < all:
		return fmt.Sprintf("%s (%d of %d seeds)", cells.Spread("%.1f", evaluations), len(evaluations), all)
	}
	return cells.Spread("%.1f", evaluations)
}

// sharing compares what was found with and without shared weights.
func (t tables) sharing() string {
	var rows [][]string
	for _, x := range []struct {
		title, format string
		of            figure
	}{
		{"area, %", "%.2f", area}, {"mean accuracy at the end, %", "%.2f", at(last, accuracyOf)},
		{"test accuracy of the network found, retrained, %", "%.2f", accuracy}, {"its M MAdds", "%.1f", madds},
		{"correlation of accuracy with place in the search", "%.2f", ageing},
	} {
		rows = append(rows, []string{x.title, t.spread(x.format, small, x.of), t.spread(x.format, alone, x.of),
			t.contrast(small, alone, x.of)})
	}
	rows = slices.Insert(rows, 3, []string{"the same less six random architectures",
		t.aboveAlike(small, eatnas.SmallTask), t.aboveAlike(alone, eatnas.SmallTask), "–"})
	shared, separate, less := t.processors(small, alone)
	rows = append(rows, []string{"processor time of the search, s", cells.Spread("%.0f", shared),
		cells.Spread("%.0f", separate), cells.Contrast("%+.0f", less, t.Planned(small))})
	return cells.Table([]string{"", "shared", "not shared", "shared less not shared"}, rows...)
}

// pymoo is the table beside it.
func (t tables) pymoo() string {
	one := t.Get("pymoo")
	if one == nil {
		return cells.NotRun + "\n"
	}
	return "```\n" + one.Result.Text + "```\n"
}

// time is what all cells took.
func (t tables) time() string {
	var wall, cpu []float64
	known := true
	for _, c := range thePage().Cells {
		if one := t.Get(c.Name); one != nil {
			wall, cpu = append(wall, one.Seconds), append(cpu, one.Result.CPU)
			known = known && one.Result.CPU > 0
		}
	}
	if len(wall) == 0 {
		return cells.NotRun
	}
	text := fmt.Sprintf("%.0f min of wall time", stat.Mean(wall, nil)*float64(len(wall))/60)
	if known {
		text += fmt.Sprintf(", %.0f min of processors", stat.Mean(cpu, nil)*float64(len(cpu))/60)
	}
	return text
}
