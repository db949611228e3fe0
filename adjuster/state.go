package adjuster

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/tendril-nas/tendril/internal/checkpoint"
	"github.com/tendril-nas/tendril/internal/tensor"
	"github.com/tendril-nas/tendril/searchspace"
)

const (
	adjusterKind = "adjuster"
	stateVersion = 3
)

// adjusterState is the JSON part of a saved Adjuster.
type adjusterState struct {
	Space      searchspace.Spec `json:"space"`
	Options    Options          `json:"options"`
	CustomCost bool             `json:"custom_cost,omitempty"`
	Backend    string           `json:"backend"` // kernels; bits are promised on the same only
	Runs       uint64           `json:"runs"`
	Pending    *runState        `json:"pending,omitempty"`
}

// runState is the JSON part of an adjustment under way.
type runState struct {
	Prev     searchspace.Arch `json:"prev"`
	Scratch  bool             `json:"scratch,omitempty"` // Prev is the zero Arch
	Distance float64          `json:"distance"`
	Average  average          `json:"average"`
	Updates  map[string]int   `json:"updates"` // of each parameter by the optimiser
}

// Save writes the whole state to a file, an adjustment under way included. Where the bytes go is as
// for Expert.Save. It may be called from a Recorder: the iteration being recorded is then part of
// it.
func (a *Adjuster) Save(ctx context.Context, path string) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("adjuster: save: %w", err)
	}
	return a.write(path)
}

func (a *Adjuster) write(path string) error {
	state, tensors, err := a.state()
	if err != nil {
		return err
	}
	if err := checkpoint.Write(path, adjusterKind, stateVersion, state, tensors); err != nil {
		return fmt.Errorf("adjuster: %w", err)
	}
	return nil
}

// Load reads what Save wrote. All numbers of Options come from the file; o, which may be nil, gives
// what a file cannot hold: Cost (needed if one was in use), Makers (needed for a space that is not
// a family of package searchspace), Recorder, Checkpoint, CheckpointEvery and Logger. The error
// wraps checkpoint errors for damaged or foreign files and fs.ErrNotExist for missing ones.
func Load(path string, o *Options) (*Adjuster, error) {
	var state adjusterState
	tensors, err := readState(path, adjusterKind, &state)
	if err != nil {
		return nil, err
	}
	a, err := restore(&state, tensors, o)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return a, nil
}

// readState reads a checkpoint of this package. Those of earlier versions are refused: with their
// streams of random numbers a run would not go on as it began.
func readState(path, kind string, state any) (map[string]checkpoint.Tensor, error) {
	info, err := checkpoint.Inspect(path)
	if err == nil && info.Kind == kind && info.Version < stateVersion {
		err = fmt.Errorf("%s: %w: %d of %q, expected %d",
			path, checkpoint.ErrVersion, info.Version, kind, stateVersion)
	}
	if err != nil {
		return nil, fmt.Errorf("adjuster: %w", err)
	}
	tensors, err := checkpoint.Read(path, kind, stateVersion, state)
	if err != nil {
		return nil, fmt.Errorf("adjuster: %w", err)
	}
	return tensors, nil
}

func (a *Adjuster) state() (_ *adjusterState, tensors map[string]checkpoint.Tensor, err error) {
	defer tensor.Recover(&err)
	state := &adjusterState{
		Space:      a.space.Spec(),
		Options:    a.opts,
		CustomCost: a.opts.Cost != nil,
		Backend:    a.policy.ps.Backend().Name(),
		Runs:       a.runs,
	}
	tensors = make(map[string]checkpoint.Tensor)
	a.policy.save(tensors)
	r := a.pending
	if r == nil {
		return state, tensors, nil
	}
	state.Pending = &runState{
		Prev:     r.prev,
		Scratch:  r.prev.IsZero(),
		Distance: r.distance,
		Average:  r.average,
		Updates:  a.policy.saveOptimizer(tensors),
	}
	a.codec(nil).PutState(tensors, "pending", r.loop.State())
	r.final.put(tensors, "final", a.judgements())
	r.trial.put(tensors, "trial", a.judgements())
	return state, tensors, nil
}

func restore(state *adjusterState, tensors map[string]checkpoint.Tensor,
	o *Options) (_ *Adjuster, err error) {
	defer tensor.Recover(&err)
	if o == nil {
		o = &Options{}
	}
	space, err := searchspace.FromSpec(state.Space, o.Makers...)
	if err != nil {
		return nil, fmt.Errorf("adjuster: space of the checkpoint: %w", err)
	}
	opts := state.Options
	opts.Cost, opts.Recorder, opts.Logger, opts.Makers = o.Cost, o.Recorder, o.Logger, o.Makers
	opts.Checkpoint, opts.CheckpointEvery = o.Checkpoint, o.CheckpointEvery
	if state.CustomCost && opts.Cost == nil {
		return nil, errors.New(
			"adjuster: the checkpoint was made with a cost function of its own; give it in Options.Cost")
	}
	// Before anything is allocated for it, the file must hold what it says it holds.
	if _, err := checkpoint.Get[float32](tensors, "policy/lstm.wh", opts.Hidden, 4*opts.Hidden); err != nil {
		return nil, fmt.Errorf("adjuster: %w", err)
	}
	if _, err := checkpoint.Get[float32](tensors, "policy/distance", opts.GridSize, opts.Hidden); err != nil {
		return nil, fmt.Errorf("adjuster: %w", err)
	}
	a, err := New(space, &opts)
	if err != nil {
		return nil, err
	}
	a.runs = state.Runs
	if err := a.policy.load(tensors); err != nil {
		return nil, err
	}
	if name := a.policy.ps.Backend().Name(); name != state.Backend {
		a.opts.Logger.Warn("checkpoint was made with other kernels; results may differ in the last bits",
			"made", state.Backend, "here", name)
	}
	if state.Pending != nil {
		return a, a.restoreRun(state.Pending, tensors)
	}
	return a, nil
}

func (a *Adjuster) restoreRun(s *runState, tensors map[string]checkpoint.Tensor) error {
	if s.Prev.IsZero() != s.Scratch || !(s.Distance >= 0) || math.IsInf(s.Distance, 0) {
		return fmt.Errorf("adjuster: adjustment under way has architecture %v at distance %v", s.Prev,
			s.Distance)
	}
	if !s.Scratch {
		if err := a.space.Valid(s.Prev); err != nil {
			return fmt.Errorf("adjuster: previous architecture: %w", err)
		}
	}
	r, err := newRun(a, s.Prev, s.Distance)
	if err != nil {
		return err
	}
	r.average = s.Average
	if err := a.policy.loadOptimizer(tensors, s.Updates); err != nil {
		return err
	}
	state, err := a.codec(a.space.Valid).GetState(tensors, "pending")
	if err != nil {
		return fmt.Errorf("adjuster: %w", err)
	}
	if err := r.loop.Restore(state); err != nil {
		return fmt.Errorf("adjuster: %w", err)
	}
	if err := r.final.get(tensors, "final", a.judgements()); err != nil {
		return err
	}
	if err := r.trial.get(tensors, "trial", a.judgements()); err != nil {
		return err
	}
	a.pending = r
	return nil
}

// writable refuses the path of a checkpoint that cannot be written, before there is something to be
// kept there; "" is none.
func writable(path string) error {
	if path == "" {
		return nil
	}
	if err := checkpoint.Writable(path); err != nil {
		return fmt.Errorf("adjuster: checkpoint: %w", err)
	}
	return nil
}
