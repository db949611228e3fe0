package main

import (
	"fmt"
	"slices"
	"strings"

	"gonum.org/v1/gonum/stat"

	"github.com/tendril-nas/tendril/examples/internal/run/cells"
	"github.com/tendril-nas/tendril/examples/nasoa/internal/nasoa"
)

func replaceAll(text, old, with string) string { return strings.ReplaceAll(text, old, with) }

// primary says in sentences how the primary endpoints came out.
func (t tables) primary() string {
	return strings.Join([]string{t.primaryErrors(), t.primaryRegret(), t.primaryTime(), t.primaryFront()}, "")
}

func verdict(sign int, less, none, more string) string {
	switch {
	case sign < 0:
		return less
	case sign > 0:
		return more
	}
	return none
}

// primaryErrors compares ours with the best of the fixed networks, on the outcomes of each cell.
func (t tables) primaryErrors() string {
	head := "1. Error, ours − the best of the MLPs, points: "
	r := t.Get(replay)
	if r == nil {
		return head + cells.NotRun + ".\n"
	}
	all := r.Result.Replays.Rivals
	best := -1
	for i, e := range all {
		if strings.HasPrefix(e.Name, "MLP") && (best < 0 || stat.Mean(e.MAE, nil) < stat.Mean(all[best].MAE, nil)) {
			best = i
		}
	}
	ours := slices.IndexFunc(all, func(e rivalErrors) bool { return e.Name == nasoa.Ours })
	x := scaled(minus(all[ours].Logs, all[best].Logs))
	return head + replaceAll(cells.Contrast("%+.2f", x, logs), "seeds", "cells") + ", the best being " +
		all[best].Name + ". " +
		verdict(cells.Sign(x), "Ours foretells better.", "A difference is not shown.", "Ours foretells worse.") +
		"\n"
}

// primaryRegret compares what is chosen.
func (t tables) primaryRegret() string {
	head := "2. Regret, NASOA taught − MLP taught offline, points: "
	a, b := t.way(wayTaught), t.way(wayOffline)
	if a == nil || b == nil {
		return head + cells.NotRun + ".\n"
	}
	x := scaled(minus(a, b))
	return head + tasks(cells.Contrast("%+.2f", x, gridTasks)) + ". " +
		verdict(cells.Sign(x), "NASOA chooses better.", "A difference is not shown.", "NASOA chooses worse.") + "\n"
}

// The endpoint about time limits.
const (
	inTimeFloor  = 95.0 // percent of the tasks
	overrunShare = 0.05 // of the limit
	overrunMost  = 1.0  // second
	coveredLow   = 88.0 // percent
	coveredHigh  = 92.0
)

// primaryTime is about tasks of both generators.
func (t tables) primaryTime() string {
	head := "3. Tasks within their limit, and accuracies inside their intervals: "
	log := append(t.limitedLog(taught), t.limitedLog(cold)...)
	c := nasoa.Punctual(log)
	if c == nil || c.Tasks == c.Refused {
		return head + cells.NotRun + ".\n"
	}
	done := c.Tasks - c.Refused
	beyond := 0
	for _, o := range log {
		if over := o.Seconds - o.Limit; !o.Refused() && over > max(overrunShare*o.Limit, overrunMost) {
			beyond++
		}
	}
	inTime, covered := 100*float64(done-c.Late)/float64(c.Tasks), 100*c.Covered
	text := head + fmt.Sprintf("%.1f %% within the limit, %d of %d refused, %d further beyond it than allowed; "+
		"%.1f %% inside. ", inTime, c.Refused, c.Tasks, beyond, covered)
	if inTime >= inTimeFloor && beyond == 0 {
		text += "Limits are kept as asked; "
	} else {
		text += "Limits are not kept as asked; "
	}
	if covered >= coveredLow && covered <= coveredHigh {
		return text + "intervals hold what they promise.\n"
	}
	return text + "intervals do not hold what they promise.\n"
}

// primaryFront counts networks of other families that the zoo beats at no longer a step.
func (t tables) primaryFront() string {
	head := "4. The zoo beside other families: "
	zoo, list := t.Get(zooCell), t.networks()
	if zoo == nil || len(list) == 0 {
		return head + cells.NotRun + ".\n"
	}
	beaten, worse, slower := 0, 0, 0
	for _, n := range list {
		best, ok := reached(zoo.Result.Zoo, n)
		switch {
		case !ok:
			slower++
		case best-100*n.Accuracy > 1.96*deviation(n):
			beaten++
		case best-100*n.Accuracy < -1.96*deviation(n):
			worse++
		}
	}
	return head + fmt.Sprintf("of %d networks, a model of the zoo that is no slower is more accurate than "+
		"%d and less than %d, "+
		"by more than 1.96 standard errors; %d are faster than all of the zoo.\n", len(list), beaten, worse, slower)
}
