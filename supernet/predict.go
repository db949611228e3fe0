package supernet

import (
	"context"
	"errors"
	"fmt"

	"gorgonia.org/tensor"

	"github.com/tendril-nas/tendril/internal/nn"
	backend "github.com/tendril-nas/tendril/internal/tensor"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

var errNoFunction = errors.New("no function to hand results to")

// Evaluate judges the model with its running statistics. Of o BatchSize and Classes count. Classes
// of the data are matched with the model's by name. Images of classes that it does not know count
// as wrong, in Measurement.Unknown too, and have no part in the loss; the loss of one image is
// bounded as Judge.Evaluate bounds it. When the context ends it returns what the images before say.
// For some images alone give it a dataset.Subset.
func (m *Model) Evaluate(ctx context.Context, ds dataset.Dataset,
	o *EvalOptions) (searchspace.Measurement, error) {
	v := searchspace.Measurement{Arch: m.arch}
	err := m.once(ctx, ds, o, func(im *images) (err error) {
		m.announce(ds)
		v, err = m.measure(ctx, m.prog, im, nil, evaluating)
		return err
	})
	if err != nil {
		return v, fmt.Errorf("supernet: evaluate: %w", err)
	}
	return v, nil
}

// Predict hands the probabilities of all images to f, in order: float32 [n, classes], with their
// classes, matched by name: numbers of the model, −1 for a class that it does not know. Labels have
// no influence. Of o BatchSize and Classes count; with Classes there is one column for each of
// these, and they share the probability. Both are used again after f returns. An error of f ends
// it, and so do logits that are not finite, with ErrNotFinite.
func (m *Model) Predict(ctx context.Context, ds dataset.Dataset, o *EvalOptions,
	f func(probs *tensor.Dense, labels []int) error) error {
	err := m.once(ctx, ds, o, func(im *images) error {
		m.announce(ds)
		return m.predict(ctx, m.prog, im, nil, evaluating, f)
	})
	if err != nil {
		return fmt.Errorf("supernet: predict: %w", err)
	}
	return nil
}

// predict hands the probabilities of images to f. The caller has the turn.
func (n *network) predict(ctx context.Context, p *program, im *images, stats []*nn.Stats, step nn.Step,
	f func(probs *tensor.Dense, labels []int) error) error {
	if f == nil {
		return errNoFunction
	}
	done := 0
	return n.answers(ctx, p, im, stats, step, func(rows []float32, labels []int) error {
		k := len(rows) / len(labels)
		for i := range labels {
			if err := softmax(rows[i*k : (i+1)*k]); err != nil {
				return fmt.Errorf("logits of image %d: %w", done+i, err)
			}
		}
		done += len(labels)
		return f(tensor.New(tensor.WithShape(len(labels), k), tensor.WithBacking(rows)), labels)
	})
}

// Embed hands the features of all images, the inputs of the classifier, to f, in order: float32 [n,
// q], with their labels, which are the numbers of the data set: features are of no class. Both are
// used again after f returns. An error of f ends it.
func (m *Model) Embed(ctx context.Context, ds dataset.Dataset,
	f func(features *tensor.Dense, labels []int) error) error {
	err := m.once(ctx, ds, nil, func(im *images) error { return m.embed(ctx, im, f) })
	if err != nil {
		return fmt.Errorf("supernet: embed: %w", err)
	}
	return nil
}

func (m *Model) embed(ctx context.Context, im *images,
	f func(features *tensor.Dense, labels []int) error) error {
	if f == nil {
		return errNoFunction
	}
	q := m.FeatureLen()
	var rows []float32
	return im.each(ctx, func(b *dataset.Batch) error {
		if cap(rows) < b.N*q {
			rows = make([]float32, b.N*q)
		}
		rows = rows[:b.N*q]
		if err := m.featuresOf(b, rows); err != nil {
			return err
		}
		return f(tensor.New(tensor.WithShape(b.N, q), tensor.WithBacking(rows)), b.Labels)
	})
}

// featuresOf computes the features of a batch of images, one row for each. The caller has the turn.
func (m *Model) featuresOf(b *dataset.Batch, rows []float32) error {
	if err := m.runner.forward(m.prog, b, evaluating, pass{}); err != nil {
		return err
	}
	return m.runner.read(m.prog.feature, rows)
}

// once takes the turn and asks about all images of a data set, which is read once, so that none is
// kept in memory.
func (m *Model) once(ctx context.Context, ds dataset.Dataset, o *EvalOptions,
	ask func(im *images) error) error {
	if err := m.acquire(ctx); err != nil {
		return err
	}
	defer m.release()
	im, err := m.images(ds, o)
	if err != nil {
		return err
	}
	im.cache.fits = false
	return ask(im)
}

// FeatureLen returns the number of features that Embed gives per image.
func (m *Model) FeatureLen() int {
	g := m.Graph()
	return int(g.Nodes[g.Feature()].Out.Size())
}

// read downloads a slot.
func (r *runner) read(slot int, dst []float32) (err error) {
	defer backend.Recover(&err)
	r.tape.Read(r.slots[slot], dst)
	return nil
}
