package main

import (
	"fmt"
	"math"
	"slices"

	"github.com/tendril-nas/tendril/examples/eas/internal/eas"
	"github.com/tendril-nas/tendril/examples/internal/run/cells"
)

// figure is one number of a run.
type figure func(r *eas.Report) float64

// accuracy of a method, in percent of the test images of a superclass, averaged over superclasses
// and budgets.
func accuracy(method string) figure {
	return func(r *eas.Report) float64 { return 100 * r.Method(method).All(len(r.Budgets)).Accuracy }
}

// accuracyAt is the same at one budget.
func accuracyAt(method string, budget int) figure {
	return func(r *eas.Report) float64 {
		return 100 * eas.FiguresOf(r.Method(method).At(budget, len(r.Budgets))).Accuracy
	}
}

// accuracyOn is the same on one superclass.
func accuracyOn(method string, k int) figure {
	return func(r *eas.Report) (sum float64) {
		n := len(r.Budgets)
		for b := range n {
			sum += 100 * r.Method(method).At(b, n)[k].Accuracy() / float64(n)
		}
		return sum
	}
}

// accuracyOnAt is the same at one budget.
func accuracyOnAt(method string, k, budget int) figure {
	return func(r *eas.Report) float64 {
		return 100 * r.Method(method).At(budget, len(r.Budgets))[k].Accuracy()
	}
}

// used is the part of the budgets that is used, in percent.
func used(method string) figure {
	return func(r *eas.Report) float64 { return 100 * r.Method(method).All(len(r.Budgets)).Use }
}

// least is the smallest part of a budget that is used, in percent.
func least(method string) figure {
	return func(r *eas.Report) float64 {
		least := 100.0
		for _, a := range r.Method(method).Answers {
			least = min(least, 100*a.Cost/a.Budget)
		}
		return least
	}
}

// worth is what one percent of cost is worth, in points of accuracy, by the curve of a method from
// the lowest budget to the highest: accuracy over the logarithm of cost.
func worth(method string) figure {
	return func(r *eas.Report) float64 {
		n := len(r.Budgets)
		low, high := eas.FiguresOf(r.Method(method).At(0, n)), eas.FiguresOf(r.Method(method).At(n-1, n))
		return (high.Accuracy - low.Accuracy) / math.Log(high.Cost/low.Cost)
	}
}

func similarityAt(method string, budget int) figure {
	return func(r *eas.Report) float64 { return r.Method(method).Similarity[budget] }
}

// having are the finished cells of a rate that have all of some methods.
func (t tables) having(d drop, methods ...string) (out []*record) {
	for _, one := range t.Of(d.name) {
		all := true
		for _, m := range methods {
			all = all && one.Result.Report.Method(m) != nil
		}
		if all {
			out = append(out, one)
		}
	}
	return out
}

// planned counts the cells of a rate that have all of some methods, finished or not.
func (t tables) planned(d drop, methods ...string) (n int) {
	for _, c := range thePage().Cells {
		cfg, err := eas.Program().Settings(c.Args)
		if err != nil || cfg.Drop != d.rate || c.Name == timed {
			continue
		}
		all := true
		for _, m := range methods {
			all = all && slices.Contains(cfg.Methods, m)
		}
		if all {
			n++
		}
	}
	return n
}

// values are a figure of every finished cell of a rate that has the methods.
func (t tables) values(d drop, f figure, methods ...string) (out []float64) {
	for _, one := range t.having(d, methods...) {
		out = append(out, f(one.Result.Report))
	}
	return out
}

func (t tables) spread(format string, d drop, f figure, methods ...string) string {
	return cells.Spread(format, t.values(d, f, methods...))
}

// lead is by how much a method is more often right than another with a rate, for every seed that
// has both.
func (t tables) lead(d drop, a, b string) []float64 {
	return t.values(d, func(r *eas.Report) float64 { return accuracy(a)(r) - accuracy(b)(r) }, a, b)
}

// gain is by how much a figure is higher with one rate than with another, paired by seed.
func (t tables) gain(a, b drop, f figure) []float64 {
	return t.Differences(a.name, b.name, func(r *result) float64 { return f(r.Report) })
}

// Main effects of the 2×2.
func dropEffect(t tables) []float64 {
	return t.gain(with(), without(), func(r *eas.Report) float64 {
		return (accuracy(eas.EAS)(r) + accuracy(eas.OFAT)(r)) / 2
	})
}

// searchEffect is generator less evolution, the mean of both rates, for every seed that has both.
func searchEffect(t tables) (out []float64) {
	for _, row := range t.Together(with().name, without().name) {
		sum := 0.0
		for _, r := range row {
			sum += (accuracy(eas.EAS)(r.Report) - accuracy(eas.OFAT)(r.Report)) / 2
		}
		out = append(out, sum)
	}
	return out
}

// interaction is by how much more the generator gains by dropout than evolution does.
func interaction(t tables) []float64 {
	return t.gain(with(), without(),
		func(r *eas.Report) float64 { return accuracy(eas.EAS)(r) - accuracy(eas.OFAT)(r) })
}

func points(x []float64, planned int) string { return cells.Contrast("%+.2f", x, planned) }

func title(method string) string {
	return map[string]string{eas.EAS: "generator", eas.EASOne: "generator, most probable",
		eas.MultiPath: "multi-path generator", eas.EASV: "generator, one for all (EAS-V)",
		eas.OFAT: "evolution (OFA-T)", eas.OFAV: "evolution, one for all (OFA-V)",
		eas.RandomN: "random, best of 8", eas.RandomOne: "random, one"}[method]
}

func row(first string, rest ...string) []string { return append([]string{first}, rest...) }

func millions(v float64) string { return fmt.Sprintf("%.2f M", v/1e6) }
