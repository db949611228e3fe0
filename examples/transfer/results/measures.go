package main

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat"

	"github.com/tendril-nas/tendril/examples/internal/run/cells"
	"github.com/tendril-nas/tendril/examples/transfer/internal/transfer"
)

// figure is one number of a cell, NaN where it has none.
type figure func(r *result) float64

// of is a figure of a step.
func of(step string, f func(s *transfer.StepReport) float64) figure {
	return func(r *result) float64 {
		for i := range r.Steps {
			if r.Steps[i].Name == step {
				return f(&r.Steps[i])
			}
		}
		return math.NaN()
	}
}

// Accuracies are in percent of the test images, multiply-adds in millions.
func accuracy(s *transfer.StepReport) float64 { return 100 * s.Accuracy }

func madds(s *transfer.StepReport) float64 { return millions(s.MAdds) }

func seconds(s *transfer.StepReport) float64 { return s.Seconds }

func cpuSeconds(s *transfer.StepReport) float64 {
	if s.CPU == 0 {
		return math.NaN()
	}
	return s.CPU
}

func millions(n int64) float64 { return float64(n) / 1e6 }

// adaptedOr is a figure of the adapted network. Where the search found no change worth making it is
// the kept one.
func adaptedOr(f func(s *transfer.StepReport) float64) figure {
	return func(r *result) float64 {
		if x := of(transfer.StepAdapted, f)(r); !math.IsNaN(x) {
			return x
		}
		return of(transfer.StepKept, f)(r)
	}
}

// values are a figure of every finished cell that has it.
func (t tables) values(config string, f figure) []float64 {
	var out []float64
	for _, x := range t.Values(config, f) {
		if !math.IsNaN(x) {
			out = append(out, x)
		}
	}
	return out
}

// within are the differences of two figures of the same cells, which share seeds, images and what
// both were trained from.
func (t tables) within(config string, a, b figure) []float64 {
	return t.values(config, func(r *result) float64 { return a(r) - b(r) })
}

// between are the differences of figures of two configurations, from the same seeds.
func (t tables) between(configA, configB string, a, b figure) []float64 {
	var out []float64
	for _, p := range t.Together(configA, configB) {
		if d := a(p[0]) - b(p[1]); !math.IsNaN(d) {
			out = append(out, d)
		}
	}
	return out
}

// ratio is the mean of a figure over another of the same cells.
func (t tables) ratio(config string, a, b figure) string {
	x := t.values(config, func(r *result) float64 { return a(r) / b(r) })
	if len(x) == 0 {
		return cells.NotRun
	}
	return fmt.Sprintf("%.2f", stat.Mean(x, nil))
}

// points is a contrast of accuracies.
func points(differences []float64, planned int) string {
	return cells.Contrast("%+.2f", differences, planned)
}
