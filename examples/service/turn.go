package main

import (
	"context"
	"errors"
)

// errPreempted is why work ended that somebody in a hurry interrupted.
var errPreempted = errors.New("interrupted by a rollback")

// turn lets one goroutine at a time change a service. Long work can be asked to end.
type turn struct {
	taken chan struct{}
	hurry chan struct{}
}

func newTurn() turn { return turn{make(chan struct{}, 1), make(chan struct{})} }

// take waits for the turn.
func (t turn) take(ctx context.Context) error {
	select {
	case t.taken <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// seize takes the turn from whoever has it, as soon as he has come to a place where he can go on
// later.
func (t turn) seize(ctx context.Context) error {
	for {
		select {
		case t.taken <- struct{}{}:
			return nil
		case t.hurry <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (t turn) give() { <-t.taken }

// yield lets whoever is in a hurry have the turn, and takes it back.
func (t turn) yield() {
	t.give()
	t.taken <- struct{}{}
}

// interruptible does long work with a context that ends when somebody seizes the turn, with
// errPreempted as its cause.
func (t turn) interruptible(ctx context.Context, work func(ctx context.Context) error) error {
	ctx, end := context.WithCancelCause(ctx)
	watch := make(chan struct{})
	go func() {
		defer close(watch)
		select {
		case <-t.hurry:
			end(errPreempted)
		case <-ctx.Done():
		}
	}()
	err := work(ctx)
	if err != nil && errors.Is(context.Cause(ctx), errPreempted) {
		err = errors.Join(errPreempted, err)
	}
	end(nil)
	<-watch
	return err
}
