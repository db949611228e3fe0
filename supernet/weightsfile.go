package supernet

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/tendril-nas/tendril/internal/checkpoint"
	"github.com/tendril-nas/tendril/internal/nn"
)

// metaClasses is the key of the names of classes in the metadata of exported files, a JSON list by
// number.
const metaClasses = "classes"

// foreignDims is the shape of a tensor as PyTorch has it: convolutions [out][in/groups][kh][kw],
// linear [out][in].
func (s *spec) foreignDims() []int {
	switch {
	case s.kind.vector():
		return []int{s.out}
	case s.linear:
		return []int{s.out, s.in}
	}
	return []int{s.out, s.in, s.kernel, s.kernel}
}

// WriteSafetensors writes weights and running statistics to a safetensors file under the names and
// in the layouts that PyTorch gives them: convolutions [out][in/groups][kh][kw], linear layers
// [out][in]. The names of the classes, where the model knows them, are in the metadata of the file
// under "classes", a JSON list by number as in WriteONNX. Where the bytes go is as for Net.Save;
// weights that are not finite are refused with ErrNotFinite.
func (m *Model) WriteSafetensors(ctx context.Context, path string) error {
	if err := m.acquire(ctx); err != nil {
		return fmt.Errorf("supernet: write weights: %w", err)
	}
	defer m.release()
	if err := m.writeSafetensors(path); err != nil {
		return fmt.Errorf("supernet: write weights: %w", err)
	}
	return nil
}

// writeSafetensors writes the file. The caller has the turn.
func (m *Model) writeSafetensors(path string) error {
	metadata := map[string]string{"format": "pt"}
	if m.classes.named() {
		names, err := json.Marshal(m.classes)
		if err != nil {
			return err
		}
		metadata[metaClasses] = string(names)
	}
	tensors, err := m.foreign()
	if err != nil {
		return err
	}
	return checkpoint.WriteFileAtomic(path, func(w io.Writer) error {
		return checkpoint.WriteSafetensors(w, metadata, tensors)
	})
}

// foreign is all tensors under the names and in the layouts that PyTorch gives them. The caller has
// the turn.
func (m *Model) foreign() (map[string]checkpoint.Tensor, error) {
	values, err := m.finiteValues()
	if err != nil {
		return nil, err
	}
	tensors := make(map[string]checkpoint.Tensor, len(values))
	for key, data := range values {
		s := m.store.byKey[key]
		if !s.kind.vector() {
			data = nn.ToOIHW(data, s.out, s.in, s.kernel, s.kernel)
		}
		tensors[key] = checkpoint.Of(s.foreignDims(), data)
	}
	return tensors, nil
}
