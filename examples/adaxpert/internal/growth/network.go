package growth

import (
	"cmp"
	"context"
	"math"
	"strings"

	"github.com/tendril-nas/tendril/examples/internal/data"
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// upbringing is how a network becomes one for service at the snapshot under way.
type upbringing struct {
	phase   string // names what is kept of it
	title   string
	inherit string  // one of Inheritances
	share   float64 // of the steps of a whole retraining
}

// retraining is the whole of it. Networks of the architecture in service go by a phase of their
// own, so that both sides of a contest can be had.
func (e *engine) retraining(a searchspace.Arch) (upbringing, error) {
	u := upbringing{e.phase(SecondsRetrain), e.title(SecondsRetrain, e.t), e.cfg.Inherit, 1}
	s, err := e.service(e.t)
	if err != nil || s == nil || s.model.Arch() != a {
		return u, err
	}
	u.phase, u.title = e.phase(kindKeep), e.title(kindKeep, e.t)
	if e.arm != "" {
		twin, err := e.twin()
		if twin {
			u.phase = phaseName(kindKeep, e.t)
		}
		return u, err
	}
	return u, nil
}

// network is the network of an architecture, trained on the snapshot under way. It is trained once,
// and the model in service stays as it is.
func (e *engine) network(ctx context.Context, a searchspace.Arch, u upbringing) (*supernet.Model, error) {
	if m := e.networks[u.phase]; m != nil {
		return m, nil
	}
	m, err := run.Saved(ctx, e.job, u.phase, e.loadModel,
		func() (*supernet.Model, error) { return e.raise(ctx, a, u) })
	if err != nil {
		return nil, err
	}
	e.networks[u.phase] = m
	return m, nil
}

func (e *engine) loadModel(path string) (*supernet.Model, error) {
	return supernet.LoadModel(path, &supernet.Options{Logger: e.job.Log})
}

func (e *engine) raise(ctx context.Context, a searchspace.Arch, u upbringing) (*supernet.Model, error) {
	born, err := e.newborn(ctx, a, u.inherit)
	if err != nil {
		return nil, err
	}
	m := born.Model
	m.SetStage(e.t)
	train, err := e.trainingSet(e.t)
	if err != nil {
		return nil, err
	}
	table := e.training(SecondsRetrain, e.t)
	seed := e.cfg.Seed.For(seedModelData, e.t)
	if u.share < 1 {
		if train, err = shorten(&table, train, u.share, e.cfg.Seed.For(seedTrialData, e.t)); err != nil {
			return nil, err
		}
	}
	o, err := e.job.TrainOptions(&table, train.Len(), seed, u.phase, u.title)
	if err != nil {
		return nil, err
	}
	o.FrozenStages, o.Rate = e.cfg.Retrain.frozen(), e.cfg.Retrain.rate(born)
	if o.Teacher, err = e.teacher(); err != nil {
		return nil, err
	}
	if _, err := m.Train(ctx, train, o); err != nil {
		return nil, err
	}
	return m, nil
}

// frozen are the stages that a training leaves as they are.
func (t *Training) frozen() []int {
	var stages []int
	for s := range t.Frozen {
		stages = append(stages, s)
	}
	return stages
}

// rate gives the layers of a network their rates; nil = 1 for all.
func (t *Training) rate(n *newborn) func(*searchspace.Node) float64 {
	if t.Inherited == 0 && !t.KeepNorms || n.rate == nil {
		return nil
	}
	inherited := cmp.Or(t.Inherited, 1)
	if t.KeepNorms {
		return n.rate(inherited, 0)
	}
	return n.rate(inherited, inherited)
}

// newborn is a network before its training on the snapshot under way.
func (e *engine) newborn(ctx context.Context, a searchspace.Arch, inherit string) (*newborn, error) {
	s, err := e.service(e.t)
	if err != nil {
		return nil, err
	}
	switch {
	case inherit == FromSupernet && e.trainsSupernet(e.t):
		if err := e.FineTune(ctx); err != nil { // loads N_t after an interruption
			return nil, err
		}
		train, err := e.scenario.Train(e.t)
		if err != nil {
			return nil, err
		}
		m, err := e.net.Extract(ctx, a, train)
		return &newborn{Model: m}, err
	case inherit == FromNothing || s == nil:
		return e.origin.network(ctx, e, a)
	}
	return e.descend(ctx, s.model, a)
}

// descend makes the network of an architecture out of the one in service: it goes on where that one
// is, and what that one has no weights for comes from the supernet, if there is one.
func (e *engine) descend(ctx context.Context, m *supernet.Model, a searchspace.Arch) (*newborn, error) {
	o, err := e.morphOptions()
	if err != nil {
		return nil, err
	}
	if m.Arch() != a {
		if err := e.FineTune(ctx); err != nil { // loads N_t after an interruption
			return nil, err
		}
		o.Supernet = e.net
	}
	d, report, err := m.Morph(ctx, a, o)
	if err != nil {
		return nil, err
	}
	if d.Classes() > m.Classes() {
		if err := e.origin.learn(ctx, e, d); err != nil {
			return nil, err
		}
	}
	return &newborn{d, report.Rate}, nil
}

// morphed says in a line what becomes of the layers of the network in service when it becomes that
// of another architecture; "" where it does not.
func (e *engine) morphed(a searchspace.Arch) (string, error) {
	s, err := e.service(e.t)
	if err != nil || s == nil || s.model.Arch() == a || e.cfg.Inherit != FromServing {
		return "", err
	}
	o, err := e.morphOptions()
	if err != nil {
		return "", err
	}
	r, err := s.model.PlanMorph(a, o)
	if err != nil {
		return "", err
	}
	text := r.String()
	return text[strings.LastIndex(text, "\n")+1:], nil
}

func (e *engine) morphOptions() (*supernet.MorphOptions, error) {
	train, err := e.trainingSet(e.t)
	return &supernet.MorphOptions{Classes: e.scenario.Classes(e.t), Calibration: train,
		KeepOffset: e.cfg.Retrain.KeepNorms}, err
}

// teacher is the model in service, which teaches the classes that it knows; nil before there is
// one.
func (e *engine) teacher() (*supernet.Teacher, error) {
	s, err := e.service(e.t)
	if err != nil || s == nil || e.cfg.Distill == 0 {
		return nil, err
	}
	return &supernet.Teacher{Model: s.model, Weight: e.cfg.Distill}, nil
}

// shorten makes a training on data a share as long, by fewer epochs over fewer images.
func shorten(t *run.Training, ds dataset.Dataset, share float64, seed uint64) (dataset.Dataset, error) {
	epochs, _ := t.Plan(ds.Len())
	wanted := share * float64(epochs)
	t.MinSteps, t.Epochs = 0, max(1, int(math.Ceil(wanted-1e-9)))
	n := int(math.Round(wanted / float64(t.Epochs) * float64(ds.Len())))
	return data.Some(ds, max(n, t.Batch), seed)
}
