package main

import (
	"fmt"
	"strings"

	"github.com/tendril-nas/tendril/examples/eas/internal/eas"
	"github.com/tendril-nas/tendril/examples/internal/run/cells"
)

// ordering is something that the paper reports to be better than something else.
type ordering struct {
	claim, paper string
	here         []float64 // by how much it is so here, points
	planned      int
}

// notTold is what the paper says about an ordering that it does not report.
const notTold = "not told"

// Verdicts on orderings.
const (
	holds     = "holds"
	reversed  = "the other way round"
	undecided = "not decided at this size"
	alone     = "one seed decides nothing"
)

// all are the orderings of the page.
func (t tables) all() []ordering { return append(t.ofMethods(), t.ofRates()...) }

// orderings say which of the paper's orderings hold here.
func (t tables) orderings() string {
	var rows [][]string
	for _, o := range t.all() {
		rows = append(rows, row(o.claim, o.paper, points(o.here, o.planned), o.verdict()))
	}
	return cells.Table([]string{"ordering", "paper, points", "here, points", ""}, rows...)
}

// plainly says in sentences what became of the orderings that the paper reports.
func (t tables) plainly() string {
	groups := []struct{ verdict, say string }{{holds, "Hold here"}, {reversed, "Are the other way round here"},
		{undecided, "This size cannot decide"}, {alone, "Have one seed, which decides nothing"},
		{"", "Wait for cells that are not there yet"}}
	claims := make([][]string, len(groups))
	for _, o := range t.all() {
		k := 0
		for k < len(groups)-1 && groups[k].verdict != o.verdict() {
			k++
		}
		if o.paper != notTold {
			claims[k] = append(claims[k], o.claim)
		}
	}
	var b strings.Builder
	for k, list := range claims {
		if list != nil {
			fmt.Fprintf(&b, "- %s: %s.\n", groups[k].say, strings.Join(list, "; "))
		}
	}
	return b.String()
}

// ofMethods are the orderings of methods.
func (t tables) ofMethods() []ordering {
	list := []ordering{{"generator with dropout over OFA-T without", "+0.9 to +1.3", t.published(), seeds}}
	for _, o := range []struct{ a, b, claim, paper string }{
		{eas.EAS, eas.OFAT, "generator over OFA-T", "above +0.7"},
		{eas.MultiPath, eas.OFAT, "multi-path generator over OFA-T", "yes"},
		{eas.EAS, eas.MultiPath, "single-path over multi-path generator", "+0.7"},
		{eas.OFAT, eas.OFAV, "OFA-T over OFA-V", "-0.1 to +0.5"},
		{eas.EAS, eas.EASV, "generator over EAS-V", "+0.8 to +1.3"},
		{eas.EAS, eas.RandomOne, "generator over random", "yes"},
		{eas.MultiPath, eas.RandomOne, "multi-path generator over random", "yes"},
		{eas.OFAT, eas.RandomOne, "OFA-T over random", "yes"},
		{eas.EASV, eas.RandomOne, "EAS-V over random", notTold},
		{eas.OFAV, eas.RandomOne, "OFA-V over random", notTold},
		{eas.EAS, eas.RandomN, "generator over the best of 8 random", notTold},
	} {
		list = append(list, ordering{o.claim, o.paper, t.lead(with(), o.a, o.b), t.planned(with(), o.a, o.b)})
	}
	return list
}

// ofRates are the orderings of drop rates.
func (t tables) ofRates() []ordering {
	highest := func(r *eas.Report) float64 { return accuracyAt(eas.EAS, len(r.Budgets)-1)(r) }
	lowest := accuracyAt(eas.EAS, 0)
	target, generator := otherDrops()[0], accuracy(eas.EAS)
	list := []ordering{
		{"rate 0.6 over none, mean of generator and OFA-T", notTold, dropEffect(t), seeds},
		{"rate 0.6 over none, generator", "yes", t.gain(with(), without(), generator), seeds},
		{"rate 0.6 over none, generator, more so at the highest budget than at the lowest", "yes",
			t.gain(with(), without(), func(r *eas.Report) float64 { return highest(r) - lowest(r) }), seeds},
		{"none over the superclass alone (rate 1), generator", "yes", t.gain(without(), target, generator), 1},
		{"none over the superclass alone, generator, at the highest budget", "especially there", t.gain(without(), target, highest), 1},
		{"rate 0.6 over the superclass alone, generator", "yes", t.gain(with(), target, generator), 1},
	}
	for _, d := range otherDrops()[1:] {
		list = append(list, ordering{fmt.Sprintf("rate 0.6 over %g, generator", d.rate), "yes, the best",
			t.gain(with(), d, generator), 1})
	}
	return list
}

// published is what the paper compares: the generator with dropout less evolution without, paired
// by seed.
func (t tables) published() (out []float64) {
	for _, pair := range t.Together(with().name, without().name) {
		out = append(out, accuracy(eas.EAS)(pair[0].Report)-accuracy(eas.OFAT)(pair[1].Report))
	}
	return out
}

func (o *ordering) verdict() string {
	switch {
	case len(o.here) == 0:
		return cells.NotRun
	case o.planned == 1:
		return alone
	}
	return verdict(o.here, o.planned, holds, reversed, undecided)
}

// verdict is that of all planned seeds; before, nobody is told what the first ones say.
func verdict(x []float64, planned int, above, below, neither string) string {
	if len(x) < planned {
		return "Decided when all seeds are there."
	}
	return cells.Verdict(x, above, below, neither)
}
