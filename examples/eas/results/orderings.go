package main

import (
	"fmt"

	"github.com/tendril-nas/tendril/examples/eas/internal/eas"
	"github.com/tendril-nas/tendril/examples/internal/run/cells"
)

// ordering is something that the paper reports to be better than something else.
type ordering struct {
	claim, paper string
	here         []float64 // by how much it is so here, points
	planned      int
}

// orderings say which of the paper's orderings hold here.
func (t tables) orderings() string {
	lead := func(a, b string) ([]float64, int) { return t.lead(with(), a, b), t.planned(with(), a, b) }
	list := []ordering{
		{"generator over OFA-T", "yes; +0.9 to +1.3 where it alone has dropout", nil, 0},
		{"OFA-T over OFA-V", "up to +0.5", nil, 0},
		{"generator over EAS-V", "+0.8 to +1.3", nil, 0}, {"single-path over multi-path generator", "+0.7", nil, 0},
		{"generator over random", "yes", nil, 0}, {"OFA-T over random", "yes", nil, 0},
	}
	for i, pair := range [][2]string{{eas.EAS, eas.OFAT}, {eas.OFAT, eas.OFAV}, {eas.EAS, eas.EASV},
		{eas.EAS, eas.MultiPath}, {eas.EAS, eas.RandomOne}, {eas.OFAT, eas.RandomOne}} {
		list[i].here, list[i].planned = lead(pair[0], pair[1])
	}
	list = append(list,
		ordering{"rate 0.6 over none", "yes", t.gain(with(), without(), accuracy(eas.EAS)), seeds},
		ordering{"none over the superclass alone (rate 1)", "yes", t.gain(without(), otherDrops()[0],
			accuracy(eas.EAS)), 1},
		ordering{"rate 0.6 over the superclass alone", "yes", t.gain(with(), otherDrops()[0],
			accuracy(eas.EAS)), 1},
	)
	for _, d := range otherDrops()[1:] {
		list = append(list, ordering{fmt.Sprintf("rate 0.6 over %g", d.rate), "yes, the best",
			t.gain(with(), d, accuracy(eas.EAS)), 1})
	}
	var rows [][]string
	for _, o := range list {
		rows = append(rows, row(o.claim, o.paper, points(o.here, o.planned), o.verdict()))
	}
	return cells.Table([]string{"ordering", "paper, points", "here, points", ""}, rows...)
}

func (o *ordering) verdict() string {
	switch {
	case len(o.here) == 0:
		return cells.NotRun
	case len(o.here) == 1:
		return "one seed decides nothing"
	}
	return cells.Verdict(o.here, "holds", "the other way round", "not decided at this size")
}
