package zoo_test

import (
	"context"
	"errors"
	"math"
	"sync/atomic"
	"testing"

	"github.com/tendril-nas/tendril/internal/search"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/zoo"
)

// candidate trains in many steps, and notices whoever trains while it is timed.
type candidate struct {
	t        *testing.T
	step     zoo.Timing
	accuracy float64
	training *atomic.Int64 // candidates in the middle of a step
	timed    *atomic.Int64 // measurements begun
	err      error
}

func (c *candidate) StepTime(context.Context) (zoo.Timing, error) {
	c.timed.Add(1)
	for range 100 {
		if n := c.training.Load(); n != 0 {
			c.t.Errorf("timed while %d train", n)
		}
	}
	return c.step, c.err
}

func (c *candidate) Train(ctx context.Context, pause func(context.Context) error) (float64, int, error) {
	for range 200 {
		if err := pause(ctx); err != nil {
			return 0, 0, err
		}
		c.training.Add(1)
		c.training.Add(-1)
	}
	return c.accuracy, 400, nil
}

func TestEvaluator(t *testing.T) {
	s := space(t)
	var archs []searchspace.Arch
	for _, text := range []string{"0-_16_1-1-1-1", "1-_16_1-1-1-1", "2-_16_1-1-1-1", "3-_16_1-1-1-1", "4-_16_1-1-1-1", "6-_16_1-1-1-1"} {
		a, err := s.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		archs = append(archs, a)
	}
	slow := archs[5]
	var training, timed atomic.Int64
	e, err := zoo.NewEvaluator(func(_ context.Context, a searchspace.Arch) (zoo.Candidate, error) {
		c := &candidate{t: t, accuracy: 0.75, training: &training, timed: &timed,
			step: zoo.Timing{Batch: 64, InputSize: 32, Seconds: 0.01, Lower: 0.009, Upper: 0.012}}
		if a == slow {
			c.step.Seconds = 0.03
		}
		return c, nil
	}, &zoo.EvaluatorOptions{StepLimit: 0.02})
	if err != nil {
		t.Fatal(err)
	}
	loop, err := search.New(search.Strategy[struct{}](search.List{Archs: archs}),
		func(ctx context.Context, a searchspace.Arch) (searchspace.Measurement, error) {
			trial, err := e.Evaluate(ctx, a)
			if err == nil && trial.Trained != (a != slow) {
				t.Errorf("%s: trained %v", s.Format(a), trial.Trained)
			}
			return searchspace.Measurement{Arch: a, Accuracy: trial.Accuracy, Samples: trial.Samples}, err
		}, search.Options{Workers: 3})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := loop.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := timed.Load(); n != 6 {
		t.Errorf("%d candidates were timed, expected 6", n)
	}
	for _, c := range []struct {
		arch      searchspace.Arch
		value     float64
		violation float64
	}{{archs[0], 0.25, -0.5}, {slow, 1, 0.5}} {
		trial, err := e.Evaluate(t.Context(), c.arch)
		if err != nil {
			t.Fatal(err)
		}
		values, errs, violation := trial.Objectives()
		if values[0] != c.value || values[1] != trial.Step.Seconds || math.Abs(violation-c.violation) > 1e-12 {
			t.Errorf("%s: %v, violation %g", s.Format(c.arch), values, violation)
		}
		if c.arch != slow && (math.Abs(errs[0]-math.Sqrt(0.25*0.75/400)) > 1e-15 || math.Abs(errs[1]-0.001) > 1e-12) {
			t.Errorf("standard errors %v", errs)
		}
	}
}

// trainsFor trains under a context of its own, which ends.
type trainsFor struct{ candidate }

func (c *trainsFor) Train(ctx context.Context, pause func(context.Context) error) (float64, int, error) {
	own, cancel := context.WithCancel(ctx)
	cancel()
	if err := pause(own); !errors.Is(err, context.Canceled) {
		c.t.Errorf("goes on with a context that has ended: %v", err)
	}
	return 0.5, 1, nil
}

func TestEvaluatorOwnContext(t *testing.T) {
	var training, timed atomic.Int64
	e, err := zoo.NewEvaluator(func(context.Context, searchspace.Arch) (zoo.Candidate, error) {
		return &trainsFor{candidate{t: t, training: &training, timed: &timed,
			step: zoo.Timing{Batch: 1, InputSize: 32, Seconds: 1}}}, nil
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Evaluate(t.Context(), space(t).Smallest()); err != nil {
		t.Error(err)
	}
}

func TestEvaluatorFails(t *testing.T) {
	s := space(t)
	broken := errors.New("broken")
	var training, timed atomic.Int64
	good := zoo.Timing{Batch: 1, InputSize: 32, Seconds: 1}
	for name, c := range map[string]struct {
		candidate zoo.Candidate
		err, want error
	}{
		"make":     {nil, broken, broken},
		"none":     {nil, nil, nil},
		"time":     {&candidate{t: t, err: broken, training: &training, timed: &timed}, nil, broken},
		"no time":  {&candidate{t: t, training: &training, timed: &timed}, nil, nil},
		"accuracy": {&candidate{t: t, step: good, accuracy: 62, training: &training, timed: &timed}, nil, nil},
	} {
		e, err := zoo.NewEvaluator(func(context.Context, searchspace.Arch) (zoo.Candidate, error) { return c.candidate, c.err }, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.Evaluate(t.Context(), s.Smallest()); err == nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := zoo.NewEvaluator(nil, nil); err == nil {
		t.Error("no candidates: no error")
	}
	if _, err := zoo.NewEvaluator(func(context.Context, searchspace.Arch) (zoo.Candidate, error) { return nil, nil },
		&zoo.EvaluatorOptions{StepLimit: math.NaN()}); err == nil {
		t.Error("a limit that is none: no error")
	}
	if _, err := (&zoo.Evaluator{}).Evaluate(t.Context(), s.Smallest()); err == nil {
		t.Error("an evaluator of nothing: no error")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	e, _ := zoo.NewEvaluator(func(context.Context, searchspace.Arch) (zoo.Candidate, error) {
		return &candidate{t: t, step: good, training: &training, timed: &timed}, nil
	}, nil)
	if _, err := e.Evaluate(ctx, s.Smallest()); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
