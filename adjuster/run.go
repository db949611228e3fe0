package adjuster

import (
	"context"
	"fmt"
	"math"

	"github.com/tendril-nas/tendril/internal/search"
	"github.com/tendril-nas/tendril/internal/stream"
	"github.com/tendril-nas/tendril/searchspace"
)

// run is one adjustment under way, and the strategy that the search loop asks.
type run struct {
	a        *Adjuster
	prev     searchspace.Arch
	distance float64
	encoding []float32 // of prev; zeros when searching from scratch
	cell     int       // grid cell of distance
	prevCost float64
	average  average // of rewards, the baseline
	costs    map[searchspace.Arch]float64

	loop   *search.Loop[note]
	judges Judges // of the present call
	draw   draw   // the proposal between Ask and Tell

	final heat // the final choice; a course alone when it is no race
	trial heat // of its best
}

// average is an exponential moving average without a bias towards its start; 0 while it is empty.
type average struct {
	Sum, Weight float64
}

func (m *average) value() float64 {
	if m.Weight == 0 {
		return 0
	}
	return m.Sum / m.Weight
}

func (m *average) add(x, decay float64) {
	m.Sum = decay*m.Sum + (1-decay)*x
	m.Weight = decay*m.Weight + (1 - decay)
}

func newRun(a *Adjuster, prev searchspace.Arch, d float64) (*run, error) {
	r := &run{
		a:        a,
		prev:     prev,
		distance: d,
		encoding: make([]float32, a.space.EncodingLen()),
		costs:    map[searchspace.Arch]float64{},
	}
	if !prev.IsZero() {
		copy(r.encoding, a.space.Encode(prev))
		c, err := r.cost(prev)
		if err != nil {
			return nil, err
		}
		r.prevCost = c
	}
	var beyond bool
	if r.cell, beyond = gridCell(d, a.opts.GridStep, a.opts.GridSize); beyond {
		a.opts.Logger.Warn("distance is beyond the policy's grid, its last cell is used", "distance", d,
			"last", a.opts.GridStep*float64(a.opts.GridSize-1))
	}
	a.policy.startTraining(&a.opts)
	loop, err := search.New[note](r, r.measure, search.Options{
		Steps: a.opts.Iterations, Retries: a.opts.Retries, Failures: -1, Repeat: a.opts.FreshBatches,
		Save: a.autosave, SaveEvery: a.opts.CheckpointEvery,
	})
	if err != nil {
		return nil, err
	}
	r.loop = loop
	return r, nil
}

func (r *run) train(ctx context.Context) (searchspace.Status, error) {
	status, err := r.loop.Run(ctx)
	if err != nil {
		err = fmt.Errorf("adjuster: %w", err)
	}
	return status, err
}

func (r *run) measure(ctx context.Context, a searchspace.Arch) (searchspace.Measurement, error) {
	if r.a.opts.FreshBatches {
		step, _ := search.StepOf(ctx)
		return r.checked(r.judges.Reward.(BatchEvaluator).EvaluateBatch(ctx, a, step))
	}
	return r.checked(r.judges.Reward.Evaluate(ctx, a))
}

// checked passes on a measurement that has a V, with its text.
func (r *run) checked(m searchspace.Measurement, err error) (searchspace.Measurement, error) {
	if err == nil {
		err = r.a.opts.Objective.check(m)
	}
	if err == nil && m.Text == "" {
		m.Text = r.a.space.Format(m.Arch)
	}
	return m, err
}

// Ask draws one proposal from the policy.
func (r *run) Ask(_ context.Context, step int) ([]searchspace.Arch, error) {
	random := stream.New(r.a.opts.Seed, "adjuster.proposal", r.a.runs, uint64(step))
	d, err := r.a.policy.propose(r.a.space, r.encoding, r.cell, random, true)
	if err != nil {
		return nil, err
	}
	r.draw = d
	return []searchspace.Arch{d.arch}, nil
}

// Tell computes the reward and takes one step of REINFORCE.
func (r *run) Tell(ctx context.Context, _ int, results []search.Result) ([]note, error) {
	res := results[0]
	n := note{LogProb: r.draw.logProb, Entropy: r.draw.entropy, Reward: refusedReward}
	if !res.Arch.IsZero() {
		prev, err := r.previous(ctx)
		if err != nil {
			return nil, err
		}
		if n.Cost, err = r.cost(res.Arch); err != nil {
			return nil, err
		}
		n.Reward = r.value(res.Measurement, n.Cost, prev)
	}
	advantage := n.Reward
	decay := r.a.opts.Baseline
	if decay > 0 {
		advantage -= r.average.value()
	}
	if err := r.a.policy.learn(advantage); err != nil {
		return nil, err
	}
	if decay > 0 {
		r.average.add(n.Reward, decay)
	}
	return []note{n}, nil
}

// Observe passes a finished iteration on to the user.
func (r *run) Observe(records []search.Record[note]) error {
	rec := r.a.opts.Recorder
	if rec == nil {
		return nil
	}
	return rec.Record(Progress{
		Iteration:  r.loop.Step(),
		Iterations: r.a.opts.Iterations,
		Distinct:   r.loop.Distinct(),
		Proposal:   proposal(records[0]),
	})
}

// cost is C(a), computed once: a policy that has made up its mind proposes the same few
// architectures over and over.
func (r *run) cost(a searchspace.Arch) (float64, error) {
	if c, ok := r.costs[a]; ok {
		return c, nil
	}
	c, err := r.a.cost(a)
	if err != nil {
		return 0, err
	}
	r.costs[a] = c
	return c, nil
}

// cost is C(arch).
func (a *Adjuster) cost(arch searchspace.Arch) (float64, error) {
	f := a.opts.Cost
	if f == nil {
		f = MAdds
	}
	c, err := f(a.space, arch)
	if err != nil {
		return 0, err
	}
	if math.IsNaN(c) || math.IsInf(c, 0) {
		return 0, fmt.Errorf("adjuster: cost of architecture %v is %v, expected a finite number", arch, c)
	}
	if a.opts.Form == PerDoubling && c <= 0 {
		return 0, fmt.Errorf("adjuster: cost of architecture %v is %v, expected more than 0 to count doublings",
			arch, c)
	}
	return c, nil
}

// refusedReward is given to proposals that the space refuses: no accuracy can be lost beyond 1.
const refusedReward = -1

// previous measures α_{t−1}; the loop remembers it.
func (r *run) previous(ctx context.Context) (searchspace.Measurement, error) {
	if r.prev.IsZero() {
		return searchspace.Measurement{}, nil
	}
	res, err := r.loop.Measure(ctx, r.prev)
	return res.Measurement, err
}

func (r *run) value(m searchspace.Measurement, cost float64, prev searchspace.Measurement) float64 {
	v := r.a.opts.Objective.Value
	previousV := 0.0
	if !r.prev.IsZero() {
		previousV = v(prev)
	}
	return r.a.opts.reward().Value(v(m), previousV, cost, r.prevCost, r.distance)
}
