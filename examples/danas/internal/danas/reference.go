package danas

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"gorgonia.org/tensor"

	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/pruning"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// family makes a space around a small network of a family.
type family func(size, classes, stride int) (*searchspace.Space, error)

func familyTable() map[string]family {
	net := func(f func(searchspace.NetOptions) (*searchspace.Space, error)) family {
		return func(size, classes, stride int) (*searchspace.Space, error) {
			return f(searchspace.NetOptions{InputSize: size, Classes: classes, StemStride: stride})
		}
	}
	return map[string]family{"vgg": net(searchspace.VGG), "resnet": net(searchspace.ResNet),
		"mobilenet": net(searchspace.MobileNet), "shufflenet": net(searchspace.ShuffleNet),
		"regnet": func(size, classes, stride int) (*searchspace.Space, error) {
			return searchspace.RegNet(searchspace.RegNetOptions{InputSize: size, Classes: classes,
				StemStride: stride})
		}}
}

func families() []string { return slices.Sorted(maps.Keys(familyTable())) }

// Reference is a network that ranks classes.
type Reference struct {
	Family   string  `json:"family"`
	MAdds    float64 `json:"madds"` // millions
	Accuracy float64 `json:"accuracy"`
	// Curve is the accuracy of every class, on validation images, after every epoch.
	Curve [][]float64 `json:"curve,omitempty"`
	// Answers are about the images that easiness is measured on.
	Answers *pruning.Answers `json:"-"`
}

// reference trains the largest network of a family, and asks it about images.
func (e *engine) reference(ctx context.Context, name string) (*Reference, error) {
	type kept struct {
		Reference
		Answers *pruning.Answers `json:"answers"`
	}
	phase := "reference-" + name
	r, err := run.Once(e.job, phase, func() (*kept, error) {
		classes := len(e.images.train.Classes())
		space, err := familyTable()[name](e.cfg.Size, classes, e.cfg.Stride)
		if err != nil {
			return nil, err
		}
		m, err := supernet.NewModel(space, space.Largest(), e.netOptions("danas."+phase))
		if err != nil {
			return nil, err
		}
		c := &curve{e: e, model: m, file: phase + ".curve.json"}
		if err := c.read(); err != nil {
			return nil, err
		}
		o, err := e.job.TrainOptions(&e.cfg.Reference, e.images.train.Len(), e.cfg.Seed.For("danas."+phase),
			phase,
			"reference "+name)
		if err != nil {
			return nil, err
		}
		_, c.perEpoch = e.cfg.Reference.Plan(e.images.train.Len())
		o.Before = c.before
		if _, err := m.Train(ctx, e.images.train, o); err != nil {
			return nil, err
		}
		if err := c.add(ctx); err != nil {
			return nil, err
		}
		tested, err := m.Evaluate(ctx, e.images.test, nil)
		if err != nil {
			return nil, err
		}
		r := &kept{Reference: Reference{Family: name, MAdds: float64(m.Graph().Cost().MAdds) / 1e6,
			Accuracy: tested.Accuracy, Curve: c.Rows}}
		r.Answers, err = ask(ctx, m, name, e.asked())
		return r, err
	})
	if err != nil {
		return nil, fmt.Errorf("reference %s: %w", name, err)
	}
	r.Reference.Answers = r.Answers
	return &r.Reference, e.job.Remove(phase + ".curve.json")
}

// asked is the images that easiness is measured on.
func (e *engine) asked() dataset.Dataset {
	if e.cfg.Unseen {
		return e.images.val
	}
	return e.images.train
}

// ask collects the answers of a model.
func ask(ctx context.Context, m *supernet.Model, name string, ds dataset.Dataset) (*pruning.Answers, error) {
	a := pruning.NewAnswers(name, len(ds.Classes()))
	err := m.Predict(ctx, ds, nil, func(probs *tensor.Dense, labels []int) error {
		rows := probs.Data().([]float32)
		for i, label := range labels {
			if err := a.Add(label, rows[i*a.Classes:][:a.Classes]); err != nil {
				return err
			}
		}
		return nil
	})
	return a, err
}

// curve follows the accuracies of classes over a training.
type curve struct {
	e        *engine
	model    *supernet.Model
	file     string
	perEpoch int
	Rows     [][]float64 // by epoch
}

func (c *curve) read() error {
	_, err := c.e.job.Read(c.file, &c.Rows)
	return err
}

// before measures after every epoch that has not been measured yet. A training that goes on from an
// earlier step comes by once more.
func (c *curve) before(ctx context.Context, step int) error {
	if step == 0 || step%c.perEpoch != 0 || len(c.Rows) >= step/c.perEpoch {
		return nil
	}
	if err := c.add(ctx); err != nil {
		return err
	}
	return c.e.job.Write(c.file, c.Rows)
}

func (c *curve) add(ctx context.Context) error {
	a, err := ask(ctx, c.model, "", c.e.images.val)
	if err == nil {
		c.Rows = append(c.Rows, a.Accuracies())
	}
	return err
}
