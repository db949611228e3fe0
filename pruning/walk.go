package pruning

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/tendril-nas/tendril/internal/checkpoint"
	"github.com/tendril-nas/tendril/searchspace"
)

// walk is where the architecture is: what changes with updates.
type walk struct {
	logits
	adam    *adam
	means   means
	update  int    // of the weights in this phase, before which it stands
	steps   int    // on the architecture, over all phases
	records []Step // of this phase
}

func newWalk(space *searchspace.Space, rate float64) *walk {
	return &walk{logits: *newLogits(space), adam: newAdam(rate, space)}
}

// clone shares nothing that changes; what is appended to records lies behind those of the clone.
func (w *walk) clone() *walk {
	out := *w
	out.values, out.means = copyRows(w.values), w.means.clone()
	out.adam = &adam{rate: w.adam.rate, second: copyRows(w.adam.second)}
	for _, row := range w.adam.steps {
		out.adam.steps = append(out.adam.steps, slices.Clone(row))
	}
	return &out
}

const (
	walkKind    = "tendril-pruning"
	walkVersion = 1
)

// walkState is the JSON part of a walk; numbers of choices lie in tensors beside.
type walkState struct {
	Phase   int    `json:"phase"`
	Update  int    `json:"update"`
	Steps   int    `json:"steps"`
	Size    int    `json:"size"`
	Count   int    `json:"count"`
	Records []Step `json:"records"`
}

// encode is the walk as bytes.
func (w *walk) encode(phase int) ([]byte, error) {
	st := walkState{Phase: phase, Update: w.update, Steps: w.steps, Size: w.means.Size, Count: w.means.Count,
		Records: w.records}
	n := w.entries()
	tensors := map[string]checkpoint.Tensor{
		"logits":      checkpoint.Of([]int{n}, slices.Concat(w.values...)),
		"adam/second": checkpoint.Of([]int{n}, slices.Concat(w.adam.second...)),
		"adam/steps":  checkpoint.Of([]int{n}, slices.Concat(w.adam.steps...)),
		"means":       checkpoint.Of([]int{len(w.means.Sums), n}, slices.Concat(w.means.Sums...)),
	}
	var b bytes.Buffer
	err := checkpoint.Encode(&b, walkKind, walkVersion, st, tensors)
	return b.Bytes(), err
}

// entries is the number of choices of all decisions.
func (w *walk) entries() (n int) {
	for _, row := range w.values {
		n += len(row)
	}
	return n
}

// decode is the walk of encode, in a phase with the space that w has. w stays as it is.
func (w *walk) decode(data []byte, phase int) (*walk, error) {
	var st walkState
	tensors, err := checkpoint.Decode(bytes.NewReader(data), int64(len(data)), walkKind, walkVersion, &st)
	if err != nil {
		return nil, err
	}
	if st.Phase != phase {
		return nil, fmt.Errorf("state of phase %d, expected %d", st.Phase, phase)
	}
	out := newWalk(w.space, w.adam.rate)
	out.update, out.steps, out.records = st.Update, st.Steps, st.Records
	out.means = means{Size: st.Size, Count: st.Count}
	n := w.entries()
	values, err := checkpoint.Get[float64](tensors, "logits", n)
	if err != nil {
		return nil, err
	}
	second, err := checkpoint.Get[float64](tensors, "adam/second", n)
	if err != nil {
		return nil, err
	}
	steps, err := checkpoint.Get[int64](tensors, "adam/steps", n)
	if err != nil {
		return nil, err
	}
	sums, err := checkpoint.Get[float64](tensors, "means", -1, n)
	if err != nil {
		return nil, err
	}
	for ; len(sums) > 0; sums = sums[n:] {
		out.means.Sums = append(out.means.Sums, slices.Clone(sums[:n]))
	}
	at := 0
	for i, row := range out.values {
		copy(row, values[at:])
		copy(out.adam.second[i], second[at:])
		copy(out.adam.steps[i], steps[at:])
		at += len(row)
	}
	out.narrow(w.space)
	return out, out.check()
}

// check finds numbers that no search has.
func (w *walk) check() error {
	if w.update < 0 || w.steps < 0 {
		return fmt.Errorf("%w: %d updates and %d steps", checkpoint.ErrCorrupt, w.update, w.steps)
	}
	for i, row := range w.values {
		for c, v := range row {
			if !finite(v) || !finite(w.adam.second[i][c]) || w.adam.second[i][c] < 0 ||
				w.adam.steps[i][c] < 0 {
				return fmt.Errorf("%w: choice %d of decision %d: %w", checkpoint.ErrCorrupt, c, i,
					ErrNotFinite)
			}
		}
	}
	if !w.means.sound() {
		return fmt.Errorf("%w: batch means", checkpoint.ErrCorrupt)
	}
	return nil
}
