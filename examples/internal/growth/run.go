package growth

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/tendril-nas/tendril/adjuster"
	"github.com/tendril-nas/tendril/examples/internal/progress"
	"github.com/tendril-nas/tendril/searchspace"
)

// Options of Run. The zero value keeps nothing and shows nothing.
type Options struct {
	Dir    string            // where state, the final model and pictures go; "" = nowhere
	Resume bool              // go on with the run kept in Dir, if there is one
	Out    *progress.Printer // where progress and findings are shown
	Log    *slog.Logger      // warnings of the packages
}

const expertFile = "expert.ckpt"

// Run is the main loop: every snapshot of the scenario in turn. When ctx ends it returns the context's error, and what was finished
// stays in the directory.
func Run(ctx context.Context, cfg Config, o *Options) (*Report, error) {
	e, err := open(ctx, cfg, o)
	if err != nil {
		return nil, err
	}
	advance, err := e.method()
	if err != nil {
		return nil, err
	}
	e.announce()
	rep := &Report{}
	var outcomes []*adjuster.Outcome
	for e.t = 1; e.t <= e.scenario.Len(); e.t++ {
		oc, err := advance(ctx)
		if err != nil {
			return rep, fmt.Errorf("snapshot %d: %w", e.t, err)
		}
		snap, err := e.report(e.t, oc)
		if err != nil {
			return rep, err
		}
		outcomes, rep.Snapshots = append(outcomes, oc), append(rep.Snapshots, *snap)
		if err := e.describe(e.t, snap, oc); err != nil {
			return rep, err
		}
	}
	if err := e.finish(ctx, rep); err != nil {
		return rep, err
	}
	return rep, e.draw(rep, outcomes)
}

// open makes the engine of a run, new or kept in the directory.
func open(ctx context.Context, cfg Config, o *Options) (*engine, error) {
	if err := cfg.Check(); err != nil {
		return nil, err
	}
	out, log := o.Out, o.Log
	if out == nil {
		out = progress.New(io.Discard, &progress.Options{Plain: true})
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	s, err := openStore(o.Dir, &cfg, o.Resume)
	if err != nil {
		return nil, err
	}
	return newEngine(ctx, cfg, s, out, log)
}

// method returns the function that answers the snapshot under way.
func (e *engine) method() (func(context.Context) (*adjuster.Outcome, error), error) {
	if e.cfg.Baseline != "" {
		var prev searchspace.Arch
		return func(ctx context.Context) (*adjuster.Outcome, error) {
			o, err := e.advanceBaseline(ctx, prev)
			if err == nil {
				prev = o.After
			}
			return o, err
		}, nil
	}
	x, err := e.expert()
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) (*adjuster.Outcome, error) {
		if e.t <= x.Step() {
			return &x.Outcomes()[e.t-1], nil
		}
		defer e.searchClock(x)()
		if e.cfg.Always && e.t > 1 {
			reading, err := e.Measure(ctx)
			if err != nil {
				return nil, err
			}
			return x.Adjust(ctx, e, reading)
		}
		return x.Advance(ctx, e)
	}, nil
}

// expert is Algorithm 1, from its checkpoint if there is one.
func (e *engine) expert() (*adjuster.Expert, error) {
	start, err := e.start()
	if err != nil {
		return nil, err
	}
	opts := &adjuster.ExpertOptions{Condition: e.condition(), Start: start, Checkpoint: e.store.path(expertFile)}
	if there, err := e.store.has(expertFile); err != nil {
		return nil, err
	} else if there {
		return adjuster.LoadExpert(opts.Checkpoint, e.adjusterOptions(), opts)
	}
	space, err := e.space(1)
	if err != nil {
		return nil, err
	}
	a, err := adjuster.New(space, e.adjusterOptions())
	if err != nil {
		return nil, err
	}
	return adjuster.NewExpert(a, opts)
}

// searchClock books the time an Advance spends outside the learner's own phases as the adjuster's.
func (e *engine) searchClock(x *adjuster.Expert) func() {
	start, step := time.Now(), e.t
	others := func() float64 {
		return e.seconds[step][SecondsMeasure] + e.seconds[step][SecondsSupernet] + e.seconds[step][SecondsRetrain]
	}
	before := others()
	return func() {
		spent := time.Since(start).Seconds() - (others() - before)
		if n := x.Step(); n >= step && x.Outcomes()[step-1].Search == nil {
			return
		}
		e.clockInto(SecondsAdjuster, time.Now().Add(-time.Duration(max(0, spent)*float64(time.Second))))
	}
}
