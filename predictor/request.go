package predictor

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

// StepTimer says how long a step of training takes: a table, measured beforehand. It may be asked
// by as many goroutines at once as use the generator.
type StepTimer interface {
	// StepTime is of a model with the first stages frozen, for a batch of images of size×size.
	StepTime(model string, frozen, batch, size int) (time.Duration, error)
}

// Grid is what regimes are put together from. The paper's is lost with its appendix. What is listed
// twice counts once.
type Grid struct {
	// Rates of learning; nil = 0.003, 0.01, 0.03, 0.1.
	Rates []float64
	// Frozen stages, from the input on; nil = 0 to 4: nothing, the stem, and stages behind it.
	Frozen []int
	// Iterations that may be asked for, of which those that fit count; nil = Shares.
	Iterations []int
	// Shares of the iterations that fit the limit; nil = ¼, ½ and 1. More iterations are not always
	// better for few images.
	Shares []float64
}

// resolved fills in defaults.
func (g Grid) resolved() (Grid, error) {
	if g.Rates == nil {
		g.Rates = []float64{0.003, 0.01, 0.03, 0.1}
	}
	if g.Frozen == nil {
		g.Frozen = []int{0, 1, 2, 3, 4}
	}
	if g.Shares == nil && g.Iterations == nil {
		g.Shares = []float64{0.25, 0.5, 1}
	}
	g = Grid{Rates: distinct(g.Rates), Frozen: distinct(g.Frozen), Iterations: distinct(g.Iterations),
		Shares: distinct(g.Shares)}
	for _, r := range g.Rates {
		if err := checkRate(r); err != nil {
			return g, err
		}
	}
	for _, f := range g.Frozen {
		if f < 0 {
			return g, fmt.Errorf("predictor: %d stages frozen, expected at least 0", f)
		}
	}
	for _, i := range g.Iterations {
		if i < 1 {
			return g, fmt.Errorf("predictor: %d iterations, expected at least 1", i)
		}
	}
	for _, s := range g.Shares {
		if !(s > 0 && s <= 1) {
			return g, fmt.Errorf("predictor: a share %v of the iterations that fit, expected one in (0, 1]", s)
		}
	}
	if len(g.Rates) == 0 || len(g.Frozen) == 0 || len(g.Iterations)+len(g.Shares) == 0 {
		return g, errors.New("predictor: a grid without learning rates, frozen stages or iterations")
	}
	return g, nil
}

// distinct is a copy of what a list holds, each once, where it comes first.
func distinct[T comparable](list []T) []T {
	if list == nil {
		return nil
	}
	out := make([]T, 0, len(list))
	for _, v := range list {
		if !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

func (g Grid) clone() Grid {
	return Grid{Rates: slices.Clone(g.Rates), Frozen: slices.Clone(g.Frozen), Iterations: slices.Clone(g.Iterations),
		Shares: slices.Clone(g.Shares)}
}

// Request is a task that is to be fine-tuned on within a time limit.
type Request struct {
	Task Task
	// Limit is for everything: loading, features, fine-tuning, evaluation.
	Limit time.Duration
	// Times of steps.
	Times StepTimer
	// Batch is the images of a step, Size their side in pixels.
	Batch, Size int
	// Overhead is the part of a model's time that is not steps; nil = none.
	Overhead func(model string) time.Duration
	// Least and Most bound the iterations; 0 = 1, and no bound. A limit that leaves fewer is too
	// small.
	Least, Most int
	// Explore is κ: regimes are ranked by predicted accuracy and κ standard errors (an upper
	// confidence bound). 0 goes by accuracy alone, which learns nothing of regimes that were
	// unlucky once; 1 is a good beginning while outcomes are few.
	Explore float64
	// Margin is the part of the limit that is kept free; 0 = none.
	Margin float64
}

func (r *Request) check() error {
	switch {
	case r.Times == nil:
		return errors.New("predictor: request without times of steps")
	case r.Limit <= 0 || r.Batch < 1 || r.Size < 1 || r.Least < 0 || r.Most < 0 || r.Most > 0 && r.Most < r.Least:
		return fmt.Errorf("predictor: request for %v with batches of %d images of %d pixels, %d to %d iterations, "+
			"expected a limit, a batch and a size above 0, and a range", r.Limit, r.Batch, r.Size, r.Least, r.Most)
	case !(r.Explore >= 0) || math.IsInf(r.Explore, 1) || !(r.Margin >= 0 && r.Margin < 1):
		return fmt.Errorf("predictor: request with exploration %v and margin %v, expected at least 0, in [0, 1)",
			r.Explore, r.Margin)
	}
	return nil
}

// overhead of a model.
func (r *Request) overhead(model string) (time.Duration, error) {
	if r.Overhead == nil {
		return 0, nil
	}
	d := r.Overhead(model)
	if d < 0 || d > longest {
		return 0, fmt.Errorf("predictor: overhead %v of %s, expected 0 to %v", d, model, time.Duration(longest))
	}
	return d, nil
}

// step is the time of a step.
func (r *Request) step(model string, frozen int) (time.Duration, error) {
	d, err := r.Times.StepTime(model, frozen, r.Batch, r.Size)
	if err == nil && d <= 0 {
		err = fmt.Errorf("%v, expected more", d)
	}
	if err != nil {
		return 0, fmt.Errorf("predictor: time of a step of %s with %d stages frozen: %w", model, frozen, err)
	}
	return d, nil
}

// cost is what the request's tables say of a model with its first stages frozen.
type cost struct {
	model      *Model
	frozen     int
	over, step time.Duration
}

// costs asks the tables of the request, whose functions are the caller's: no lock is held
// meanwhile.
func (r *Request) costs(models []Model, stages []int) ([]cost, error) {
	var list []cost
	for i := range models {
		m := &models[i]
		over, err := r.overhead(m.Name)
		if err != nil {
			return nil, err
		}
		for _, frozen := range stages {
			step, err := r.step(m.Name, frozen)
			if err != nil {
				return nil, err
			}
			list = append(list, cost{m, frozen, over, step})
		}
	}
	return list, nil
}

// iterations lists what may be asked for where most fit, each once, in order.
func (r *Request) iterations(g *Grid, fit int) []int {
	least := cmp.Or(r.Least, 1)
	most := fit
	if r.Most > 0 {
		most = min(most, r.Most)
	}
	var list []int
	for _, i := range g.Iterations {
		if i >= least && i <= most {
			list = append(list, i)
		}
	}
	if most >= least {
		for _, s := range g.Shares {
			list = append(list, max(int(math.Round(s*float64(most))), least))
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// fewest is the least number of iterations that a grid can ask for; 0 for none.
func (r *Request) fewest(g *Grid) int {
	least := cmp.Or(r.Least, 1)
	if len(g.Shares) > 0 {
		return least
	}
	fewest := 0
	for _, i := range g.Iterations {
		if i >= least && (r.Most == 0 || i <= r.Most) && (fewest == 0 || i < fewest) {
			fewest = i
		}
	}
	return fewest
}
