package main

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"

	"github.com/tendril-nas/tendril/examples/eas/internal/eas"
	"github.com/tendril-nas/tendril/examples/internal/run/cells"
)

// once is the time of processors before the first scenario, seconds; 0 where it is not known.
func once(method string) figure {
	return func(r *eas.Report) float64 { return r.Method(method).Once.CPU }
}

// perScenario is that of a scenario, milliseconds.
func perScenario(method string) figure {
	return func(r *eas.Report) float64 {
		m := r.Method(method)
		return 1000 * m.Scenarios.CPU / float64(len(m.Answers))
	}
}

// times are what methods take of processors beside the supernet, over all rates and seeds: a rate
// changes nothing about them.
func (t tables) times() string {
	var rows [][]string
	for _, m := range eas.Methods() {
		before := spent("%.0f", t.everywhere(once(m), m))
		if m == eas.RandomN || m == eas.RandomOne {
			before = "–"
		}
		each := t.everywhere(perScenario(m), m)
		rows = append(rows, row(title(m), before, spent("%.2f", each), t.breakEven(m), fmt.Sprint(len(each))))
	}
	trained := t.everywhere(func(r *eas.Report) float64 { return r.Trained.CPU })
	return cells.Table([]string{"", "before the first scenario, s", "a scenario, ms",
		"scenarios after which the generator's most probable answers cost less", "runs"}, rows...) +
		"\nThe supernet itself takes, s: " + spent("%.0f", trained) + ".\n\n" + t.instant() + t.beside()
}

// instant says how fast the generator answers fifty scenarios, beside what was to be shown and the
// paper.
func (t tables) instant() string {
	const wanted, published = 1, 100 // milliseconds
	one := t.Get(timed)
	if one == nil || one.Result.Report.Fifty == 0 {
		return "How long the answers to 50 scenarios take: " + cells.NotRun + ".\n\n"
	}
	ms := 1000 * one.Result.Report.Fifty
	took := func(most float64) string {
		if ms > most {
			return "which does not hold here"
		}
		return "which holds here"
	}
	return fmt.Sprintf("The most probable answers to 50 scenarios (pass, draws and check of costs) take %.2f ms. "+
		"At most %d ms was to be shown, %s; in the paper it is %d ms, %s.\n\n", ms, wanted, took(wanted),
		published, took(published))
}

// beside is the paper's times, and how many times as long the generator's rivals take here.
func (t tables) beside() string {
	ratio := func(m string, f func(string) figure) string {
		theirs, ours := t.everywhere(f(m), m, eas.EASOne), t.everywhere(f(eas.EASOne), m, eas.EASOne)
		if len(theirs) == 0 {
			return cells.NotRun
		}
		if v := stat.Mean(known(theirs), nil) / stat.Mean(known(ours), nil); !math.IsNaN(v) {
			return fmt.Sprintf("%.1f", v)
		}
		return notKnown
	}
	rows := [][]string{
		row("before the first scenario: multi-path generator over generator", "45 (40.3 and 0.9 GPU hours)",
			ratio(eas.MultiPath, once)),
		row("before the first scenario: OFA-T over generator", "116 (104 and 0.9 GPU hours)", ratio(eas.OFAT, once)),
		row("a scenario: OFA-T over the generator's most probable answer", "35 000 (3474 and 0.1 s for 50)",
			ratio(eas.OFAT, perScenario)),
	}
	return cells.Table([]string{"times as long", "paper", "here"}, rows...)
}

// everywhere are the values of a figure of all finished cells that have all of some methods.
func (t tables) everywhere(f figure, methods ...string) (out []float64) {
	for _, d := range allDrops() {
		out = append(out, t.values(d, f, methods...)...)
	}
	return out
}

// notKnown is what the page says about times of phases that were stopped and went on.
const notKnown = "not known"

// known are the times that are.
func known(x []float64) []float64 {
	return slices.DeleteFunc(slices.Clone(x), func(v float64) bool { return v == 0 })
}

// spent says what some times are. Those that are not known do not count.
func spent(format string, x []float64) string {
	times := known(x)
	if len(x) > 0 && len(times) == 0 {
		return notKnown
	}
	return cells.Spread(format, times)
}

// breakEven is after how many scenarios the generator has cost less than a method, by mean times.
func (t tables) breakEven(m string) string {
	if m == eas.EASOne {
		return "–"
	}
	list := func(f figure, of string) []float64 { return known(t.everywhere(f, m, eas.EASOne, of)) }
	ours, theirs := list(once(eas.EASOne), eas.EASOne), list(once(m), m)
	fast, slow := list(perScenario(eas.EASOne), eas.EASOne), list(perScenario(m), m)
	switch {
	case len(t.everywhere(once(m), m, eas.EASOne)) == 0:
		return cells.NotRun
	case m == eas.RandomN || m == eas.RandomOne:
		theirs = []float64{0}
	}
	ahead, saved := stat.Mean(ours, nil)-stat.Mean(theirs, nil), stat.Mean(slow, nil)-stat.Mean(fast, nil)
	switch {
	case math.IsNaN(ahead + saved):
		return notKnown
	case saved <= 0:
		return "never"
	}
	return fmt.Sprintf("%.0f", math.Ceil(max(0, 1000*ahead/saved)))
}
