package generator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/tendril-nas/tendril/internal/checkpoint"
	"github.com/tendril-nas/tendril/internal/kernel"
	"github.com/tendril-nas/tendril/searchspace"
)

const (
	stateKind    = "tendril-generator"
	stateVersion = 1
)

// ErrCheckpointMismatch is wrapped when the checkpoint of a training belongs to another one.
var ErrCheckpointMismatch = errors.New("checkpoint belongs to a different training run")

// state is the JSON part of a saved generator.
type state struct {
	Space      searchspace.Spec `json:"space"`
	Options    Options          `json:"options"`
	Training   *trainState      `json:"training,omitempty"`
	KernelPath string           `json:"kernel_path"`
}

// The groups of tensors of a file.
const (
	prefixValue = "value/"
	prefixFirst = "adam/first/"
	prefixWide  = "adam/second/"
)

// kernelPath is what decides the bits of results beside seeds and options.
func kernelPath() string { return kernel.Default().String() + kernel.Build() }

// Save writes the generator to one file, parameters as safetensors and everything else as JSON
// beside them, with a training that was interrupted or is going on. The file is replaced
// atomically.
func (g *Generator) Save(ctx context.Context, path string) error {
	if err := g.made(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("generator: save: %w", err)
	}
	return g.write(path)
}

func (g *Generator) write(path string) error {
	st, tensors, err := g.state()
	if err == nil {
		err = checkpoint.Write(path, stateKind, stateVersion, st, tensors)
	}
	if err != nil {
		return fmt.Errorf("generator: save: %w", err)
	}
	return nil
}

// state is a copy of everything that Save writes.
func (g *Generator) state() (*state, map[string]checkpoint.Tensor, error) {
	g.mu.RLock()
	defer g.mu.RUnlock()
	if err := g.params.finite(g.flat); err != nil {
		return nil, nil, err
	}
	st := &state{Space: g.space.Spec(), Options: g.opts, KernelPath: kernelPath()}
	groups := map[string][]float32{prefixValue: g.flat}
	if g.training != nil {
		t := *g.training
		st.Training = &t
		if t.Step < t.Plan.Steps {
			groups[prefixFirst], groups[prefixWide] = g.moments[0], g.moments[1]
		}
	}
	tensors := map[string]checkpoint.Tensor{}
	for prefix, flat := range groups {
		for _, a := range g.params.all {
			tensors[prefix+a.name] = checkpoint.Of([]int{a.rows, a.cols}, slices.Clone(a.of(flat)))
		}
	}
	return st, tensors, nil
}

// Load reads a generator that Save wrote, or the checkpoint of a training. Of the options Makers
// and Logger count; everything else is in the file. The error wraps checkpoint errors for damaged
// or foreign files and fs.ErrNotExist for missing ones.
func Load(path string, o *Options) (*Generator, error) {
	var st state
	tensors, err := checkpoint.Read(path, stateKind, stateVersion, &st)
	if err != nil {
		return nil, fmt.Errorf("generator: load: %w", err)
	}
	g, err := restore(&st, tensors, o)
	if err != nil {
		return nil, fmt.Errorf("generator: load %s: %w", path, err)
	}
	return g, nil
}

// restore makes the generator of a file.
func restore(st *state, tensors map[string]checkpoint.Tensor, o *Options) (*Generator, error) {
	if o == nil {
		o = &Options{}
	}
	space, err := searchspace.FromSpec(st.Space, o.Makers...)
	if err != nil {
		return nil, fmt.Errorf("space: %w", err)
	}
	opts := st.Options
	opts.Makers, opts.Logger = o.Makers, o.Logger
	g, err := newGenerator(space, &opts)
	if err != nil {
		return nil, err
	}
	if err := g.adopt(st, tensors); err != nil {
		return nil, err
	}
	return g, g.compile()
}

// adopt takes over parameters and training of a file of the same space and options. Nothing changes
// where something is missing or misshapen.
func (g *Generator) adopt(st *state, tensors map[string]checkpoint.Tensor) error {
	flat, err := g.params.read(tensors, prefixValue)
	if err != nil {
		return err
	}
	var moments [2][]float32
	if t := st.Training; t != nil {
		if err := t.Plan.check(); err != nil {
			return err
		}
		if t.Step < 0 || t.Step > t.Plan.Steps || len(t.Plan.Images) != len(g.opts.Superclasses) {
			return fmt.Errorf("%w: step %d of %d with %d learners", checkpoint.ErrCorrupt, t.Step,
				t.Plan.Steps,
				len(t.Plan.Images))
		}
		for i, prefix := range []string{prefixFirst, prefixWide} {
			if t.Step == t.Plan.Steps {
				break
			}
			if moments[i], err = g.params.read(tensors, prefix); err != nil {
				return err
			}
		}
	}
	if here := kernelPath(); here != st.KernelPath {
		g.opts.Logger.Warn("generator comes from another kernel path; results may differ in the last bits",
			"saved", st.KernelPath, "now", here)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.flat, g.moments, g.training, g.compiled = flat, moments, st.Training, nil
	return nil
}

// read collects a group of tensors.
func (p *params) read(tensors map[string]checkpoint.Tensor, prefix string) ([]float32, error) {
	parts := make([][]float32, len(p.all))
	for i, a := range p.all {
		data, err := checkpoint.Get[float32](tensors, prefix+a.name, a.rows, a.cols)
		if err != nil {
			return nil, err
		}
		parts[i] = data
	}
	flat := slices.Concat(parts...)
	return flat, p.finite(flat)
}

// resume finds where a training has to begin: in its checkpoint, where it was interrupted, or at
// the start.
func (g *Generator) resume(plan *trainPlan, path string) (*TrainResult, error) {
	if path != "" {
		var st state
		tensors, err := checkpoint.Read(path, stateKind, stateVersion, &st)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return nil, fmt.Errorf("generator: resume: %w", err)
		default:
			if err := g.same(&st, plan); err != nil {
				return nil, fmt.Errorf("generator: resume %s: %w", path, err)
			}
			if err := g.adopt(&st, tensors); err != nil {
				return nil, fmt.Errorf("generator: resume %s: %w", path, err)
			}
			res := &TrainResult{Steps: st.Training.Step, Resumed: true}
			if res.Steps == plan.Steps {
				res.Status = searchspace.StatusFinished
			}
			return res, nil
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if t := g.training; t != nil && t.Step < t.Plan.Steps && equalJSON(t.Plan, plan) {
		return &TrainResult{Steps: t.Step, Resumed: t.Step > 0}, nil
	}
	g.training = &trainState{Plan: *plan}
	g.moments = [2][]float32{make([]float32, g.params.size), make([]float32, g.params.size)}
	return &TrainResult{}, nil
}

// same is an error if a checkpoint is not one of this generator and plan.
func (g *Generator) same(st *state, plan *trainPlan) error {
	switch {
	case !st.Space.Equal(g.space.Spec()):
		return fmt.Errorf("%w: its space differs", ErrCheckpointMismatch)
	case !equalJSON(st.Options, g.opts):
		return fmt.Errorf("%w: its generator has other options", ErrCheckpointMismatch)
	case st.Training == nil:
		return fmt.Errorf("%w: it has no training", ErrCheckpointMismatch)
	case !equalJSON(st.Training.Plan, plan):
		a, _ := json.Marshal(st.Training.Plan)
		b, _ := json.Marshal(plan)
		return fmt.Errorf("%w: %s, expected %s", ErrCheckpointMismatch, a, b)
	}
	return nil
}

// equalJSON reports whether two values say the same.
func equalJSON(a, b any) bool {
	x, errA := json.Marshal(a)
	y, errB := json.Marshal(b)
	return errA == nil && errB == nil && string(x) == string(y)
}
