package nasoa

import (
	"context"
	"errors"
	"time"

	"github.com/tendril-nas/tendril/predictor"
)

// deadline is a time limit whose clock runs.
type deadline struct {
	begin time.Time
	limit time.Duration
}

func (d *deadline) spent() time.Duration { return time.Since(d.begin) }

// reserve is how much longer judging may take than is thought: a task that surprises at its end is
// late. What is thought is the table of the zoo, times how much longer features took.
const reserve = 1.5

// firstRest is what a task is thought to take beside its steps and its judging, until some have
// shown it.
const firstRest = 30 * time.Millisecond

// finding is what came of a task with a time limit.
type finding struct {
	*tuned
	plan *predictor.Plan
}

// within proposes a regime for a task and fine-tunes by it within the time that is left. o gets all
// of it; where no regime fits it says so.
func (e *engine) within(ctx context.Context, g *predictor.Generator, t *task, o *Outcome, d *deadline,
	seed uint64) (*finding, error) {
	judging := func(model string) time.Duration {
		return time.Duration(reserve * e.slow * float64(e.classifying(model, t.test.Len())))
	}
	after := func(model string) time.Duration { return judging(model) + e.rest.of(e.first) }
	spent := d.spent()
	q := e.request(o.Task(), o.Batch)
	q.Limit, q.Least = d.limit, fewestIterations
	q.Overhead = func(model string) time.Duration { return spent + after(model) }
	plan, err := g.Propose(q)
	var none *predictor.LimitError
	if errors.As(err, &none) {
		o.Planned, o.Seconds = none.Least.Seconds(), d.spent().Seconds()
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	best := plan.Best()
	r := best.Regime
	o.Model, o.Rate, o.Frozen, o.Iterations, o.Planned = r.Model, r.Rate, r.Frozen, r.Iterations,
		best.Time.Seconds()
	o.Predicted, o.Low, o.High = best.Accuracy.Value, best.Accuracy.Low, best.Accuracy.High
	if entry, err := e.zoo.Find(r.Model); err == nil {
		o.Pretrained = entry.Accuracy
	}
	step, err := timetable{e.zoo}.StepTime(r.Model, r.Frozen, o.Batch, e.library.Size)
	if err != nil {
		return nil, err
	}
	keep := after(r.Model)
	pace, err := predictor.NewAnytime(&predictor.AnytimeOptions{Limit: max(d.limit-d.spent(), keep+1),
		Reserve: keep, Steps: r.Iterations, Step: step, Fall: e.cfg.Tune.Fall})
	if err != nil {
		return nil, err
	}
	pace.Begin()
	done, err := e.try(ctx, t, r, pace.Pace, seed)
	if err != nil {
		return nil, err
	}
	if done.steps == 0 { // time was up before the first step
		o.Model, o.Seconds = "", d.spent().Seconds()
		o.Planned = (d.spent() + keep + fewestIterations*step).Seconds()
		return nil, nil
	}
	o.end(done, d.begin)
	e.rest.add(seconds(o.Seconds) - spent - done.training - judging(r.Model))
	return &finding{done, plan}, nil
}
