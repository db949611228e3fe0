package nasoa

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/predictor"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/supernet/dataset"
	"github.com/tendril-nas/tendril/zoo"
)

// pacer says before every step by how much the rate has fallen, and when there are no more.
type pacer func(step int) (factor float64, more bool)

// falling is a schedule of n steps, of which the last fall go down half a cosine to zero: what
// predictor.Anytime does when nothing holds it up.
func falling(n, fall int) pacer {
	constant := constantPart(n, fall)
	return func(step int) (float64, bool) {
		if step >= n {
			return 0, false
		}
		p := (float64(step)/float64(n) - constant) / (1 - constant)
		return (1 + math.Cos(math.Pi*max(p, 0))) / 2, true
	}
}

// constantPart is the part of n steps at the full rate.
func constantPart(n, fall int) float64 { return float64(max(n-fall, 0)) / float64(n) }

// counted makes a pacer start from step 0 whatever number it is called with.
func counted(p pacer) pacer {
	step := -1
	return func(int) (float64, bool) {
		step++
		return p(step)
	}
}

// adapted is a model of the zoo with a new classifier for a task.
func (e *engine) adapted(ctx context.Context, name string, classes []string) (*supernet.Model, error) {
	m, err := e.base(ctx, name)
	if err != nil {
		return nil, err
	}
	return m.WithClasses(ctx, classes...)
}

// fineTune trains m on a task until the pacer ends it, at most for so many steps, and says how many
// it were.
func (e *engine) fineTune(ctx context.Context, m *supernet.Model, train dataset.Dataset, r predictor.Regime,
	p pacer,
	seed uint64) (int, error) {
	t := &e.cfg.Tune
	batch := min(t.Batch, train.Len())
	o := &supernet.TrainOptions{BatchSize: batch, LR: r.Rate, Schedule: supernet.Constant, Pace: p,
		WeightDecay: run.OrNone(t.WeightDecay), ClipNorm: t.Clip, FrozenStages: zoo.Frozen(r.Frozen), Seed: seed}
	perEpoch := max(1, train.Len()/batch)
	o.Epochs = (r.Iterations + perEpoch - 1) / perEpoch
	if t.Flip || t.Crop > 0 {
		o.Augment = &dataset.Augment{CropPadding: t.Crop, Flip: t.Flip}
	}
	res, err := m.Train(ctx, train, o)
	if err != nil {
		return 0, err
	}
	return res.Steps, nil
}

// tuned is what fine-tuning came to.
type tuned struct {
	model    *supernet.Model
	steps    int
	training time.Duration
	accuracy float64
	samples  int
}

// try fine-tunes on a task as a regime says and judges what comes of it.
func (e *engine) try(ctx context.Context, t *task, r predictor.Regime, p pacer, seed uint64) (*tuned, error) {
	m, err := e.adapted(ctx, r.Model, t.train.Classes())
	if err != nil {
		return nil, err
	}
	begin := time.Now()
	steps, err := e.fineTune(ctx, m, t.train, r, p, seed)
	if err != nil {
		return nil, fmt.Errorf("%s at rate %g with %d stages frozen: %w", r.Model, r.Rate, r.Frozen, err)
	}
	done := &tuned{model: m, steps: steps, training: time.Since(begin)}
	if steps == 0 {
		return done, nil
	}
	got, err := m.Evaluate(ctx, t.test, nil)
	done.accuracy, done.samples = got.Accuracy, got.Samples
	return done, err
}
