package kernel

import (
	"fmt"
	"testing"
)

// idleTask spends some time in each chunk.
type idleTask struct{ turns int }

func (t idleTask) Run(_ int, w *Worker) {
	x := w.Floats(16)
	for i := range t.turns {
		x[i%16] += 1
	}
}

// BenchmarkPool times handing out two chunks and waiting for both; the empty chunks leave only the
// cost of doing so.
func BenchmarkPool(b *testing.B) {
	for _, turns := range []int{0, 1000, 100000} {
		b.Run(fmt.Sprint(turns), func(b *testing.B) {
			p := NewPool(2)
			defer p.Close()
			var t Task = idleTask{turns}
			for b.Loop() {
				p.Run(2, t)
			}
		})
	}
}
