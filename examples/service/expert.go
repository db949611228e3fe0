package main

import (
	"context"
	"errors"
	"io/fs"

	"github.com/tendril-nas/tendril/adjuster"
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
		err = s.giveUp() // a rollback was
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
	if eo.Start, err = s.cfg.start(space); err != nil {
		return err
	}
	s.expert, err = adjuster.NewExpert(policy, eo)
	return err
}

// pending reports that the last batch has not been answered.
func (s *Service) pending() bool {
	return s.expert != nil && s.expert.Step() <= s.store.Answered
}

// giveUp tells Algorithm 1 which architecture serves, whatever it was doing.
func (s *Service) giveUp() error {
	w := s.serving.Load()
	if s.expert == nil || w == nil ||
		s.expert.Phase() == adjuster.PhaseMeasure && s.expert.Arch() == w.model.Arch() {
		return nil
	}
	return s.expert.Deploy(w.model.Arch())
}
