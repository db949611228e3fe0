package transfer

import (
	"context"
	"fmt"

	"github.com/tendril-nas/tendril/adjuster"
	"github.com/tendril-nas/tendril/examples/internal/contest"
	"github.com/tendril-nas/tendril/examples/internal/data"
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// learner is the third step as the adjuster sees it: the fine-tuned network serves, and the images
// that it learnt are new to its architecture, at the distance 1.
type learner struct{ *engine }

const expertFile = "expert.ckpt"

// adapt searches for another architecture and has it compete with the fine-tuned network's. The
// outcome's After is that of the winner.
func (e *engine) adapt(ctx context.Context) (*adjuster.Outcome, error) {
	if _, err := e.tuned(ctx); err != nil {
		return nil, err
	}
	x, err := e.expert()
	if err != nil {
		return nil, err
	}
	if x.Step() > 0 {
		return &x.Outcomes()[0], nil
	}
	if err := e.job.Begin(); err != nil {
		return nil, err
	}
	defer e.job.Clock.Start(phaseSearch)() // what the other phases leave
	reading, err := e.reading(ctx)
	if err != nil {
		return nil, err
	}
	return x.Adjust(ctx, learner{e}, reading)
}

// expert is the adjuster with its state, which a run goes on with.
func (e *engine) expert() (*adjuster.Expert, error) {
	s := &e.cfg.Search
	o := &adjuster.Options{
		Iterations: s.Iterations, LearningRate: s.LR, Entropy: run.OrNone(s.Entropy), Baseline: 0.95,
		Objective: adjuster.Likelihood, Form: adjuster.PerDoubling, Lambda: run.OrNone(s.Lambda),
		Candidates: s.Candidates, Elites: s.Elites, Race: &adjuster.Race{}, Seed: e.cfg.Seed.For(seedPolicy), Logger: e.job.Log,
		Recorder:        &contest.Proposals{Out: e.job.Out, Title: func() string { return titleSearch }},
		CheckpointEvery: 20,
	}
	eo := &adjuster.ExpertOptions{Start: e.start, Deployed: true, Checkpoint: e.job.Path(expertFile)}
	if there, err := e.job.Has(expertFile); err != nil {
		return nil, err
	} else if there {
		return adjuster.LoadExpert(eo.Checkpoint, o, eo)
	}
	a, err := adjuster.New(e.near, o)
	if err != nil {
		return nil, err
	}
	return adjuster.NewExpert(a, eo)
}

// reading is the fine-tuned network's of the held-out images.
func (e *engine) reading(ctx context.Context) (r adjuster.Reading, err error) {
	m, err := e.tuned(ctx)
	if err != nil {
		return r, err
	}
	a, err := contest.Of(ctx, m, e.images.held)
	return adjuster.Reading{Reference: a.Tally(), Distance: 1}, err
}

// Measure implements adjuster.Learner.
func (l learner) Measure(ctx context.Context) (adjuster.Reading, error) { return l.reading(ctx) }

// FineTune implements adjuster.Learner: what judges candidates is the fine-tuned network itself.
func (l learner) FineTune(context.Context) error { return nil }

// Judges has every candidate judged by what the fine-tuned network is morphed into, without any
// training: what that loses tells which parts of it matter. A supernet would first have to learn
// what the fine-tuned network knows.
func (l learner) Judges(ctx context.Context) (*adjuster.Judges, error) {
	seed := l.cfg.Seed.For(seedJudges)
	few, err := data.Some(l.images.held, l.lengths.Search, seed)
	if err != nil {
		return nil, err
	}
	calibration, err := data.Some(l.images.train, l.cfg.Search.Calibrated, seed)
	if err != nil {
		return nil, err
	}
	network := func(ctx context.Context, a searchspace.Arch) (*supernet.Model, error) {
		m, _, err := l.descend(ctx, a, calibration)
		return m, err
	}
	return &adjuster.Judges{Space: l.near,
		Reward: &contest.Networks{Space: l.near, Held: few, Network: network},
		Final:  &contest.Networks{Space: l.near, Held: l.images.held, Network: network}}, nil
}

// Contest trains the adapted network and the one that is kept, each from the fine-tuned one's
// weights and for as long.
func (l learner) Contest(context.Context) (adjuster.RangeEvaluator, error) {
	return &contest.Networks{Space: l.space, Held: l.images.held, Network: l.contestant}, nil
}

// Retrain has nothing left to do after a contest. Where the search found nothing else than the
// architecture of the fine-tuned network there was none.
func (l learner) Retrain(ctx context.Context, a searchspace.Arch) error {
	_, err := l.contestant(ctx, a)
	return err
}

// contestant is the network of an architecture, trained for the contest.
func (e *engine) contestant(ctx context.Context, a searchspace.Arch) (*supernet.Model, error) {
	phase, title := phaseAdapted, titleAdapted
	if a == e.start {
		phase, title = phaseKept, titleKept
	}
	return e.model(ctx, phase, func() (*supernet.Model, error) {
		m, rate, err := e.descend(ctx, a, e.images.train)
		if err != nil {
			return nil, err
		}
		t := &training{&e.cfg.Contest, e.lengths.Contest, phase, title, seedContest}
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
		return m, nothingNew, err
	}
	m, report, err := from.Morph(ctx, a,
		&supernet.MorphOptions{Calibration: images, KeepOffset: e.cfg.Contest.KeepNorms})
	if err != nil {
		return nil, nil, fmt.Errorf("morph: %w", err)
	}
	return m, report.Rate, nil
}
