package pruning

import (
	"fmt"
	"slices"

	"github.com/tendril-nas/tendril/internal/checkpoint"
	"github.com/tendril-nas/tendril/searchspace"
)

// walk is where the architecture is: what changes with updates.
type walk struct {
	logits
	adam   *adam
	means  means
	update int // of the weights in this phase, before which it stands
	steps  int // on the architecture, over all phases
}

func newWalk(space *searchspace.Space, rate float64) *walk {
	return &walk{logits: *newLogits(space), adam: newAdam(rate, space)}
}

// clone shares nothing that changes.
func (w *walk) clone() *walk {
	out := *w
	out.values, out.means = copyRows(w.values), w.means.clone()
	out.adam = &adam{rate: w.adam.rate, second: copyRows(w.adam.second)}
	for _, row := range w.adam.steps {
		out.adam.steps = append(out.adam.steps, slices.Clone(row))
	}
	return &out
}

// walkState is the JSON part of a walk.
type walkState struct {
	Update int `json:"update"`
	Steps  int `json:"steps"`
	Size   int `json:"size"`
	Count  int `json:"count"`
}

// write adds the numbers of a walk to the tensors of a file.
func (w *walk) write(tensors map[string]checkpoint.Tensor) walkState {
	prefix := fmt.Sprintf("update%d/", w.update)
	values := slices.Concat(w.values...)
	n := len(values)
	tensors[prefix+"logits"] = checkpoint.Of([]int{n}, values)
	tensors[prefix+"adam/second"] = checkpoint.Of([]int{n}, slices.Concat(w.adam.second...))
	tensors[prefix+"adam/steps"] = checkpoint.Of([]int{n}, slices.Concat(w.adam.steps...))
	tensors[prefix+"means"] = checkpoint.Of([]int{len(w.means.Sums), n}, slices.Concat(w.means.Sums...))
	return walkState{Update: w.update, Steps: w.steps, Size: w.means.Size, Count: w.means.Count}
}

// readWalk is the walk of a file.
func readWalk(st walkState, tensors map[string]checkpoint.Tensor, space *searchspace.Space,
	rate float64) (*walk, error) {
	w := newWalk(space, rate)
	w.update, w.steps = st.Update, st.Steps
	prefix, n := fmt.Sprintf("update%d/", st.Update), 0
	for _, row := range w.values {
		n += len(row)
	}
	values, err := checkpoint.Get[float64](tensors, prefix+"logits", n)
	if err != nil {
		return nil, err
	}
	second, err := checkpoint.Get[float64](tensors, prefix+"adam/second", n)
	if err != nil {
		return nil, err
	}
	steps, err := checkpoint.Get[int64](tensors, prefix+"adam/steps", n)
	if err != nil {
		return nil, err
	}
	sums, err := checkpoint.Get[float64](tensors, prefix+"means", -1, n)
	if err != nil {
		return nil, err
	}
	w.means = means{Size: st.Size, Count: st.Count}
	for b := range len(sums) / n {
		w.means.Sums = append(w.means.Sums, slices.Clone(sums[b*n:][:n]))
	}
	if err := w.means.check(); err != nil {
		return nil, err
	}
	at := 0
	for i, row := range w.values {
		copy(row, values[at:])
		copy(w.adam.second[i], second[at:])
		copy(w.adam.steps[i], steps[at:])
		at += len(row)
	}
	w.narrow(space)
	return w, w.check()
}

// check finds numbers that no search has.
func (w *walk) check() error {
	if w.update < 0 || w.steps < 0 {
		return fmt.Errorf("%w: %d updates and %d steps", checkpoint.ErrCorrupt, w.update, w.steps)
	}
	for i, row := range w.values {
		for c, v := range row {
			if !finite(v) || !finite(w.adam.second[i][c]) || w.adam.second[i][c] < 0 || w.adam.steps[i][c] < 0 {
				return fmt.Errorf("%w: choice %d of decision %d: %w", checkpoint.ErrCorrupt, c, i, ErrNotFinite)
			}
		}
	}
	return nil
}

// check finds what add does not make.
func (m *means) check() error {
	ok := m.Size >= 0 && m.Count >= 0 && m.Count <= m.Size && len(m.Sums) <= maxBatches &&
		(m.Count > 0) == (len(m.Sums) > 0)
	for _, sums := range m.Sums {
		for _, v := range sums {
			ok = ok && finite(v)
		}
	}
	if !ok {
		return fmt.Errorf("%w: batch means", checkpoint.ErrCorrupt)
	}
	return nil
}
