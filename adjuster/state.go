package adjuster

import (
	"errors"
	"fmt"
	"math"

	"github.com/tendril-nas/tendril/internal/checkpoint"
	"github.com/tendril-nas/tendril/internal/nn"
	"github.com/tendril-nas/tendril/internal/search"
	"github.com/tendril-nas/tendril/internal/tensor"
	"github.com/tendril-nas/tendril/searchspace"
)

const (
	adjusterKind = "adjuster"
	stateVersion = 1
)

// adjusterState is the JSON part of a saved Adjuster.
type adjusterState struct {
	Space      searchspace.Spec `json:"space"`
	Options    Options          `json:"options"`
	CustomCost bool             `json:"custom_cost,omitempty"`
	Backend    string           `json:"backend"` // kernels that computed; bits are promised on the same ones only
	Runs       uint64           `json:"runs"`
	Pending    *runState        `json:"pending,omitempty"`
}

// runState is the JSON part of an adjustment under way.
type runState struct {
	Prev     searchspace.Arch          `json:"prev"`
	Scratch  bool                      `json:"scratch,omitempty"` // Prev is the zero Arch
	Distance float64                   `json:"distance"`
	Average  average                   `json:"average"`
	Steps    int                       `json:"steps"`
	Stage    int                       `json:"stage"`
	Version  uint64                    `json:"weight_version"`
	Extra    []searchspace.Measurement `json:"extra,omitempty"`
	Updates  map[string]int            `json:"updates"` // of each parameter by the optimiser
}

// Save writes the whole state to a file, an adjustment under way included. The file at path is replaced atomically. It may be
// called from a Recorder: the iteration being recorded is then part of it.
func (a *Adjuster) Save(path string) error {
	state, tensors, err := a.state()
	if err != nil {
		return err
	}
	if err := checkpoint.Write(path, adjusterKind, stateVersion, state, tensors); err != nil {
		return fmt.Errorf("adjuster: %w", err)
	}
	return nil
}

// Load reads what Save wrote. All numbers of Options come from the file; o, which may be nil, gives what a file cannot hold:
// Cost (needed if one was in use), Makers (needed for a space that is not a family of package searchspace), Recorder, Checkpoint,
// CheckpointEvery and Logger. The error wraps checkpoint errors for
// damaged or foreign files and fs.ErrNotExist for missing ones.
func Load(path string, o *Options) (*Adjuster, error) {
	var state adjusterState
	tensors, err := checkpoint.Read(path, adjusterKind, stateVersion, &state)
	if err != nil {
		return nil, fmt.Errorf("adjuster: %w", err)
	}
	a, err := restore(&state, tensors, o)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return a, nil
}

func (a *Adjuster) state() (_ *adjusterState, tensors map[string]checkpoint.Tensor, err error) {
	defer tensor.Recover(&err)
	p := a.policy
	state := &adjusterState{Space: a.space.Spec(), Options: a.opts, CustomCost: a.opts.Cost != nil, Backend: p.ps.Backend().Name(), Runs: a.runs}
	tensors = make(map[string]checkpoint.Tensor)
	snap := p.ps.Snapshot(p.tape.Stream())
	p.put(tensors, "policy/", snap.Values)
	r := a.pending
	if r == nil {
		return state, tensors, nil
	}
	s := r.loop.State()
	state.Pending = &runState{Prev: r.prev, Scratch: r.prev.IsZero(), Distance: r.distance, Average: r.average, Steps: s.Steps,
		Extra: s.Extra, Updates: snap.Updates}
	for _, m := range s.Measurements() {
		state.Pending.Stage, state.Pending.Version = m.Stage, m.WeightVersion
		break
	}
	putRecords(tensors, "pending", len(p.decisions), s.Records)
	for i, prefix := range adamSlots {
		p.put(tensors, prefix, snap.Slots[i])
	}
	return state, tensors, nil
}

var adamSlots = [...]string{"adam.m/", "adam.v/"}

// put adds a group of the policy's numbers to the tensors of a checkpoint.
func (p *policy) put(tensors map[string]checkpoint.Tensor, prefix string, group map[string][]float32) {
	for name, data := range group {
		tensors[prefix+name] = checkpoint.Of(p.ps.Lookup(name).Dims(), data)
	}
}

// take is the group of the policy's parameters that want says.
func (p *policy) take(tensors map[string]checkpoint.Tensor, prefix string, want func(name string) bool) (map[string][]float32, error) {
	group := make(map[string][]float32)
	for _, q := range p.ps.All() {
		if !want(q.Name()) {
			continue
		}
		data, err := checkpoint.Get[float32](tensors, prefix+q.Name(), q.Dims()...)
		if err != nil {
			return nil, fmt.Errorf("adjuster: %w", err)
		}
		group[q.Name()] = data
	}
	return group, nil
}

func restore(state *adjusterState, tensors map[string]checkpoint.Tensor, o *Options) (_ *Adjuster, err error) {
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
		return nil, errors.New("adjuster: the checkpoint was made with a cost function of its own; give it in Options.Cost")
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
	p := a.policy
	values, err := p.take(tensors, "policy/", func(string) bool { return true })
	if err != nil {
		return nil, err
	}
	if err := p.ps.Restore(p.tape.Stream(), &nn.Snapshot{Values: values}); err != nil {
		return nil, fmt.Errorf("adjuster: %w: %w", checkpoint.ErrCorrupt, err)
	}
	if name := p.ps.Backend().Name(); name != state.Backend {
		a.opts.Logger.Warn("checkpoint was made with other kernels; results may differ in the last bits", "made", state.Backend, "here", name)
	}
	if state.Pending != nil {
		return a, a.restoreRun(state.Pending, tensors)
	}
	return a, nil
}

func (a *Adjuster) restoreRun(s *runState, tensors map[string]checkpoint.Tensor) error {
	if s.Prev.IsZero() != s.Scratch || !(s.Distance >= 0) || math.IsInf(s.Distance, 0) || s.Steps < 0 {
		return fmt.Errorf("adjuster: adjustment under way has distance %v and %d iterations", s.Distance, s.Steps)
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
	p := a.policy
	snap := &nn.Snapshot{Updates: s.Updates}
	for i, prefix := range adamSlots {
		if snap.Slots[i], err = p.take(tensors, prefix, func(name string) bool { return s.Updates[name] > 0 }); err != nil {
			return err
		}
	}
	if err := p.ps.Restore(p.tape.Stream(), snap); err != nil {
		return fmt.Errorf("adjuster: %w: %w", checkpoint.ErrCorrupt, err)
	}
	recs, err := getRecords(tensors, "pending", s.Steps, len(p.decisions), s.Stage, s.Version)
	if err != nil {
		return err
	}
	if err := r.loop.Restore(search.State[note]{Steps: s.Steps, Records: recs, Extra: s.Extra}, a.space.Valid); err != nil {
		return fmt.Errorf("adjuster: %w", err)
	}
	a.pending = r
	return nil
}
