package supernet

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/tendril-nas/tendril/internal/checkpoint"
	"github.com/tendril-nas/tendril/internal/nn"
	"github.com/tendril-nas/tendril/internal/tensor"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// counterSuffix ends the names of PyTorch's batch counters, which say nothing here.
const counterSuffix = ".num_batches_tracked"

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
// under "classes", a JSON list by number as in WriteONNX. The file is replaced atomically; weights
// that are not finite are refused with ErrNotFinite.
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

// ReadSafetensors replaces all weights and running statistics by those of a file as
// WriteSafetensors writes it. It is strict: when a name is missing, left over or has another shape
// or type, the error wraps ErrWeights and lists all of them, and nothing changes. Batch counters
// ("num_batches_tracked") are passed over.
//
// Where the metadata of the file name its classes, the classifier is matched by name: the classes
// may come in another order than the model's, but must be the same, else the error wraps
// ErrWeights. A model that knows no names takes those of the file. A file without names is read by
// number, with a warning.
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
	metadata, tensors, err := checkpoint.ReadSafetensors(f, info.Size())
	if err != nil {
		return err
	}
	source, err := m.fromForeign(tensors)
	if err != nil {
		return err
	}
	classes, err := foreignClasses(metadata)
	if err != nil {
		return err
	}
	return m.takeForeign(source, classes)
}

// foreignClasses is the names of classes that the metadata of a file give, nil if they give none.
func foreignClasses(metadata map[string]string) (classList, error) {
	text, ok := metadata[metaClasses]
	if !ok {
		return nil, nil
	}
	var names []string
	if err := json.Unmarshal([]byte(text), &names); err != nil {
		return nil, fmt.Errorf("%w: metadata %q: %w", ErrWeights, metaClasses, err)
	}
	classes, err := dataset.MergeClasses(names, nil)
	if err != nil {
		return nil, fmt.Errorf("%w: metadata %q: %w", ErrWeights, metaClasses, err)
	}
	return classes, nil
}

// takeForeign puts the tensors of a file in place whose classes are called so; nil if nobody knows.
func (m *Model) takeForeign(source arrays, classes classList) error {
	ls := links(m.prog.graph, m.store, m.prog.graph, m.store)
	switch {
	case classes == nil:
		m.log.Warn("classes of weights are matched by number", "because", "the file does not name them")
	case len(classes) != len(m.classes):
		return fmt.Errorf("%w: names of %d classes, expected %d", ErrWeights, len(classes), len(m.classes))
	case m.classes.named():
		n := classes.number(m.classes)
		if slices.Contains(n.of, -1) {
			return fmt.Errorf("%w: classes %s, expected %s", ErrWeights, listed(classes), listed(m.classes))
		}
		if n.of != nil {
			renumber(ls, m.prog.logits, axisOf(n.of))
		}
	}
	if err := m.take(source, ls); err != nil {
		return err
	}
	if !m.classes.named() && classes != nil {
		m.rename(classes)
	}
	return nil
}

// fromForeign checks names and shapes and turns the tensors into the layouts of the store.
func (m *Model) fromForeign(tensors map[string]checkpoint.Tensor) (arrays, error) {
	var missing, extra, misshapen []string
	values := make(arrays, len(m.store.list))
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
		values[s.key] = &array{extent: s.extent, data: data}
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
