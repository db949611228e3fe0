package supernet

import (
	"fmt"
	"strings"

	"github.com/tendril-nas/tendril/internal/checkpoint"
)

const (
	storeKind    = "tendril-weight-store"
	storeVersion = 1
	// Prefixes of the tensors in a file.
	prefixStored  = "value/"
	prefixWritten = "written/"
)

// storeMeta is the JSON part of a saved store.
type storeMeta struct {
	Family  string
	Classes []string // all empty if the store knows no names
	Version uint64
}

// meta is all but the tensors.
func (w *stored) meta() storeMeta { return storeMeta{w.family, w.classes, w.version} }

// put adds tensors to those of a file, their names after a prefix: the weights as [kernel, kernel,
// in, out], and for each which cells were ever written.
func (a arrays) put(tensors map[string]checkpoint.Tensor, prefix string) {
	for key, t := range a {
		shape := []int{t.kernel, t.kernel, t.in, t.out}
		written := make([]uint8, t.size())
		for i := range written {
			if t.written == nil || t.written[i] {
				written[i] = 1
			}
		}
		tensors[prefix+prefixStored+key] = checkpoint.Of(shape, t.data)
		tensors[prefix+prefixWritten+key] = checkpoint.Of(shape, written)
	}
}

// getArrays reads what put added, and says how many tensors of the file these are.
func getArrays(tensors map[string]checkpoint.Tensor, prefix string) (a arrays, taken int, err error) {
	a = make(arrays)
	for name, t := range tensors {
		key, ok := strings.CutPrefix(name, prefix+prefixStored)
		if !ok {
			continue
		}
		if len(t.Shape) != 4 || t.Shape[0] != t.Shape[1] || t.Shape[0] < 1 || t.Shape[2] < 1 || t.Shape[3] < 1 {
			return nil, 0, fmt.Errorf("%w: %q has shape %v", ErrWeights, name, t.Shape)
		}
		data, err := checkpoint.Get[float32](tensors, name, t.Shape...)
		if err != nil {
			return nil, 0, err
		}
		marks, err := checkpoint.Get[uint8](tensors, prefix+prefixWritten+key, t.Shape...)
		if err != nil {
			return nil, 0, err
		}
		read := &array{extent: extent{t.Shape[0], t.Shape[2], t.Shape[3]}, data: data,
			written: make([]bool, len(marks))}
		for i, m := range marks {
			if m > 1 {
				return nil, 0, fmt.Errorf("%w: %q has marks of %d, expected 0 and 1", ErrWeights,
					prefixWritten+key, m)
			}
			if v := data[i]; v-v != 0 {
				return nil, 0, fmt.Errorf("%q: weight %d is %w", name, i, ErrNotFinite)
			}
			read.written[i] = m == 1
		}
		a[key] = read
	}
	return a, 2 * len(a), nil
}

// stored checks what a file says about tensors.
func (m storeMeta) stored(tensors arrays) (*stored, error) {
	w := &stored{m.Family, m.Classes, tensors, m.Version}
	if w.family == "" {
		if len(tensors)+len(m.Classes) > 0 {
			return nil, fmt.Errorf("%w: %d tensors and %d classes of no family", checkpoint.ErrCorrupt,
				len(tensors), len(m.Classes))
		}
		return w, nil
	}
	if err := w.classes.check(); err != nil {
		return nil, fmt.Errorf("%w: %w", checkpoint.ErrCorrupt, err)
	}
	return w, nil
}

// Save writes the store to one file, replaced atomically: the weights as safetensors [kernel,
// kernel, in, out], and for each which cells were ever written.
func (s *WeightStore) Save(path string) error {
	w := s.present()
	tensors, meta := make(map[string]checkpoint.Tensor), w.meta()
	w.tensors.put(tensors, "")
	if err := checkpoint.Write(path, storeKind, storeVersion, &meta, tensors); err != nil {
		return fmt.Errorf("supernet: save store: %w", err)
	}
	return nil
}

// LoadWeightStore reads a store that Save wrote. A damaged file gives an error, and so do weights
// that are not finite.
func LoadWeightStore(path string) (*WeightStore, error) {
	w, err := loadStored(path)
	if err != nil {
		return nil, fmt.Errorf("supernet: load store: %w", err)
	}
	return &WeightStore{now: w}, nil
}

func loadStored(path string) (*stored, error) {
	var meta storeMeta
	tensors, err := checkpoint.Read(path, storeKind, storeVersion, &meta)
	if err != nil {
		return nil, err
	}
	a, taken, err := getArrays(tensors, "")
	if err != nil {
		return nil, err
	}
	if taken != len(tensors) {
		return nil, fmt.Errorf("%w: %d tensors, expected %d", ErrWeights, len(tensors), taken)
	}
	return meta.stored(a)
}
