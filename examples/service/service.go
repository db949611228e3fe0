package main

import (
	"context"
	"errors"
	"fmt"
	"image"
	"log/slog"
	"sync/atomic"

	"github.com/tendril-nas/tendril/adjuster"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// Errors that callers tell apart.
var (
	ErrNoModel    = errors.New("no model serves yet: the first batch is awaited or trained on")
	ErrUnanswered = errors.New("the batch was taken in and not answered")
	ErrNoPrevious = errors.New("no previous model to put back")
)

// Service classifies images while it takes in labelled batches and changes its architecture when
// they ask for it. All that it knows is in its state directory, so that another process goes on
// where this one ends, however it ends. Its methods may be called from several goroutines.
type Service struct {
	serving  atomic.Pointer[watched] // nil before the first model is trained
	received atomic.Int64            // batches

	cfg     Config
	log     *slog.Logger
	metrics *metrics
	turn    turn

	// What follows belongs to whoever has the turn.
	store    *store
	previous *watched         // what a rollback puts back; may be nil
	expert   *adjuster.Expert // nil before the first batch
	images   *images          // D_t; nil: in the store
	net      *supernet.Net    // N_t; nil: in the store, if anywhere
	trained  models           // for service, on D_t
}

// Open goes on with the service of a state directory, or begins one there. One process at a time
// may have it.
func Open(ctx context.Context, dir string, cfg Config) (*Service, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	log := cfg.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	s := &Service{cfg: cfg, log: log, metrics: newMetrics(), turn: newTurn()}
	var err error
	if s.store, err = openStore(dir, cfg.fixed(), cfg.wrote); err != nil {
		return nil, err
	}
	s.received.Store(int64(s.store.Batches))
	serving, err := s.store.load(s.store.Serving, cfg.network(nil))
	if err != nil {
		return nil, err
	}
	if s.previous, err = s.store.load(s.store.Previous, cfg.network(nil)); err != nil {
		return nil, err
	}
	s.show(serving)
	return s, s.openExpert(ctx)
}

// Classify answers with the k best classes of the model that serves at this moment, best first. A
// swap during the call changes nothing for it: it finishes on the model that it began with.
func (s *Service) Classify(img image.Image, k int) ([]supernet.Ranked, error) {
	model := s.Model()
	if model == nil {
		return nil, ErrNoModel
	}
	return model.Top(img, k)
}

// Model is the model that serves at this moment, nil before the first one is trained.
func (s *Service) Model() *supernet.Model {
	if w := s.serving.Load(); w != nil {
		return w.model
	}
	return nil
}

// Batches is the number of batches taken in.
func (s *Service) Batches() int { return int(s.received.Load()) }

// Receive takes a labelled batch in, classes that nobody announced included, and has Algorithm 1
// answer it: the architecture is kept, or another one is found, trained beside the serving one, and
// swapped in if it does better. After an error the old model serves on, and the next batch is
// answered together with this one: ErrUnanswered. A batch that has a ticket is not taken in twice
// when it comes again after a kill; "" is none.
func (s *Service) Receive(ctx context.Context, batch dataset.Dataset, ticket string) (
	*adjuster.Outcome, error) {
	if err := s.turn.take(ctx); err != nil {
		return nil, err
	}
	defer s.turn.give()
	if ticket == "" || ticket != s.store.Ticket {
		if err := s.observe(ctx, batch, ticket); err != nil {
			return nil, err
		}
	}
	return s.settle(ctx)
}

// observe adds a batch to the data, and to what is known of them under the serving model and the
// one before; all of it or, when something fails, nothing.
func (s *Service) observe(ctx context.Context, batch dataset.Dataset, ticket string) error {
	defer s.metrics.time("measure")()
	batch, err := present(batch)
	if err != nil {
		return err
	}
	serving, err := s.serving.Load().see(ctx, batch)
	if err != nil {
		return err
	}
	previous, err := s.previous.see(ctx, batch)
	if err != nil {
		return err
	}
	if err := s.keepBatch(ctx, batch, ticket, serving, previous); err != nil {
		return err
	}
	s.previous = previous
	s.show(serving)
	return nil
}

// Settle goes on with the answer to the last batch where it was interrupted. It returns nil when
// there is nothing to do.
func (s *Service) Settle(ctx context.Context) (*adjuster.Outcome, error) {
	if err := s.turn.take(ctx); err != nil {
		return nil, err
	}
	defer s.turn.give()
	return s.settle(ctx)
}

// settle has Algorithm 1 answer the last batch. A rollback meanwhile makes it begin anew.
func (s *Service) settle(ctx context.Context) (outcome *adjuster.Outcome, err error) {
	defer s.metrics.time("adjust")()
	for s.pending() {
		err := s.turn.interruptible(ctx, func(ctx context.Context) (err error) {
			outcome, err = s.expert.Advance(ctx, s.learner())
			return err
		})
		switch {
		case errors.Is(err, errPreempted):
			s.turn.yield()
		case err != nil:
			if ctx.Err() == nil {
				s.metrics.failures.Add(1)
			}
			return outcome, fmt.Errorf("%w: %w", ErrUnanswered, err)
		}
	}
	if outcome != nil {
		s.metrics.count(outcome)
	}
	s.trained = nil
	return outcome, s.store.sweepTrainings()
}

// Rollback puts the previous model back into service, with the reading and the moments that belong
// to it, which have been kept up to date; a second rollback puts the other one back. An adjustment
// under way is given up: its batch is measured again, under the model that serves now.
func (s *Service) Rollback(ctx context.Context) error {
	if err := s.turn.seize(ctx); err != nil {
		return err
	}
	defer s.turn.give()
	if s.previous == nil {
		return ErrNoPrevious
	}
	err := s.store.commit(func(m *manifest) error {
		m.Serving, m.Previous = m.Previous, m.Serving
		return nil
	})
	if err != nil {
		return err
	}
	back := s.previous
	s.previous = s.serving.Load()
	s.show(back)
	s.trained = nil
	s.metrics.rollbacks.Add(1)
	return errors.Join(s.giveUp(), s.store.sweepTrainings())
}

// show puts a model into service; nil is none.
func (s *Service) show(w *watched) {
	s.serving.Store(w)
	if w != nil {
		s.metrics.show(w)
	}
}
