package supernet

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// hunt is a search over the tiny space that keeps a window of steps open. What it asks depends on
// all that it was told.
type hunt struct {
	heritage            Heritage
	steps, size, window int
	trained             *atomic.Int64 // trainings that began
}

// journal is what a search knows.
type journal struct {
	measured map[string]searchspace.Measurement // by step and candidate
	over     int                                // steps
}

func (j journal) clone() journal { return journal{maps.Clone(j.measured), j.over} }

// counter counts trainings by their first steps.
func counter(trained *atomic.Int64) Recorder {
	return RecorderFunc(func(p Progress) error {
		if p.Step == 1 {
			trained.Add(1)
		}
		return nil
	})
}

func (h *hunt) evaluator(t *testing.T) *TrainEvaluator {
	t.Helper()
	h.trained = new(atomic.Int64)
	o := &TrainOptions{Epochs: 1, BatchSize: 8, LR: 0.05, Augment: &dataset.Augment{Flip: true},
		Recorder: counter(h.trained)}
	e, err := NewTrainEvaluator(tinySpace(t), stripes(t, 40, 16, 1), stripes(t, 8, 16, 2),
		&TrainEvaluatorOptions{Heritage: h.heritage, Images: 16, Train: o, CalibrationImages: 8})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// ask names the candidates of a step. The third is the first once more.
func (h *hunt) ask(t *testing.T, j journal, step int) []searchspace.Arch {
	f := fnv.New64()
	for n := range max(0, step+1-h.window) {
		for i := range h.size {
			fmt.Fprint(f, j.measured[fmt.Sprint(n, i)].Loss)
		}
	}
	out := make([]searchspace.Arch, h.size)
	for i := range out {
		out[i] = sample(t, tinySpace(t), f.Sum64()+uint64(step*10+i%2))
	}
	return out
}

// run hunts to the end and calls save after everything that happens.
func (h *hunt) run(t *testing.T, e *TrainEvaluator, j *journal, workers int, save func()) {
	t.Helper()
	check := func(err error) {
		if err != nil {
			t.Error(err)
		}
	}
	var mu sync.Mutex
	archs := make(map[int][]searchspace.Arch)
	for ; j.over < h.steps; j.over++ {
		turns := make(chan struct{}, workers)
		var wait sync.WaitGroup
		for step := j.over; step < min(j.over+h.window, h.steps); step++ {
			if archs[step] == nil {
				archs[step] = h.ask(t, *j, step)
				check(e.BeginStep(step, archs[step]))
			}
			for i, a := range archs[step] {
				key := fmt.Sprint(step, i)
				mu.Lock()
				_, known := j.measured[key]
				mu.Unlock()
				if known {
					continue
				}
				turns <- struct{}{}
				wait.Go(func() {
					defer func() { <-turns }()
					m, err := e.EvaluateStep(t.Context(), a, step)
					check(err)
					mu.Lock()
					defer mu.Unlock()
					j.measured[key] = m
					save()
				})
			}
		}
		wait.Wait()
		check(e.EndStep(t.Context(), j.over))
	}
	save()
}

// finish is how a hunt ends that begins anew.
func (h *hunt) finish(t *testing.T, workers int) (journal, *WeightStore) {
	t.Helper()
	e, j := h.evaluator(t), journal{measured: map[string]searchspace.Measurement{}}
	h.run(t, e, &j, workers, func() {})
	return j, e.Store()
}

// hunts are ways to search.
func hunts() map[string]*hunt {
	return map[string]*hunt{
		"generations": {steps: 2, size: 3, window: 1},
		"steady":      {steps: 4, size: 1, window: 3},
		"last":        {heritage: FromLast, steps: 3, size: 2, window: 2},
		"none":        {heritage: FromNone, steps: 2, size: 2, window: 2},
	}
}

// sameStores compares the weights of stores, and which of them were ever written.
func sameStores(t testing.TB, got, want *WeightStore) {
	t.Helper()
	a, b := got.present(), want.present()
	if len(a.tensors) != len(b.tensors) || a.version != b.version {
		t.Fatalf("%d tensors of version %d, expected %d of %d", len(a.tensors), a.version, len(b.tensors), b.version)
	}
	for key, w := range b.tensors {
		g := a.tensors[key]
		if g == nil || g.extent != w.extent || !slices.Equal(g.data, w.data) {
			t.Fatalf("tensor %s differs", key)
		}
		for i := range w.data {
			if (g.written == nil || g.written[i]) != (w.written == nil || w.written[i]) {
				t.Fatalf("mark %d of tensor %s differs", i, key)
			}
		}
	}
}

// TestTrainEvaluatorWorkers: measurements and weights do not depend on how many models train side
// by side.
func TestTrainEvaluatorWorkers(t *testing.T) {
	for name, h := range hunts() {
		t.Run(name, func(t *testing.T) {
			want, store := h.finish(t, 1)
			for _, workers := range []int{2, 4} {
				got, other := h.finish(t, workers)
				if !maps.Equal(got.measured, want.measured) {
					t.Errorf("%d workers: %v, expected %v", workers, got.measured, want.measured)
				}
				sameStores(t, other, store)
			}
			versions := map[uint64]bool{}
			for _, m := range want.measured {
				versions[m.WeightVersion] = true
				if m.Samples != 8 || !m.Recalibrated || m.Text == "" {
					t.Errorf("measurement %+v", m)
				}
			}
			if inherits := h.heritage != FromNone; (len(versions) > 1) != inherits ||
				(store.WeightVersion() > 0) != inherits {
				t.Errorf("weights of versions %v, in the end %d", versions, store.WeightVersion())
			}
		})
	}
}

// TestTrainEvaluatorKilled goes on from the files after each event of a search: where both files
// are of the same moment, and where the search's is older. The end has the same bits, and what is in
// the evaluator's file is not trained again.
func TestTrainEvaluatorKilled(t *testing.T) {
	for name, h := range hunts() {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			file := func(n int) string { return filepath.Join(dir, fmt.Sprint(n)) }
			start := journal{measured: map[string]searchspace.Measurement{}}
			e, j, journals := h.evaluator(t), start.clone(), []journal{start}
			var trained []int64
			h.run(t, e, &j, 1, func() {
				if err := e.Save(file(len(trained))); err != nil {
					t.Error(err)
				}
				trained = append(trained, h.trained.Load())
				journals = append(journals, j.clone())
			})
			total := h.trained.Load()
			for n := range trained {
				again, from := h.evaluator(t), journals[n+1-n%2].clone()
				if err := again.Resume(file(n)); err != nil {
					t.Fatal(err)
				}
				h.run(t, again, &from, 2, func() {})
				if !maps.Equal(from.measured, j.measured) {
					t.Errorf("from event %d: %v, expected %v", n, from.measured, j.measured)
				}
				if left := h.trained.Load(); left != total-trained[n] {
					t.Errorf("from event %d: %d trainings, expected %d", n, left, total-trained[n])
				}
				sameStores(t, again.Store(), e.Store())
			}
		})
	}
}

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
