package main

import (
	"context"
	"errors"
	"time"

	"github.com/tendril-nas/tendril/adjuster"
	"github.com/tendril-nas/tendril/examples/internal/progress"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// retryAfter is how long a batch waits that could not be taken in through no fault of its own.
const retryAfter = 10 * time.Second

// feed gives a service the batches of a queue, one after the other, until ctx ends. Nothing that
// goes wrong with a batch ends it. What was done about each goes to out.
func feed(ctx context.Context, s *Service, q *queue, out *progress.Printer) error {
	if outcome, err := s.Settle(ctx); outcome != nil && err == nil {
		out.Printf("the last batch: %s", tell(outcome, s.Model()))
	} else if err != nil && ctx.Err() == nil {
		s.log.Error("the last batch is not answered", "error", err)
	}
	for {
		name, err := q.next(ctx)
		if err != nil {
			return err
		}
		batch, err := q.open(ctx, name, s.cfg.tar())
		unusable := err != nil && (errors.Is(err, dataset.ErrFormat) || errors.Is(err, dataset.ErrUnknown) ||
			errors.Is(err, dataset.ErrLimit))
		var outcome *adjuster.Outcome
		if err == nil {
			outcome, err = s.Receive(ctx, batch, name)
		}
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err == nil && outcome != nil:
			out.Printf("%s, %d images: %s", name, batch.Len(), tell(outcome, s.Model()))
		case err == nil: // answered before a kill
		case errors.Is(err, ErrUnanswered):
			s.log.Error("batch is answered together with the next one", "batch", name, "error", err)
		case unusable:
			s.log.Error("batch dropped", "batch", name, "error", err)
		default:
			s.log.Error("batch not taken in yet", "batch", name, "retry", retryAfter, "error", err)
			select {
			case <-time.After(retryAfter):
			case <-ctx.Done():
			}
			continue
		}
		if err := q.drop(name); err != nil {
			s.log.Error("batch is still in the queue", "batch", name, "error", err)
		}
	}
}
