package growth

import (
	"context"

	"github.com/tendril-nas/tendril/adjuster"
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/searchspace"
)

// advanceBaseline answers the snapshot under way by the method of the engine. prev is the
// architecture in service, zero before the first snapshot. Every part finds what it did before an
// interruption.
//
//   - fixed, middle, largest: one architecture; where AdaXpert would adjust, its weights are
//     trained again on D_t.
//   - random: the same with an architecture drawn at given multiply-adds, another one where these
//     change.
//   - scratch: at every snapshot a new supernet and a new policy, reward without α_{t−1}.
func (e *engine) advanceBaseline(ctx context.Context, prev searchspace.Arch) (*adjuster.Outcome, error) {
	o := &adjuster.Outcome{Step: e.t, Before: prev, Action: adjuster.First}
	train := e.t == 1 || e.method == Scratch
	if e.t > 1 {
		reading, err := e.Measure(ctx)
		if err != nil {
			return nil, err
		}
		if o.Decision, err = e.condition().Decide(reading); err != nil {
			return nil, err
		}
		o.Reading, o.Action = reading, adjuster.Kept
		train = train || o.Decision.Adjust || e.cfg.Always
	}
	if e.method == Scratch {
		res, err := e.searchAnew(ctx)
		if err != nil {
			return nil, err
		}
		o.Search, o.After = res, res.Arch
	} else {
		o.After = e.starts[e.t-1]
	}
	if e.t > 1 && o.After != prev {
		o.Action, train = adjuster.Adjusted, true
	}
	if train {
		return o, e.Retrain(ctx, o.After)
	}
	return o, e.Keep(ctx)
}

// searchAnew is the search of baseline scratch, or what it found earlier.
func (e *engine) searchAnew(ctx context.Context) (*adjuster.Result, error) {
	return run.Once(e.job, e.phase(SecondsAdjuster), func() (*adjuster.Result, error) {
		judges, err := e.Judges(ctx)
		if err != nil {
			return nil, err
		}
		o, err := e.adjusterOptions()
		if err != nil {
			return nil, err
		}
		a, err := adjuster.New(judges.Space, o)
		if err != nil {
			return nil, err
		}
		return a.AdjustWith(ctx, searchspace.Arch{}, 1, *judges)
	})
}
