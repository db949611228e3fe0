package cpu

import (
	"runtime"
	"sync"
	"testing"
)

// TestTogether runs eight trainings at once, each on a backend of its own: they share the helpers
// of four processors and get the bits of a training alone.
func TestTogether(t *testing.T) {
	const procs, trainings = 4, 8
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
	train := func(watch func()) []float32 {
		m := newMBConv(New(Options{}), 5, 9, 2)
		for range 3 {
			m.step()
			watch()
		}
		return m.weights()
	}
	before := runtime.NumGoroutine()
	want := train(func() {})
	helpers := runtime.NumGoroutine() - before
	if helpers > procs-1 {
		t.Errorf("a training alone left %d helpers on %d processors", helpers, procs)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	most := 0
	for i := range trainings {
		wg.Go(func() {
			got := train(func() {
				mu.Lock()
				most = max(most, runtime.NumGoroutine())
				mu.Unlock()
			})
			if !equalBits(got, want) {
				t.Errorf("training %d of %d at once gives other bits than alone", i, trainings)
			}
		})
	}
	wg.Wait()
	if limit := before + trainings + procs - 1; most > limit {
		t.Errorf("%d goroutines at once, expected at most %d: %d before, %d trainings, %d helpers", most, limit, before, trainings, procs-1)
	}
}
