package supernet

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tendril-nas/tendril/internal/checkpoint"
	"github.com/tendril-nas/tendril/searchspace"
)

const (
	successionKind    = "tendril-succession"
	successionVersion = 1
	prefixHeir        = "heir/" // then step, place in it, and the name of the tensor
)

// successionIdentity says which succession a file belongs to.
type successionIdentity struct {
	Space          searchspace.Spec
	Seed           uint64
	Plan           plan // of the training of each model
	Images         int
	Inheritance    Inheritance
	Labels, Pixels string // fingerprints of the images that judge
	Judged         []int  // classes that count; nil = all
}

// identify notes by what a file knows this succession.
func (s *Succession) identify(p *plan) (err error) {
	names := classList(s.train.Classes())
	if p.Labels, p.Pixels, err = fingerprint(s.train, names.number(names)); err != nil {
		return err
	}
	p.ClassNames = names
	if p.Teacher = s.training.Teacher.identity(); s.opts.Model != nil {
		p.Normalization = s.opts.Model.Normalization
	}
	s.identity = successionIdentity{Space: s.space.Spec(), Seed: s.opts.Seed, Plan: *p, Images: s.opts.Images,
		Inheritance: s.opts.Inheritance}
	if s.opts.Eval != nil {
		s.identity.Judged = s.opts.Eval.Classes
	}
	s.identity.Labels, s.identity.Pixels, err = fingerprint(s.val, names.number(s.val.Classes()))
	return err
}

// differences says in what another identity differs from this one.
func (id *successionIdentity) differences(got *successionIdentity) []string {
	d := fieldDifferences("space: ", got.Space, id.Space)
	d = append(d, fieldDifferences("training: ", got.Plan, id.Plan)...)
	rest := func(id *successionIdentity) successionIdentity {
		x := *id
		x.Space, x.Plan = searchspace.Spec{}, plan{}
		return x
	}
	return append(d, fieldDifferences("", rest(got), rest(id))...)
}

// successionMeta is the JSON part of a saved succession.
type successionMeta struct {
	Identity successionIdentity
	Store    storeMeta
	Ended    int
	Best     float64
	Steps    []heirsMeta `json:",omitempty"` // open ones, in order
}

type heirsMeta struct {
	Step  int
	Heirs []heirMeta
}

type heirMeta struct {
	Arch     string
	Version  uint64
	Measured *searchspace.Measurement `json:",omitempty"`
}

// Save writes the store, and the models of steps that have not ended, to one file, replaced
// atomically. A search that saves itself must have this saved first: of package evolution's that is
// SearchOptions.SaveFirst.
func (s *Succession) Save(path string) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	tensors := make(map[string]checkpoint.Tensor)
	meta := successionMeta{Identity: s.identity, Ended: s.ended, Best: s.best, Store: s.store.put(tensors)}
	for _, step := range slices.Sorted(maps.Keys(s.steps)) {
		m := heirsMeta{Step: step}
		for i, h := range s.steps[step] {
			m.Heirs = append(m.Heirs, heirMeta{s.space.Format(h.arch), h.version, h.measured})
			for key, data := range h.values {
				tensors[heirKey(step, i)+key] = checkpoint.Of([]int{len(data)}, data)
			}
		}
		meta.Steps = append(meta.Steps, m)
	}
	if err := checkpoint.Write(path, successionKind, successionVersion, &meta, tensors); err != nil {
		return fmt.Errorf("supernet: save succession: %w", err)
	}
	return nil
}

func heirKey(step, i int) string { return fmt.Sprintf("%s%d/%d/", prefixHeir, step, i) }

// Resume goes on from a file that Save wrote, with the same bits. It is called before the first
// step, on a succession with the space, data and options of the one that was saved; others are
// refused with ErrCheckpointMismatch. The weights of SuccessionOptions.Store are replaced.
func (s *Succession) Resume(path string) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if err := s.resume(path); err != nil {
		return fmt.Errorf("supernet: resume succession: %w", err)
	}
	return nil
}

func (s *Succession) resume(path string) error {
	if s.ended > 0 || len(s.steps) > 0 {
		return fmt.Errorf("%d steps were begun already", s.ended+len(s.steps))
	}
	var meta successionMeta
	tensors, err := checkpoint.Read(path, successionKind, successionVersion, &meta)
	if err != nil {
		return err
	}
	if d := s.identity.differences(&meta.Identity); len(d) > 0 {
		return fmt.Errorf("%w: %s", ErrCheckpointMismatch, strings.Join(d, ", "))
	}
	steps := make(map[int][]*heir)
	for i, m := range meta.Steps {
		if m.Step != meta.Ended+i {
			return fmt.Errorf("%w: step %d is open, expected %d", checkpoint.ErrCorrupt, m.Step, meta.Ended+i)
		}
		for k := range m.Heirs {
			h, err := s.heirOf(&m.Heirs[k], withdraw(tensors, heirKey(m.Step, k)))
			if err != nil {
				return fmt.Errorf("model %d of step %d: %w", k, m.Step, err)
			}
			steps[m.Step] = append(steps[m.Step], h)
		}
	}
	store, err := storeOf(&meta.Store, tensors)
	if err != nil {
		return err
	}
	s.store.replace(store)
	s.steps, s.ended, s.best = steps, meta.Ended, meta.Best
	return nil
}

// withdraw takes the tensors with a prefix out of those of a file.
func withdraw(tensors map[string]checkpoint.Tensor, prefix string) map[string]checkpoint.Tensor {
	out := make(map[string]checkpoint.Tensor)
	for name, t := range tensors {
		if key, ok := strings.CutPrefix(name, prefix); ok {
			out[key] = t
			delete(tensors, name)
		}
	}
	return out
}

// heirOf is a model of an open step that Save wrote.
func (s *Succession) heirOf(m *heirMeta, tensors map[string]checkpoint.Tensor) (*heir, error) {
	a, err := s.space.Parse(m.Arch)
	if err != nil {
		return nil, err
	}
	if m.Measured != nil && m.Measured.Arch != a {
		return nil, fmt.Errorf("%w: measured as another architecture", checkpoint.ErrCorrupt)
	}
	g, err := s.space.Lower(a)
	if err != nil {
		return nil, err
	}
	h := &heir{arch: a, version: m.Version, measured: m.Measured, turn: make(chan struct{}, 1),
		values: make(map[string][]float32, len(tensors))}
	for _, sp := range specsOfGraph(g, own{}).list {
		if h.values[sp.key], err = checkpoint.Get[float32](tensors, sp.key, sp.size()); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrWeights, err)
		}
	}
	if len(h.values) != len(tensors) {
		return nil, fmt.Errorf("%w: %d tensors, expected %d", ErrWeights, len(tensors), len(h.values))
	}
	return h, nil
}
