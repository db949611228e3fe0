package adjuster

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/tendril-nas/tendril/internal/search"
	"github.com/tendril-nas/tendril/internal/stream"
	"github.com/tendril-nas/tendril/searchspace"
)

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
	res.Status = searchspace.StatusFailed
	if err := r.openJudge(final); err != nil {
		return res, err
	}
	status, err := r.judge.Run(ctx)
	if err == nil && !r.prev.IsZero() {
		var p search.Result
		p, err = r.judge.Measure(ctx, r.prev)
		res.Previous = Candidate{Arch: r.prev, Measurement: p.Measurement, Cost: r.prevCost}
	}
	if err != nil {
		if ctx.Err() != nil {
			status = searchspace.StatusCancelled
		}
		res.Status = status
		return res, fmt.Errorf("adjuster: final choice: %w", err)
	}
	for _, rec := range r.judge.History() {
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
	best := res.Candidates[0]
	res.Arch, res.Text, res.Status = best.Arch, best.Measurement.Text, searchspace.StatusFinished
	return res, nil
}

// openJudge prepares the loop that judges the candidates, or the one that was interrupted.
func (r *run) openJudge(final Evaluator) error {
	r.final = final
	if r.judge != nil {
		return nil
	}
	archs, err := r.candidates()
	if err != nil {
		return err
	}
	options := search.Options{Retries: r.a.opts.Retries, Failures: -1, Save: r.a.autosave}
	judge, err := search.New[struct{}](search.List{Archs: archs}, r.judgement, options)
	if err != nil {
		return err
	}
	if r.judged != nil {
		if err := judge.Restore(*r.judged); err != nil {
			return fmt.Errorf("adjuster: final choice: %w", err)
		}
	}
	r.judge = judge
	return nil
}

// judgement is one evaluation of the final choice, with the weights that the rewards came from.
func (r *run) judgement(ctx context.Context, a searchspace.Arch) (searchspace.Measurement, error) {
	m, err := r.checked(r.final.Evaluate(ctx, a))
	if err == nil {
		err = r.loop.SameWeights(m)
	}
	return m, err
}

// judgedState is what the final choice has found so far; nil before it begins.
func (r *run) judgedState() *search.State[struct{}] {
	if r.judge == nil {
		return r.judged
	}
	s := r.judge.State()
	return &s
}

// candidates are the different architectures of the final choice, in the order in which they were
// found.
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
		random := stream.New(o.Seed, "adjuster.candidate", r.a.runs, uint64(i))
		d, err := r.a.policy.propose(r.a.space, r.encoding, r.cell, random, false)
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
		return nil, fmt.Errorf("adjuster: the space refused all %d candidates: %w", o.Candidates,
			searchspace.ErrInfeasible)
	}
	return out, nil
}

// elites are the n best different proposals of the history.
func (r *run) elites(n int) []searchspace.Arch {
	if n == 0 {
		return nil
	}
	recs := slices.Clone(r.loop.History())
	slices.SortStableFunc(recs, func(x, y search.Record[note]) int {
		return cmp.Compare(y.Note.Reward, x.Note.Reward)
	})
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
