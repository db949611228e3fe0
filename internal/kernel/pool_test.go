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

// TestPool runs tasks of every size from several goroutines at once: each chunk
// once, also after the pool is closed.
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
	wg.Wait()
	p.Close()
	check()
}
