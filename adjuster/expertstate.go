package adjuster

import (
	"context"
	"fmt"

	"github.com/tendril-nas/tendril/internal/checkpoint"
	"github.com/tendril-nas/tendril/searchspace"
)

const expertKind = "expert"

// expertState is the JSON part of a saved Expert.
type expertState struct {
	Adjuster *adjusterState   `json:"adjuster"`
	Arch     searchspace.Arch `json:"arch"`
	Phase    Phase            `json:"phase"`
	Earlier  Summary          `json:"earlier,omitempty"`
	Done     []Outcome        `json:"done"`
	Current  *Outcome         `json:"current,omitempty"`
}

// Save writes the expert and its adjuster to a file, a snapshot under way and every proposal so far
// included. The file at path is replaced atomically: a crash leaves the old one or the new one,
// whole. A symbolic link stays, and what it leads to is replaced; pipes, devices and standard
// output are written into.
func (e *Expert) Save(ctx context.Context, path string) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("adjuster: save: %w", err)
	}
	return e.write(path)
}

func (e *Expert) write(path string) error {
	s, tensors, err := e.state()
	if err != nil {
		return err
	}
	if err := checkpoint.Write(path, expertKind, stateVersion, s, tensors); err != nil {
		return fmt.Errorf("adjuster: %w", err)
	}
	return nil
}

func (e *Expert) state() (*expertState, map[string]checkpoint.Tensor, error) {
	as, tensors, err := e.adjuster.state()
	if err != nil {
		return nil, nil, err
	}
	s := &expertState{Adjuster: as, Arch: e.arch, Phase: e.phase, Earlier: e.earlier}
	for _, o := range e.done {
		s.Done = append(s.Done, *e.strip(o, tensors))
	}
	if e.phase != PhaseMeasure {
		s.Current = e.strip(e.current, tensors)
		e.contest.put(tensors, "contest", e.adjuster.judgements())
	}
	return s, tensors, nil
}

// LoadExpert reads what Expert.Save wrote. Options are as in Load; of ExpertOptions (nil = zero)
// Start is ignored.
func LoadExpert(path string, o *Options, eo *ExpertOptions) (*Expert, error) {
	var s expertState
	tensors, err := readState(path, expertKind, &s)
	if err != nil {
		return nil, err
	}
	e, err := restoreExpert(&s, tensors, o, eo)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return e, nil
}

func restoreExpert(s *expertState, tensors map[string]checkpoint.Tensor, o *Options,
	eo *ExpertOptions) (*Expert, error) {
	if s.Adjuster == nil {
		return nil, fmt.Errorf("adjuster: checkpoint has no adjuster")
	}
	a, err := restore(s.Adjuster, tensors, o)
	if err != nil {
		return nil, err
	}
	opts := ExpertOptions{}
	if eo != nil {
		opts = *eo
	}
	opts.Start = s.Arch
	e, err := NewExpert(a, &opts)
	if err != nil {
		return nil, err
	}
	if err := s.Earlier.check(); err != nil {
		return nil, err
	}
	e.earlier, e.phase = s.Earlier, s.Phase
	for i := range s.Done {
		if err := e.fill(&s.Done[i], tensors); err != nil {
			return nil, err
		}
		if s.Done[i].Step != e.Step()+1 {
			return nil, fmt.Errorf("adjuster: outcome %d is of snapshot %d", e.Step()+1, s.Done[i].Step)
		}
		e.remember(s.Done[i])
	}
	switch s.Phase {
	case PhaseMeasure:
		return e, nil
	case PhaseKeep, PhaseFineTune, PhaseAdjust, PhaseCompare, PhaseRetrain:
	default:
		return nil, fmt.Errorf("adjuster: unknown phase %q", s.Phase)
	}
	if s.Current == nil || s.Current.Step != e.Step()+1 {
		return nil, fmt.Errorf("adjuster: phase %q without its snapshot %d", s.Phase, e.Step()+1)
	}
	e.current = *s.Current
	if err := e.contest.get(tensors, "contest", a.judgements()); err != nil {
		return nil, err
	}
	return e, e.fill(&e.current, tensors)
}

// autosave saves to the path of the options, if there is one.
func (e *Expert) autosave() error {
	if e.opts.Checkpoint == "" {
		return nil
	}
	return e.write(e.opts.Checkpoint)
}
