package evolution

import (
	"errors"
	"fmt"
	"math"
)

// ErrNothing says that a search ended without a single candidate that was measured and that keeps
// the constraints.
var ErrNothing = errors.New("no candidate was measured that keeps the constraints")

// maxDraws is how often a candidate is drawn before its source counts as exhausted.
const maxDraws = 1000

// Point is what an evaluation found. Its slices are kept: an evaluator makes new ones each time.
type Point struct {
	// Objectives are minimised: one or several, the same number for every candidate of a search.
	Objectives []float64
	// Violations of constraints, in units of the caller's; those above 0 are violated. The sum of
	// the violated ones is what infeasible candidates are compared by.
	Violations []float64
	// Errors are the standard errors of Objectives; nil = exact.
	Errors []float64
}

// Outcome is a candidate with what was found about it.
type Outcome[G any] struct {
	Genome G
	Point
	// Failed says that the candidate could not be measured. Objectives that are not finite numbers
	// count as failed too.
	Failed bool
}

// Strategy proposes candidates and learns from what became of them. It is for one goroutine.
//
//	for range generations {
//		candidates, err := s.Ask(0)
//		…
//		err = s.Tell(outcomes...)
//	}
//
// Outcomes may be told in any number and order, and further candidates may be asked for while
// others are being measured: telling one by one is a steady-state search, telling a generation at
// once a generational one.
type Strategy[G any] interface {
	// Ask returns new candidates, at most n; n ≤ 0 = as many as make a generation. None without an
	// error says that the strategy has nothing more to propose.
	Ask(n int) ([]G, error)
	// Tell hands over outcomes, failed ones included. An error leaves the strategy as it was.
	Tell(outcomes ...Outcome[G]) error
	// Population is what the strategy goes on from, the best first as far as it ranks them.
	Population() []Outcome[G]
}

// failed reports that an outcome holds no measurement to go by.
func (o Outcome[G]) failed() bool {
	if o.Failed {
		return true
	}
	for _, xs := range [...][]float64{o.Objectives, o.Violations, o.Errors} {
		for _, x := range xs {
			if math.IsNaN(x) || math.IsInf(x, 0) {
				return true
			}
		}
	}
	return false
}

// check refuses an outcome that does not fit a search over m objectives; 0 = not known yet.
func (o Outcome[G]) check(m int) error {
	switch n := len(o.Objectives); {
	case o.Failed:
		return nil
	case n == 0:
		return errors.New("evolution: an outcome without objectives that did not fail")
	case m > 0 && n != m:
		return fmt.Errorf("evolution: an outcome with %d objectives, %d before", n, m)
	case len(o.Errors) != 0 && len(o.Errors) != n:
		return fmt.Errorf("evolution: %d standard errors for %d objectives", len(o.Errors), n)
	}
	for _, e := range o.Errors {
		if e < 0 {
			return fmt.Errorf("evolution: standard error %g, expected 0 or more", e)
		}
	}
	return nil
}

// Violation is the sum of the violated constraints; 0 = feasible.
func (p Point) Violation() float64 {
	sum := 0.0
	for _, v := range p.Violations {
		if v > 0 {
			sum += v
		}
	}
	return sum
}

// Front returns the outcomes that are measured, feasible and dominated by no other, in their order.
// Of equal points all are kept.
func Front[G any](outcomes []Outcome[G]) []Outcome[G] {
	var good []Outcome[G]
	for _, o := range outcomes {
		if !o.failed() && o.check(0) == nil && o.Violation() == 0 &&
			(len(good) == 0 || len(o.Objectives) == len(good[0].Objectives)) {
			good = append(good, o)
		}
	}
	points := make([][]float64, len(good))
	for i, o := range good {
		points[i] = o.Objectives
	}
	var s sorter
	var front []Outcome[G]
	for i, r := range s.ranks(points, nil) {
		if r == 0 {
			front = append(front, good[i])
		}
	}
	return front
}
