package predictor

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// IntervalOptions sets up Intervals.
type IntervalOptions struct {
	// Coverage is the part of the truths that intervals are to hold; 0 = 0.9.
	Coverage float64
	// Rate is by how much a truth outside or inside moves the level; 0 = 0.05.
	Rate float64
	// Window is how many of the last errors count; 0 = 50. Learners get better and tasks change:
	// what lies far back makes intervals too wide for long, while fewer errors tell little of rare
	// ones.
	Window int
}

// Intervals says how far predictions may be off, from how far the last ones were: online conformal
// prediction with an adaptive level.
//
//	Gibbs and Candès, "Adaptive Conformal Inference Under Distribution Shift", NeurIPS 2021.
//
// Whatever the data do, and whoever chooses them, the part of truths inside differs from Coverage
// after T of them by at most (max(Coverage, 1−Coverage) + Rate)/(Rate·T): by the defaults, by 0.019
// after a thousand. Only where predictions are exact more may be inside: those are, however narrow
// the interval. While few errors were seen, and after several misses in a row, an interval is
// endless.
type Intervals struct {
	opts   IntervalOptions
	miss   float64   // the level now: the part of errors that may be larger
	recent []float64 // in the order they came
	sorted []float64
}

// NewIntervals has seen nothing. o may be nil.
func NewIntervals(o *IntervalOptions) (*Intervals, error) {
	var p IntervalOptions
	if o != nil {
		p = *o
	}
	p.Coverage, p.Rate, p.Window = cmp.Or(p.Coverage, 0.9), cmp.Or(p.Rate, 0.05), cmp.Or(p.Window, 50)
	if !(p.Coverage > 0 && p.Coverage < 1) || !(p.Rate > 0 && p.Rate <= 1) || p.Window < 1 || p.Window > mostWindow {
		return nil, fmt.Errorf("predictor: intervals of coverage %v with rate %v over %d errors, expected (0, 1), "+
			"(0, 1], 1 to %d", p.Coverage, p.Rate, p.Window, mostWindow)
	}
	return &Intervals{opts: p, miss: 1 - p.Coverage}, nil
}

const mostWindow = 1 << 20

// Half is half the width of the next interval; +Inf when nothing can be said.
func (v *Intervals) Half() float64 {
	n := len(v.sorted)
	rank := int(math.Ceil(float64(n+1) * (1 - v.miss)))
	switch {
	case rank > n:
		return math.Inf(1)
	case rank < 1:
		return 0
	}
	return v.sorted[rank-1]
}

// Update learns how far off a prediction was, and says whether the interval held the truth.
func (v *Intervals) Update(off float64) (bool, error) {
	if v.opts.Window == 0 {
		return false, errUnmade
	}
	if !(off >= 0) || math.IsInf(off, 1) {
		return false, fmt.Errorf("predictor: a prediction that is %v off, expected a finite number of at least 0", off)
	}
	inside := off <= v.Half()
	switch {
	case !inside:
		v.miss -= v.opts.Rate * v.opts.Coverage
	case v.miss < 1: // from there on only exact predictions are inside, and nothing is narrower
		v.miss += v.opts.Rate * (1 - v.opts.Coverage)
	}
	v.insert(off)
	return inside, nil
}

// insert adds an error, and drops the oldest where the window is full.
func (v *Intervals) insert(off float64) {
	if len(v.recent) == v.opts.Window {
		i, _ := slices.BinarySearch(v.sorted, v.recent[0])
		v.sorted = slices.Delete(v.sorted, i, i+1)
		v.recent = slices.Delete(v.recent, 0, 1)
	}
	i, _ := slices.BinarySearch(v.sorted, off)
	v.sorted = slices.Insert(v.sorted, i, off)
	v.recent = append(v.recent, off)
}
