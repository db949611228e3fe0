package zoo_test

import (
	"context"
	"errors"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/zoo"
)

func TestStepTime(t *testing.T) {
	e := zoo.Entry{Name: "x", Space: searchspace.Spec{InputSize: 32}}
	clock := zoo.Clock{
		Step: func(_ context.Context, batch int, frozen []int) (zoo.Timing, error) {
			return zoo.Timing{Seconds: 0.001*float64(batch) - 0.0001*float64(len(frozen))}, nil
		},
		Inference: func(_ context.Context, batch int) (zoo.Timing, error) {
			return zoo.Timing{Seconds: 0.0002 * float64(batch)}, nil
		},
	}
	sizes := &zoo.Sizes{Batches: []int{16, 64}, Frozen: []int{0, 2}, Machine: "mine"}
	for range 2 { // the second time takes the place of the first
		if err := zoo.Measure(t.Context(), &e, clock, sizes); err != nil {
			t.Fatal(err)
		}
	}
	if len(e.Steps) != 4 || len(e.Inference) != 2 {
		t.Fatalf("%d times of steps, %d of inference", len(e.Steps), len(e.Inference))
	}
	for _, c := range []struct {
		machine             string
		batch, size, frozen int
		want                float64
	}{{"mine", 16, 32, 0, 0.016}, {"", 32, 32, 0, 0.032}, {"", 64, 32, 2, 0.0638}, {"mine", 48, 32, 2, 0.0478}} {
		got, ok := e.StepTime(c.machine, c.batch, c.size, c.frozen)
		if d := got - c.want; !ok || d > 1e-12 || d < -1e-12 {
			t.Errorf("%+v: %g, %v", c, got, ok)
		}
	}
	for _, c := range []struct {
		machine             string
		batch, size, frozen int
	}{{"", 8, 32, 0}, {"", 65, 32, 0}, {"", 16, 64, 0}, {"", 16, 32, 1}, {"other", 16, 32, 0}} {
		if got, ok := e.StepTime(c.machine, c.batch, c.size, c.frozen); ok {
			t.Errorf("%+v: %g, expected nothing", c, got)
		}
	}
	if err := zoo.Measure(t.Context(), &e, clock, &zoo.Sizes{Batches: []int{16}, InputSize: 64}); err != nil {
		t.Fatal(err)
	}
	if got, ok := e.StepTime("", 16, 64, 4); !ok || got == 0 || len(e.Steps) != 9 {
		t.Errorf("other images: %g, %v, %d times", got, ok, len(e.Steps))
	}
	broken := errors.New("broken")
	clock.Inference = func(context.Context, int) (zoo.Timing, error) { return zoo.Timing{}, broken }
	if err := zoo.Measure(t.Context(), &e, clock, nil); !errors.Is(err, broken) {
		t.Errorf("a clock that fails: %v", err)
	}
}

// Times of different machines are not mixed: any machine is one that knows, the last measured of
// those.
func TestStepTimeOfAnyMachine(t *testing.T) {
	var e zoo.Entry
	for _, s := range []zoo.Timing{{Batch: 8, Seconds: 1, Machine: "old"}, {Batch: 32, Seconds: 2, Machine: "old"},
		{Batch: 32, Seconds: 10, Machine: "new"}, {Batch: 64, Seconds: 20, Machine: "new"}} {
		s.InputSize = 16
		e.SetStep(s)
	}
	for batch, want := range map[int]float64{8: 1, 20: 1.5, 32: 10, 48: 15, 64: 20} {
		if got, ok := e.StepTime("", batch, 16, 0); !ok || got != want {
			t.Errorf("batch of %d: %v, %v, expected %v", batch, got, ok, want)
		}
	}
	if got, ok := e.StepTime("new", 16, 16, 0); ok {
		t.Errorf("%v on a machine that does not know", got)
	}
}

// Memory is counted where the clock says nothing of it, and kept where it does.
func TestMemory(t *testing.T) {
	s := space(t)
	a, err := s.Parse("0-_16_1-1-1-1")
	if err != nil {
		t.Fatal(err)
	}
	cost, err := s.Cost(a)
	if err != nil {
		t.Fatal(err)
	}
	twice, err := s.WithInput(2 * s.InputSize())
	if err != nil {
		t.Fatal(err)
	}
	larger, err := twice.Cost(a)
	if err != nil {
		t.Fatal(err)
	}
	said := int64(0)
	timing := func() (zoo.Timing, error) { return zoo.Timing{Seconds: 1, Memory: said}, nil }
	clock := zoo.Clock{
		Step:      func(context.Context, int, []int) (zoo.Timing, error) { return timing() },
		Inference: func(context.Context, int) (zoo.Timing, error) { return timing() },
	}
	for _, c := range []struct {
		size, batch     int
		said            int64
		step, inference int64
	}{
		{0, 8, 0, 8*cost.ActivationTrain + 12*cost.Params, 8*cost.ActivationInfer + 4*cost.Params},
		{2 * s.InputSize(), 3, 0, 3*larger.ActivationTrain + 12*cost.Params, 3*larger.ActivationInfer + 4*cost.Params},
		{0, 8, 77, 77, 77},
	} {
		said = c.said
		e := zoo.Entry{Name: "x", Space: s.Spec(), Arch: s.Format(a)}
		sizes := &zoo.Sizes{Batches: []int{c.batch}, Frozen: []int{0}, InputSize: c.size}
		if err := zoo.Measure(t.Context(), &e, clock, sizes); err != nil {
			t.Fatal(err)
		}
		if got := e.Steps[0].Memory; got != c.step {
			t.Errorf("%+v: a step takes %d bytes", c, got)
		}
		if got := e.Inference[0].Memory; got != c.inference {
			t.Errorf("%+v: classification takes %d bytes", c, got)
		}
	}
	if cost.ActivationInfer >= cost.ActivationTrain || larger.ActivationTrain <= cost.ActivationTrain {
		t.Errorf("%+v, %+v", cost, larger)
	}
	said = 0
	e := zoo.Entry{Name: "x", Space: searchspace.Spec{Family: "of another", InputSize: 32}, Arch: "a"}
	if err := zoo.Measure(t.Context(), &e, clock, nil); err != nil || e.Steps[0].Memory != 0 {
		t.Errorf("%+v, %v", e.Steps[0], err)
	}
}
