package transfer

import (
	"context"
	"fmt"

	"github.com/tendril-nas/tendril/adjuster"
	"github.com/tendril-nas/tendril/examples/internal/contest"
	"github.com/tendril-nas/tendril/examples/internal/data"
	"github.com/tendril-nas/tendril/examples/internal/lite0"
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
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

// FineTune makes the supernet out of the fine-tuned network, which teaches it.
func (l learner) FineTune(ctx context.Context) error {
	if l.net != nil {
		return nil
	}
	net, err := run.Saved(ctx, l.job, phaseSupernet, func(path string) (*supernet.Net, error) {
		return supernet.Load(path, &supernet.Options{Logger: l.job.Log})
	}, func() (*supernet.Net, error) { return l.supernet(ctx) })
	if err == nil {
		l.net = net
	}
	return err
}

func (l learner) supernet(ctx context.Context) (*supernet.Net, error) {
	m, err := l.tuned(ctx)
	if err != nil {
		return nil, err
	}
	o := l.options(seedSupernet)
	o.Classes, o.Normalization = m.ClassNames(), lite0.Normalization()
	net, err := supernet.New(l.near, &o)
	if err != nil {
		return nil, err
	}
	if _, err := net.Inherit(ctx, m, nil); err != nil {
		return nil, err
	}
	if l.lengths.Supernet.Steps == 0 {
		return net, nil
	}
	cfg := &l.cfg.Supernet
	t := &training{&cfg.Training, l.lengths.Supernet, phaseSupernet, titleSupernet, seedSupernet}
	to, some, err := l.prepared(t, nil)
	if err != nil {
		return nil, err
	}
	to.Subnets.Sampler = supernet.Sandwich(l.near, cfg.Sandwich, l.cfg.Seed.For(seedSandwich))
	if _, err := net.Train(ctx, some, to); err != nil {
		return nil, err
	}
	return net, nil
}

// raceCalibration times the images behind the statistics of a reward are behind those of the race.
const raceCalibration = 4

// Judges binds the supernet to the held-out images.
func (l learner) Judges(ctx context.Context) (*adjuster.Judges, error) {
	if err := l.FineTune(ctx); err != nil { // loads it after an interruption
		return nil, err
	}
	seed := l.cfg.Seed.For(seedJudges)
	some, err := data.Some(l.images.held, l.lengths.Search, seed)
	if err != nil {
		return nil, err
	}
	o := &supernet.EvalOptions{Calibration: l.images.train, CalibrationImages: l.cfg.Search.Calibrated,
		Seed: seed}
	if l.cfg.Search.Running {
		o.Statistics = supernet.Running
	}
	j := &adjuster.Judges{Space: l.near}
	if j.Reward, err = l.net.On(some, o); err != nil {
		return nil, err
	}
	final := *o
	final.CalibrationImages *= raceCalibration
	j.Final, err = l.net.On(l.images.held, &final)
	return j, err
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
		tuned, err := e.tuned(ctx)
		if err != nil {
			return nil, err
		}
		m, fresh, err := e.descend(ctx, tuned, a)
		if err != nil {
			return nil, err
		}
		t := &training{&e.cfg.Contest, e.lengths.Contest, phase, title, seedContest}
		return m, e.train(ctx, m, t, fresh)
	})
}

// descend makes the network of an architecture out of another one, and says which of its layers are
// new; what that one has no weights for comes from the supernet.
func (e *engine) descend(ctx context.Context, from *supernet.Model, a searchspace.Arch) (
	*supernet.Model, func(*searchspace.Node) bool, error) {
	if a == from.Arch() {
		m, err := twin(ctx, from)
		return m, nil, err
	}
	if err := (learner{e}).FineTune(ctx); err != nil { // loads the supernet after an interruption
		return nil, nil, err
	}
	o := &supernet.MorphOptions{Supernet: e.net}
	if !e.cfg.Contest.HoldNorms {
		o.Calibration = e.images.train
	}
	m, report, err := from.Morph(ctx, a, o)
	if err != nil {
		return nil, nil, fmt.Errorf("morph: %w", err)
	}
	rate := report.Rate(0) // 1 for new layers
	return m, func(n *searchspace.Node) bool { return rate(n) > 0 }, nil
}
