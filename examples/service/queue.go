package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/tendril-nas/tendril/internal/checkpoint"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// errQueueFull is the answer to a batch for which there is no room. It may be sent again later.
var errQueueFull = errors.New("batches wait already for an adjustment to end; send it again later")

// queue holds the batches that were accepted and wait, each a tar of class folders in one folder:
// what a client was told is accepted outlives the program.
type queue struct {
	dir     string
	room    chan struct{} // one token for each batch that waits or arrives
	arrived chan struct{} // holds a token when there may be something to take

	mu      sync.Mutex
	last    int      // number of the last file
	waiting []string // names, the oldest first
}

const batchPattern = "batch-%08d.tar"

// openQueue finds what waits in a folder. Files get numbers above that of the last batch that was
// taken in.
func openQueue(dir string, limit int, last string) (*queue, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	if err := checkpoint.RemoveTemporaries(dir); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	q := &queue{dir: dir, arrived: make(chan struct{}, 1)}
	_, _ = fmt.Sscanf(last, batchPattern, &q.last) // 0 before the first one
	for _, e := range entries {
		var number int
		_, err := fmt.Sscanf(e.Name(), batchPattern, &number)
		if err != nil || e.Name() != fmt.Sprintf(batchPattern, number) {
			continue
		}
		q.last = max(q.last, number)
		q.waiting = append(q.waiting, e.Name())
	}
	slices.Sort(q.waiting)
	q.room = make(chan struct{}, max(limit, len(q.waiting)))
	for range q.waiting {
		q.room <- struct{}{}
	}
	q.ring()
	return q, nil
}

// ring wakes whoever takes batches.
func (q *queue) ring() {
	select {
	case q.arrived <- struct{}{}:
	default:
	}
}

// put keeps what r holds when look finds no fault with it. It does not wait for room: errQueueFull
// says that there is none.
func (q *queue) put(r io.Reader, look func(name string) error) error {
	select {
	case q.room <- struct{}{}:
	default:
		return fmt.Errorf("%d %w", cap(q.room), errQueueFull)
	}
	q.mu.Lock()
	q.last++
	name := fmt.Sprintf(batchPattern, q.last)
	q.mu.Unlock()
	err := checkpoint.WriteFileAtomic(filepath.Join(q.dir, name), func(w io.Writer) error {
		_, err := io.Copy(w, r)
		return err
	})
	if err == nil {
		err = look(name)
	}
	if err != nil {
		return errors.Join(err, q.drop(name))
	}
	q.mu.Lock()
	q.waiting = append(q.waiting, name)
	q.mu.Unlock()
	q.ring()
	return nil
}

// next waits for the oldest batch, which stays until it is dropped.
func (q *queue) next(ctx context.Context) (name string, err error) {
	for {
		q.mu.Lock()
		if len(q.waiting) > 0 {
			name = q.waiting[0]
		}
		q.mu.Unlock()
		if name != "" {
			return name, nil
		}
		select {
		case <-q.arrived:
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
}

// drop forgets a batch and makes room for another.
func (q *queue) drop(name string) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = slices.DeleteFunc(q.waiting, func(n string) bool { return n == name })
	<-q.room
	if err := os.Remove(filepath.Join(q.dir, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// len is the number of batches that wait.
func (q *queue) len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.waiting)
}

// open reads a batch.
func (q *queue) open(ctx context.Context, name string, o *dataset.Options) (dataset.Dataset, error) {
	return dataset.OpenTar(ctx, filepath.Join(q.dir, name), o)
}
