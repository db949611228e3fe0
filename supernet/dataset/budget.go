package dataset

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
)

// defaultBudget is the memory of images while they are decoded, in bytes.
const defaultBudget = 512 << 20

// Budget bounds the memory of all images that are decoded at one time: what their headers announce,
// counted before anything is decoded. Who finds it used up waits, first come, first served; an
// image that alone is above it is refused. It may be shared by any number of readers and
// goroutines.
//
// The zero value is a budget of 512 MiB.
type Budget struct {
	most int64 // 0 = the default

	mu         sync.Mutex
	used, peak int64
	waiting    []*claim
}

// claim is someone who waits for a part of a budget.
type claim struct {
	bytes int64
	ready chan struct{} // closed when the bytes are his
}

// NewBudget makes a budget of so many bytes. 0, or less, = 512 MiB.
func NewBudget(bytes int64) *Budget { return &Budget{most: max(bytes, 0)} }

// limit is the bytes of the whole budget.
func (b *Budget) limit() int64 { return cmp.Or(b.most, defaultBudget) }

// large is the part of a budget, as a divisor, from which on the memory of images before is
// collected at once: otherwise it may stay until the heap has doubled, and counts for nobody
// meanwhile. It costs milliseconds where decoding takes a good part of a second.
const large = 8

// take waits for bytes of the budget, which give returns.
func (b *Budget) take(ctx context.Context, bytes int64) error {
	if err := b.wait(ctx, bytes); err != nil {
		return err
	}
	if bytes > b.limit()/large {
		runtime.GC()
	}
	return nil
}

// wait is take without regard to what was given back and is not collected yet.
func (b *Budget) wait(ctx context.Context, bytes int64) error {
	if bytes > b.limit() {
		return fmt.Errorf("decoding takes %d bytes, %d allowed: %w", bytes, b.limit(), ErrLimit)
	}
	b.mu.Lock()
	if len(b.waiting) == 0 && bytes <= b.limit()-b.used {
		b.use(bytes)
		b.mu.Unlock()
		return nil
	}
	c := &claim{bytes, make(chan struct{})}
	b.waiting = append(b.waiting, c)
	b.mu.Unlock()
	select {
	case <-c.ready:
		return nil
	case <-ctx.Done():
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if i := slices.Index(b.waiting, c); i >= 0 {
		b.waiting = slices.Delete(b.waiting, i, i+1)
	} else { // served at the same moment
		b.used -= bytes
	}
	b.serve()
	return ctx.Err()
}

// give returns what take got.
func (b *Budget) give(bytes int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.used -= bytes
	b.serve()
}

// use counts bytes. The caller has the lock.
func (b *Budget) use(bytes int64) {
	b.used += bytes
	b.peak = max(b.peak, b.used)
}

// serve lets those in who have waited longest. The caller has the lock.
func (b *Budget) serve() {
	for len(b.waiting) > 0 && b.waiting[0].bytes <= b.limit()-b.used {
		c := b.waiting[0]
		b.waiting = b.waiting[1:]
		b.use(c.bytes)
		close(c.ready)
	}
}
