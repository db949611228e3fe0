package evolution

import (
	"fmt"
	"math"

	"github.com/tendril-nas/tendril/searchspace"
)

// ScoreOptions sets up Score.
type ScoreOptions struct {
	// Cost is what accuracy is weighed against; zero = the multiply-adds of the space, in millions.
	Cost Objective
	// Target is the cost that leaves the accuracy as it is; required with a Cost of one's own. 0 =
	// the median of 1000 random valid architectures of the space (ours).
	Target float64
	// Alpha is the exponent below the target, Beta the one from there on. Both 0 = −0.07 for both
	// (ours for the score; printed for the quality). Alpha 0 with Beta −1 hardly minds a cost below
	// the target and much minds one above it.
	Alpha, Beta float64
	// Seed draws the architectures of the median.
	Seed uint64
}

// Score is the objective of EAT-NAS, eqs. (1) and (2), with its sign changed, so that it is
// minimised: −accuracy·(cost/Target)^ω with ω = Alpha below the target and Beta elsewhere. Its
// standard error is that of the accuracy. o may be nil.
func Score(space *searchspace.Space, o *ScoreOptions) (Objective, error) {
	var opts ScoreOptions
	if o != nil {
		opts = *o
	}
	if opts.Alpha == 0 && opts.Beta == 0 {
		opts.Alpha, opts.Beta = -0.07, -0.07
	}
	if opts.Cost.Of == nil {
		if space == nil {
			return Objective{}, fmt.Errorf("evolution: a score of multiply-adds needs a space")
		}
		opts.Cost = MAdds(space)
		if opts.Target == 0 {
			median, err := space.MedianMAdds(1000, opts.Seed)
			if err != nil {
				return Objective{}, err
			}
			opts.Target = median / 1e6
		}
	}
	if opts.Cost.err != nil {
		return Objective{}, opts.Cost.err
	}
	if sum := opts.Target + opts.Alpha + opts.Beta; !(opts.Target > 0) || math.IsNaN(sum) || math.IsInf(sum, 0) {
		return Objective{}, fmt.Errorf("evolution: score with target %g, exponents %g and %g, expected finite "+
			"numbers and a target above 0", opts.Target, opts.Alpha, opts.Beta)
	}
	rate := ErrorRate()
	return Objective{Name: "score", Of: func(m searchspace.Measurement) (float64, float64, error) {
		cost, _, err := opts.Cost.Of(m)
		if err != nil {
			return 0, 0, err
		}
		if !(cost > 0) {
			return 0, 0, fmt.Errorf("%s %g, expected more than 0", opts.Cost.Name, cost)
		}
		_, se, err := rate.Of(m)
		weight := opts.weight(cost)
		return -m.Accuracy * weight, se * weight, err
	}}, nil
}

// weight is what an accuracy is multiplied by.
func (o *ScoreOptions) weight(cost float64) float64 {
	w := o.Beta
	if cost < o.Target {
		w = o.Alpha
	}
	return math.Pow(cost/o.Target, w)
}
