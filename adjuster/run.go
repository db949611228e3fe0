package adjuster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/tendril-nas/tendril/internal/search"
	"github.com/tendril-nas/tendril/searchspace"
)

// note is what the run remembers about a proposal beside its measurement.
type note struct{ Cost, Reward, LogProb, Entropy float64 }

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
	reward Evaluator // set while training
	draw   draw      // the proposal between Ask and Tell
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
	r := &run{a: a, prev: prev, distance: d, encoding: make([]float32, a.space.EncodingLen()), costs: map[searchspace.Arch]float64{}}
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
		Steps: a.opts.Iterations, Retries: a.opts.Retries, Repeat: a.opts.FreshBatches,
		Save: a.autosave, SaveEvery: a.opts.CheckpointEvery,
	})
	if err != nil {
		return nil, err
	}
	r.loop = loop
	return r, nil
}

// Streams of random numbers, one per purpose, adjustment and iteration, so that a restored run draws what it would have drawn.
const (
	streamInit = iota
	streamProposal
	streamCandidate
)

func stream(seed uint64, purpose, run, index uint64) *rand.Rand {
	return rand.New(rand.NewPCG(seed+purpose*0x9e3779b97f4a7c15, run<<32|index))
}

func (r *run) train(ctx context.Context, reward Evaluator) error {
	if _, ok := reward.(BatchEvaluator); r.a.opts.FreshBatches && !ok {
		return fmt.Errorf("adjuster: fresh batches need a BatchEvaluator, got %T", reward)
	}
	r.reward = reward
	if err := r.loop.Run(ctx); err != nil {
		return fmt.Errorf("adjuster: %w", err)
	}
	return nil
}

func (r *run) measure(ctx context.Context, a searchspace.Arch) (searchspace.Measurement, error) {
	if r.a.opts.FreshBatches {
		return fraction(r.reward.(BatchEvaluator).EvaluateBatch(ctx, a, r.loop.Step()))
	}
	return fraction(r.reward.Evaluate(ctx, a))
}

// fraction passes on a measurement whose accuracy is one.
func fraction(m searchspace.Measurement, err error) (searchspace.Measurement, error) {
	if err == nil && !(m.Accuracy >= 0 && m.Accuracy <= 1) {
		err = fmt.Errorf("accuracy is %v, expected a fraction from 0 to 1", m.Accuracy)
	}
	return m, err
}

// Ask draws one proposal from the policy.
func (r *run) Ask(_ context.Context, step int) ([]searchspace.Arch, error) {
	d, err := r.a.policy.propose(r.a.space, r.encoding, r.cell, stream(r.a.opts.Seed, streamProposal, r.a.runs, uint64(step)), true)
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
	return rec.Record(Progress{Iteration: r.loop.Step(), Iterations: r.a.opts.Iterations, Distinct: r.loop.Distinct(), Proposal: proposal(records[0])})
}

// cost is C(a), computed once: a policy that has made up its mind proposes the same few architectures over and over.
func (r *run) cost(a searchspace.Arch) (float64, error) {
	if c, ok := r.costs[a]; ok {
		return c, nil
	}
	f := r.a.opts.Cost
	if f == nil {
		f = MAdds
	}
	c, err := f(r.a.space, a)
	if err != nil {
		return 0, err
	}
	if math.IsNaN(c) || math.IsInf(c, 0) {
		return 0, fmt.Errorf("adjuster: cost of architecture %v is %v, expected a finite number", a, c)
	}
	r.costs[a] = c
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
	o := &r.a.opts
	return Reward{Lambda: o.Lambda, Floor: o.DistanceFloor, Form: o.Form}.Value(m.Accuracy, prev.Accuracy, cost, r.prevCost, r.distance)
}

func proposal(rec search.Record[note]) Proposal {
	return Proposal{Iteration: rec.Step, Arch: rec.Arch, Accuracy: rec.Measurement.Accuracy, Cost: rec.Note.Cost,
		Reward: rec.Note.Reward, LogProb: rec.Note.LogProb, Entropy: rec.Note.Entropy, Cached: rec.Cached}
}

// result is what is known so far.
func (r *run) result() *Result {
	res := &Result{Iterations: r.loop.Step(), Distinct: r.loop.Distinct()}
	for _, rec := range r.loop.History() {
		res.History = append(res.History, proposal(rec))
	}
	return res
}

// choose draws the candidates, judges them on the whole validation set and ranks them.
func (r *run) choose(ctx context.Context, final Evaluator) (*Result, error) {
	res := r.result()
	archs, err := r.candidates()
	if err != nil {
		return res, err
	}
	judge, err := search.New[struct{}](&fixed{archs: archs}, func(ctx context.Context, a searchspace.Arch) (searchspace.Measurement, error) {
		m, err := fraction(final.Evaluate(ctx, a))
		if err == nil {
			err = r.loop.SameWeights(m)
		}
		return m, err
	}, search.Options{Retries: r.a.opts.Retries})
	if err != nil {
		return res, err
	}
	if !r.prev.IsZero() {
		p, err := judge.Measure(ctx, r.prev)
		if err != nil {
			return res, fmt.Errorf("adjuster: final choice: %w", err)
		}
		res.Previous = Candidate{Arch: r.prev, Measurement: p.Measurement, Cost: r.prevCost}
	}
	if err := judge.Run(ctx); err != nil {
		return res, fmt.Errorf("adjuster: final choice: %w", err)
	}
	for _, rec := range judge.History() {
		c := Candidate{Arch: rec.Arch, Measurement: rec.Measurement}
		if c.Cost, err = r.cost(rec.Arch); err != nil {
			return res, err
		}
		c.Reward = r.value(rec.Measurement, c.Cost, res.Previous.Measurement)
		res.Candidates = append(res.Candidates, c)
	}
	slices.SortStableFunc(res.Candidates, func(x, y Candidate) int {
		return cmp.Or(cmp.Compare(y.Reward, x.Reward), cmp.Compare(x.Cost, y.Cost))
	})
	res.Arch = res.Candidates[0].Arch
	return res, nil
}

// candidates are the different architectures of the final choice, in the order in which they were found.
func (r *run) candidates() ([]searchspace.Arch, error) {
	var out []searchspace.Arch
	seen := map[searchspace.Arch]bool{}
	add := func(a searchspace.Arch) {
		if !a.IsZero() && !seen[a] {
			seen[a] = true
			out = append(out, a)
		}
	}
	o := &r.a.opts
	for i := range o.Candidates {
		d, err := r.a.policy.propose(r.a.space, r.encoding, r.cell, stream(o.Seed, streamCandidate, r.a.runs, uint64(i)), false)
		if err != nil {
			return nil, err
		}
		add(d.arch)
	}
	for _, a := range r.elites(o.Elites) {
		add(a)
	}
	if o.KeepPrevious {
		add(r.prev)
	}
	if len(out) == 0 {
		return nil, errors.Join(fmt.Errorf("adjuster: the space refused all %d candidates", o.Candidates), searchspace.ErrInfeasible)
	}
	return out, nil
}

// elites are the n best different proposals of the history.
func (r *run) elites(n int) []searchspace.Arch {
	if n == 0 {
		return nil
	}
	recs := slices.Clone(r.loop.History())
	slices.SortStableFunc(recs, func(x, y search.Record[note]) int { return cmp.Compare(y.Note.Reward, x.Note.Reward) })
	var out []searchspace.Arch
	seen := map[searchspace.Arch]bool{}
	for _, rec := range recs {
		if len(out) == n {
			break
		}
		if !rec.Arch.IsZero() && !seen[rec.Arch] {
			seen[rec.Arch] = true
			out = append(out, rec.Arch)
		}
	}
	return out
}

// fixed asks for one list of architectures in a single step.
type fixed struct{ archs []searchspace.Arch }

func (f *fixed) Ask(_ context.Context, step int) ([]searchspace.Arch, error) {
	if step > 0 {
		return nil, nil
	}
	return f.archs, nil
}

func (f *fixed) Tell(_ context.Context, _ int, results []search.Result) ([]struct{}, error) {
	return make([]struct{}, len(results)), nil
}
