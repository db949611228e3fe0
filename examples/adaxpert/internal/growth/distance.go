package growth

import (
	"context"
	"errors"
	"fmt"

	"gorgonia.org/tensor"

	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/supernet/dataset"
	"github.com/tendril-nas/tendril/wasserstein"
)

// distance is d_t as the configuration wants it, without its unit.
func (s *setting) distance() wasserstein.Distance {
	switch s.cfg.Adjuster.Distance {
	case "relative":
		return wasserstein.Distance{Relative: true}
	case "unbiased", "calibrated":
		return wasserstein.Distance{Relative: true, Unbiased: true}
	}
	return wasserstein.Distance{}
}

func (s *setting) calibrated() bool { return s.cfg.Adjuster.Distance == "calibrated" }

// moved is the distance of the snapshot under way from the data that the network in service was
// trained on. now are the moments of the snapshot. An unbiased distance has all images pass once
// more, so that they can be relabelled.
func (e *engine) moved(ctx context.Context, s *serving, now *wasserstein.Moments) (
	wasserstein.Difference, error) {
	d := e.distance()
	var none wasserstein.Difference
	if e.calibrated() {
		first, err := e.lastRetrained(1)
		if err != nil {
			return none, err
		}
		d.Unit = first.Unit
	}
	if !d.Unbiased {
		return d.Between(now, s.moments, nil)
	}
	all, err := e.scenario.All(e.t)
	if err != nil {
		return none, err
	}
	r, err := wasserstein.NewRelabellings(s.moments, all.Len(),
		&wasserstein.RelabelOptions{Seed: e.cfg.Seed.For(seedRelabelling, e.t)})
	if err != nil {
		return none, err
	}
	if err := embed(ctx, s.model, all, func(f *tensor.Dense, _ []int) error { return r.Add(f) }); err != nil {
		return none, err
	}
	return d.Between(now, s.moments, r)
}

// unit is the distance between two halves of the classes of the first snapshot under its network; 0
// where that says nothing.
func (e *engine) unit(ctx context.Context, s *serving, all dataset.Dataset) (float64, error) {
	c, err := e.distance().Calibrate(s.model.FeatureLen(), s.moments.Version(), dataset.Count(all),
		&wasserstein.RelabelOptions{Seed: e.cfg.Seed.For(seedRelabelling, e.t)})
	var unit float64
	if err == nil {
		err = embed(ctx, s.model, all, c.Add)
	}
	if err == nil {
		unit, err = c.Unit()
	}
	if errors.Is(err, wasserstein.ErrNoUnit) {
		e.job.Log.Warn("distances are not calibrated", "reason", err)
		return 0, nil
	}
	return unit, err
}

// addMoments adds the embeddings of ds under m to what moments hold.
func addMoments(ctx context.Context, moments *wasserstein.Moments, m *supernet.Model,
	ds dataset.Dataset) error {
	return embed(ctx, m, ds, func(f *tensor.Dense, _ []int) error { return moments.Add(f) })
}

func embed(ctx context.Context, m *supernet.Model, ds dataset.Dataset,
	f func(features *tensor.Dense, labels []int) error) error {
	if ds.Len() == 0 {
		return nil
	}
	if err := m.Embed(ctx, ds, f); err != nil {
		return fmt.Errorf("embed: %w", err)
	}
	return nil
}
