package cpu

import "github.com/tendril-nas/tendril/internal/kernel"

// funcTask runs a function per item; the rare operations use it.
type funcTask struct {
	n, per int
	f      func(i int)
}

func (t *funcTask) Run(chunk int, _ *kernel.Worker) {
	for i := chunk * t.per; i < min((chunk+1)*t.per, t.n); i++ {
		t.f(i)
	}
}

// parallel calls f for items 0…n−1 of about cost floats each, several items to a chunk.
func (s *stream) parallel(n, cost int, f func(i int)) {
	per := max(1, (1<<13)/max(cost, 1))
	s.pool.Run((n+per-1)/per, &funcTask{n: n, per: per, f: f})
}

// bothOp is two operations that do not need each other, run as one.
type bothOp struct {
	a, b kernel.Task
	n    int // chunks of a
}

func (o *bothOp) Run(chunk int, w *kernel.Worker) {
	if chunk < o.n {
		o.a.Run(chunk, w)
	} else {
		o.b.Run(chunk-o.n, w)
	}
}

// runBoth runs n chunks of a and m of b.
func (s *stream) runBoth(n int, a kernel.Task, m int, b kernel.Task) {
	s.both = bothOp{a: a, b: b, n: n}
	s.pool.Run(n+m, &s.both)
	s.both = bothOp{}
}
