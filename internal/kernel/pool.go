package kernel

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// Task is an operation cut into chunks that may run in any order and at the same time. Operations
// are long-lived records, not closures, so that starting one allocates nothing.
type Task interface {
	Run(chunk int, w *Worker)
}

// Pool runs the chunks of one task at a time on the caller and a few helpers. A second caller that
// finds it taken works through its chunks alone.
//
// Chunks are handed out without a lock: late maps of a network make chunks of a few microseconds,
// and a goroutine that slept on a contended lock would cost more than its chunk.
type Pool struct {
	limit int // most goroutines of one task, 0: GOMAXPROCS

	busy    atomic.Bool  // a caller owns what follows
	task    Task         // read by whoever holds a chunk of it
	allowed atomic.Int32 // helpers that may take part
	_       [64]byte     // those who look for chunks do not disturb those who finish them
	ticket  atomic.Uint64
	_       [64]byte
	pending atomic.Int32 // chunks not finished
	done    *gate        // the caller waits for the last ones
	_       [64]byte

	mu      sync.Mutex
	helpers []*gate // changed by the owner, under the lock
	closed  atomic.Bool
	free    []*Worker
}

// NewPool makes a pool whose tasks use at most limit goroutines, the caller included; 0 is
// GOMAXPROCS at the time of the task.
func NewPool(limit int) *Pool { return &Pool{limit: limit, done: newGate()} }

// Run calls t.Run for chunks 0…n−1 and returns when all are done. A panic in a chunk that the
// caller does reaches the caller when the helpers are out of the task; the pool works on.
func (p *Pool) Run(n int, t Task) {
	if n <= 0 {
		return
	}
	limit := p.limit
	if limit <= 0 {
		limit = runtime.GOMAXPROCS(0)
	}
	w := p.takeWorker()
	if min(n, limit) == 1 || p.closed.Load() || !p.busy.CompareAndSwap(false, true) {
		for i := range n {
			t.Run(i, w)
		}
		p.putWorker(w)
		return
	}
	p.task = t
	p.allowed.Store(int32(limit - 1))
	p.pending.Store(int32(n))
	p.ticket.Store(uint64(n) << 32)
	p.call(min(n, limit) - 1)
	defer p.release(w)
	p.chunks(w)
}

// release ends a task when all of its chunks are done. Some are left to hand out only when one of
// the caller's panicked.
func (p *Pool) release(w *Worker) {
	for _, left := p.claim(); left; _, left = p.claim() {
		p.finish()
	}
	p.done.wait(func() bool { return p.pending.Load() == 0 })
	p.task = nil
	p.busy.Store(false)
	p.putWorker(w)
}

// call makes n helpers look for chunks.
func (p *Pool) call(n int) {
	for i := range n {
		if i == len(p.helpers) {
			p.mu.Lock()
			p.helpers = append(p.helpers, newGate())
			p.mu.Unlock()
			go p.help(i, p.helpers[i])
			continue
		}
		p.helpers[i].wake()
	}
}

// claim takes a chunk. The ticket holds the number of chunks in its upper half and of those handed
// out in its lower half. The task of a claimed chunk cannot end, so that it is read after the claim
// only.
func (p *Pool) claim() (chunk int, ok bool) {
	for {
		t := p.ticket.Load()
		next, n := uint32(t), uint32(t>>32)
		if next >= n {
			return 0, false
		}
		if p.ticket.CompareAndSwap(t, t+1) {
			return int(next), true
		}
	}
}

// chunks takes chunks until none is left.
func (p *Pool) chunks(w *Worker) {
	for {
		i, ok := p.claim()
		if !ok {
			return
		}
		p.run(i, w)
	}
}

func (p *Pool) run(chunk int, w *Worker) {
	defer p.finish()
	p.task.Run(chunk, w)
}

func (p *Pool) finish() {
	if p.pending.Add(-1) == 0 {
		p.done.wake()
	}
}

// help is helper i: it works when there are chunks for it, looks for more for a short while and
// sleeps.
func (p *Pool) help(i int, g *gate) {
	w := p.takeWorker()
	for !p.closed.Load() {
		if i < int(p.allowed.Load()) {
			p.chunks(w)
		}
		g.wait(func() bool {
			t := p.ticket.Load()
			return uint32(t) < uint32(t>>32) && i < int(p.allowed.Load()) || p.closed.Load()
		})
	}
	p.putWorker(w)
}

func (p *Pool) takeWorker() *Worker {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.free); n > 0 {
		w := p.free[n-1]
		p.free = p.free[:n-1]
		return w
	}
	return &Worker{}
}

func (p *Pool) putWorker(w *Worker) {
	p.mu.Lock()
	p.free = append(p.free, w)
	p.mu.Unlock()
}

// Close ends the helpers. The pool goes on working on callers alone.
func (p *Pool) Close() {
	p.closed.Store(true)
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, g := range p.helpers {
		g.wake()
	}
}
