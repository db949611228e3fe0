package main

import (
	"context"
	"errors"
	"fmt"

	"gorgonia.org/tensor"

	"github.com/tendril-nas/tendril/adjuster"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/supernet/dataset"
	"github.com/tendril-nas/tendril/wasserstein"
)

// watched is a model with what is known of the data under it. It never changes: a batch makes
// another one, so that nothing is half updated.
type watched struct {
	model   *supernet.Model
	trained int                  // batch up to which it was trained
	reading adjuster.Reading     // the model on D_t
	base    *wasserstein.Moments // features of the data that it was trained on
	now     *wasserstein.Moments // features of all data since, through the same model
}

// watch takes stock of a model that was trained on all batches up to one.
func watch(ctx context.Context, model *supernet.Model, batch int, data dataset.Dataset) (*watched, error) {
	// Moments know whose features they hold: those of two models never mix.
	base, err := wasserstein.NewMoments(model.FeatureLen(), fmt.Sprintf("model of batch %d", batch))
	if err != nil {
		return nil, err
	}
	if err := embed(ctx, model, data, base); err != nil {
		return nil, err
	}
	reference, err := tally(ctx, model, data)
	if err != nil {
		return nil, err
	}
	return &watched{model, batch, adjuster.Reading{Reference: reference}, base, base}, nil
}

// see is the model with a batch added to what is known of the data. Only the new images pass
// through it. Nil, no model, stays nil.
func (w *watched) see(ctx context.Context, batch dataset.Dataset) (*watched, error) {
	if w == nil {
		return nil, nil
	}
	right, err := tally(ctx, w.model, batch)
	if err != nil {
		return nil, err
	}
	next := *w
	next.now = w.now.Clone()
	if err := embed(ctx, w.model, batch, next.now); err != nil {
		return nil, err
	}
	next.reading.Added = w.reading.Added.Add(right)
	next.reading.Distance, err = wasserstein.Relative(next.now, w.base)
	if errors.Is(err, wasserstein.ErrZeroTrace) {
		// A model that sees no difference between images must not keep others from coming.
		next.reading.Distance, err = 0, nil
	}
	return &next, err
}

// tally counts the images that the model gets right; classes that it does not know count as wrong.
func tally(ctx context.Context, model *supernet.Model, ds dataset.Dataset) (adjuster.Tally, error) {
	m, err := model.Evaluate(ctx, ds, nil)
	return adjuster.Tally{Correct: m.Correct, Total: m.Samples}, err
}

// embed adds the features of ds under the model to the moments.
func embed(ctx context.Context, model *supernet.Model, ds dataset.Dataset,
	moments *wasserstein.Moments) error {
	return model.Embed(ctx, ds, func(features *tensor.Dense, _ []int) error { return moments.Add(features) })
}

// keep writes the files of a model that has just been trained, and describes them.
func (w *watched) keep(ctx context.Context, s *store, m *manifest) (*modelFiles, error) {
	model, err := s.save(m.name("model"), func(path string) error { return w.model.Save(ctx, path) })
	if err != nil {
		return nil, err
	}
	base, err := s.save(m.name("base"), w.base.Save)
	return &modelFiles{Model: model, Base: base, Now: base, Trained: w.trained, Reading: w.reading}, err
}

// update writes what a batch has changed of what is known under a model, and describes it.
func (w *watched) update(s *store, kept *modelFiles, name string) (*modelFiles, error) {
	if w == nil {
		return nil, nil
	}
	next := *kept
	next.Reading = w.reading
	var err error
	next.Now, err = s.save(name, w.now.Save)
	return &next, err
}

// load reads what keep and update wrote.
func (s *store) load(r *modelFiles, o *supernet.Options) (*watched, error) {
	if r == nil {
		return nil, nil
	}
	w := &watched{trained: r.Trained, reading: r.Reading}
	var err error
	if w.model, err = supernet.LoadModel(s.path(r.Model), o); err != nil {
		return nil, err
	}
	if w.base, err = wasserstein.LoadMoments(s.path(r.Base)); err != nil {
		return nil, err
	}
	if w.now, err = wasserstein.LoadMoments(s.path(r.Now)); err != nil {
		return nil, err
	}
	return w, nil
}
