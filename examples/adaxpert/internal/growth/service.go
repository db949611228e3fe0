package growth

import (
	"context"
	"fmt"
	"os"

	"github.com/tendril-nas/tendril/adjuster"
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/wasserstein"
)

// serving is the model in service and what is known of the data that its weights were trained on.
// It does not change: what descends from it is another model.
type serving struct {
	model   *supernet.Model
	moments *wasserstein.Moments
	record  retrained
}

// retrained is the record of a finished retraining.
type retrained struct {
	Snapshot  int            `json:"snapshot"`
	Network   string         `json:"network"`   // phase that trained it
	Reference adjuster.Tally `json:"reference"` // of all images of the snapshot
	// Morph is what became of the layers of the network before; "" where there was none.
	Morph string `json:"morph,omitempty"`
	// Unit, at the first snapshot, is the distance that counts as 1; 0 = there is none.
	Unit float64 `json:"unit,omitempty"`
}

func (r *retrained) momentsFile() string { return "moments-" + r.Network + ".ckpt" }

// service returns the model that serves when snapshot t arrives, the one retrained last before it;
// nil before the first.
func (e *engine) service(t int) (*serving, error) {
	switch {
	case t == 1:
		return nil, nil
	case e.serving != nil && e.serving.record.Snapshot < t:
		return e.serving, nil
	}
	r, err := e.lastRetrained(t - 1)
	if err != nil {
		return nil, err
	}
	s := &serving{record: r}
	if s.model, err = e.loadModel(e.job.Path(r.Network + ".ckpt")); err != nil {
		return nil, err
	}
	if e.measures() {
		if s.moments, err = loadMoments(e.job.Path(r.momentsFile())); err != nil {
			return nil, err
		}
	}
	e.serving = s
	return s, nil
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

// measures says whether the method asks its network about new data.
func (e *engine) measures() bool { return e.arm == "" }

// lastRetrained is the record of the model that serves after snapshot t.
func (e *engine) lastRetrained(t int) (retrained, error) {
	for u := t; u >= 1; u-- {
		if r, ok, err := run.Recall[retrained](e.job, e.phaseAt(kindServe, u)); ok || err != nil {
			return r, err
		}
	}
	return retrained{}, fmt.Errorf("no model was trained up to snapshot %d", t)
}

// Retrain trains a on the snapshot under way, if that has not been done, puts it into service, and
// gathers in a last pass what later snapshots are measured against.
func (e *engine) Retrain(ctx context.Context, a searchspace.Arch) error {
	_, err := run.Once(e.job, e.phase(kindServe), func() (retrained, error) { return e.retrain(ctx, a) })
	return err
}

func (e *engine) retrain(ctx context.Context, a searchspace.Arch) (r retrained, err error) {
	u, err := e.retraining(a)
	if err != nil {
		return r, err
	}
	s := &serving{record: retrained{Snapshot: e.t, Network: u.phase}}
	if s.model, err = e.network(ctx, a, u); err != nil {
		return r, err
	}
	if s.record.Morph, err = e.morphed(a); err != nil {
		return r, err
	}
	if e.measures() {
		if err := e.takeStock(ctx, s); err != nil {
			return r, err
		}
	}
	e.serving = s
	return s.record, nil
}

// Keep trains the network that is kept on the snapshot under way, if the configuration says so. See
// adjuster.Keeper.
func (e *engine) Keep(ctx context.Context) error {
	if !e.cfg.Keep {
		return nil
	}
	s, err := e.service(e.t)
	if err != nil {
		return err
	}
	return e.Retrain(ctx, s.model.Arch())
}

// takeStock passes all images of the snapshot through a freshly trained model.
func (e *engine) takeStock(ctx context.Context, s *serving) error {
	all, err := e.scenario.All(e.t)
	if err != nil {
		return err
	}
	if s.record.Reference, err = tally(ctx, s.model, all); err != nil {
		return err
	}
	if s.moments, err = wasserstein.NewMoments(s.model.FeatureLen(),
		fmt.Sprintf("model of snapshot %d", e.t)); err != nil {
		return err
	}
	if err := addMoments(ctx, s.moments, s.model, all); err != nil {
		return err
	}
	if e.t == 1 && e.calibrated() {
		if s.record.Unit, err = e.unit(ctx, s, all); err != nil {
			return err
		}
	}
	data, err := s.moments.MarshalBinary()
	if err != nil {
		return err
	}
	return e.job.WriteFile(s.record.momentsFile(), data)
}
