package zoo

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tendril-nas/tendril/internal/checkpoint"
)

// Describe changes what the zoo says of a model, its times say, or adds an entry that only tells of
// one. The weights stay as they are.
func (z *Zoo) Describe(e Entry) error {
	e = e.clone()
	e.Weights = nil
	err := e.check()
	if err == nil {
		err = z.update(func(entries []Entry) ([]Entry, error) {
			for i := range entries {
				if entries[i].Name == e.Name {
					e.Weights = entries[i].Weights
					entries[i] = e
					return entries, nil
				}
			}
			return append(entries, e), nil
		})
	}
	if err != nil {
		return fmt.Errorf("zoo: describe %q: %w", e.Name, err)
	}
	return nil
}

// Remove takes a model and its weights out of the zoo. Those who have them open keep them, where
// the system lets files in use be removed.
func (z *Zoo) Remove(name string) error {
	err := z.update(func(entries []Entry) ([]Entry, error) {
		i := slices.IndexFunc(entries, func(e Entry) bool { return e.Name == name })
		if i < 0 {
			return nil, ErrUnknown
		}
		return slices.Delete(entries, i, i+1), nil
	})
	if err != nil {
		return fmt.Errorf("zoo: remove %q: %w", name, err)
	}
	return nil
}

// update changes the index as it is on the disk.
func (z *Zoo) update(change func(entries []Entry) ([]Entry, error)) error {
	z.change.Lock()
	defer z.change.Unlock()
	unlock, err := checkpoint.Lock(z.dir)
	if err != nil {
		return err
	}
	defer unlock()
	if err := z.tidy(); err != nil {
		return err
	}
	entries, err := readIndex(z.dir)
	if err != nil {
		return err
	}
	entries, err = change(entries)
	if err != nil {
		return err
	}
	if err := writeIndex(z.dir, entries); err != nil {
		return err
	}
	z.show(entries, anyhow)
	z.sweep(entries)
	return nil
}

// tidy removes what a process that was killed has left half written.
func (z *Zoo) tidy() error {
	models := filepath.Join(z.dir, modelsDir)
	for _, dir := range []string{z.dir, models} {
		if err := checkpoint.RemoveTemporaries(dir); err != nil {
			return err
		}
	}
	err := os.Remove(filepath.Join(models, incoming))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// sweep removes weights that no entry speaks of. What cannot be removed now, because it is in use,
// a later change will.
func (z *Zoo) sweep(entries []Entry) {
	kept := make(map[string]bool, len(entries))
	for i := range entries {
		if w := entries[i].Weights; w != nil {
			kept[filepath.Base(modelPath(z.dir, w))] = true
		}
	}
	dir := filepath.Join(z.dir, modelsDir)
	files, err := os.ReadDir(dir)
	if err != nil {
		return // there are none
	}
	for _, f := range files {
		if name := f.Name(); !kept[name] && len(name) == 64+len(suffix) && strings.HasSuffix(name, suffix) {
			os.Remove(filepath.Join(dir, name))
		}
	}
}
