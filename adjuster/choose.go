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

// choose draws the candidates, judges and ranks them, and has the best tried.
func (r *run) choose(ctx context.Context) (*Result, error) {
	res := r.result()
	status, err := r.rank(ctx, res)
	if err == nil && r.judges.Trial != nil {
		status, err = r.try(ctx, res)
	}
	if err != nil {
		if ctx.Err() != nil {
			status = searchspace.StatusCancelled
		}
		res.Status = status
		return res, fmt.Errorf("adjuster: final choice: %w", err)
	}
	best := res.Best()
	res.Arch, res.Text, res.Status = best.Arch, best.Measurement.Text, searchspace.StatusFinished
	return res, nil
}

// rank fills in the candidates, best first, and α_{t−1}.
func (r *run) rank(ctx context.Context, res *Result) (status searchspace.Status, err error) {
	archs, err := r.candidates()
	if err != nil {
		return searchspace.StatusFailed, err
	}
	if o := r.a.opts.Race; o != nil {
		return r.rankByRace(ctx, archs, o, res)
	}
	return r.rankByAll(ctx, archs, res)
}

// rankByAll judges every candidate on the whole validation set.
func (r *run) rankByAll(ctx context.Context, archs []searchspace.Arch,
	res *Result) (searchspace.Status, error) {
	f := &r.final
	if f.loop == nil {
		if err := f.open(ctx, search.List{Archs: archs}, r.judgement, r.judging()); err != nil {
			return searchspace.StatusFailed, err
		}
	}
	status, err := f.loop.Run(ctx)
	if err != nil {
		return status, err
	}
	var prev searchspace.Measurement
	if !r.prev.IsZero() {
		p, err := f.loop.Measure(ctx, r.prev)
		if err != nil {
			return status, err
		}
		prev = p.Measurement
		res.Previous = Candidate{Arch: r.prev, Measurement: prev, Cost: r.prevCost}
	}
	for _, rec := range f.loop.History() {
		c, err := r.candidate(rec.Measurement, prev)
		if err != nil {
			return searchspace.StatusFailed, err
		}
		res.Candidates = append(res.Candidates, c)
	}
	slices.SortStableFunc(res.Candidates, better)
	return status, nil
}

// judging is the options of all courses of the final choice.
func (r *run) judging() search.Options {
	return search.Options{Retries: r.a.opts.Retries, Save: r.a.autosave}
}

// judgement is one evaluation of the final choice, with the weights that the rewards came from.
func (r *run) judgement(ctx context.Context, a searchspace.Arch) (searchspace.Measurement, error) {
	m, err := r.checked(r.judges.Final.Evaluate(ctx, a))
	if err == nil {
		err = r.loop.SameWeights(m)
	}
	return m, err
}

// candidate is an architecture with its reward beside a measurement of α_{t−1}.
func (r *run) candidate(m, prev searchspace.Measurement) (Candidate, error) {
	cost, err := r.cost(m.Arch)
	if err != nil {
		return Candidate{}, err
	}
	return Candidate{Arch: m.Arch, Measurement: m, Cost: cost, Reward: r.value(m, cost, prev)}, nil
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
