package growth

import (
	"context"

	"github.com/tendril-nas/tendril/adjuster"
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/supernet/dataset"
	"github.com/tendril-nas/tendril/wasserstein"
)

// measured is the record of what the model in service said about a new snapshot.
type measured struct {
	Reading  adjuster.Reading       `json:"reading"`
	Distance wasserstein.Difference `json:"distance"`
	Test     adjuster.Tally         `json:"test"`
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
	if m.Distance, err = e.moved(ctx, s, now); err != nil {
		return m, err
	}
	m.Reading.Distance = m.Distance.Value
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
	t := adjuster.Tally{Total: ds.Len()}
	var err error
	if k := m.Classes(); k < len(ds.Classes()) {
		if ds, err = dataset.ByClass(ds, firstLabels(k)...); err != nil {
			return t, err
		}
	}
	if ds.Len() == 0 {
		return t, nil
	}
	r, err := m.Evaluate(ctx, ds, nil)
	t.Correct = r.Correct
	return t, err
}
