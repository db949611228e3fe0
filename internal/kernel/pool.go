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
// Each of them has a share of neighbouring chunks, the caller the first one, and helps the others
// when it is done. Operations cut their work in the order of memory, so that most of what a
// goroutine reads was written by it, and is in its processor's cache.
//
// Chunks are handed out without a lock: late maps of a network make chunks of a few microseconds,
// and a goroutine that slept on a contended lock would cost more than its chunk.
type Pool struct {
	limit int // most goroutines of one task, 0: GOMAXPROCS

	busy    atomic.Bool            // a caller owns what follows
	task    Task                   // read by whoever holds a chunk of it
	shares  atomic.Pointer[shares] // the caller's and those of the helpers, in order
	allowed atomic.Int32           // helpers that may take part
	_       [64]byte               // those who look for tasks do not disturb those who finish chunks
	round   atomic.Uint32          // changes with every task
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
func NewPool(limit int) *Pool {
	p := &Pool{limit: limit, done: newGate()}
	p.shares.Store(&shares{})
	return p
}

// Run calls t.Run for chunks 0…n−1 and returns when all are done. A panic in a chunk that the
// caller does reaches the caller when the helpers are out of the task; the pool works on.
func (p *Pool) Run(n int, t Task) {
	if n <= 0 {
		return
	}
	limit := p.most()
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
	p.deal(n, min(n, limit))
	p.round.Add(1)
	p.call(min(n, limit) - 1)
	defer p.release(w)
	p.chunks(0, w)
}

// Rouse says that tasks come soon: helpers that sleep start to look for them. Waking up takes them
// as long as some tasks.
func (p *Pool) Rouse() {
	if n := p.most() - 1; n > 0 && !p.closed.Load() && p.busy.CompareAndSwap(false, true) {
		p.allowed.Store(int32(n))
		p.round.Add(1)
		p.call(n)
		p.busy.Store(false)
	}
}

// most is the goroutines of a task that has many chunks.
func (p *Pool) most() int {
	if p.limit > 0 {
		return p.limit
	}
	return runtime.GOMAXPROCS(0)
}

// release ends a task when all of its chunks are done. Some are left to hand out only when one of
// the caller's panicked.
func (p *Pool) release(w *Worker) {
	for _, left := p.claim(0); left; _, left = p.claim(0) {
		p.finish(1)
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

// deal gives each of some goroutines its share of n chunks. Those of a task before are used up.
func (p *Pool) deal(n, goroutines int) {
	all := p.shares.Load()
	if len(*all) < goroutines {
		// A helper that still looks at the old ones finds nothing there.
		more := make(shares, goroutines)
		all = &more
		p.shares.Store(all)
	}
	for i := range goroutines {
		(*all)[i].left.Store(uint64(n*(i+1)/goroutines)<<32 | uint64(n*i/goroutines))
	}
}

// claim takes a chunk for a goroutine, the caller being 0. The task of a claimed chunk cannot end,
// so that it is read after the claim only.
func (p *Pool) claim(goroutine int) (chunk int, ok bool) {
	all := *p.shares.Load()
	if goroutine < len(all) {
		if chunk, ok = all[goroutine].first(); ok {
			return chunk, true
		}
	}
	for i := range all {
		if chunk, ok = all[(goroutine+1+i)%len(all)].last(); ok {
			return chunk, true
		}
	}
	return 0, false
}

// chunks takes chunks until none is left.
func (p *Pool) chunks(goroutine int, w *Worker) {
	taken := 0
	defer func() { p.finish(taken) }()
	for {
		i, ok := p.claim(goroutine)
		if !ok {
			return
		}
		taken++
		p.task.Run(i, w)
	}
}

// finish counts chunks as done.
func (p *Pool) finish(chunks int) {
	if chunks > 0 && p.pending.Add(-int32(chunks)) == 0 {
		p.done.wake()
	}
}

// help is helper i: it works when there are chunks for it, looks for more for a short while and
// sleeps.
func (p *Pool) help(i int, g *gate) {
	w := p.takeWorker()
	for !p.closed.Load() {
		round := p.round.Load()
		if i < int(p.allowed.Load()) {
			p.chunks(i+1, w)
		}
		g.wait(func() bool {
			return p.round.Load() != round && i < int(p.allowed.Load()) || p.closed.Load()
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
