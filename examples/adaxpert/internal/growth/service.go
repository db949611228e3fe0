package growth

import (
	"context"
	"fmt"
	"os"

	"github.com/tendril-nas/tendril/adjuster"
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/wasserstein"
)

// service returns the model that serves when snapshot t arrives: the one retrained last before it.
func (e *engine) service(t int) (*serving, error) {
	if e.serving != nil && e.serving.record.Snapshot < t {
		return e.serving, nil
	}
	r, err := e.lastRetrained(t - 1)
	if err != nil {
		return nil, err
	}
	s := &serving{record: r}
	if s.model, err = supernet.LoadModel(e.job.Path(modelFile(r.Snapshot)),
		&supernet.Options{Logger: e.job.Log}); err != nil {
		return nil, err
	}
	if s.moments, err = loadMoments(e.job.Path(momentsFile(r.Snapshot))); err != nil {
		return nil, err
	}
	e.serving = s
	return s, nil
}

// keepService saves a freshly trained model; its record goes last and marks the whole as finished.
func (e *engine) keepService(ctx context.Context, s *serving) error {
	path := e.job.Path(modelFile(e.t))
	if path == "" {
		return nil
	}
	if err := s.model.Save(ctx, path); err != nil {
		return err
	}
	data, err := s.moments.MarshalBinary()
	if err != nil {
		return err
	}
	return e.job.WriteFile(momentsFile(e.t), data)
}

func loadMoments(path string) (*wasserstein.Moments, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	m := &wasserstein.Moments{}
	if err := m.UnmarshalBinary(data); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

// lastRetrained is the record of the model that serves after snapshot t.
func (e *engine) lastRetrained(t int) (retrained, error) {
	for u := t; u >= 1; u-- {
		if r, ok, err := run.Recall[retrained](e.job, phaseOf(SecondsRetrain, u)); ok || err != nil {
			return r, err
		}
	}
	return retrained{}, fmt.Errorf("no model was trained up to snapshot %d", t)
}

// report says in numbers what was done about snapshot t.
func (e *engine) report(t int, o *adjuster.Outcome) (*SnapshotReport, error) {
	space, err := e.space(t)
	if err != nil {
		return nil, err
	}
	all, err := e.scenario.All(t)
	if err != nil {
		return nil, err
	}
	r := &SnapshotReport{Images: all.Len(), Classes: e.scenario.Classes(t), Decision: string(o.Action),
		Seconds: map[string]float64{}}
	for _, kind := range []string{SecondsMeasure, SecondsSupernet, SecondsAdjuster, SecondsRetrain} {
		if v := e.job.Clock.Seconds(phaseOf(kind, t)); v > 0 && (kind != SecondsAdjuster || o.Search != nil) {
			r.Seconds[kind] = v
			r.Seconds[SecondsTotal] += v
		}
	}
	before := o.Before
	if before.IsZero() {
		before = o.After
	}
	r.ArchBefore, r.ArchAfter = space.Format(before), space.Format(o.After)
	costBefore, err := space.Cost(before)
	if err != nil {
		return nil, err
	}
	costAfter, err := space.Cost(o.After)
	if err != nil {
		return nil, err
	}
	r.MAddsBefore, r.MAddsAfter = costBefore.MAdds, costAfter.MAdds
	last, err := e.lastRetrained(t)
	if err != nil {
		return nil, err
	}
	if t == 1 {
		r.AccBefore, r.AccAfter = last.Test.Accuracy(), last.Test.Accuracy()
		return r, nil
	}
	m, ok, err := run.Recall[measured](e.job, phaseOf(SecondsMeasure, t))
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, fmt.Errorf("snapshot %d was never measured", t)
	}
	r.H, r.D, r.AccBefore, r.AccAfter = m.Reading.H(), m.Reading.Distance, m.Test.Accuracy(),
		m.Test.Accuracy()
	if last.Snapshot == t {
		r.AccAfter = last.Test.Accuracy()
	}
	return r, nil
}
