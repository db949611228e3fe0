package supernet

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/tendril-nas/tendril/internal/checkpoint"
	"github.com/tendril-nas/tendril/searchspace"
)

// evaluatorReader makes the state of an evaluator from a file.
type evaluatorReader struct {
	*TrainEvaluator
	meta    *evaluatorMeta
	tensors map[string]checkpoint.Tensor
	taken   int // of tensors
}

// stored reads the tensors that begin with a prefix.
func (r *evaluatorReader) arrays(prefix string) (arrays, error) {
	a, taken, err := getArrays(r.tensors, prefix)
	r.taken += taken
	return a, err
}

func (r *evaluatorReader) read() (now *stored, steps []*evaluatorStep, err error) {
	if r.meta.Ended < 0 || r.meta.Ended > len(r.meta.Steps) {
		return nil, nil, fmt.Errorf("%w: %d of %d steps have ended", checkpoint.ErrCorrupt, r.meta.Ended,
			len(r.meta.Steps))
	}
	a, err := r.arrays("store/")
	if err != nil {
		return nil, nil, err
	}
	if now, err = r.meta.Store.stored(a); err != nil {
		return nil, nil, err
	}
	steps = make([]*evaluatorStep, len(r.meta.Steps))
	for i, from := len(steps)-1, now; i >= 0; i-- {
		if i >= r.meta.Ended {
			if from, err = r.from(i, from); err != nil {
				return nil, nil, err
			}
		} else {
			from = nil
		}
		if steps[i], err = r.step(i, from); err != nil {
			return nil, nil, fmt.Errorf("step %d: %w", i, err)
		}
	}
	if r.taken != len(r.tensors) {
		return nil, nil, fmt.Errorf("%w: %d tensors, expected %d", ErrWeights, len(r.tensors), r.taken)
	}
	return now, steps, nil
}

// from is what the models of a step begin with.
func (r *evaluatorReader) from(step int, now *stored) (*stored, error) {
	m := r.meta.Steps[step].From
	if r.opts.Heritage == FromNone {
		return &stored{}, nil
	}
	if m == nil {
		return now, nil
	}
	other, err := r.arrays(fromPrefix(step))
	if err != nil {
		return nil, err
	}
	tensors := maps.Clone(now.tensors)
	for _, key := range m.Missing {
		delete(tensors, key)
	}
	maps.Copy(tensors, other)
	return m.stored(tensors)
}

func (r *evaluatorReader) step(i int, from *stored) (*evaluatorStep, error) {
	m := &r.meta.Steps[i]
	s := newEvaluatorStep(m.Archs, from)
	if len(s.entries) != len(m.Entries) {
		return nil, fmt.Errorf("%w: %d architectures, expected %d", checkpoint.ErrCorrupt, len(m.Entries),
			len(s.entries))
	}
	for j, x := range s.entries {
		if err := r.entry(x, &m.Entries[j], i, j); err != nil {
			return nil, fmt.Errorf("architecture %v: %w", x.arch, err)
		}
	}
	return s, nil
}

// entry reads the state of an architecture.
func (r *evaluatorReader) entry(x *evaluatorEntry, m *entryMeta, step, number int) error {
	over := step < r.meta.Ended
	if m.Measurement != nil {
		x.measured, x.m = true, *m.Measurement
	}
	if m.Failure != "" {
		x.failure, x.final = errors.New(m.Failure), m.Final
	}
	switch {
	case x.measured && (x.failure != nil || x.m.Arch != x.arch),
		over && !x.settled(),
		m.Left != (x.measured && !over && r.opts.Heritage != FromNone):
		return fmt.Errorf("%w: measured %t, weights %t, failure %q", checkpoint.ErrCorrupt, x.measured, m.Left,
			m.Failure)
	case !m.Left:
		return nil
	}
	var err error
	x.left, err = r.left(x.arch, leftPrefix(step, number))
	return err
}

// left reads the weights of a trained model.
func (r *evaluatorReader) left(a searchspace.Arch, prefix string) (*legacy, error) {
	g, err := r.space.Lower(a)
	if err != nil {
		return nil, err
	}
	ss := specsOfGraph(g, own{})
	values := make(map[string][]float32, len(ss.list))
	for _, s := range ss.list {
		if values[s.key], err = checkpoint.Get[float32](r.tensors, prefix+s.key, s.dims()...); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrWeights, err)
		}
		if slices.ContainsFunc(values[s.key], func(v float32) bool { return v-v != 0 }) {
			return nil, fmt.Errorf("%s: %w", s.key, ErrNotFinite)
		}
	}
	r.taken += len(values)
	classes := classList(r.network.Classes)
	if len(classes) == 0 {
		classes = Unnamed(r.space.Classes())
	}
	return &legacy{r.space.Name(), g, classes, ss.arrays(values)}, nil
}
