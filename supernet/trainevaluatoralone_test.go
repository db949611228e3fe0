package supernet

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// TestTrainEvaluatorAlone: one at a time is steps of one; a call that the context ends leaves
// nothing behind, and the next is as if it had not been.
func TestTrainEvaluatorAlone(t *testing.T) {
	space := tinySpace(t)
	h := &hunt{}
	steps, alone := h.evaluator(t), h.evaluator(t)
	ended, cancel := context.WithCancel(t.Context())
	defer cancel()
	for i := range 3 {
		a := sample(t, space, uint64(i))
		if err := steps.BeginStep(i, []searchspace.Arch{a}); err != nil {
			t.Fatal(err)
		}
		want, err := steps.EvaluateStep(t.Context(), a, i)
		if err != nil {
			t.Fatal(err)
		}
		if err := steps.EndStep(t.Context(), i); err != nil {
			t.Fatal(err)
		}
		if i == 1 {
			cancel()
			if _, err := alone.Evaluate(ended, a); !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
		}
		if got, err := alone.Evaluate(t.Context(), a); err != nil || got != want {
			t.Errorf("%+v, %v, expected %+v", got, err, want)
		}
	}
	sameStores(t, alone.Store(), steps.Store())
}

// TestTrainEvaluatorLast: the store has the last model's weights alone.
func TestTrainEvaluatorLast(t *testing.T) {
	h := &hunt{heritage: FromLast}
	e, space := h.evaluator(t), tinySpace(t)
	for _, a := range []searchspace.Arch{space.Largest(), space.Smallest()} {
		if _, err := e.Evaluate(t.Context(), a); err != nil {
			t.Fatal(err)
		}
	}
	m, err := NewModel(space, space.Smallest(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := len(e.Store().present().tensors), len(m.store.list); got != want {
		t.Errorf("%d tensors, the model has %d", got, want)
	}
}

// broken is a data set that fails a few times.
type broken struct {
	dataset.Dataset
	mu    sync.Mutex
	fails int
}

func (b *broken) Image(i int, dst []uint8) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fails > 0 {
		b.fails--
		return fs.ErrInvalid
	}
	return b.Dataset.Image(i, dst)
}

// TestTrainEvaluatorFailures: what failed is tried again with the same bits, what diverged is not
// and leaves no weights, and a step does not end before all is measured.
func TestTrainEvaluatorFailures(t *testing.T) {
	space, val := tinySpace(t), stripes(t, 8, 16, 2)
	a, b := space.Smallest(), space.Largest()
	data := &broken{Dataset: stripes(t, 16, 16, 1), fails: 1}
	evaluator := func(ds dataset.Dataset, lr float64) (*TrainEvaluator, *atomic.Int64) {
		trained := new(atomic.Int64)
		e, err := NewTrainEvaluator(space, ds, val, &TrainEvaluatorOptions{
			Train: &TrainOptions{Epochs: 2, BatchSize: 8, LR: lr, Recorder: counter(trained)}})
		if err != nil {
			t.Fatal(err)
		}
		if err := e.BeginStep(0, []searchspace.Arch{a, b}); err != nil {
			t.Fatal(err)
		}
		return e, trained
	}
	whole, _ := evaluator(stripes(t, 16, 16, 1), 0.05)
	want, err := whole.EvaluateStep(t.Context(), a, 0)
	if err != nil {
		t.Fatal(err)
	}
	e, _ := evaluator(data, 0.05)
	if _, err := e.EvaluateStep(t.Context(), a, 0); !errors.Is(err, fs.ErrInvalid) {
		t.Fatal(err)
	}
	if got, err := e.EvaluateStep(t.Context(), a, 0); err != nil || got != want {
		t.Errorf("%+v, %v, expected %+v", got, err, want)
	}
	if err := e.EndStep(t.Context(), 0); err == nil || !strings.Contains(err.Error(), "not measured") {
		t.Error("a step ended with an architecture open:", err)
	}
	if _, err := e.Evaluate(t.Context(), a); err == nil || !strings.Contains(err.Error(), "open") {
		t.Error("Evaluate beside open steps:", err)
	}

	e, trained := evaluator(stripes(t, 16, 16, 1), 1e30)
	path := filepath.Join(t.TempDir(), "evaluator")
	for range 2 {
		for _, a := range []searchspace.Arch{a, b} {
			if _, err := e.EvaluateStep(t.Context(), a, 0); !errors.Is(err, ErrNotFinite) {
				t.Fatal(err)
			}
		}
		if err := e.Save(path); err != nil {
			t.Fatal(err)
		}
		if err := e.EndStep(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
	}
	if n := trained.Load(); n > 2 || e.Store().WeightVersion() != 0 {
		t.Errorf("%d trainings diverged, expected 2; the store has version %d", n, e.Store().WeightVersion())
	}
	again, err := NewTrainEvaluator(space, stripes(t, 16, 16, 1), val,
		&TrainEvaluatorOptions{Train: &TrainOptions{Epochs: 2, BatchSize: 8, LR: 1e30}})
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Resume(path); err != nil {
		t.Fatal(err)
	}
	if _, err := again.EvaluateStep(t.Context(), b, 0); err == nil || !strings.Contains(err.Error(), "finite") {
		t.Error(err)
	}
}
