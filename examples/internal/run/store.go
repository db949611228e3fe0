package run

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/tendril-nas/tendril/internal/checkpoint"
)

// Store is the folder that a run keeps its state in. Without a folder it keeps records in memory,
// and other files nowhere. Its methods may be called from several goroutines.
type Store struct {
	dir    string
	mu     sync.Mutex
	memory map[string][]byte // records of a run without a folder
}

// NewStore returns the store in dir, which appears with the first file; "" is a store without a
// folder.
func NewStore(dir string) *Store { return &Store{dir: dir, memory: map[string][]byte{}} }

// Path is where a file of the run lies or will lie, for what is saved by other means than Write; ""
// without a folder.
func (s *Store) Path(name string) string {
	if s.dir == "" {
		return ""
	}
	return filepath.Join(s.dir, name)
}

// Write keeps v as JSON under the name of its file, in place of what was there: all of it or, after
// a kill, nothing.
func (s *Store) Write(name string, v any) error {
	data, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if s.dir == "" {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.memory[name] = data
		return nil
	}
	return s.WriteFile(name, append(data, '\n'))
}

// WriteFile keeps bytes as they are; without a folder it drops them.
func (s *Store) WriteFile(name string, data []byte) error {
	if s.dir == "" {
		return nil
	}
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return err
	}
	return checkpoint.WriteBytesAtomic(s.Path(name), data)
}

// Read fills v from a file that Write made, and reports whether it is there.
func (s *Store) Read(name string, v any) (bool, error) {
	data, err := s.load(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if err := json.Unmarshal(data, v); err != nil {
		return false, fmt.Errorf("%s is damaged: %w", filepath.Join(s.dir, name), err)
	}
	return true, nil
}

func (s *Store) load(name string) ([]byte, error) {
	if s.dir != "" {
		return os.ReadFile(s.Path(name))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	data, ok := s.memory[name]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return data, nil
}

// Has reports whether a file is there.
func (s *Store) Has(name string) (bool, error) {
	if s.dir == "" {
		return false, nil
	}
	_, err := os.Stat(s.Path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// Remove removes files; those that are not there do not matter.
func (s *Store) Remove(names ...string) error {
	for _, n := range names {
		if s.dir == "" {
			break
		}
		if err := os.Remove(s.Path(n)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// remove removes the files, and folders of files, whose names are condemned.
func (s *Store) remove(condemned func(name string) bool) error {
	names, err := s.names()
	for _, name := range names {
		if condemned(name) {
			err = errors.Join(err, os.RemoveAll(s.Path(name)))
		}
	}
	return err
}

// has says whether there is a file, or a folder of files, of a kind.
func (s *Store) has(kind func(name string) bool) (bool, error) {
	names, err := s.names()
	return slices.ContainsFunc(names, kind), err
}

// names are those of the files, and folders of files.
func (s *Store) names() (out []string, err error) {
	if s.dir == "" {
		return nil, nil
	}
	entries, err := os.ReadDir(s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out, err
}

// sweep removes what writers that were killed left behind.
func (s *Store) sweep() error {
	if s.dir == "" {
		return nil
	}
	return checkpoint.RemoveTemporaries(s.dir)
}
