package kernel

import (
	"sync"
	"sync/atomic"
	"testing"
)

// countTask counts how often each chunk runs.
type countTask struct{ runs []atomic.Int32 }

func (c *countTask) Run(chunk int, w *Worker) {
	w.Floats(chunk + 1)[chunk] = float32(chunk)
	c.runs[chunk].Add(1)
}

// TestPool runs tasks of every size from several goroutines at once: each chunk once, also after
// the pool is closed.
func TestPool(t *testing.T) {
	p := NewPool(4)
	check := func() {
		for n := range 40 {
			c := &countTask{runs: make([]atomic.Int32, n)}
			p.Run(n, c)
			for i := range c.runs {
				if got := c.runs[i].Load(); got != 1 {
					t.Errorf("chunk %d of %d ran %d times", i, n, got)
				}
			}
		}
	}
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(check)
	}
	wg.Go(func() {
		for range 100 {
			p.Rouse()
		}
	})
	wg.Wait()
	p.Close()
	p.Rouse()
	check()
}

// TestDealt takes all chunks of a share, by its owner and by others at once.
func TestDealt(t *testing.T) {
	const begin, end = 100, 5000
	var d dealt
	d.left.Store(end<<32 | begin)
	taken := make([]atomic.Int32, end)
	var wg sync.WaitGroup
	for i, take := range []func() (int, bool){d.first, d.last, d.last} {
		wg.Go(func() {
			before := -1
			for chunk, ok := take(); ok; chunk, ok = take() {
				taken[chunk].Add(1)
				if i == 0 && chunk <= before {
					t.Errorf("the owner got chunk %d after %d", chunk, before)
				}
				before = chunk
			}
		})
	}
	wg.Wait()
	for i := range taken {
		if got, want := taken[i].Load(), int32(min(i/begin, 1)); got != want {
			t.Errorf("chunk %d was taken %d times, expected %d", i, got, want)
		}
	}
}

// TestRouse wakes a helper that sleeps.
func TestRouse(t *testing.T) {
	p, sleeper := NewPool(2), newGate()
	p.helpers = append(p.helpers, sleeper) // without its goroutine
	sleeper.asleep.Store(true)
	p.Rouse()
	if sleeper.asleep.Load() || len(sleeper.open) != 1 {
		t.Error("the helper sleeps on")
	}
}

// panicTask panics in the chunks of one worker.
type panicTask struct {
	countTask
	at *Worker
}

func (c *panicTask) Run(chunk int, w *Worker) {
	c.countTask.Run(chunk, w)
	if w == c.at {
		panic("chunk")
	}
}

// TestPoolPanic checks that a panic on the caller leaves the pool free and no chunk running.
func TestPoolPanic(t *testing.T) {
	p := NewPool(3)
	defer p.Close()
	panics := 0
	for n := 2; n < 30; n++ {
		own := &Worker{}
		p.putWorker(own) // the next one to be taken
		c := &panicTask{countTask: countTask{runs: make([]atomic.Int32, n)}, at: own}
		func() {
			defer func() {
				if recover() != nil {
					panics++
				}
			}()
			p.Run(n, c)
		}()
		if p.busy.Load() || p.task != nil || p.pending.Load() != 0 {
			t.Fatalf("%d chunks: the pool is not free after a panic", n)
		}
		after := &countTask{runs: make([]atomic.Int32, n)}
		p.Run(n, after)
		for i := range after.runs {
			if got := after.runs[i].Load(); got != 1 {
				t.Errorf("chunk %d of %d ran %d times after a panic", i, n, got)
			}
		}
	}
	if panics == 0 {
		t.Error("the caller did no chunk at all") // of hundreds
	}
}
