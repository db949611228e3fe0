package main

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/tendril-nas/tendril/examples/danas/internal/danas"
	"github.com/tendril-nas/tendril/examples/internal/run/cells"
)

// Figures of a cell with a search.
func accuracy(r *result) float64 { return 100 * r.Trained.Accuracy }
func madds(r *result) float64    { return r.Trained.MAdds }
func relative(r *result) float64 { return r.Search.Relative }
func seconds(r *result) float64  { return r.Search.Seconds }
func cpu(r *result) float64      { return r.Search.CPU }

// same is the difference, in points, below which arms count as equal.
const same = 1.0

// mostWork is what both may take of the work of neither.
const mostWork = 0.4

// verdict says what an interval of differences in accuracy says.
func verdict(x []float64) string {
	if len(x) < 2 {
		return "undecided"
	}
	mean, half := cells.Interval(x)
	switch {
	case math.Abs(mean)+half < same:
		return fmt.Sprintf("equal within ±%.0f point", same)
	case mean-half > 0:
		return "better"
	case mean+half < 0:
		return "worse"
	}
	return "undecided"
}

// primary says in sentences how the primary endpoints came out.
func (t tables) primary() string {
	var b strings.Builder
	work := t.Values("both", relative)
	fmt.Fprintf(&b, "Work of both over that of neither: %s", cells.Spread("%.3f", work))
	switch {
	case len(work) == 0:
	case slices.Max(work) <= mostWork:
		fmt.Fprintf(&b, ", at most %g with every seed", mostWork)
	default:
		fmt.Fprintf(&b, ", **above %g**, %.3f, with at least one seed", mostWork, slices.Max(work))
	}
	b.WriteString(".\n")
	d := t.Differences("both", "neither", accuracy)
	fmt.Fprintf(&b, "Accuracy, both − neither, points: %s: %s.\n", cells.Contrast("%+.2f", d, seeds),
		verdict(d))
	return b.String()
}

// work is what schedule and pruning save, by arithmetic, measured, and in the paper.
func (t tables) work() string {
	paper := map[string]string{"both": "0.28 (printed), 0.36 (its schedule)",
		"schedule": "0.36 (printed), 0.56",
		"pruning":  "0.61 (printed), 0.76", "neither": "1"}
	var rows [][]string
	for _, a := range arms()[:4] {
		rows = append(rows, []string{a.title,
			cells.Spread("%.2f", t.Values(a.name, func(r *result) float64 { return r.Search.Predicted })),
			cells.Spread("%.2f", t.Values(a.name, relative)), t.ratio(a.name, "neither", cpu),
			t.ratio(a.name, "neither", seconds), t.known("%.0f", a.name, cpu), t.known("%.0f", a.name, seconds),
			paper[a.name]})
	}
	return cells.Table([]string{"arm", "work by arithmetic", "multiply-adds of searched layers",
		"processor time", "wall time", "processor time, s", "wall time, s", "paper"}, rows...)
}

// known is the spread of a time where the clock knows it.
func (t tables) known(format, config string, time func(*result) float64) string {
	all := t.Values(config, time)
	some := slices.DeleteFunc(slices.Clone(all), func(s float64) bool { return s == 0 })
	if len(some) == 0 && len(all) > 0 {
		return "–"
	}
	return cells.Spread(format, some)
}

// ratio is the mean of a time over that of another arm with the same seed.
func (t tables) ratio(a, b string, time func(*result) float64) string {
	var out []float64
	pairs := t.Together(a, b)
	for _, pair := range pairs {
		if x, y := time(pair[0]), time(pair[1]); x > 0 && y > 0 {
			out = append(out, x/y)
		}
	}
	if len(out) == 0 && len(pairs) > 0 {
		return "–"
	}
	return cells.Spread("%.2f", out)
}

func (t tables) accuracies() string {
	var rows [][]string
	for _, a := range arms() {
		rows = append(rows, []string{a.title, fmt.Sprint(len(t.Of(a.name))), cells.Spread("%.2f",
			t.Values(a.name, accuracy)),
			cells.Spread("%.2f", t.Values(a.name, madds)), t.known("%.0f", a.name, cpu),
			t.known("%.0f", a.name, seconds), published(a.name)})
	}
	rows = append(rows, []string{random, fmt.Sprint(len(t.Of("headroom"))), cells.Spread("%.2f",
		t.Values("headroom", meanAccuracy)), cells.Spread("%.2f", t.Values("headroom", meanMAdds)), "0", "0", "–"})
	return cells.Table([]string{"arm", "seeds", "test accuracy, %", "M MAdds", "search, s of processors",
		"search, s", "paper, %"}, rows...)
}

// published is the paper's accuracy on ImageNet (Tables 1, 4 and 6, space Shuffle), in words.
func published(arm string) string {
	of := map[string]string{"both": "74.4", "schedule": "74.2", "pruning": "74.2", "neither": "73.8",
		"small": "73.2", "hard": "74.1", singlePath: "74.4"}
	if text, ok := of[arm]; ok {
		return text
	}
	return "–"
}

// random is the name of architectures that nobody searched.
const random = "random, mean of 12"

func meanAccuracy(r *result) float64 {
	return meanOf(r, func(x *danas.Trained) float64 { return 100 * x.Accuracy })
}
func meanMAdds(r *result) float64 {
	return meanOf(r, func(x *danas.Trained) float64 { return x.MAdds })
}

// meanOf is the mean of a figure over architectures that were trained alike.
func meanOf(r *result, of func(*danas.Trained) float64) (mean float64) {
	for i := range r.Alike {
		mean += of(&r.Alike[i]) / float64(len(r.Alike))
	}
	return mean
}

func (t tables) contrasts() string {
	var rows [][]string
	first := arms()[0]
	for _, a := range arms()[1:] {
		d := t.Differences(first.name, a.name, accuracy)
		rows = append(rows, []string{a.title, cells.Contrast("%+.2f", d, a.seeds), verdict(d)})
	}
	var d []float64
	for _, pair := range t.Together(first.name, "headroom") {
		d = append(d, accuracy(pair[0])-meanAccuracy(pair[1]))
	}
	rows = append(rows, []string{random, cells.Contrast("%+.2f", d, headroomSeeds), verdict(d)})
	return cells.Table([]string{"arm", first.title + " less this, points", "first is"}, rows...)
}

// targets is how well costs follow the target.
func (t tables) targets() string {
	var rows [][]string
	add := func(target, config string) {
		final := t.Values(config, func(r *result) float64 { return r.Search.Final })
		argMax := t.Values(config, func(r *result) float64 { return r.Search.ArgMax })
		off := t.Values(config,
			func(r *result) float64 { return 100 * math.Abs(r.Search.Final/r.Search.Target-1) })
		worst := cells.NotRun
		if len(off) > 0 {
			worst = fmt.Sprintf("%.1f", slices.Max(off))
		}
		rows = append(rows, []string{target, cells.Spread("%.2f", final), worst, cells.Spread("%.2f",
			argMax)})
	}
	add(fmt.Sprintf("%g", danas.Default().Target), arms()[0].name)
	for _, x := range otherTargets() {
		add(fmt.Sprintf("%g", x), targetOf(x))
	}
	return cells.Table([]string{"target, M MAdds", "found", "farthest from the target, %", "arg max"},
		rows...)
}

func (t tables) references() string {
	one := t.Get(ranked)
	if one == nil {
		return cells.NotRun + "\n"
	}
	var rows [][]string
	for _, x := range one.Result.Easiness.References {
		rows = append(rows, []string{x.Family, fmt.Sprintf("%.1f", x.MAdds), fmt.Sprintf("%.1f",
			100*x.Accuracy)})
	}
	return cells.Table([]string{"family", "M MAdds", "test accuracy, %"}, rows...)
}

func (t tables) agreements() string {
	one := t.Get(ranked)
	if one == nil {
		return cells.NotRun + "\n"
	}
	var rows [][]string
	e := one.Result.Easiness
	for _, x := range slices.Concat(e.Agreements, e.Learnt) {
		rows = append(rows, []string{x.A + ", " + x.B, fmt.Sprint(x.Classes), fmt.Sprintf("%.2f (%.2f to %.2f)",
			x.Spearman, x.SpearmanRange[0], x.SpearmanRange[1]), fmt.Sprintf("%.2f", x.Kendall),
			fmt.Sprintf("%.3f", x.P)})
	}
	return cells.Table([]string{"orders", "classes", "Spearman (95 % interval)", "Kendall", "p"}, rows...)
}

// alike are the architectures that were trained alike.
func (t tables) alike() (groups [][]float64) {
	if len(t.Of("headroom")) == 0 {
		return nil
	}
	for i := range t.Of("headroom")[0].Result.Alike {
		groups = append(groups, t.Values("headroom",
			func(r *result) float64 { return 100 * r.Alike[i].Accuracy }))
	}
	return groups
}

// room says whether there is anything to gain by choosing an architecture.
func (t tables) room() string {
	groups := t.alike()
	if groups == nil {
		return cells.NotRun + ".\n"
	}
	v := cells.Blocked(groups...)
	if math.IsNaN(v.P) {
		return "One seed cannot tell architectures from noise.\n"
	}
	text := fmt.Sprintf("Standard deviation between architectures %.2f points; noise, after what a seed "+
		"does to all of them is taken out, %.2f (F = %.1f, %s). ", v.Between, v.Within, v.F, cells.Probability(v.P))
	if v.P < 0.05 {
		return text + "Architectures differ: there is headroom.\n"
	}
	return text + "**No headroom is shown; where there is none, no method can show an effect.**\n"
}

func (t tables) headroom() string {
	if len(t.Of("headroom")) == 0 {
		return cells.NotRun + "\n"
	}
	var rows [][]string
	for i, n := range t.Of("headroom")[0].Result.Alike {
		rows = append(rows, []string{"`" + n.Arch + "`", fmt.Sprintf("%.2f", n.MAdds), cells.Spread("%.2f",
			t.alike()[i])})
	}
	return cells.Table([]string{"architecture", "M MAdds", "test accuracy, %"}, rows...)
}

// time is what all cells took.
func (t tables) time() string {
	var wall, cpu float64
	known := true
	for _, c := range thePage().Cells {
		if one := t.Get(c.Name); one != nil {
			wall, cpu = wall+one.Seconds, cpu+one.Result.CPU
			known = known && one.Result.CPU > 0
		}
	}
	text := fmt.Sprintf("%.0f min of wall time", wall/60)
	if known && cpu > 0 {
		text += fmt.Sprintf(", %.0f min of processors", cpu/60)
	}
	return text
}

// ranking is the order of the classes.
func (t tables) ranking() string {
	one := t.Get(ranked)
	if one == nil {
		return cells.NotRun
	}
	return "`" + rankingOf(one) + "`"
}

// commands is the table of commands, which all have the order of the classes in common.
func (t tables) commands() string {
	text := t.Commands()
	if one := t.Get(ranked); one != nil {
		text = strings.ReplaceAll(text, "-ranking "+rankingOf(one)+" ", "-ranking RANKING ")
	}
	return text
}
