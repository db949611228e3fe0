package kernel

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// Task is an operation cut into chunks that may run in any order and at the same
// time. Operations are long-lived records, not closures, so that starting one
// allocates nothing.
type Task interface {
	Run(chunk int, w *Worker)
}

// Worker is what one goroutine needs for itself: scratch memory and kernel
// argument records that stay on the heap.
type Worker struct {
	Ch   Chan // parameters: of anything, of an input, of a gradient
	ChX  Chan
	ChG  Chan
	Tile Tile
	DW   Depthwise
	DWG  DepthwiseGrad
	WS   Workspace

	mem  []float32
	wide []float64
}

// Floats is scratch of n floats with unknown content, valid until the chunk
// ends or Floats is called again.
func (w *Worker) Floats(n int) []float32 {
	if len(w.mem) < n {
		w.mem = AlignedFloats(n + n/4)
	}
	return w.mem[:n]
}

// Wide is scratch of n float64 with unknown content, apart from that of Floats,
// valid until the chunk ends or Wide is called again.
func (w *Worker) Wide(n int) []float64 {
	if len(w.wide) < n {
		w.wide = make([]float64, n)
	}
	return w.wide[:n]
}

// Pool runs the chunks of one task at a time on the caller and a few helpers. A
// second caller that finds it taken works through its chunks alone.
type Pool struct {
	limit int // most goroutines of one task, 0: GOMAXPROCS

	mu      sync.Mutex
	wake    sync.Cond     // helpers wait for chunks
	done    sync.Cond     // the caller waits for the last chunks
	task    Task          // nil: free
	next, n int           // chunks handed out, chunks in all
	pending atomic.Int32  // chunks not finished
	epoch   atomic.Uint32 // tasks so far
	allowed int           // helpers that may join this task
	helpers int           // started
	idle    int
	closed  bool
	free    []*Worker
}

// NewPool makes a pool whose tasks use at most limit goroutines, the caller
// included; 0 is GOMAXPROCS at the time of the task.
func NewPool(limit int) *Pool {
	p := &Pool{limit: limit}
	p.wake.L, p.done.L = &p.mu, &p.mu
	return p
}

// Run calls t.Run for chunks 0…n−1 and returns when all are done.
func (p *Pool) Run(n int, t Task) {
	if n <= 0 {
		return
	}
	p.mu.Lock()
	w := p.takeWorker()
	if n == 1 || p.task != nil {
		p.mu.Unlock()
		for i := range n {
			t.Run(i, w)
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
	if p.closed {
		p.allowed = 0
	}
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
func (p *Pool) chunks(w *Worker) {
	t := p.task
	for p.next < p.n {
		i := p.next
		p.next++
		p.mu.Unlock()
		t.Run(i, w)
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

func (p *Pool) help() {
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

func (p *Pool) takeWorker() *Worker {
	if n := len(p.free); n > 0 {
		w := p.free[n-1]
		p.free = p.free[:n-1]
		return w
	}
	return &Worker{}
}

// Close ends the helpers. The pool goes on working on callers alone.
func (p *Pool) Close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.wake.Broadcast()
}
