package kernel

import "testing"

// Every task runs once, on a worker that there is, of which each has one task at a time.
func TestShare(t *testing.T) {
	for _, n := range []int{0, 1, 2, 3, 100} {
		for _, workers := range []int{0, 1, 2, 7} {
			ran := make([]int, n)
			of := make([]int, max(workers, 1)) // the race detector sees two at a time
			Share(n, workers, func(worker, i int) {
				ran[i]++
				of[worker]++
			})
			sum := 0
			for i := range ran {
				if ran[i] != 1 {
					t.Errorf("%d tasks, %d workers: task %d ran %d times", n, workers, i, ran[i])
				}
			}
			for _, k := range of {
				sum += k
			}
			if sum != n {
				t.Errorf("%d tasks, %d workers: workers counted %d", n, workers, sum)
			}
		}
	}
}
