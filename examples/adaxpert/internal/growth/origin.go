package growth

import (
	"context"
	"fmt"

	"github.com/tendril-nas/tendril/examples/internal/lite0"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// origin is where networks come from before a run has trained any.
type origin interface {
	fmt.Stringer // what a run says of it
	// space is that of images of so many pixels and so many classes; 0 = those of the family.
	space(size, classes int) (*searchspace.Space, error)
	// start is the architecture that serves first where nothing else is said.
	start(space *searchspace.Space) (searchspace.Arch, error)
	// normalization is that of images of which these are the first.
	normalization(ctx context.Context, first dataset.Dataset) (dataset.Normalization, error)
	// network is that of an architecture, for the classes of the snapshot under way.
	network(ctx context.Context, e *engine, a searchspace.Arch) (*newborn, error)
	// learn prepares a descendant of the network in service for classes that came with the
	// snapshot.
	learn(ctx context.Context, e *engine, m *supernet.Model) error
	// supernet is one for the classes of the snapshot under way.
	supernet(ctx context.Context, e *engine) (*supernet.Net, error)
	// anew says that every search has a supernet of its own. It is otherwise one for the whole run,
	// trained at the first snapshot too.
	anew() bool
}

// newborn is a network before its training on the snapshot under way.
type newborn struct {
	*supernet.Model
	// rate makes the rates of its layers (supernet.TrainOptions.Rate) of the factors for those
	// whose weights it has inherited; nil where there are none of others to be told from.
	rate rates
}

// rates are those of supernet.MorphReport.Rate.
type rates func(inherited, norms float64) func(*searchspace.Node) float64

// origin is that of the configuration.
func (s *Space) origin() origin {
	if s.Pretrained {
		return published{}
	}
	return untrained{s}
}

// untrained networks have initial weights.
type untrained struct{ *Space }

func (u untrained) String() string {
	return fmt.Sprintf("space: width %g, stem stride %d", u.Width, u.Stem)
}

func (u untrained) space(size, classes int) (*searchspace.Space, error) {
	return searchspace.MobileNetV3(searchspace.MobileNetV3Options{Width: u.Width, InputSize: size,
		StemStride: u.Stem, Classes: classes})
}

func (u untrained) start(space *searchspace.Space) (searchspace.Arch, error) {
	return space.Smallest(), nil
}

func (u untrained) normalization(ctx context.Context, first dataset.Dataset) (dataset.Normalization, error) {
	return dataset.Measure(ctx, first)
}

func (u untrained) network(_ context.Context, e *engine, a searchspace.Arch) (*newborn, error) {
	space, err := e.space(e.t)
	if err != nil {
		return nil, err
	}
	m, err := supernet.NewModel(space, a, e.netOptions(e.t, e.cfg.Seed.For(seedModel, e.t)))
	return &newborn{Model: m}, err
}

func (untrained) learn(context.Context, *engine, *supernet.Model) error { return nil }

func (u untrained) supernet(_ context.Context, e *engine) (*supernet.Net, error) {
	space, err := e.space(e.t)
	if err != nil {
		return nil, err
	}
	return supernet.New(space, e.netOptions(e.t, e.cfg.Seed.For(seedSupernet, e.t)))
}

func (u untrained) anew() bool { return false }

// published networks come from EfficientNet-Lite0 and its ImageNet weights. A supernet has the
// weights of the network in service, for which it is made.
type published struct{}

func (published) String() string { return "start: EfficientNet-Lite0 with its ImageNet weights" }

func (published) space(size, classes int) (*searchspace.Space, error) {
	space, _, err := lite0.Space(size, classes, nil)
	return space, err
}

func (published) start(space *searchspace.Space) (searchspace.Arch, error) {
	_, a, err := lite0.Space(space.InputSize(), space.Classes(), nil)
	return a, err
}

func (published) normalization(context.Context, dataset.Dataset) (dataset.Normalization, error) {
	return lite0.Normalization(), nil
}

// network is Lite0, morphed where the architecture is another one, with a classifier fitted to its
// features.
func (p published) network(ctx context.Context, e *engine, a searchspace.Arch) (*newborn, error) {
	o := e.netOptions(e.t, e.cfg.Seed.For(seedModel, e.t))
	classes := o.Classes
	o.Classes = nil
	m, _, err := lite0.Model(ctx, e.full.InputSize(), classes, &lite0.Options{Options: *o})
	if err != nil {
		return nil, err
	}
	born := &newborn{m, lite0.Learnt}
	if m.Arch() != a {
		train, err := e.trainingSet(e.t)
		if err != nil {
			return nil, err
		}
		morphed, change, err := m.Morph(ctx, a, &supernet.MorphOptions{Calibration: train, KeepOffset: true})
		if err != nil {
			return nil, err
		}
		born = &newborn{morphed, change.Rate}
	}
	return born, p.learn(ctx, e, born.Model)
}

// learn fits the classifier to the features of all classes.
func (published) learn(ctx context.Context, e *engine, m *supernet.Model) error {
	train, err := e.trainingSet(e.t)
	if err != nil {
		return err
	}
	_, err = m.FitClassifier(ctx, train, &supernet.FitOptions{Seed: e.cfg.Seed.For(seedHead, e.t)})
	return err
}

func (p published) supernet(ctx context.Context, e *engine) (*supernet.Net, error) {
	net, err := untrained{}.supernet(ctx, e)
	if err != nil {
		return nil, err
	}
	m, err := p.source(ctx, e)
	if err != nil {
		return nil, err
	}
	_, err = net.Inherit(ctx, m, nil)
	return net, err
}

// source is the network whose weights a supernet has: the one in service, unless the method knows
// nothing of it.
func (p published) source(ctx context.Context, e *engine) (*supernet.Model, error) {
	s, err := e.service(e.t)
	if err != nil {
		return nil, err
	}
	if s != nil && e.method != Scratch {
		return s.model, nil
	}
	born, err := p.network(ctx, e, e.starts[0])
	if err != nil {
		return nil, err
	}
	return born.Model, nil
}

func (published) anew() bool { return true }
