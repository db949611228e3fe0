package adjuster

import (
	"context"
	"errors"
	"fmt"

	"github.com/tendril-nas/tendril/internal/checkpoint"
	"github.com/tendril-nas/tendril/internal/search"
	"github.com/tendril-nas/tendril/searchspace"
)

// course is a list of evaluations that an interruption does not repeat. Its strategy is made anew
// in another process, and shown what was measured before. The zero course has not begun.
type course struct {
	loop  *search.Loop[struct{}]
	saved search.State[struct{}] // where loop has to go on, from a file
}

// open readies the loop of a course that this process has not begun. One failure that does not go
// away ends it; the state is saved after every evaluation.
func (c *course) open(ctx context.Context, s search.Strategy[struct{}], e search.Evaluate,
	o search.Options) error {
	o.Failures = -1
	loop, err := search.New(s, e, o)
	if err != nil {
		return err
	}
	if err := loop.Replay(ctx, c.saved); err != nil {
		return err
	}
	c.loop = loop
	return nil
}

func (c *course) put(tensors map[string]checkpoint.Tensor, name string, codec search.Codec[struct{}]) {
	s := c.saved
	if c.loop != nil {
		s = c.loop.State()
	}
	codec.PutState(tensors, name, s)
}

func (c *course) get(tensors map[string]checkpoint.Tensor, name string,
	codec search.Codec[struct{}]) (err error) {
	if c.saved, err = codec.GetState(tensors, name); err != nil {
		return fmt.Errorf("adjuster: %w", err)
	}
	return nil
}

// heat is a race and the course that runs it.
type heat struct {
	course
	race      *race
	judge     RangeEvaluator                      // of the present call
	objective Objective                           // that measurements must have
	same      func(searchspace.Measurement) error // checks weights; nil = those of one runner are the same
	format    func(searchspace.Arch) string
}

// run judges until the race is over: field, or the one that this process has begun before. Blocks
// that do not belong to it, or were judged with weights that are gone, are an error and forgotten:
// another call judges anew.
func (h *heat) run(ctx context.Context, judge RangeEvaluator, field *race,
	o search.Options) (searchspace.Status, error) {
	h.judge = judge
	if h.loop == nil {
		if judge.Len() < 1 {
			return searchspace.StatusFailed, fmt.Errorf("%T has no images", judge)
		}
		h.race = field
		h.race.start()
		// An architecture is proposed once for every block, and its weights may be its own.
		o.Repeat, o.Stale = true, search.StaleKeep
		if err := h.open(ctx, h.race, h.evaluate, o); err != nil {
			return searchspace.StatusFailed, h.forget(err, o.Save)
		}
	}
	status, err := h.loop.Run(ctx)
	if errors.Is(err, search.ErrStale) {
		err = h.forget(err, o.Save)
	}
	return status, err
}

// forget gives up all blocks because of an error, in the file too.
func (h *heat) forget(err error, save func() error) error {
	h.course = course{}
	return errors.Join(err, save())
}

// evaluate judges an architecture on the block that the race is at.
func (h *heat) evaluate(ctx context.Context, a searchspace.Arch) (searchspace.Measurement, error) {
	_, from, to := h.race.next()
	m, err := h.judge.EvaluateRange(ctx, a, from, to)
	if err == nil {
		err = h.objective.check(m)
	}
	if err == nil {
		err = h.race.check(m)
	}
	if err == nil && h.same != nil {
		err = h.same(m)
	}
	if m.Text == "" {
		m.Text = h.format(a)
	}
	return m, err
}
