package main

import (
	"fmt"
	"math"
	"strings"

	"gonum.org/v1/gonum/stat"

	"github.com/tendril-nas/tendril/examples/eatnas/internal/eatnas"
	"github.com/tendril-nas/tendril/examples/internal/run/cells"
)

// figure is one number of a cell with a search.
type figure func(r *eatnas.TaskReport) float64

// area under the mean accuracy of the population, in percent: its mean over all evaluations.
func area(r *eatnas.TaskReport) float64 { return 100 * r.Search.Area() }

// at is a figure of the population after so many evaluations, the last where there were fewer.
func at(evaluations int, f func(p eatnas.Point) float64) figure {
	return func(r *eatnas.TaskReport) float64 {
		return f(r.Search.Curve[min(evaluations, len(r.Search.Curve))-1])
	}
}

func accuracyOf(p eatnas.Point) float64 { return 100 * p.Accuracy }

func maddsOf(p eatnas.Point) float64 { return p.MAdds }

// last stands for all evaluations of a search.
const last = math.MaxInt

// accuracy of the network that was chosen, in percent of the test images.
func accuracy(r *eatnas.TaskReport) float64 { return 100 * r.Network().Accuracy }

// meanMAdds are the multiply-adds of the population, millions, as area is of its accuracy.
func meanMAdds(r *eatnas.TaskReport) float64 {
	var sum float64
	for _, p := range r.Search.Curve {
		sum += p.MAdds
	}
	return sum / float64(len(r.Search.Curve))
}

// apart is in how many decisions two members of the first population differ, on average: 35 is all
// of them.
func apart(r *eatnas.TaskReport) float64 {
	var codes [][]string
	for _, c := range r.Search.Tried[:min(shown()[0], len(r.Search.Tried))] {
		codes = append(codes, strings.FieldsFunc(c.Arch, func(r rune) bool { return r == ',' || r == ':' }))
	}
	sum, pairs := 0.0, 0.0
	for i, a := range codes {
		for _, b := range codes[:i] {
			for k := range a {
				if a[k] != b[k] {
					sum++
				}
			}
			pairs++
		}
	}
	return sum / pairs
}

// ageing is the correlation of a candidate's accuracy with its place in the search.
func ageing(r *eatnas.TaskReport) float64 {
	var places, accuracies []float64
	for i, c := range r.Search.Tried {
		if !c.Failed {
			places, accuracies = append(places, float64(i)), append(accuracies, c.Accuracy)
		}
	}
	return stat.Correlation(places, accuracies, nil)
}

func madds(r *eatnas.TaskReport) float64 { return millions(r.Network().MAdds) }

func quality(r *eatnas.TaskReport) float64 { return r.Search.Quality }

func millions(n int64) float64 { return float64(n) / 1e6 }

// values are a figure of every finished cell of a configuration.
func (t tables) values(config string, f figure) []float64 {
	return t.Values(config, func(r *result) float64 { return f(r.Task) })
}

func (t tables) spread(format, config string, f figure) string {
	return cells.Spread(format, t.values(config, f))
}

// differences are those of a figure between configurations, a less b, paired by seed.
func (t tables) differences(a, b string, f figure) []float64 {
	return t.Differences(a, b, func(r *result) float64 { return f(r.Task) })
}

// contrast says what a difference is.
func (t tables) contrast(a, b string, f figure) string {
	return cells.Contrast("%+.2f", t.differences(a, b, f), t.Planned(a))
}

// ratio is the geometric mean of a figure over another's of the same seed, with its 95 % interval.
func (t tables) ratio(a, b string, f figure) string {
	logs := t.Differences(a, b, func(r *result) float64 { return math.Log(f(r.Task)) })
	switch len(logs) {
	case 0:
		return cells.NotRun
	case 1:
		return fmt.Sprintf("%.2f", math.Exp(logs[0]))
	}
	m, h := cells.Interval(logs)
	return fmt.Sprintf("%.2f (%.2f to %.2f)", math.Exp(m), math.Exp(m-h), math.Exp(m+h))
}

// processors are the processor times of the searches of two configurations, and a's less b's,
// paired by seed. A search that was stopped and went on has none.
func (t tables) processors(a, b string) (ofA, ofB, less []float64) {
	for seed := 1; seed <= seeds; seed++ {
		one, other := t.cpu(a, seed), t.cpu(b, seed)
		if one > 0 {
			ofA = append(ofA, one)
		}
		if other > 0 {
			ofB = append(ofB, other)
		}
		if one > 0 && other > 0 {
			less = append(less, one-other)
		}
	}
	return ofA, ofB, less
}

func (t tables) cpu(config string, seed int) float64 {
	if one := t.Get(cells.Seeded(config, seed)); one != nil {
		return one.Result.Task.Search.CPU
	}
	return 0
}
