package adjuster

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/tendril-nas/tendril/internal/search"
	"github.com/tendril-nas/tendril/searchspace"
)

// Comparison is the contest between the adapted architecture and the serving one, both trained on
// D_t, on the same held-out images. See Comparer.
type Comparison struct {
	// Adapted is α_t and Kept α_{t−1}; rewards count from Kept.
	Adapted, Kept Candidate
	// Gain is the accuracy of α_t less that of α_{t−1}, fractions, whatever Options.Objective is:
	// accuracy is what is served. StandardError is that of the block-wise difference (see
	// Candidate), over blocks of at most 100 images and small enough that there are 20 of them
	// where possible; +Inf from a single image.
	Gain, StandardError float64
	// Margin is what Gain had to exceed. See the type Margin.
	Margin float64
	// Swap says that it did, and α_t serves.
	Swap bool
}

// Margin is what a swap needs, so that an adapted network that is better by luck only does not
// replace the one that serves. A dearer one must gain more than Errors standard errors of the
// difference. One that is as cheap or cheaper may lose up to Tolerance: its gain less Errors
// standard errors must be above −Tolerance.
type Margin struct {
	Errors    float64 // standard errors; 0 = 1, negative = 0
	Tolerance float64 // accuracy, a fraction; 0 = 0.005, negative = 0
}

func (m Margin) check() error {
	if math.IsNaN(m.Errors) || math.IsNaN(m.Tolerance) {
		return fmt.Errorf("adjuster: margin of %v standard errors and tolerance %v, expected numbers",
			m.Errors, m.Tolerance)
	}
	return nil
}

// least is what the gain must exceed.
func (m Margin) least(se float64, dearer bool) float64 {
	least := 0.0
	if n := defaulted(m.Errors, 1); n > 0 { // 0·∞ is not a number
		least = n * se
	}
	if !dearer {
		least -= defaulted(m.Tolerance, 0.005)
	}
	return least
}

// compare is the phase between the search and the retraining: it decides whether what was found
// takes the place of what serves.
func (e *Expert) compare(ctx context.Context, l Learner) error {
	c, ok := l.(Comparer)
	if !ok {
		return nil // the program does not ask for the contest any more
	}
	judge, err := c.Contest(ctx)
	if err != nil {
		return err
	}
	if judge == nil {
		return errors.New("learner gave no evaluator")
	}
	a := e.adjuster
	field := onAll(judge, Accuracy)
	for _, arch := range []searchspace.Arch{e.current.After, e.current.Before} {
		cost, err := a.cost(arch)
		if err != nil {
			return err
		}
		field.runners = append(field.runners, &runner{arch: arch, cost: cost, competes: true})
	}
	e.contest.objective, e.contest.format = a.opts.Objective, a.space.Format
	options := search.Options{Retries: a.opts.Retries, Save: e.autosave}
	if _, err := e.contest.run(ctx, judge, field, options); err != nil {
		return err
	}
	e.current.Comparison = e.compared(e.contest.race)
	if !e.current.Comparison.Swap {
		e.current.Action = Refused
		e.current.After, e.current.AfterText = e.current.Before, e.current.BeforeText
	}
	return nil
}

// compared is the outcome of a contest that is over.
func (e *Expert) compared(r *race) *Comparison {
	o, adapted, kept := &e.adjuster.opts, r.runners[0], r.runners[1]
	before := combined(kept.seen)
	side := func(c *runner) Candidate {
		m := combined(c.seen)
		reward := o.reward().Value(o.Objective.Value(m), o.Objective.Value(before), c.cost, kept.cost,
			e.current.Reading.Distance)
		return Candidate{Arch: c.arch, Measurement: m, Cost: c.cost, Reward: reward}
	}
	c := &Comparison{Adapted: side(adapted), Kept: side(kept),
		StandardError: standardError(adapted.seen, kept.seen, r.value)}
	c.Gain = c.Adapted.Measurement.Accuracy - c.Kept.Measurement.Accuracy
	c.Margin = e.opts.Margin.least(c.StandardError, adapted.cost > kept.cost)
	c.Swap = c.Gain > c.Margin
	return c
}
