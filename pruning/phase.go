package pruning

import (
	"cmp"
	"context"
	"fmt"

	"github.com/tendril-nas/tendril/searchspace"
)

// train makes the updates of a phase, those that the supernet has not made yet.
func (s *search) train(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	p := s.plan.Phases[s.phase]
	perEpoch, images, err := s.net.Begin(ctx, s.phase, s.walk.space, p.Classes)
	if err != nil {
		return err
	}
	if perEpoch < 1 || images < 1 || perEpoch > maxUpdates/p.Epochs {
		return fmt.Errorf("%d updates per epoch and %d validation images, expected at least 1 of both", perEpoch,
			images)
	}
	s.updates, s.images = perEpoch*p.Epochs, images
	rows := s.space.Zeros()
	t := &training{search: s, every: cmp.Or(s.opts.CheckpointEvery, perEpoch), rows: rows}
	err = s.net.Train(ctx, p.Epochs, t.every, t.next)
	if t.err != nil {
		return t.err // the supernet may have made another of it
	}
	if err != nil {
		return err
	}
	if !t.begun { // the supernet had finished
		if err := s.goOn(s.updates); err != nil {
			return err
		}
	}
	if s.walk.update != s.updates {
		return fmt.Errorf("the supernet ended after %d updates, expected %d", s.walk.update, s.updates)
	}
	return nil
}

const maxUpdates = 1 << 40

// training hands rows to a supernet.
type training struct {
	*search
	every  int
	rows   searchspace.Relaxed
	begun  bool
	err    error
	former int // the last but one update that was saved at its regular time
	last   int
}

// next gives the rows of update n, and moves the walk to the one after it.
func (t *training) next(ctx context.Context, n int) (searchspace.Relaxed, error) {
	if t.err == nil {
		t.err = t.advance(ctx, n)
	}
	return t.rows, t.err
}

func (t *training) advance(ctx context.Context, n int) error {
	s := t.search
	if !t.begun {
		if err := s.goOn(n); err != nil {
			return err
		}
		t.begun, t.former, t.last = true, n, n
	}
	if n != s.walk.update || n >= s.updates {
		return fmt.Errorf("the supernet asks for update %d of %d, expected %d", n, s.updates, s.walk.update)
	}
	s.keep(t.former, t.last)
	s.saved[n] = s.walk.clone()
	phase := &s.plan.Phases[s.phase]
	progress := Progress{Phase: s.phase, Name: phase.Name, Update: n, Updates: s.updates}
	if phase.Learn && (n+1)%s.plan.Every == 0 {
		var err error
		if progress.Step, err = s.learn(ctx); err != nil {
			s.walk = s.saved[n].clone() // as before the step
			return err
		}
	}
	s.draw(forUpdate, t.rows, s.temperature())
	s.walk.update++
	s.saved[s.walk.update] = s.walk.clone()
	if s.walk.update%t.every == 0 || s.walk.update == s.updates {
		t.former, t.last = t.last, s.walk.update
		s.keep(t.former, t.last, n)
		if err := s.save(); err != nil {
			return err
		}
	}
	if progress.Step != nil {
		return s.record(progress)
	}
	return nil
}

// keep forgets the walks of all updates but some.
func (s *search) keep(updates ...int) {
	kept := map[int]*walk{}
	for _, n := range updates {
		if w := s.saved[n]; w != nil {
			kept[n] = w
		}
	}
	s.saved = kept
}

// goOn takes the walk up where the supernet does.
func (s *search) goOn(n int) error {
	w := s.saved[n]
	if w == nil {
		return fmt.Errorf("%w: the supernet goes on at update %d of %d, where the search was not saved",
			ErrCheckpointMismatch, n, s.updates)
	}
	s.walk = w.clone()
	return nil
}
