package predictor

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"
)

// Proposal is a regime with what is expected of it.
type Proposal struct {
	Regime Regime
	// Accuracy after fine-tuning, with its interval and its standard error.
	Accuracy Prediction
	// Score is what proposals are ranked by: Accuracy.Value + Explore·Accuracy.Error.
	Score float64
	// Time is how long it takes altogether.
	Time time.Duration

	pretrained float64
}

// Plan is the answer to a request.
type Plan struct {
	// Ranked is every regime that fits, the best first. Of those that score alike, models of higher
	// pretrained accuracy come first, then what takes less time.
	Ranked []Proposal
	// Reasons say what the best one would lose by being otherwise: one for each part of a regime
	// that could be.
	Reasons []Reason
	// Late is how many models with so many stages frozen did not fit the limit at all.
	Late int
}

// Best is the proposal that ranks first; none of a plan without any, which Propose never gives.
func (p *Plan) Best() Proposal {
	if len(p.Ranked) == 0 {
		return Proposal{}
	}
	return p.Ranked[0]
}

// Reason is the best proposal that differs from the best of all in one part at least.
type Reason struct {
	// Part is "model", "rate", "frozen" or "iterations".
	Part    string
	Instead Proposal
	// Loss is by how much it scores lower.
	Loss float64
}

// Propose ranks the regimes of the grid that fit the limit by the accuracy that is predicted. Where
// none fits, the error is a *LimitError, which wraps [ErrLimit] and says what limit would do.
func (g *Generator) Propose(r Request) (*Plan, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	if g == nil || g.online == nil {
		return nil, errUnmade
	}
	fewest := r.fewest(&g.grid)
	if fewest == 0 {
		return nil, fmt.Errorf("predictor: a grid of %d iterations, none within the request's %d to %d",
			g.grid.Iterations, r.Least, r.Most)
	}
	costs, err := r.costs(g.features.models, g.grid.Frozen)
	if err != nil {
		return nil, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	plan := &Plan{}
	least := LimitError{Limit: r.Limit, Least: math.MaxInt64}
	for _, c := range costs {
		step := g.pace.of(c.step)
		if need := r.limitFor(add(c.over, step, fewest)); need < least.Least {
			least.Least, least.Model, least.Frozen = need, c.model.Name, c.frozen
		}
		list := r.iterations(&g.grid, fits(r.budget(r.Limit)-c.over, step))
		if len(list) == 0 {
			plan.Late++
		}
		for _, n := range list {
			for _, rate := range g.grid.Rates {
				p := Proposal{Regime: Regime{Model: c.model.Name, Rate: rate, Frozen: c.frozen, Iterations: n},
					Time: add(c.over, step, n), pretrained: c.model.Accuracy}
				if p.Accuracy, err = g.predict(r.Task, p.Regime); err != nil {
					return nil, err
				}
				p.Score = p.Accuracy.Value + r.Explore*p.Accuracy.Error
				plan.Ranked = append(plan.Ranked, p)
			}
		}
	}
	if len(plan.Ranked) == 0 {
		return nil, &least
	}
	slices.SortStableFunc(plan.Ranked, func(a, b Proposal) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(b.pretrained, a.pretrained), cmp.Compare(a.Time, b.Time))
	})
	plan.reason()
	return plan, nil
}

// budget is what of a limit may be planned for.
func (r *Request) budget(limit time.Duration) time.Duration {
	return limit - time.Duration(math.Ceil(float64(limit)*r.Margin))
}

// limitFor is the smallest limit whose budget holds a time.
func (r *Request) limitFor(need time.Duration) time.Duration {
	low, high := need, time.Duration(longest)
	for low < high {
		if mid := low + (high-low)/2; r.budget(mid) >= need {
			high = mid
		} else {
			low = mid + 1
		}
	}
	return low
}

// longest is a time that nothing is beyond; two of them still are a time.Duration.
const longest = math.MaxInt64 / 2

// fits is how many steps there is time for.
func fits(budget, step time.Duration) int {
	return int(min(max(budget/step, 0), math.MaxInt32))
}

// add is over + n·step, as far as that goes.
func add(over, step time.Duration, n int) time.Duration {
	if time.Duration(n) > (longest-over)/step {
		return longest
	}
	return over + time.Duration(n)*step
}

// reason fills in Reasons from Ranked.
func (p *Plan) reason() {
	best := p.Best()
	for _, part := range []struct {
		name string
		same func(Regime) bool
	}{
		{"model", func(r Regime) bool { return r.Model == best.Regime.Model }},
		{"rate", func(r Regime) bool { return r.Rate == best.Regime.Rate }},
		{"frozen", func(r Regime) bool { return r.Frozen == best.Regime.Frozen }},
		{"iterations", func(r Regime) bool { return r.Iterations == best.Regime.Iterations }},
	} {
		for _, other := range p.Ranked[1:] {
			if !part.same(other.Regime) {
				p.Reasons = append(p.Reasons, Reason{Part: part.name, Instead: other, Loss: best.Score - other.Score})
				break
			}
		}
	}
}
