package growth

import (
	"context"
	"fmt"

	"gorgonia.org/tensor"

	"github.com/tendril-nas/tendril/adjuster"
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/supernet/dataset"
	"github.com/tendril-nas/tendril/wasserstein"
)

// measured is the record of what the model in service said about a new snapshot.
type measured struct {
	Reading adjuster.Reading `json:"reading"`
	Test    adjuster.Tally   `json:"test"`
}

// Measure reads accuracy and distance of the snapshot under way under the model in service. Only
// images that arrived after its training pass through it: the tally and the moments of the others
// were kept when it was trained.
func (e *engine) Measure(ctx context.Context) (adjuster.Reading, error) {
	m, err := run.Once(e.job, e.phase(SecondsMeasure), func() (measured, error) { return e.measure(ctx) })
	return m.Reading, err
}

func (e *engine) measure(ctx context.Context) (m measured, err error) {
	s, err := e.service(e.t)
	if err != nil {
		return m, err
	}
	added, err := e.scenario.Arrived(s.record.Snapshot, e.t)
	if err != nil {
		return m, err
	}
	m.Reading.Reference = s.record.Reference
	if m.Reading.Added, err = tally(ctx, s.model, added); err != nil {
		return m, err
	}
	now := s.moments.Clone()
	if err = addMoments(ctx, now, s.model, added); err != nil {
		return m, err
	}
	if m.Reading.Distance, err = wasserstein.Squared(now, s.moments); err != nil {
		return m, err
	}
	test, err := e.scenario.Test(e.t)
	if err != nil {
		return m, err
	}
	m.Test, err = tally(ctx, s.model, test)
	return m, err
}

// tally counts the images of ds that m classifies right. Classes that m has not learnt count as
// wrong.
func tally(ctx context.Context, m *supernet.Model, ds dataset.Dataset) (adjuster.Tally, error) {
	if ds.Len() == 0 {
		return adjuster.Tally{}, nil
	}
	r, err := m.Evaluate(ctx, ds, nil)
	return adjuster.Tally{Correct: r.Correct, Total: r.Samples}, err
}

// addMoments adds the embeddings of ds under m to what moments hold.
func addMoments(ctx context.Context, moments *wasserstein.Moments, m *supernet.Model,
	ds dataset.Dataset) error {
	if ds.Len() == 0 {
		return nil
	}
	err := m.Embed(ctx, ds, func(features *tensor.Dense, _ []int) error { return moments.Add(features) })
	if err != nil {
		return fmt.Errorf("embed: %w", err)
	}
	return nil
}
