package main

import (
	"context"
	"errors"
	"io/fs"

	"github.com/tendril-nas/tendril/adjuster"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// remembered is the number of outcomes that the expert keeps whole. Of older ones it counts.
const remembered = 20

// openExpert reads Algorithm 1 as it was left, or begins it when there are data. It and the store
// are saved apart, one after the other, so a kill may have come between.
func (s *Service) openExpert(ctx context.Context) error {
	if s.store.Batches == 0 {
		return nil
	}
	o := s.cfg.Adjuster
	eo := &adjuster.ExpertOptions{Condition: s.cfg.Condition, Margin: s.cfg.Margin, Remember: remembered,
		Checkpoint: s.store.path(expertFile)}
	var err error
	s.expert, err = adjuster.LoadExpert(eo.Checkpoint, &o, eo)
	if errors.Is(err, fs.ErrNotExist) {
		return s.beginExpert(ctx, eo)
	}
	if err != nil {
		return err
	}
	if _, _, _, pending := s.expert.Adjuster().Pending(); !pending {
		if err := s.expert.Adjuster().SetOptions(o); err != nil {
			return err
		}
	}
	switch w := s.serving.Load(); {
	case w == nil:
	case s.pending() && w.trained == s.store.Batches:
		// Retrain was the last thing that was done. It is done, and says so.
		_, err = s.expert.Advance(ctx, s.learner())
	case s.expert.Arch() != w.model.Arch():
		err = s.giveUp(ctx) // a rollback was
	}
	return err
}

func (s *Service) beginExpert(ctx context.Context, eo *adjuster.ExpertOptions) error {
	d, err := s.data(ctx)
	if err != nil {
		return err
	}
	space, err := s.cfg.space(d.classes())
	if err != nil {
		return err
	}
	policy, err := adjuster.New(space, &s.cfg.Adjuster)
	if err != nil {
		return err
	}
	s.expert, err = adjuster.NewExpert(policy, eo)
	return err
}

// pending reports that the last batch has not been answered.
func (s *Service) pending() bool {
	return s.expert != nil && s.expert.Step() <= s.store.Finished
}

// giveUp tells Algorithm 1 which architecture serves, whatever it was doing.
func (s *Service) giveUp(ctx context.Context) error {
	w := s.serving.Load()
	if s.expert == nil || w == nil || s.expert.Phase() == adjuster.PhaseMeasure && s.expert.Arch() == w.model.Arch() {
		return nil
	}
	if err := s.expert.Deploy(w.model.Arch()); err != nil {
		return err
	}
	return s.expert.Save(ctx, s.store.path(expertFile))
}

// data are D_t.
func (s *Service) data(ctx context.Context) (*images, error) {
	if s.images != nil {
		return s.images, nil
	}
	size, share := s.cfg.Space.InputSize, s.cfg.HeldOut
	train, err := s.store.Train.open(ctx, s.store, size, s.cfg.kept(1-share))
	if err != nil {
		return nil, err
	}
	held, err := s.store.Held.open(ctx, s.store, size, s.cfg.kept(share))
	if err != nil {
		return nil, err
	}
	s.images = &images{train, held}
	return s.images, nil
}

// take makes a batch part of the state, with what the models say about it.
func (s *Service) take(ctx context.Context, batch dataset.Dataset, ticket string, serving, previous *watched) error {
	// What failed for the data so far will not be gone on with on other data.
	if err := s.giveUp(ctx); err != nil {
		return err
	}
	d, err := s.data(ctx)
	if err != nil {
		return err
	}
	s.images = nil // when something fails below, they are read again
	err = s.store.commit(func(m *manifest) error {
		train, held, err := divide(batch, s.cfg.HeldOut, m.Seen)
		if err != nil {
			return err
		}
		if m.Train, err = m.Train.add(ctx, s.store, m.name("train"), d.train, train); err != nil {
			return err
		}
		if m.Held, err = m.Held.add(ctx, s.store, m.name("held"), d.held, held); err != nil {
			return err
		}
		if m.Serving, err = serving.update(s.store, m.Serving, m.name("serving-now")); err != nil {
			return err
		}
		if m.Previous, err = previous.update(s.store, m.Previous, m.name("previous-now")); err != nil {
			return err
		}
		m.Batches++
		m.Ticket = ticket
		if s.expert != nil {
			m.Finished = s.expert.Step()
		}
		return nil
	})
	if err != nil {
		return err
	}
	s.images, s.trained = d, nil
	s.received.Store(int64(s.store.Batches))
	s.metrics.batches.Add(1)
	s.metrics.images.Add(int64(batch.Len()))
	if s.expert == nil {
		return s.openExpert(ctx)
	}
	return nil
}
