package supernet

import (
	"fmt"
	"strings"

	"github.com/tendril-nas/tendril/internal/checkpoint"
	"github.com/tendril-nas/tendril/internal/tensor"
)

// start puts the weights of TrainOptions.From in place, unless the training resumes.
func (t *training) start() error {
	if t.opts.From == "" || t.resumed {
		return nil
	}
	if err := t.begin(t.opts.From); err != nil {
		return fmt.Errorf("weights of %s: %w", t.opts.From, err)
	}
	return nil
}

// begin puts the weights of a training checkpoint in place, if they are those of a network like
// this one. Nothing changes otherwise.
func (t *training) begin(path string) (err error) {
	defer tensor.Recover(&err)
	var meta trainMeta
	tensors, err := checkpoint.Read(path, trainKind, trainVersion, &meta)
	if err != nil {
		return err
	}
	if d := t.identity.otherNetwork(&meta.Identity); len(d) > 0 {
		return fmt.Errorf("%w: %s", ErrCheckpointMismatch, strings.Join(d, "; "))
	}
	if err := t.readmit(meta.Archs); err != nil {
		return err
	}
	if err := t.hold(); err != nil { // tensors that were readmitted have rates too
		return err
	}
	values := make(map[string][]float32, len(t.store.list))
	for _, s := range t.store.list {
		if _, there := tensors[prefixValue+s.key]; !there && t.store.openEnded {
			continue
		}
		data, err := checkpoint.Get[float32](tensors, prefixValue+s.key, s.dims()...)
		if err != nil {
			return err
		}
		if why := unusable(s, data); why != "" {
			return fmt.Errorf("%w: %q: %s", ErrWeights, s.key, why)
		}
		values[s.key] = data
	}
	t.version.Add(1)
	return t.setValues(values)
}

// otherNetwork says in what the network of a checkpoint differs from the expected one.
func (id *identity) otherNetwork(got *identity) []string {
	type network struct {
		ClassNames    []string
		Normalization any
	}
	d := fieldDifferences("", got.about(), id.about())
	d = append(d, fieldDifferences("space: ", got.Space, id.Space)...)
	return append(d, fieldDifferences("", network{got.Plan.ClassNames, got.Plan.Normalization},
		network{id.Plan.ClassNames, id.Plan.Normalization})...)
}
