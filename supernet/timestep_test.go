package supernet

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"
)

// TestTiming: with a clock that says how long each run took, the median and quartiles are theirs,
// and runs that warm up have no part.
func TestTiming(t *testing.T) {
	took := []int{900, 800, 4, 1, 3, 5, 2} // the first two warm up
	runs, clock := 0, 0
	tm := &Timing{Repetitions: 5}
	now := func() time.Time { return time.Unix(int64(clock), 0) }
	err := tm.measure(context.Background(), 2, now, func() error {
		clock += took[runs]
		runs++
		return nil
	})
	if err != nil || runs != 7 {
		t.Fatalf("%d runs, error %v", runs, err)
	}
	if tm.Median != 3 || tm.Lower != 2 || tm.Upper != 4 {
		t.Errorf("%+v, expected a median of 3 between 2 and 4", tm)
	}
	stop := errors.New("stuck")
	if err := tm.measure(context.Background(), 0, time.Now, func() error { return stop }); !errors.Is(err, stop) {
		t.Errorf("error %v, expected that of the run", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	runs = 0
	err = tm.measure(ctx, 0, time.Now, func() error {
		if runs++; runs == 2 {
			cancel()
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) || runs != 2 {
		t.Errorf("cancelled: %d runs, error %v", runs, err)
	}
}

// TestTimeChangesNothing: a model is the same to the bit after its training steps were timed, and
// frozen stages can be left out.
func TestTimeChangesNothing(t *testing.T) {
	ctx := context.Background()
	m := tinyModel(t)
	jitter(t, m.network, 1)
	before, version := m.values(), m.WeightVersion()
	for _, o := range []*TimeOptions{
		{BatchSize: 3, Repetitions: 2, Warmup: -1},
		{BatchSize: 4, Repetitions: 1, Warmup: 1, FrozenStages: []int{0, 1, 2, 3}},
	} {
		for _, f := range []func(context.Context, *TimeOptions) (*Timing, error){m.TimeStep, m.TimeInference} {
			tm, err := f(ctx, o)
			if err != nil {
				t.Fatal(err)
			}
			if !(tm.Lower >= 0 && tm.Lower <= tm.Median && tm.Median <= tm.Upper) || tm.BatchSize != o.BatchSize || tm.Repetitions != o.Repetitions {
				t.Errorf("%+v", tm)
			}
		}
	}
	sameValues(t, m.values(), before)
	if m.WeightVersion() != version {
		t.Errorf("weight version %d, was %d", m.WeightVersion(), version)
	}
	// A training goes on as if nothing had been.
	twin := tinyModel(t)
	jitter(t, twin.network, 1)
	for _, x := range []*Model{m, twin} {
		if _, err := x.Train(ctx, stripes(t, 32, 16, 1), short(1)); err != nil {
			t.Fatal(err)
		}
	}
	sameValues(t, m.values(), twin.values())
}

// TestStepper: the timed step is a training step. Weights stay because its rate is 0; running
// statistics move but those of frozen stages.
func TestStepper(t *testing.T) {
	ctx := context.Background()
	m := tinyModel(t)
	before := m.values()
	ds := stripes(t, 8, 16, 1)
	step, err := m.stepper(ds, firstBatch(t, ds, 8), []int{2})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	after, moved := m.values(), 0
	for _, s := range m.store.list {
		same := slices.Equal(before[s.key], after[s.key])
		switch {
		case s.kind.statistic() && s.node.Stage != 2:
			moved++
			if same {
				t.Errorf("%s has not moved", s.key)
			}
		case !same:
			t.Errorf("%s of stage %d has moved", s.key, s.node.Stage)
		}
	}
	if moved == 0 {
		t.Error("no statistics outside stage 2")
	}
	for _, o := range []*TimeOptions{{BatchSize: -1}, {Repetitions: -1}, {BatchSize: 2, FrozenStages: []int{99}}} {
		if _, err := m.TimeStep(ctx, o); err == nil {
			t.Errorf("%+v was measured", o)
		}
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := m.TimeStep(cancelled, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: error %v", err)
	}
}

// TestQuantile against values worked out by hand.
func TestQuantile(t *testing.T) {
	xs := []float64{4, 1, 3, 2, 5}
	for q, want := range map[float64]float64{0: 1, 0.25: 2, 0.5: 3, 0.75: 4, 1: 5, 0.375: 2.5} {
		if got := quantile(xs, q); got != want {
			t.Errorf("quantile %v of %v is %v, expected %v", q, xs, got, want)
		}
	}
	// Of eight the two at each end go.
	if got := middle([]float64{-100, 3, 1, 2, 900, 4, 0, 50}); got != 2.5 {
		t.Errorf("middle %v, expected 2.5", got)
	}
	if middle([]float64{7}) != 7 || middle([]float64{1, 2, 6}) != 3 || halfRange([]float64{1, 2, 3, 4, 5}) != 1 {
		t.Error("middle or range of a few values")
	}
	if xs[0] != 4 || quantile(nil, 0.5) != 0 || mean(nil) != 0 {
		t.Error("quantile sorts its argument, or nothing has a value")
	}
}
