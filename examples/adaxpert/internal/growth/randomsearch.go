package growth

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/tendril-nas/tendril/adjuster"
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/internal/search"
	"github.com/tendril-nas/tendril/searchspace"
)

// randomSearch is the adjuster with a uniform distribution in the place of its policy: as many
// random architectures as it would propose, and the best of them once more on the whole validation
// set. Its state is kept as part of a phase.
func (e *engine) randomSearch(ctx context.Context, j *adjuster.Judges, prev searchspace.Arch, d float64,
	seed uint64, phase string) (*adjuster.Result, error) {
	first, err := e.rewardFor(ctx, j.Space, j.Reward, prev, d)
	if err != nil {
		return nil, err
	}
	n := e.cfg.Adjuster.Iterations
	s := run.Search[struct{}]{
		Phase: phase + ".random", Title: e.title(SecondsAdjuster, e.t), Space: j.Space,
		Strategy: search.Uniform{Space: j.Space, Seed: seed}, Evaluate: j.Reward.Evaluate,
		Options: search.Options{Steps: n, SaveEvery: 50},
	}
	records, err := s.Run(ctx, e.job)
	if err != nil {
		return nil, err
	}
	res := &adjuster.Result{Iterations: n, Status: searchspace.StatusFinished}
	var found []adjuster.Candidate
	for _, r := range records {
		if !r.Measured() {
			continue
		}
		c, err := first.candidate(r.Measurement)
		if err != nil {
			return nil, err
		}
		res.History = append(res.History, adjuster.Proposal{Iteration: r.Step, Arch: r.Arch,
			Text:     j.Space.Format(r.Arch),
			Accuracy: c.Measurement.Accuracy, Cost: c.Cost, Reward: c.Reward, Cached: r.Cached})
		if !r.Cached {
			found = append(found, c)
		}
	}
	res.Distinct = len(found)
	slices.SortStableFunc(found, better)
	return res, e.finalChoice(ctx, j, prev, d, found[:min(len(found), e.cfg.Adjuster.Candidates)], phase, res)
}

// finalChoice judges candidates on the whole validation set.
func (e *engine) finalChoice(ctx context.Context, j *adjuster.Judges, prev searchspace.Arch, d float64,
	found []adjuster.Candidate, phase string, res *adjuster.Result) error {
	last, err := e.rewardFor(ctx, j.Space, j.Final, prev, d)
	if err != nil {
		return err
	}
	var archs []searchspace.Arch
	for _, c := range found {
		archs = append(archs, c.Arch)
	}
	s := run.Search[struct{}]{
		Phase: phase + ".final", Space: j.Space, Strategy: search.List{Archs: archs},
		Evaluate: j.Final.Evaluate,
	}
	records, err := s.Run(ctx, e.job)
	if err != nil {
		return err
	}
	for _, r := range records {
		if !r.Measured() {
			continue
		}
		c, err := last.candidate(r.Measurement)
		if err != nil {
			return err
		}
		res.Candidates = append(res.Candidates, c)
	}
	if len(res.Candidates) == 0 {
		return fmt.Errorf("none of %d architectures could be measured", res.Iterations)
	}
	slices.SortStableFunc(res.Candidates, better)
	res.Previous = adjuster.Candidate{Arch: prev, Measurement: last.base, Cost: last.cost}
	res.Arch = res.Candidates[0].Arch
	res.Text = j.Space.Format(res.Arch)
	return nil
}

// better puts higher rewards first, of equal ones the cheaper.
func better(x, y adjuster.Candidate) int {
	return cmp.Or(cmp.Compare(y.Reward, x.Reward), cmp.Compare(x.Cost, y.Cost))
}

// relative is the reward beside one architecture.
type relative struct {
	reward    adjuster.Reward
	objective adjuster.Objective
	space     *searchspace.Space
	base      searchspace.Measurement // of that architecture
	cost      float64                 // and its cost
	d         float64
}

func (e *engine) rewardFor(ctx context.Context, space *searchspace.Space, judge adjuster.Evaluator,
	prev searchspace.Arch, d float64) (*relative, error) {
	base, err := judge.Evaluate(ctx, prev)
	if err != nil {
		return nil, err
	}
	reward, err := e.reward()
	if err != nil {
		return nil, err
	}
	cost, err := adjuster.MAdds(space, prev)
	return &relative{reward, e.objective(), space, base, cost, d}, err
}

func (r *relative) candidate(m searchspace.Measurement) (adjuster.Candidate, error) {
	cost, err := adjuster.MAdds(r.space, m.Arch)
	reward := r.reward.Value(r.objective.Value(m), r.objective.Value(r.base), cost, r.cost, r.d)
	return adjuster.Candidate{Arch: m.Arch, Measurement: m, Cost: cost, Reward: reward}, err
}
