package adjuster

import (
	"fmt"
	"strconv"

	"github.com/tendril-nas/tendril/internal/checkpoint"
	"github.com/tendril-nas/tendril/internal/search"
	"github.com/tendril-nas/tendril/searchspace"
)

const expertKind = "expert"

// expertState is the JSON part of a saved Expert.
type expertState struct {
	Adjuster *adjusterState   `json:"adjuster"`
	Arch     searchspace.Arch `json:"arch"`
	Phase    Phase            `json:"phase"`
	Done     []Outcome        `json:"done"`
	Current  *Outcome         `json:"current,omitempty"`
}

// Save writes the expert and its adjuster to a file, a snapshot under way and every proposal so far included. The file at path
// is replaced atomically.
func (e *Expert) Save(path string) error {
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
	s := &expertState{Adjuster: as, Arch: e.arch, Phase: e.phase}
	for _, o := range e.done {
		s.Done = append(s.Done, *e.strip(o, tensors))
	}
	if e.phase != PhaseMeasure {
		s.Current = e.strip(e.current, tensors)
	}
	return s, tensors, nil
}

// LoadExpert reads what Expert.Save wrote. Options are as in Load; of ExpertOptions (nil = zero) Start is ignored.
func LoadExpert(path string, o *Options, eo *ExpertOptions) (*Expert, error) {
	var s expertState
	tensors, err := checkpoint.Read(path, expertKind, stateVersion, &s)
	if err != nil {
		return nil, fmt.Errorf("adjuster: %w", err)
	}
	e, err := restoreExpert(&s, tensors, o, eo)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return e, nil
}

func restoreExpert(s *expertState, tensors map[string]checkpoint.Tensor, o *Options, eo *ExpertOptions) (*Expert, error) {
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
	for i := range s.Done {
		if err := fill(&s.Done[i], len(a.policy.decisions), tensors); err != nil {
			return nil, err
		}
		if s.Done[i].Step != i+1 {
			return nil, fmt.Errorf("adjuster: outcome %d is of snapshot %d", i+1, s.Done[i].Step)
		}
	}
	e.done, e.phase = s.Done, s.Phase
	switch s.Phase {
	case PhaseMeasure:
		return e, nil
	case PhaseKeep, PhaseFineTune, PhaseAdjust, PhaseRetrain:
	default:
		return nil, fmt.Errorf("adjuster: unknown phase %q", s.Phase)
	}
	if s.Current == nil || s.Current.Step != len(s.Done)+1 {
		return nil, fmt.Errorf("adjuster: phase %q without its snapshot %d", s.Phase, len(s.Done)+1)
	}
	e.current = *s.Current
	return e, fill(&e.current, len(a.policy.decisions), tensors)
}

// strip moves the proposals of an outcome to tensors.
func (e *Expert) strip(o Outcome, tensors map[string]checkpoint.Tensor) *Outcome {
	if o.Search == nil {
		return &o
	}
	res := *o.Search
	recs := make([]search.Record[note], len(res.History))
	for i, p := range res.History {
		recs[i] = search.Record[note]{
			Step:   p.Iteration,
			Result: search.Result{Arch: p.Arch, Measurement: searchspace.Measurement{Accuracy: p.Accuracy}, Cached: p.Cached},
			Note:   note{Cost: p.Cost, Reward: p.Reward, LogProb: p.LogProb, Entropy: p.Entropy},
		}
	}
	putRecords(tensors, "history/"+strconv.Itoa(o.Step), len(e.adjuster.policy.decisions), recs)
	res.History = nil
	o.Search = &res
	return &o
}

// fill is strip's inverse.
func fill(o *Outcome, decisions int, tensors map[string]checkpoint.Tensor) error {
	if o.Search == nil {
		return nil
	}
	recs, err := getRecords(tensors, "history/"+strconv.Itoa(o.Step), o.Search.Iterations, decisions, 0, 0)
	if err != nil {
		return fmt.Errorf("adjuster: snapshot %d: %w", o.Step, err)
	}
	for _, r := range recs {
		o.Search.History = append(o.Search.History, proposal(r))
	}
	return nil
}

// autosave saves to the path of the options, if there is one.
func (e *Expert) autosave() error {
	if e.opts.Checkpoint == "" {
		return nil
	}
	return e.Save(e.opts.Checkpoint)
}
