package supernet

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/tendril-nas/tendril/internal/checkpoint"
	"github.com/tendril-nas/tendril/internal/nn"
	"github.com/tendril-nas/tendril/internal/tensor"
)

// counterSuffix ends the names of PyTorch's batch counters, which say nothing here.
const counterSuffix = ".num_batches_tracked"

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
// [out][in]. The file is replaced atomically; weights that are not finite are refused with
// ErrNotFinite.
func (m *Model) WriteSafetensors(ctx context.Context, path string) error {
	if err := m.acquire(ctx); err != nil {
		return fmt.Errorf("supernet: write weights: %w", err)
	}
	defer m.release()
	tensors, err := m.foreign()
	if err == nil {
		err = checkpoint.WriteFileAtomic(path, func(w io.Writer) error {
			return checkpoint.WriteSafetensors(w, map[string]string{"format": "pt"}, tensors)
		})
	}
	if err != nil {
		return fmt.Errorf("supernet: write weights: %w", err)
	}
	return nil
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

// ReadSafetensors replaces all weights and running statistics by those of a file as
// WriteSafetensors writes it. It is strict: when a name is missing, left over or has another shape
// or type, the error wraps ErrWeights and lists all of them, and nothing changes. Batch counters
// ("num_batches_tracked") are passed over.
func (m *Model) ReadSafetensors(ctx context.Context, path string) error {
	if err := m.acquireToChange(ctx); err != nil {
		return fmt.Errorf("supernet: read weights: %w", err)
	}
	defer m.release()
	if err := m.readSafetensors(path); err != nil {
		return fmt.Errorf("supernet: read weights: %s: %w", path, err)
	}
	return nil
}

func (m *Model) readSafetensors(path string) (err error) {
	defer tensor.Recover(&err)
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	_, tensors, err := checkpoint.ReadSafetensors(f, info.Size())
	if err != nil {
		return err
	}
	values, err := m.fromForeign(tensors)
	if err != nil {
		return err
	}
	m.version.Add(1)
	return m.setValues(values)
}

// fromForeign checks names and shapes and turns the tensors into the layouts of the store.
func (m *Model) fromForeign(tensors map[string]checkpoint.Tensor) (map[string][]float32, error) {
	var missing, extra, misshapen []string
	values := make(map[string][]float32, len(m.store.list))
	for _, s := range m.store.list {
		t, ok := tensors[s.key]
		if !ok {
			missing = append(missing, s.key)
			continue
		}
		data, err := checkpoint.Get[float32](tensors, s.key, s.foreignDims()...)
		if err != nil {
			misshapen = append(misshapen, fmt.Sprintf("%s (%T %v, expected []float32 %v)", s.key, t.Data,
				t.Shape, s.foreignDims()))
			continue
		}
		if !s.kind.vector() {
			data = nn.ToHWIO(data, s.out, s.in, s.kernel, s.kernel)
		}
		values[s.key] = data
	}
	for name := range tensors {
		if m.store.byKey[name] == nil && !strings.HasSuffix(name, counterSuffix) {
			extra = append(extra, name)
		}
	}
	if len(missing)+len(extra)+len(misshapen) == 0 {
		return values, nil
	}
	slices.Sort(extra)
	var parts []string
	for _, group := range []struct {
		what  string
		names []string
	}{{"missing", missing}, {"unexpected", extra}, {"misshapen", misshapen}} {
		if len(group.names) > 0 {
			parts = append(parts, group.what+": "+strings.Join(group.names, ", "))
		}
	}
	return nil, fmt.Errorf("%w: %s", ErrWeights, strings.Join(parts, "; "))
}
