package eatnas

import (
	"context"
	"fmt"
	"os"

	"github.com/tendril-nas/tendril/examples/internal/data"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet"
)

// evaluator trains each candidate for an epoch or so, from the weights that those before it have
// left, and judges it on held-out images. The search has one candidate at a time, so that the order
// in which weights are read and written is that of the steps.
type evaluator struct {
	e     *engine
	t     *task
	phase string
	store *supernet.WeightStore // nil = candidates begin anew
	at    int                   // steps whose weights the store has
}

// evaluator of a search, whose shared weights begin empty, or as the small task left them.
func (e *engine) evaluator(t *task, phase string) (*evaluator, error) {
	v := &evaluator{e: e, t: t, phase: phase}
	if !e.cfg.Sharing {
		return v, nil
	}
	v.store = supernet.NewWeightStore()
	return v, v.carry()
}

func (v *evaluator) BeginStep(int, []searchspace.Arch) error { return nil }

func (v *evaluator) EndStep(context.Context, int) error { return nil }

func (v *evaluator) Evaluate(ctx context.Context, a searchspace.Arch) (searchspace.Measurement, error) {
	return v.EvaluateStep(ctx, a, 0)
}

// EvaluateStep measures the candidate of a step. Initial weights, images and their order are those
// of the step, whatever the candidate.
func (v *evaluator) EvaluateStep(ctx context.Context, a searchspace.Arch, step int) (
	m searchspace.Measurement, err error) {
	if err := v.restore(step); err != nil {
		return m, err
	}
	m, err = v.measure(ctx, a, step)
	if ctx.Err() == nil {
		v.at = step + 1
	}
	return m, err
}

func (v *evaluator) measure(ctx context.Context, a searchspace.Arch, step int) (
	m searchspace.Measurement, err error) {
	cfg, t := v.e.cfg, v.t
	seed := func(of string) uint64 { return cfg.Seed.For(t.purpose(of), step) }
	model, err := supernet.NewModel(t.space, a, v.e.netOptions(t, seed("weights")))
	if err != nil {
		return m, err
	}
	if v.store != nil {
		if err := v.store.Read(ctx, model); err != nil {
			return m, err
		}
	}
	some, err := data.Some(t.images.train, t.Images, seed("images"))
	if err != nil {
		return m, err
	}
	o := cfg.Evaluate.Options(some.Len(), seed("training"))
	o.Schedule = supernet.Constant
	if _, err := model.Train(ctx, some, o); err != nil {
		return m, err
	}
	if err := v.e.calibrate(ctx, model, some, seed("calibration")); err != nil {
		return m, err
	}
	if m, err = model.Evaluate(ctx, t.images.judged, nil); err != nil || v.store == nil {
		return m, err
	}
	return m, v.store.Write(ctx, model)
}

// file is where the shared weights after so many steps are kept.
func (v *evaluator) file(steps int) string {
	return v.e.job.Scratch(fmt.Sprintf("%s.weights-%d", v.phase, steps))
}

// save keeps the shared weights before the search keeps itself. Those of the step before stay, for
// a crash between the two.
func (v *evaluator) save() error {
	if v.store == nil || v.at == 0 {
		return nil
	}
	if !there(v.file(v.at)) {
		if err := v.store.Save(v.file(v.at)); err != nil {
			return err
		}
	}
	if old := v.file(v.at - 2); there(old) {
		return os.Remove(old)
	}
	return nil
}

// restore makes the shared weights those after so many steps.
func (v *evaluator) restore(steps int) (err error) {
	if v.store == nil || v.at == steps {
		return nil
	}
	v.store, err = supernet.LoadWeightStore(v.file(steps))
	v.at = steps
	return err
}
