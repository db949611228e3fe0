package eatnas

import (
	"cmp"
	"math"
	"slices"

	"github.com/tendril-nas/tendril/evolution"
	"github.com/tendril-nas/tendril/searchspace"
)

// watched is a strategy whose population is followed. A search that goes on tells it everything
// once more.
type watched struct {
	evolution.Strategy[searchspace.Arch]
	tournament *evolution.Tournament[searchspace.Arch] // nil for random search
	size       int                                     // of the population
	cost       evolution.Objective
	told       []evolution.Outcome[searchspace.Arch]
	curve      []Point
	converged  bool
}

// Places of the objectives.
const (
	atScore = iota // its sign changed
	atError
)

func accuracyOf(o *evolution.Outcome[searchspace.Arch]) float64 { return 1 - o.Objectives[atError] }

// Tell hands outcomes on and looks at the population that they make.
func (w *watched) Tell(outcomes ...evolution.Outcome[searchspace.Arch]) error {
	if err := w.Strategy.Tell(outcomes...); err != nil {
		return err
	}
	w.told = append(w.told, outcomes...)
	p, err := w.point()
	for range outcomes {
		w.curve = append(w.curve, p)
	}
	return err
}

// population is that of the strategy. Random search has none of its own: the best of all that was
// told stand for it.
func (w *watched) population() []evolution.Outcome[searchspace.Arch] {
	if w.tournament != nil {
		return w.Strategy.Population()
	}
	var out []evolution.Outcome[searchspace.Arch]
	for _, o := range w.told {
		if !o.Failed {
			out = append(out, o)
		}
	}
	slices.SortStableFunc(out, func(a, b evolution.Outcome[searchspace.Arch]) int {
		return cmp.Compare(a.Objectives[atScore], b.Objectives[atScore])
	})
	return out[:min(len(out), w.size)]
}

// point describes the population; nothing in it is known while nothing was measured.
func (w *watched) point() (Point, error) {
	list := w.population()
	if len(list) == 0 {
		return Point{}, nil
	}
	var p Point
	var accuracies []float64
	for i := range list {
		a := accuracyOf(&list[i])
		accuracies = append(accuracies, a)
		cost, _, err := w.cost.Of(searchspace.Measurement{Arch: list[i].Genome})
		if err != nil {
			return p, err
		}
		p.Accuracy += a / float64(len(list))
		p.MAdds += cost / float64(len(list))
		p.Best = math.Max(p.Best, a)
	}
	if len(list) < w.size { // the quality of a few says little
		return p, nil
	}
	var err error
	p.Quality, err = evolution.Quality(accuracies, nil)
	return p, err
}

// best is the population of the best quality, the best first, and that quality.
func (w *watched) best() ([]evolution.Outcome[searchspace.Arch], float64) {
	if w.tournament != nil {
		if list, q := w.tournament.BestPopulation(); len(list) > 0 {
			return list, q
		}
	}
	var q float64
	if len(w.curve) > 0 {
		q = w.curve[len(w.curve)-1].Quality
	}
	return w.population(), q
}
