package transfer

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/tendril-nas/tendril/examples/internal/contest"
	"github.com/tendril-nas/tendril/examples/internal/data"
	"github.com/tendril-nas/tendril/examples/internal/lite0"
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// found is what the search came to.
type found struct {
	Arch string `json:"arch"` // of the space; that of the fine-tuned network if no change was worth it
	// Tried counts networks that were judged.
	Tried int `json:"tried"`
	// Loss is the mean cross entropy of the held-out images of the search: that of the fine-tuned
	// network, and of what it is morphed into, untrained.
	Before float64 `json:"before"`
	After  float64 `json:"after"`
}

// cut is a change of one decision that makes the network cheaper.
type cut struct {
	decision, choice int
	price            float64 // loss for each halving of the multiply-adds
}

// search makes the architecture cheaper, cut by cut. Every change of one decision is judged by what
// the fine-tuned network is morphed into with it, without training. The changes are then made in
// the order of what they cost, as long as all together cost no more than the settings allow.
func (e *engine) search(ctx context.Context) (searchspace.Arch, error) {
	f, err := run.Once(e.job, phaseSearch, func() (found, error) {
		j, err := e.judge(ctx)
		if err != nil {
			return found{}, err
		}
		return e.thinned(ctx, j)
	})
	if err != nil {
		return searchspace.Arch{}, err
	}
	return e.near.Parse(f.Arch)
}

// judge morphs the fine-tuned network into architectures and asks them about held-out images.
func (e *engine) judge(ctx context.Context) (*contest.Networks, error) {
	seed := e.cfg.Seed.For(seedJudges)
	few, err := data.Some(e.images.held, e.lengths.Search, seed)
	if err != nil {
		return nil, err
	}
	calibration, err := data.Some(e.images.train, e.cfg.Search.Calibrated, seed)
	if err != nil {
		return nil, err
	}
	return &contest.Networks{Space: e.near, Held: few,
		Network: func(ctx context.Context, a searchspace.Arch) (*supernet.Model, error) {
			m, _, err := e.descend(ctx, a, calibration)
			return m, err
		}}, nil
}

func (e *engine) thinned(ctx context.Context, j *contest.Networks) (f found, err error) {
	now, err := j.Evaluate(ctx, e.start)
	if err != nil {
		return f, err
	}
	f = found{Arch: e.near.Format(e.start), Before: now.Loss, After: now.Loss}
	all := e.neighbours()
	bar := e.job.Out.Phase(titleSearch, 2*len(all))
	cuts := make([]cut, 0, len(all))
	for _, a := range all {
		c, err := e.price(ctx, j, a, now.Loss)
		if err != nil {
			return f, err
		}
		f.Tried++
		bar.Set(f.Tried, fmt.Sprintf("loss %+.3f for each halving", c.price))
		cuts = append(cuts, c)
	}
	slices.SortStableFunc(cuts, func(a, b cut) int { return cmp.Compare(a.price, b.price) })
	choices := e.start.Choices()
	for _, c := range cuts {
		was := choices[c.decision]
		choices[c.decision] = c.choice
		a, err := e.near.New(choices)
		if err != nil { // a layer of a stage that has lost it
			choices[c.decision] = was
			continue
		}
		m, err := j.Evaluate(ctx, a)
		if err != nil {
			return f, err
		}
		f.Tried++
		bar.Set(f.Tried, fmt.Sprintf("loss %.3f, %.3f before", m.Loss, f.Before))
		if m.Loss > f.Before+e.cfg.Search.Loss {
			choices[c.decision] = was
			break
		}
		f.Arch, f.After = e.near.Format(a), m.Loss
	}
	bar.Set(2*len(all), "")
	return f, nil
}

// neighbours differ from the start in one decision and are cheaper.
func (e *engine) neighbours() (out []searchspace.Arch) {
	for a := range e.near.Neighbours(e.start) {
		if e.saved(a) > 0 {
			out = append(out, a)
		}
	}
	return out
}

// saved is how often the multiply-adds of the start were halved; 0 where they were not.
func (e *engine) saved(a searchspace.Arch) float64 {
	before, err1 := e.near.Cost(e.start)
	after, err2 := e.near.Cost(a)
	if err1 != nil || err2 != nil {
		return 0
	}
	return math.Log2(float64(before.MAdds) / float64(after.MAdds))
}

// price judges a neighbour.
func (e *engine) price(ctx context.Context, j *contest.Networks, a searchspace.Arch, loss float64) (cut, error) {
	m, err := j.Evaluate(ctx, a)
	if err != nil {
		return cut{}, err
	}
	c := cut{price: (m.Loss - loss) / e.saved(a)}
	for i := range e.near.Decisions() {
		if a.At(i) != e.start.At(i) {
			c.decision, c.choice = i, a.At(i)
			break
		}
	}
	return c, nil
}

// successor is the network of an architecture, trained on from the fine-tuned one: that of the
// search, or the fine-tuned network itself for comparison.
func (e *engine) successor(ctx context.Context, a searchspace.Arch) (*supernet.Model, error) {
	phase, title := phaseAdapted, titleAdapted
	if a == e.start {
		phase, title = phaseKept, titleKept
	}
	return e.model(ctx, phase, func() (*supernet.Model, error) {
		m, rate, err := e.descend(ctx, a, e.images.train)
		if err != nil {
			return nil, err
		}
		t := &training{&e.cfg.Last, e.lengths.Last, phase, title, seedLast}
		return m, e.train(ctx, m, t, rate)
	})
}

// descend makes the network of an architecture out of the fine-tuned one, and says at which rates
// its layers learn. Statistics that change with the architecture are measured on images.
func (e *engine) descend(ctx context.Context, a searchspace.Arch, images dataset.Dataset) (
	*supernet.Model, rates, error) {
	from, err := e.tuned(ctx)
	if err != nil {
		return nil, nil, err
	}
	if a == from.Arch() {
		m, err := twin(ctx, from)
		return m, lite0.Learnt, err
	}
	m, report, err := from.Morph(ctx, a,
		&supernet.MorphOptions{Calibration: images, KeepOffset: e.cfg.Last.KeepNorms})
	if err != nil {
		return nil, nil, fmt.Errorf("morph: %w", err)
	}
	return m, report.Rate, nil
}
