package growth

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/tendril-nas/tendril/adjuster"
	"github.com/tendril-nas/tendril/internal/checkpoint"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/wasserstein"
)

// service returns the model that serves when snapshot t arrives: the one retrained last before it.
func (e *engine) service(_ context.Context, t int) (*serving, error) {
	if e.serving != nil && e.serving.record.Snapshot < t {
		return e.serving, nil
	}
	for u := t - 1; u >= 1; u-- {
		var r retrained
		ok, err := e.recall(retrainedFile(u), &r)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		s := &serving{record: r}
		if s.model, err = supernet.LoadModel(e.store.path(modelFile(u)), &supernet.Options{Logger: e.log}); err != nil {
			return nil, err
		}
		if s.moments, err = loadMoments(e.store.path(momentsFile(u))); err != nil {
			return nil, err
		}
		e.serving = s
		return s, nil
	}
	return nil, fmt.Errorf("no model was trained before snapshot %d", t)
}

// keepService saves a freshly trained model; its record goes last and marks the whole as finished.
func (e *engine) keepService(ctx context.Context, s *serving) error {
	t := s.record.Snapshot
	if p := e.store.path(modelFile(t)); p != "" {
		if err := s.model.Save(ctx, p); err != nil {
			return err
		}
		data, err := s.moments.MarshalBinary()
		if err != nil {
			return err
		}
		if err := checkpoint.WriteBytesAtomic(e.store.path(momentsFile(t)), data); err != nil {
			return err
		}
	}
	return e.remember(retrainedFile(t), s.record)
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

// remember keeps a record under the name of its file, on disk as well if the run has a directory.
func (e *engine) remember(name string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	e.memory[name] = data
	return e.store.write(name, v)
}

// recall fills v with the record of that name, and reports whether there is one.
func (e *engine) recall(name string, v any) (bool, error) {
	if data, ok := e.memory[name]; ok {
		return true, json.Unmarshal(data, v)
	}
	return e.store.read(name, v)
}

// clockInto adds the time since start to a phase; meant to be deferred.
func (e *engine) clockInto(phase string, start time.Time) {
	if e.seconds[e.t] == nil {
		e.seconds[e.t] = seconds{}
	}
	e.seconds[e.t][phase] += time.Since(start).Seconds()
	if err := e.store.write(secondsFile, e.seconds); err != nil {
		e.log.Warn("wall times could not be saved", "error", err)
	}
}

// lastRetrained is the record of the model that serves after snapshot t.
func (e *engine) lastRetrained(t int) (retrained, error) {
	var r retrained
	for u := t; u >= 1; u-- {
		if ok, err := e.recall(retrainedFile(u), &r); ok || err != nil {
			return r, err
		}
	}
	return r, fmt.Errorf("no model was trained up to snapshot %d", t)
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
	r := &SnapshotReport{Images: all.Len(), Classes: e.scenario.Classes(t), Decision: string(o.Action), Seconds: map[string]float64{}}
	for k, v := range e.seconds[t] {
		r.Seconds[k] = v
		r.Seconds[SecondsTotal] += v
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
	var m measured
	if ok, err := e.recall(measuredFile(t), &m); err != nil {
		return nil, err
	} else if !ok {
		return nil, fmt.Errorf("snapshot %d was never measured", t)
	}
	r.H, r.D, r.AccBefore, r.AccAfter = m.Reading.H(), m.Reading.Distance, m.Test.Accuracy(), m.Test.Accuracy()
	if last.Snapshot == t {
		r.AccAfter = last.Test.Accuracy()
	}
	return r, nil
}
