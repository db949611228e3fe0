package kernel

import (
	"sync"
	"sync/atomic"
)

// Share calls task for 0 … n−1 on up to workers goroutines, the caller's among them, with the
// number of the one that it runs on, and returns when all are done. Where tasks write to different
// places the number of workers does not show in the result. It starts its goroutines anew and
// allocates: for tasks of a millisecond. A Pool is for shorter ones.
func Share(n, workers int, task func(worker, i int)) {
	var next atomic.Int64
	work := func(worker int) {
		for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
			task(worker, i)
		}
	}
	var wg sync.WaitGroup
	for w := 1; w < min(n, workers); w++ {
		wg.Go(func() { work(w) })
	}
	work(0)
	wg.Wait()
}
