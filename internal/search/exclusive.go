package search

import (
	"context"
	"errors"
	"slices"
	"sync"
)

// Quiet lets a measurement of time have the machine to itself: any number of holders share it, or
// one has it alone. Requests are granted in the order in which they came, so a request to be alone
// holds off those behind it and neither kind can starve. The zero value is ready for use by any
// number of goroutines.
type Quiet struct {
	mu     sync.Mutex
	shared int
	alone  bool
	queue  []*request
}

type request struct {
	alone   bool
	granted chan struct{} // closed when granted
}

// Shared waits until nobody is alone or waits to be. The release may be called more than once. The
// error is that of the context.
func (q *Quiet) Shared(ctx context.Context) (release func(), err error) { return q.acquire(ctx, false) }

// Alone waits until everybody else has released. The release may be called more than once. The
// error is that of the context. Whoever holds a share must release it first.
func (q *Quiet) Alone(ctx context.Context) (release func(), err error) { return q.acquire(ctx, true) }

func (q *Quiet) acquire(ctx context.Context, alone bool) (release func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r := &request{alone: alone, granted: make(chan struct{})}
	q.mu.Lock()
	q.queue = append(q.queue, r)
	q.grant()
	q.mu.Unlock()
	release = sync.OnceFunc(func() { q.release(alone) })
	select {
	case <-r.granted:
		return release, nil
	case <-ctx.Done():
		q.withdraw(r, release)
		return nil, ctx.Err()
	}
}

// grant lets in as many from the head of the queue as may be in together. q.mu is held.
func (q *Quiet) grant() {
	for len(q.queue) > 0 {
		r := q.queue[0]
		if q.alone || r.alone && q.shared > 0 {
			return
		}
		if r.alone {
			q.alone = true
		} else {
			q.shared++
		}
		q.queue = q.queue[1:]
		close(r.granted)
	}
}

func (q *Quiet) release(alone bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if alone {
		q.alone = false
	} else {
		q.shared--
	}
	q.grant()
}

// withdraw takes back a request that is not wanted any more; it may have been granted meanwhile.
func (q *Quiet) withdraw(r *request, release func()) {
	q.mu.Lock()
	i := slices.Index(q.queue, r)
	if i >= 0 {
		q.queue = slices.Delete(q.queue, i, i+1)
		q.grant()
	}
	q.mu.Unlock()
	if i < 0 {
		release()
	}
}

// Alone runs do while no other evaluation of the loop, and no Ask, Tell or Save, is at work. It is
// for an evaluator that measures time, with the context that the loop called it with: it waits
// until the others in flight are done, and new ones are held off meanwhile. The evaluator's own
// share is given up while it waits, so two evaluations may both ask to be alone. One evaluation
// calls Alone from one goroutine at a time.
//
// With a context that comes from no loop, do runs at once. The error is that of do or of ctx.
func Alone(ctx context.Context, do func(ctx context.Context) error) error {
	if do == nil {
		return errors.New("search: nothing to do alone")
	}
	t := taskOf(ctx)
	if t == nil || t.alone {
		return do(ctx)
	}
	return t.runAlone(ctx, do)
}

// Pause lets those go first who wait to be alone, for an evaluation that takes long, with the
// context that the loop called it with: between steps of a training, say. It returns at once when
// nobody waits, and with a context that comes from no loop. The error is that of ctx. An evaluation
// does not call Pause and Alone at the same time.
func Pause(ctx context.Context) error {
	t := taskOf(ctx)
	if t == nil || t.alone || !t.quiet.waits() {
		return ctx.Err()
	}
	t.release()
	shared, err := t.quiet.Shared(ctx)
	if err == nil {
		t.release = shared
	}
	return err
}

// waits reports whether somebody waits to be alone.
func (q *Quiet) waits() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.ContainsFunc(q.queue, func(r *request) bool { return r.alone })
}

// StepOf is the number of the step that an evaluation is made for, from the context that the loop
// called the evaluator with; ok is false for another context.
func StepOf(ctx context.Context) (step int, ok bool) {
	if t := taskOf(ctx); t != nil {
		return t.step, true
	}
	return 0, false
}

// task is a piece of work of a loop, and its hold on the loop's Quiet.
type task struct {
	step    int
	quiet   *Quiet
	alone   bool
	release func()
}

type taskKey struct{}

func taskOf(ctx context.Context) *task {
	t, _ := ctx.Value(taskKey{}).(*task)
	return t
}

// begin waits for a share and returns the context of a piece of work; end gives the share back.
func (q *Quiet) begin(ctx context.Context, step int) (_ context.Context, end func(), err error) {
	release, err := q.Shared(ctx)
	if err != nil {
		return nil, nil, err
	}
	t := &task{step: step, quiet: q, release: release}
	return context.WithValue(ctx, taskKey{}, t), func() { t.release() }, nil
}

func (t *task) runAlone(ctx context.Context, do func(context.Context) error) error {
	t.release()
	release, err := t.quiet.Alone(ctx)
	if err != nil {
		return err
	}
	defer func() {
		release()
		// When the context has ended the work goes on without its share; it is about to end anyway.
		if shared, err := t.quiet.Shared(ctx); err == nil {
			t.release = shared
		}
	}()
	return do(context.WithValue(ctx, taskKey{}, &task{step: t.step, quiet: t.quiet, alone: true}))
}
