package dataset

import (
	"context"
	"math"
	"sync"
	"sync/atomic"
)

// item is an image on its way into memory.
type item struct {
	id  int     // the reader's name for it
	raw []byte  // bytes as the file has them
	dst []uint8 // where its pixels go
}

// convertAll reads images one after the other in this goroutine and converts them in others. read
// gives the next image, its raw bytes in buf where that is long enough, and ok = false after the
// last; convert fills dst from raw. The error returned is that of the earliest image that fails,
// whoever finds it first.
func convertAll(ctx context.Context, workers int, read func(buf []byte) (it item, ok bool, err error),
	convert func(item) error) error {
	type job struct {
		seq int
		item
	}
	depth := 4 * workers
	jobs := make(chan job, depth)
	free := make(chan []byte, depth+workers)
	var (
		wg       sync.WaitGroup
		mu       sync.Mutex
		firstErr error
		firstSeq atomic.Int64 // number of the earliest image known to fail
	)
	firstSeq.Store(math.MaxInt64)
	report := func(seq int, err error) {
		mu.Lock()
		defer mu.Unlock()
		if int64(seq) < firstSeq.Load() {
			firstSeq.Store(int64(seq))
			firstErr = err
		}
	}
	for range workers {
		wg.Go(func() {
			for j := range jobs {
				if int64(j.seq) < firstSeq.Load() {
					if err := convert(j.item); err != nil {
						report(j.seq, err)
					}
				}
				select {
				case free <- j.raw:
				default:
				}
			}
		})
	}
	for seq := 0; ; seq++ {
		if err := ctx.Err(); err != nil {
			report(-1, err)
			break
		}
		if firstSeq.Load() != math.MaxInt64 {
			break
		}
		var buf []byte
		select {
		case buf = <-free:
		default:
		}
		it, ok, err := read(buf)
		if err != nil {
			report(seq, err)
			break
		}
		if !ok {
			break
		}
		jobs <- job{seq, it}
	}
	close(jobs)
	wg.Wait()
	return firstErr
}

// sized returns buf with length n, a new one where it is too short.
func sized(buf []byte, n int) []byte {
	if cap(buf) < n {
		return make([]byte, n)
	}
	return buf[:n]
}

// blocks hands out zeroed image buffers cut from larger pieces, so that 60 000 images are not 60
// 000 allocations, and memory grows with what is read, not with what a header announces.
type blocks struct {
	per  int
	rest []uint8
}

func (b *blocks) next() []uint8 {
	if len(b.rest) < b.per {
		b.rest = make([]uint8, b.per*max(1, (1<<20)/b.per))
	}
	p := b.rest[:b.per:b.per]
	b.rest = b.rest[b.per:]
	return p
}
