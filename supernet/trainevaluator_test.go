package supernet

import (
	"fmt"
	"hash/fnv"
	"maps"
	"path/filepath"
	"slices"
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
			if workers == 1 && step > j.over {
				continue // so that open steps wait with weights older than the store's
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
		t.Fatalf("%d tensors of version %d, expected %d of %d", len(a.tensors), a.version, len(b.tensors),
			b.version)
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
// are of the same moment, and where the search's is older. The end has the same bits, and what is
// in the evaluator's file is not trained again.
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
