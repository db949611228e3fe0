package cpu

import (
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/tendril-nas/tendril/internal/kernel"
)

// task is an operation cut into chunks that may run in any order and at the same
// time. Operations are long-lived records, not closures, so that starting one
// allocates nothing.
type task interface {
	run(chunk int, w *worker)
}

// worker is what one goroutine needs for itself: scratch memory and kernel
// argument records that stay on the heap.
type worker struct {
	mem  []float32
	ch   kernel.Chan // parameters: of anything, of an input, of a gradient
	chx  kernel.Chan
	chg  kernel.Chan
	tile kernel.Tile
	dw   kernel.Depthwise
	dwg  kernel.DepthwiseGrad
	ws   kernel.Workspace
}

// floats is scratch of n floats with unknown content, valid until the chunk
// ends or floats is called again.
func (w *worker) floats(n int) []float32 {
	if len(w.mem) < n {
		w.mem = alignedFloats(n + n/4)
	}
	return w.mem[:n]
}

// pool runs the chunks of one task at a time on the caller and a few helpers. A
// second caller that finds it taken works through its chunks alone.
type pool struct {
	limit int // most goroutines of one task, 0: GOMAXPROCS

	mu      sync.Mutex
	wake    sync.Cond     // helpers wait for chunks
	done    sync.Cond     // the caller waits for the last chunks
	task    task          // nil: free
	next, n int           // chunks handed out, chunks in all
	pending atomic.Int32  // chunks not finished
	epoch   atomic.Uint32 // tasks so far
	allowed int           // helpers that may join this task
	helpers int           // started
	idle    int
	closed  bool
	free    []*worker
}

func newPool(limit int) *pool {
	p := &pool{limit: limit}
	p.wake.L, p.done.L = &p.mu, &p.mu
	return p
}

// run calls t.run for chunks 0…n−1 and returns when all are done.
func (p *pool) run(n int, t task) {
	if n <= 0 {
		return
	}
	p.mu.Lock()
	w := p.takeWorker()
	if n == 1 || p.task != nil {
		p.mu.Unlock()
		for i := range n {
			t.run(i, w)
		}
		p.mu.Lock()
		p.free = append(p.free, w)
		p.mu.Unlock()
		return
	}
	limit := p.limit
	if limit <= 0 {
		limit = runtime.GOMAXPROCS(0)
	}
	p.task, p.next, p.n = t, 0, n
	p.pending.Store(int32(n))
	p.epoch.Add(1)
	p.allowed = min(limit, n) - 1
	for p.helpers < p.allowed {
		p.helpers++
		go p.help()
	}
	for range min(p.allowed, p.idle) {
		p.wake.Signal()
	}
	p.chunks(w)
	if p.pending.Load() > 0 {
		p.mu.Unlock()
		spin(func() bool { return p.pending.Load() > 0 })
		p.mu.Lock()
	}
	for p.pending.Load() > 0 {
		p.done.Wait()
	}
	p.task = nil
	p.free = append(p.free, w)
	p.mu.Unlock()
}

// chunks takes chunks until none is left. The lock is held on entry and exit.
func (p *pool) chunks(w *worker) {
	t := p.task
	for p.next < p.n {
		i := p.next
		p.next++
		p.mu.Unlock()
		t.run(i, w)
		p.mu.Lock()
		p.pending.Add(-1)
	}
	if p.pending.Load() == 0 {
		p.done.Signal()
	}
}

// spinTurns is how often a goroutine looks again before it sleeps: some twenty
// microseconds, about what waking up costs and longer than most pauses between
// two operations of a training step.
const spinTurns = 1 << 14

// spin waits while busy, but not for long.
func spin(busy func() bool) {
	for i := 0; i < spinTurns && busy(); i++ {
	}
}

func (p *pool) help() {
	p.mu.Lock()
	defer p.mu.Unlock()
	w := p.takeWorker()
	var slept uint32 // the epoch after which the helper has spun
	for !p.closed {
		if p.task == nil || p.next == p.n || p.allowed == 0 {
			if seen := p.epoch.Load(); seen != slept {
				// Nothing to do for now: look around once before going to sleep.
				slept = seen
				p.mu.Unlock()
				spin(func() bool { return p.epoch.Load() == seen })
				p.mu.Lock()
				continue
			}
			p.idle++
			p.wake.Wait()
			p.idle--
			continue
		}
		p.allowed--
		p.chunks(w)
	}
}

func (p *pool) takeWorker() *worker {
	if n := len(p.free); n > 0 {
		w := p.free[n-1]
		p.free = p.free[:n-1]
		return w
	}
	return &worker{}
}

// close ends the helpers.
func (p *pool) close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.wake.Broadcast()
}
