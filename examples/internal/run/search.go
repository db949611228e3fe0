package run

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/tendril-nas/tendril/internal/checkpoint"
	"github.com/tendril-nas/tendril/internal/search"
	"github.com/tendril-nas/tendril/searchspace"
)

// Search is a search as (part of) a phase: it goes on after an interruption without repeating an
// evaluation, and is shown as it goes.
//
// A strategy that is resumed is told once more what it was told, in the same order, and must
// propose the same: see search.Loop.Replay.
type Search[T any] struct {
	Phase    string // names the file of its state; "PHASE.MORE" where a phase has several
	Title    string // for progress; "" = not shown
	Space    *searchspace.Space
	Strategy search.Strategy[T]
	Evaluate search.Evaluate
	// Values, when set, evaluates in the place of Evaluate and finds further numbers.
	Values  search.EvaluateValues
	Options search.Options // Save is the runner's
	// Codec keeps the strategy's notes, if it has any; the fields about architectures are filled
	// in.
	Codec search.Codec[T]
	// Note is shown beside progress after each step; nil = nothing.
	Note func(records []search.Record[T]) string
}

const (
	searchKind    = "tendril/search"
	searchVersion = 2
)

// Run runs the search to its end and returns its history.
func (s *Search[T]) Run(ctx context.Context, j *Job) ([]search.Record[T], error) {
	if err := j.Begin(); err != nil {
		return nil, err
	}
	var loop *search.Loop[T]
	path := j.Scratch(s.Phase)
	o := s.Options
	o.Save = nil
	if path != "" {
		o.Save = func() error {
			tensors := map[string]checkpoint.Tensor{}
			s.codec().PutState(tensors, "search", loop.State())
			return checkpoint.Write(path, searchKind, searchVersion, struct{}{}, tensors)
		}
	}
	var err error
	if s.Values != nil {
		loop, err = search.NewWithValues(s.Strategy, s.Values, o)
	} else {
		loop, err = search.New(s.Strategy, s.Evaluate, o)
	}
	if err != nil {
		return nil, err
	}
	if err := s.replay(ctx, loop, path); err != nil {
		return nil, err
	}
	if s.Title != "" {
		loop.Observe(s.show(j, loop))
	}
	_, err = loop.Run(ctx)
	return loop.History(), err
}

// replay brings a loop to where the one was that wrote the file, if there is one.
func (s *Search[T]) replay(ctx context.Context, loop *search.Loop[T], path string) error {
	if path == "" {
		return nil
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	tensors, err := checkpoint.Read(path, searchKind, searchVersion, &struct{}{})
	if err != nil {
		return err
	}
	state, err := s.codec().GetState(tensors, "search")
	if err == nil {
		err = loop.Replay(ctx, state)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

func (s *Search[T]) codec() search.Codec[T] {
	c := s.Codec
	c.Decisions, c.Check, c.Format = len(s.Space.Decisions()), s.Space.Valid, s.Space.Format
	return c
}

// show makes steps progress.
func (s *Search[T]) show(j *Job, loop *search.Loop[T]) search.Observer[T] {
	shown := j.Out.Phase(s.Title, s.Options.Steps)
	return search.ObserverFunc[T](func(records []search.Record[T]) error {
		var note string
		if s.Note != nil {
			note = s.Note(records)
		}
		shown.Set(loop.Step(), note)
		return nil
	})
}
