package adjuster

import (
	"context"
	"math"
	"slices"

	"github.com/tendril-nas/tendril/internal/stream"
	"github.com/tendril-nas/tendril/searchspace"
)

// rankByRace judges the candidates block by block, as long as they may win.
func (r *run) rankByRace(ctx context.Context, archs []searchspace.Arch, o *Race,
	res *Result) (searchspace.Status, error) {
	judge := r.judges.Final.(RangeEvaluator)
	b := blocks{o.Block, judge.Len()}
	random := stream.New(r.a.opts.Seed, "adjuster.blocks", r.a.runs)
	field := &race{blocks: b, order: random.Perm(b.count()), first: o.First, errors: o.errors(), keep: 1,
		value: r.a.opts.Objective.Value}
	if r.judges.Trial != nil {
		field.keep = r.a.opts.Finalists
	}
	r.final.same = r.loop.SameWeights
	ranked, status, err := r.judgeInBlocks(ctx, &r.final, judge, field, archs)
	if err == nil {
		res.Candidates, res.Previous, res.Rounds = ranked.all, ranked.guest, r.final.race.rounds
	}
	return status, err
}

// try judges the best candidates once more, with weights that were trained for it.
func (r *run) try(ctx context.Context, res *Result) (searchspace.Status, error) {
	var archs []searchspace.Arch
	for _, c := range res.Candidates[:min(r.a.opts.Finalists, len(res.Candidates))] {
		archs = append(archs, c.Arch)
	}
	if p := r.prev; r.a.opts.KeepPrevious && !p.IsZero() && !slices.Contains(archs, p) {
		archs = append(archs, p)
	}
	field := onAll(r.judges.Trial, r.a.opts.Objective)
	ranked, status, err := r.judgeInBlocks(ctx, &r.trial, r.judges.Trial, field, archs)
	if err == nil {
		res.Finalists, res.PreviousTrial = ranked.all, ranked.guest
	}
	return status, err
}

// onAll is a race of one round in which all images are judged and nobody is dropped.
func onAll(judge RangeEvaluator, v Objective) *race {
	b := twenty(judge.Len())
	return &race{blocks: b, first: b.count(), errors: math.Inf(1), keep: 1, value: v.Value}
}

// judgeInBlocks runs a race between architectures beside α_{t−1}, which competes where it is one of
// them.
func (r *run) judgeInBlocks(ctx context.Context, h *heat, judge RangeEvaluator, field *race,
	archs []searchspace.Arch) (ranking, searchspace.Status, error) {
	reward := r.a.opts.reward()
	add := func(a searchspace.Arch, competes bool) error {
		cost, err := r.cost(a)
		if err == nil {
			field.runners = append(field.runners, &runner{arch: a, cost: cost, competes: competes,
				guest: a == r.prev, charge: reward.charge(cost, r.prevCost, r.distance)})
		}
		return err
	}
	for _, a := range archs {
		if err := add(a, true); err != nil {
			return ranking{}, searchspace.StatusFailed, err
		}
	}
	if !r.prev.IsZero() && !slices.Contains(archs, r.prev) {
		if err := add(r.prev, false); err != nil {
			return ranking{}, searchspace.StatusFailed, err
		}
	}
	h.objective, h.format = r.a.opts.Objective, r.a.space.Format
	status, err := h.run(ctx, judge, field, r.judging())
	if err != nil {
		return ranking{}, status, err
	}
	return h.race.ranking(func(c *runner, m, guest searchspace.Measurement) float64 {
		return r.value(m, c.cost, guest)
	}), status, nil
}
