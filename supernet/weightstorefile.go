package supernet

import (
	"fmt"

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

// Save writes the store to one file, replaced atomically: the weights as safetensors [kernel,
// kernel, in, out], and for each which cells were ever written.
func (s *WeightStore) Save(path string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	tensors := make(map[string]checkpoint.Tensor, 2*len(s.tensors))
	for key, a := range s.tensors {
		shape := []int{a.kernel, a.kernel, a.in, a.out}
		tensors[prefixStored+key] = checkpoint.Of(shape, a.data)
		written := make([]uint8, a.size())
		for i := range written {
			if a.written == nil || a.written[i] {
				written[i] = 1
			}
		}
		tensors[prefixWritten+key] = checkpoint.Of(shape, written)
	}
	meta := storeMeta{s.family, s.classes, s.version}
	if err := checkpoint.Write(path, storeKind, storeVersion, &meta, tensors); err != nil {
		return fmt.Errorf("supernet: save store: %w", err)
	}
	return nil
}

// LoadWeightStore reads a store that Save wrote. A damaged file gives an error.
func LoadWeightStore(path string) (*WeightStore, error) {
	s, err := loadWeightStore(path)
	if err != nil {
		return nil, fmt.Errorf("supernet: load store: %w", err)
	}
	return s, nil
}

func loadWeightStore(path string) (*WeightStore, error) {
	var meta storeMeta
	tensors, err := checkpoint.Read(path, storeKind, storeVersion, &meta)
	if err != nil {
		return nil, err
	}
	s := &WeightStore{family: meta.Family, classes: meta.Classes, tensors: make(arrays),
		version: meta.Version}
	if s.family == "" {
		if len(tensors) > 0 {
			return nil, fmt.Errorf("%w: %d tensors of no family", checkpoint.ErrCorrupt, len(tensors))
		}
		return s, nil
	}
	if err := s.classes.check(); err != nil {
		return nil, fmt.Errorf("%w: %w", checkpoint.ErrCorrupt, err)
	}
	for name, t := range tensors {
		if len(name) <= len(prefixStored) || name[:len(prefixStored)] != prefixStored {
			continue
		}
		key := name[len(prefixStored):]
		if len(t.Shape) != 4 || t.Shape[0] != t.Shape[1] {
			return nil, fmt.Errorf("%w: %q has shape %v", ErrWeights, name, t.Shape)
		}
		data, err := checkpoint.Get[float32](tensors, name, t.Shape...)
		if err != nil {
			return nil, err
		}
		marks, err := checkpoint.Get[uint8](tensors, prefixWritten+key, t.Shape...)
		if err != nil {
			return nil, err
		}
		a := &array{extent: extent{t.Shape[0], t.Shape[2], t.Shape[3]}, data: data,
			written: make([]bool, len(marks))}
		for i, m := range marks {
			a.written[i] = m != 0
		}
		s.tensors[key] = a
	}
	if 2*len(s.tensors) != len(tensors) {
		return nil, fmt.Errorf("%w: %d tensors, expected 2 for each of %d", ErrWeights, len(tensors),
			len(s.tensors))
	}
	return s, nil
}
