package pruning

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/tendril-nas/tendril/internal/checkpoint"
	"github.com/tendril-nas/tendril/searchspace"
)

const (
	stateKind    = "tendril-pruning"
	stateVersion = 1
)

// state is the JSON part of a checkpoint. A supernet writes its own file before or after this one,
// so that a killed program leaves two that do not belong together; hence the walks of several
// updates.
type state struct {
	Space searchspace.Spec `json:"space"`
	Plan  *plan            `json:"plan"`
	Phase int              `json:"phase"` // that runs
	Left  [][]int          `json:"left"`
	Begun int              `json:"begun"` // steps on the architecture before it
	Done  []PhaseResult    `json:"done"`
	Walks []walkState      `json:"walks"` // by update
}

// save writes the checkpoint.
func (s *search) save() error {
	if s.opts.Checkpoint == "" {
		return nil
	}
	st := state{Space: s.space.Spec(), Plan: s.plan, Phase: s.phase, Left: s.left, Begun: s.begun,
		Done: s.res.Phases}
	tensors := map[string]checkpoint.Tensor{}
	updates := make([]int, 0, len(s.saved))
	for n := range s.saved {
		updates = append(updates, n)
	}
	slices.Sort(updates)
	for _, n := range updates {
		st.Walks = append(st.Walks, s.saved[n].write(tensors))
	}
	if err := checkpoint.Write(s.opts.Checkpoint, stateKind, stateVersion, st, tensors); err != nil {
		return fmt.Errorf("pruning: save: %w", err)
	}
	return nil
}

// resume goes on from the checkpoint, if there is one.
func (s *search) resume() error {
	if s.opts.Checkpoint == "" {
		return nil
	}
	var st state
	tensors, err := checkpoint.Read(s.opts.Checkpoint, stateKind, stateVersion, &st)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("pruning: resume: %w", err)
	}
	if err := s.adopt(&st, tensors); err != nil {
		return fmt.Errorf("pruning: resume %s: %w", s.opts.Checkpoint, err)
	}
	return nil
}

// adopt takes over a file of the same search. Nothing changes where something is wrong.
func (s *search) adopt(st *state, tensors map[string]checkpoint.Tensor) error {
	if !st.Space.Equal(s.space.Spec()) {
		return fmt.Errorf("%w: its space differs", ErrCheckpointMismatch)
	}
	if !equalJSON(st.Plan, s.plan) {
		a, _ := json.Marshal(st.Plan)
		b, _ := json.Marshal(s.plan)
		return fmt.Errorf("%w: %s, expected %s", ErrCheckpointMismatch, a, b)
	}
	if st.Phase < 0 || st.Phase > len(s.plan.Phases) || len(st.Done) != st.Phase || len(st.Left) != len(s.left) ||
		st.Begun < 0 || len(st.Walks) == 0 {
		return fmt.Errorf("%w: phase %d with %d finished and %d decisions", checkpoint.ErrCorrupt, st.Phase,
			len(st.Done), len(st.Left))
	}
	space, err := s.narrowed(st.Left)
	if err != nil {
		return err
	}
	saved := map[int]*walk{}
	for _, ws := range st.Walks {
		if saved[ws.Update], err = readWalk(ws, tensors, space, s.plan.LR); err != nil {
			return err
		}
	}
	s.phase, s.left, s.begun, s.saved, s.res.Phases = st.Phase, st.Left, st.Begun, saved, st.Done
	s.walk = saved[st.Walks[len(st.Walks)-1].Update].clone()
	s.res.Resumed = true
	if s.phase == len(s.plan.Phases) {
		return s.choose()
	}
	return nil
}

// equalJSON reports whether two values say the same.
func equalJSON(a, b any) bool {
	x, errA := json.Marshal(a)
	y, errB := json.Marshal(b)
	return errA == nil && errB == nil && string(x) == string(y)
}
