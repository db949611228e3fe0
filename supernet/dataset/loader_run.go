package dataset

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/tendril-nas/tendril/internal/stream"
)

const (
	// prefetch is how many batches are prepared ahead of the one in use.
	prefetch = 2
	// chunk is how many images a goroutine prepares between two looks at the queue: long enough to
	// make the queue cheap, short enough to share the last batch out.
	chunk = 8
)

// loader serves one epoch. Workers fill slots; the caller's goroutine hands slots out in order and
// is the only one that queues work.
type loader struct {
	ds      Dataset
	o       LoaderOptions
	table   *table
	order   []int32
	first   int // first batch to serve
	batches int // one past the last
	workers int
}

// slot is a batch buffer and what is known of its filling.
type slot struct {
	batch  Batch
	left   atomic.Int32 // chunks to go
	filled chan struct{}
	errs   []error // by chunk, so that the error reported is always the first
}

type task struct {
	slot *slot
	part int // chunk of the batch
}

func newLoader(ds Dataset, o LoaderOptions) (*loader, error) {
	if o.BatchSize < 0 || o.BatchSize > 1<<24 {
		return nil, fmt.Errorf("dataset: batch size %d, want 1 to %d, or 0 for %d", o.BatchSize, 1<<24,
			defaultBatch)
	}
	if o.BatchSize == 0 {
		o.BatchSize = defaultBatch
	}
	if o.Epoch < 0 || int64(o.Epoch) >= 1<<32 {
		return nil, fmt.Errorf("dataset: epoch %d, want 0 to %d", o.Epoch, int64(1<<32-1))
	}
	if o.Skip < 0 {
		return nil, fmt.Errorf("dataset: %d batches to skip, want 0 or more", o.Skip)
	}
	if o.Workers < 0 || o.Workers > maxWorkers {
		return nil, fmt.Errorf("dataset: %d workers, want 1 to %d, or 0 for up to 4", o.Workers, maxWorkers)
	}
	if err := o.Augment.check(); err != nil {
		return nil, err
	}
	if !o.Normalization.IsZero() {
		if err := o.Normalization.Check(); err != nil {
			return nil, err
		}
	}
	if err := Check(ds); err != nil {
		return nil, err
	}
	n := ds.Len()
	l := &loader{ds: ds, o: o, table: o.Normalization.table(), first: o.Skip, batches: o.Steps(n)}
	l.order = make([]int32, n)
	for i := range l.order {
		l.order[i] = int32(i)
	}
	if o.Shuffle {
		r := stream.New(o.Seed, "dataset.shuffle", uint64(o.Epoch))
		r.Shuffle(n, func(i, j int) { l.order[i], l.order[j] = l.order[j], l.order[i] })
	}
	l.workers = o.Workers
	if l.workers == 0 {
		l.workers = min(4, runtime.GOMAXPROCS(0))
	}
	return l, nil
}

func (l *loader) run(ctx context.Context, yield func(*Batch, error) bool) {
	if l.first >= l.batches {
		if err := ctx.Err(); err != nil {
			yield(nil, err)
		}
		return
	}
	parts := (min(l.o.BatchSize, len(l.order)) + chunk - 1) / chunk
	slots := make([]*slot, min(prefetch+1, l.batches-l.first))
	for i := range slots {
		slots[i] = l.newSlot(parts)
	}
	tasks := make(chan task, parts*len(slots)) // never full: queueing never waits
	var stop atomic.Bool
	var wg sync.WaitGroup
	for range min(l.workers, parts*len(slots)) {
		wg.Go(func() { l.work(tasks, &stop) })
	}
	finish := sync.OnceFunc(func() {
		stop.Store(true)
		close(tasks)
		wg.Wait()
	})
	defer finish() // also when yield panics

	next := l.first
	for ; next < l.batches && next-l.first < len(slots); next++ {
		l.queue(tasks, slots[(next-l.first)%len(slots)], next)
	}
	for b := l.first; b < l.batches; b++ {
		s := slots[(b-l.first)%len(slots)]
		err := ctx.Err()
		if err == nil {
			select {
			case <-s.filled:
				err = s.err()
			case <-ctx.Done():
				err = ctx.Err()
			}
		}
		if err != nil {
			finish()
			yield(nil, err)
			return
		}
		if !yield(&s.batch, nil) {
			return
		}
		if next < l.batches {
			l.queue(tasks, s, next)
			next++
		}
	}
}

func (l *loader) newSlot(parts int) *slot {
	n := min(l.o.BatchSize, len(l.order))
	size := l.ds.Size()
	return &slot{
		batch: Batch{
			X:       make([]float32, n*size*size*3),
			Labels:  make([]int, n),
			Indices: make([]int, n),
			Size:    size,
		},
		filled: make(chan struct{}, 1),
		errs:   make([]error, parts),
	}
}

// queue asks for batch b in slot s.
func (l *loader) queue(tasks chan<- task, s *slot, b int) {
	start := b * l.o.BatchSize
	n := min(l.o.BatchSize, len(l.order)-start)
	size := l.ds.Size()
	s.batch.N = n
	s.batch.X = s.batch.X[:n*size*size*3]
	s.batch.Labels, s.batch.Indices = s.batch.Labels[:n], s.batch.Indices[:n]
	for k, i := range l.order[start : start+n] {
		s.batch.Indices[k] = int(i)
	}
	clear(s.errs)
	parts := (n + chunk - 1) / chunk
	s.left.Store(int32(parts))
	for p := range parts {
		tasks <- task{s, p}
	}
}

func (s *slot) err() error {
	for _, err := range s.errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// work fills chunks until the queue is closed.
func (l *loader) work(tasks <-chan task, stop *atomic.Bool) {
	p := newPreparer(l)
	for t := range tasks {
		if stop.Load() {
			continue
		}
		t.slot.errs[t.part] = p.part(&t.slot.batch, t.part*chunk)
		if t.slot.left.Add(-1) == 0 {
			t.slot.filled <- struct{}{}
		}
	}
}

// preparer is what one worker needs to make an image ready.
type preparer struct {
	l      *loader
	source []uint8 // RGB image of a dataset that does not lend
	target []uint8 // augmented pixels
	pcg    *rand.PCG
	rand   *rand.Rand
}

func newPreparer(l *loader) *preparer {
	size := l.ds.Size()
	pcg := rand.NewPCG(0, 0)
	return &preparer{
		l:      l,
		source: make([]uint8, size*size*3),
		target: make([]uint8, size*size*3),
		pcg:    pcg,
		rand:   rand.New(pcg),
	}
}

// part makes a chunk of the batch ready, from image k on. A panic of the data set is an error: no
// caller could recover it from here.
func (p *preparer) part(b *Batch, k int) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("dataset: image %d: panic: %v, at %s", b.Indices[k], r, panicked(debug.Stack()))
		}
	}()
	for hi := min(k+chunk, b.N); k < hi; k++ {
		if err := p.prepare(b, k); err != nil {
			return err
		}
	}
	return nil
}

// panicked is the line of code, in the stack of a recovering function, that panicked.
func panicked(stack []byte) string {
	_, after, _ := strings.Cut(string(stack), "\npanic(")
	lines := strings.Split(after, "\n")
	for i := 2; i+1 < len(lines); i += 2 { // after panic's own line: a function, its file, and so on
		if !strings.HasPrefix(lines[i], "runtime.") {
			place, _, _ := strings.Cut(strings.TrimSpace(lines[i+1]), " +")
			return place
		}
	}
	return "a place unknown"
}

// prepare makes image k of the batch.
func (p *preparer) prepare(b *Batch, k int) error {
	i, size := b.Indices[k], b.Size
	b.Labels[k] = p.l.ds.Label(i)
	src := lend(p.l.ds, i)
	if n := len(src); src != nil && n != size*size && n != size*size*3 {
		return fmt.Errorf("dataset: image %d: %d bytes lent, want %d or %d", i, n, size*size, size*size*3)
	}
	if src == nil {
		src = p.source
		if err := p.l.ds.Image(i, src); err != nil {
			return fmt.Errorf("dataset: image %d: %w", i, err)
		}
	}
	per := size * size * 3
	x := b.X[k*per : (k+1)*per]
	if p.l.o.Augment.isZero() {
		p.l.table.apply(x, src)
		return nil
	}
	p.pcg.Seed(stream.Key(p.l.o.Seed, "dataset.augment", uint64(p.l.o.Epoch), uint64(i)))
	c := p.l.o.Augment.draw(p.rand, size)
	target := p.target[:len(src)]
	c.pixels(target, src, size, len(src)/(size*size))
	p.l.table.apply(x, target)
	blank(x, c, size)
	return nil
}
