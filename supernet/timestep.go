package supernet

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/tendril-nas/tendril/internal/stream"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// TimeOptions configures Model.TimeStep and Model.TimeInference. The zero value, or a nil pointer,
// is the default. Where zero means a default, a negative number means zero.
type TimeOptions struct {
	// BatchSize is the number of images that go through the network at once; 64 by default.
	BatchSize int
	// FrozenStages are not trained: see TrainOptions.FrozenStages. TimeInference ignores it.
	FrozenStages []int
	// Warmup is the number of runs before those that are measured; 2 by default. The first one of a
	// batch size makes the memory of the others.
	Warmup int
	// Repetitions is the number of runs that are measured; 10 by default.
	Repetitions int
}

const (
	defaultTimeBatch       = 64
	defaultTimeWarmup      = 2
	defaultTimeRepetitions = 10
)

// Timing is how long one batch took, over several runs.
type Timing struct {
	Median       float64 // seconds
	Lower, Upper float64 // quartiles, seconds
	BatchSize    int     // images
	Repetitions  int     // measured runs
}

// TimeStep measures a training step: forward, backward and update, of one batch in memory. Reading
// and augmenting images comes on top of it, in other goroutines. It runs on a twin with initial
// weights, so that nothing about the model changes, and on noise: neither weights nor what images
// show has an influence on the time. While it lasts nothing else computes on the model but
// Classify; that other work of the program pauses, too, is up to the caller.
func (m *Model) TimeStep(ctx context.Context, o *TimeOptions) (*Timing, error) {
	return m.time(ctx, o, func(o *TimeOptions, ds dataset.Dataset, b *dataset.Batch) (func() error, error) {
		twin, err := newModel(m.backend, m.space, m.arch, &Options{Seed: m.seed, Normalization: m.norm})
		if err != nil {
			return nil, err
		}
		return twin.stepper(ds, b, o.FrozenStages)
	})
}

// TimeInference measures the classification of a batch in memory, as TimeStep measures training.
func (m *Model) TimeInference(ctx context.Context, o *TimeOptions) (*Timing, error) {
	return m.time(ctx, o, func(_ *TimeOptions, _ dataset.Dataset, b *dataset.Batch) (func() error, error) {
		return func() error {
			if err := m.runner.forward(m.prog, b, evaluating, pass{}); err != nil {
				return err
			}
			_, err := m.runner.logits(m.prog, b.N, m.prog.graph.Classes)
			return err
		}, nil
	})
}

// stepper readies the model for training steps on a batch of a data set. They move running
// statistics only, as their learning rate is 0.
func (m *Model) stepper(ds dataset.Dataset, b *dataset.Batch, frozen []int) (func() error, error) {
	t := &training{network: m.network, data: ds, opts: &TrainOptions{BatchSize: b.N, FrozenStages: frozen},
		draw: -1}
	only := func(searchspace.Arch) (*program, error) { return m.prog, nil }
	t.job = job{sampler: Cycle(m.arch), every: 1, program: only}
	if err := t.prepare(); err != nil {
		return nil, err
	}
	if err := t.drawPasses(); err != nil {
		return nil, err
	}
	return func() error {
		_, _, err := t.step(b, t.passes, 0, 0)
		return err
	}, nil
}

// readyFunc makes what is to be measured with a batch of a data set.
type readyFunc func(o *TimeOptions, ds dataset.Dataset, b *dataset.Batch) (func() error, error)

// time takes the turn and measures on noise.
func (m *Model) time(ctx context.Context, o *TimeOptions, ready readyFunc) (*Timing, error) {
	if o == nil {
		o = &TimeOptions{}
	}
	t := &Timing{
		BatchSize:   orInt(o.BatchSize, defaultTimeBatch),
		Repetitions: orInt(o.Repetitions, defaultTimeRepetitions),
	}
	err := m.acquire(ctx)
	if err == nil {
		err = m.timeOn(ctx, o, t, ready)
		m.release()
	}
	if err != nil {
		return nil, fmt.Errorf("supernet: time: %w", err)
	}
	return t, nil
}

func (m *Model) timeOn(ctx context.Context, o *TimeOptions, t *Timing, ready readyFunc) error {
	if t.BatchSize < 1 || t.Repetitions < 1 {
		return fmt.Errorf("%d runs of %d images, expected at least 1 of each", t.Repetitions, t.BatchSize)
	}
	ds, err := noise(t.BatchSize, m.space.InputSize(), m.space.Classes())
	if err != nil {
		return err
	}
	loader := dataset.LoaderOptions{BatchSize: t.BatchSize, Normalization: m.norm}
	for b, err := range dataset.Batches(ctx, ds, loader) {
		if err != nil {
			return err
		}
		run, err := ready(o, ds, b)
		if err != nil {
			return err
		}
		if err := t.measure(ctx, orInt(o.Warmup, defaultTimeWarmup), time.Now, run); err != nil {
			return err
		}
	}
	return nil
}

// measure takes the time of runs after some that are not measured.
func (t *Timing) measure(ctx context.Context, warmup int, now func() time.Time, run func() error) error {
	seconds := make([]float64, 0, t.Repetitions)
	for i := range warmup + t.Repetitions {
		if err := ctx.Err(); err != nil {
			return err
		}
		start := now()
		if err := run(); err != nil {
			return err
		}
		if i >= warmup {
			seconds = append(seconds, now().Sub(start).Seconds())
		}
	}
	t.Lower, t.Median, t.Upper = quantile(seconds, 0.25), quantile(seconds, 0.5), quantile(seconds, 0.75)
	return nil
}

// noise is images of random pixels, of all classes in turn.
func noise(images, size, classes int) (dataset.Dataset, error) {
	r := stream.New(0, "supernet.noise")
	pixels := make([]uint8, images*size*size*3)
	for i := range pixels {
		pixels[i] = uint8(r.Uint32())
	}
	labels, names := make([]int, images), make([]string, classes)
	for i := range labels {
		labels[i] = i % classes
	}
	for c := range names {
		names[c] = strconv.Itoa(c)
	}
	return dataset.FromPixels(size, names, labels, pixels)
}
