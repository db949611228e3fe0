package main

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/stat"

	"github.com/tendril-nas/tendril/examples/eas/internal/eas"
	"github.com/tendril-nas/tendril/examples/internal/run/cells"
)

// wantedUse is what is to be used of budgets on average, percent.
const wantedUse = 90

// budgets says how methods keep and use budgets, over all rates and seeds, and of generators
// whether they do as they were to.
func (t tables) budgets() string {
	var rows [][]string
	var verdicts strings.Builder
	for _, m := range eas.Methods() {
		n, over, low := 0, 0, math.Inf(1)
		var mean []float64
		for _, d := range allDrops() {
			for _, one := range t.having(d, m) {
				r := one.Result.Report
				for _, a := range r.Method(m).Answers {
					if n++; a.Cost > a.Budget {
						over++
					}
				}
				mean, low = append(mean, used(m)(r)), min(low, least(m)(r))
			}
		}
		if n == 0 {
			rows = append(rows, row(title(m), cells.NotRun, "", "", ""))
			continue
		}
		rows = append(rows, row(title(m), fmt.Sprint(n), fmt.Sprint(over), cells.Spread("%.1f", mean),
			fmt.Sprintf("%.1f", low)))
		if slices.Contains([]string{eas.EAS, eas.EASOne, eas.MultiPath, eas.EASV}, m) {
			fmt.Fprintf(&verdicts, "- %s: %s.\n", title(m), keeping(over, stat.Mean(mean, nil)))
		}
	}
	return cells.Table([]string{"", "answers", "over their budget", "used on average, %", "least used, %"},
		rows...) + "\n" + verdicts.String()
}

// keeping says whether budgets were kept and used as they were to be.
func keeping(over int, used float64) string {
	text := "every answer is within its budget"
	if over > 0 {
		text = "**not every answer is within its budget**"
	}
	if used < wantedUse {
		return text + fmt.Sprintf("; on average **less than the %d %%** that were to be used are used", wantedUse)
	}
	return text + fmt.Sprintf("; on average the %d %% that were to be used are used", wantedUse)
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
	return cells.Table(append([]string{"mean cosine"}, budgetsOf(t)...), rows...) + "\n" + t.rise()
}

// rise says whether the similarity of the generator's architectures rises with the budget, and
// then saturates.
func (t tables) rise() string {
	change := func(f func(s []float64) float64) []float64 {
		return t.values(with(), func(r *eas.Report) float64 { return f(r.Method(eas.EAS).Similarity) }, eas.EAS)
	}
	rise := change(func(s []float64) float64 { return s[len(s)-1] - s[0] })
	bend := change(func(s []float64) float64 { return (s[len(s)-1] - s[len(s)-2]) - (s[1] - s[0]) })
	say := func(what string, x []float64, above, below, neither string) string {
		return strings.TrimSpace(fmt.Sprintf("- %s: %s. %s", what, cells.Contrast("%+.3f", x, seeds),
			verdict(x, seeds, above, below, neither))) + "\n"
	}
	faster, slower, neither := "It rises faster and faster, other than in the paper.",
		"It saturates, as in the paper.", "Whether it saturates is not decided at this size."
	if cells.Sign(rise) <= 0 {
		const only = "Whether it saturates is a question where it rises."
		faster, slower, neither = only, only, only
	}
	return say("the generator's at the highest budget less that at the lowest", rise,
		"It rises, as in the paper.", "It falls, other than in the paper.",
		"Whether it rises is not decided at this size.") +
		say("its last step less its first", bend, faster, slower, neither)
}
