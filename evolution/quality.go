package evolution

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// QualityOptions sets up the quality of a population: mean · (spread/Spread)^Exponent of its
// accuracies, eq. (3) of EAT-NAS. The spread is their standard deviation, at least 0.0001.
type QualityOptions struct {
	// Accuracy of a candidate; nil = 1 − the last of its objectives, as ErrorRate has it.
	Accuracy func(p Point) float64
	// Exponent is ω; 0 = −0.07.
	Exponent float64
	// Spread is the standard deviation to compare with; 0 = 0.05 (ours; none is published).
	Spread float64
	// Window is over how many cycles the quality is compared; 0 = as many as the population has
	// members.
	Window int
	// Tolerance is by how much of the last quality those of the window may differ from each other
	// when the search has converged; 0 = 0.01 (ours), negative = it never has.
	Tolerance float64
}

// leastSpread keeps the power finite.
const leastSpread = 1e-4

func (o *QualityOptions) resolved() (QualityOptions, error) {
	var q QualityOptions
	if o != nil {
		q = *o
	}
	q.Exponent, q.Spread = cmp.Or(q.Exponent, -0.07), cmp.Or(q.Spread, 0.05)
	q.Tolerance = cmp.Or(q.Tolerance, 0.01)
	if q.Accuracy == nil {
		q.Accuracy = func(p Point) float64 { return 1 - p.Objectives[len(p.Objectives)-1] }
	}
	if !(q.Spread > 0) || math.IsInf(q.Spread+q.Exponent, 0) || math.IsNaN(q.Exponent+q.Tolerance) ||
		q.Window < 0 {
		return q, fmt.Errorf("evolution: quality with exponent %g, spread %g, window %d, tolerance %g, expected "+
			"finite numbers, a spread above 0 and a window of at least 0", q.Exponent, q.Spread, q.Window, q.Tolerance)
	}
	return q, nil
}

// Quality is eq. (3) of EAT-NAS for the accuracies of a population; o may be nil. It is NaN without
// any.
func Quality(accuracies []float64, o *QualityOptions) (float64, error) {
	q, err := o.resolved()
	if err != nil {
		return 0, err
	}
	return q.of(accuracies), nil
}

func (o *QualityOptions) of(accuracies []float64) float64 {
	n := float64(len(accuracies))
	mean, squares := 0.0, 0.0
	for _, a := range accuracies {
		mean += a
	}
	mean /= n
	for _, a := range accuracies {
		squares += float64((a - mean) * (a - mean))
	}
	return mean * math.Pow(max(math.Sqrt(squares/n), leastSpread)/o.Spread, o.Exponent)
}

// qualityWatch follows the quality of a population.
type qualityWatch[G any] struct {
	opts       *QualityOptions // nil = nobody asks
	qualities  []float64
	best       float64
	population []Outcome[G] // of the best quality
	accuracies []float64    // memory
}

func newQualityWatch[G any](o *QualityOptions, population int) (w qualityWatch[G], err error) {
	if o == nil {
		return w, nil
	}
	q, err := o.resolved()
	q.Window = cmp.Or(q.Window, population)
	w.opts = &q
	return w, err
}

// note judges a population that is full.
func (w *qualityWatch[G]) note(population []*member[G]) {
	if w.opts == nil {
		return
	}
	w.accuracies = w.accuracies[:0]
	for _, x := range population {
		w.accuracies = append(w.accuracies, w.opts.Accuracy(x.Point))
	}
	q := w.opts.of(w.accuracies)
	w.qualities = append(w.qualities, q)
	if w.population == nil || q > w.best {
		w.best, w.population = q, sorted(population)
	}
}

// converged compares the qualities of the window with each other.
func (w *qualityWatch[G]) converged() bool {
	if w.opts == nil || len(w.qualities) <= w.opts.Window {
		return false
	}
	last := w.qualities[len(w.qualities)-1-w.opts.Window:]
	return slices.Max(last)-slices.Min(last) <= w.opts.Tolerance*math.Abs(last[len(last)-1])
}
