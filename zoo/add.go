package zoo

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/tendril-nas/tendril/internal/checkpoint"
	"github.com/tendril-nas/tendril/searchspace"
)

// Model is a trained network, as supernet.Model is.
type Model interface {
	Space() *searchspace.Space
	Arch() searchspace.Arch
	ClassNames() []string
	// Save writes the model to a safetensors file.
	Save(ctx context.Context, path string) error
}

// Add puts a model and its description into the zoo. What the model knows of itself is taken from
// it: Space, Arch, Classes, MAdds, Params and Weights of e are not looked at. The error wraps
// ErrExists where the name is taken, and ErrInUse while another process changes the zoo; then the
// zoo is as before.
func (z *Zoo) Add(ctx context.Context, e Entry, m Model) error {
	if m == nil {
		return errors.New("zoo: add: no model")
	}
	space := m.Space()
	if space == nil {
		return fmt.Errorf("zoo: add %q: a model of no search space", e.Name)
	}
	cost, err := space.Cost(m.Arch())
	if err != nil {
		return fmt.Errorf("zoo: add %q: %w", e.Name, err)
	}
	e = e.clone()
	e.Space, e.Arch, e.Classes = space.Spec(), space.Format(m.Arch()), named(m.ClassNames())
	e.MAdds, e.Params = cost.MAdds, cost.Params
	return z.add(&e, func(path string) error { return m.Save(ctx, path) })
}

// named is nil for names that are not known.
func named(classes []string) []string {
	if slices.Contains(classes, "") {
		return nil
	}
	return slices.Clone(classes)
}

// AddFile puts a copy of a safetensors file into the zoo: weights that were trained elsewhere, or a
// saved model. Space and Arch of e say what network it is of; Classes, where nil, come from the
// metadata of the file under "classes", a JSON list; MAdds and Params, where 0, are counted. makers
// are those of spaces that are not of package searchspace. Whether names and shapes of the tensors
// are the network's shows when a model is made of them: see Load. Errors are those of Add; that of
// a file which is no safetensors wraps ErrCorrupt.
func (z *Zoo) AddFile(ctx context.Context, e Entry, path string, makers ...searchspace.Maker) error {
	e = e.clone()
	metadata, err := readMetadata(path)
	if err != nil {
		return fmt.Errorf("zoo: add %q: %s: %w", e.Name, path, err)
	}
	space, a, err := e.Network(makers...)
	if err != nil {
		return err
	}
	cost, err := space.Cost(a)
	if err != nil {
		return fmt.Errorf("zoo: add %q: %w", e.Name, err)
	}
	if e.MAdds == 0 {
		e.MAdds = cost.MAdds
	}
	if e.Params == 0 {
		e.Params = cost.Params
	}
	e.Space, e.Arch = space.Spec(), space.Format(a)
	if text, ok := metadata["classes"]; ok && e.Classes == nil {
		var names []string
		if err := json.Unmarshal([]byte(text), &names); err != nil {
			return fmt.Errorf("zoo: add %q: %s: metadata \"classes\": %w", e.Name, path, err)
		}
		if len(names) == space.Classes() { // of other classes the model will say so
			e.Classes = named(names)
		}
	}
	return z.add(&e, func(to string) error { return copyFile(ctx, to, path) })
}

// readMetadata reads the header of a safetensors file.
func readMetadata(path string) (map[string]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	metadata, _, err := checkpoint.ReadHeader(f, info.Size())
	return metadata, err
}

// copyFile copies a file until the context ends, and syncs it.
func copyFile(ctx context.Context, to, from string) error {
	f, err := os.Open(from)
	if err != nil {
		return err
	}
	defer f.Close()
	return checkpoint.WriteFileAtomic(to, func(w io.Writer) error {
		_, err := io.Copy(w, checkpoint.UntilDone(ctx, f))
		return err
	})
}

// add writes the weights under the name of their digest, then the index.
func (z *Zoo) add(e *Entry, write func(path string) error) error {
	e.Weights = nil
	err := e.check()
	if err == nil {
		err = z.update(func(entries []Entry) ([]Entry, error) {
			if slices.ContainsFunc(entries, func(o Entry) bool { return o.Name == e.Name }) {
				return nil, ErrExists
			}
			if e.Weights, err = z.store(write); err != nil {
				return nil, err
			}
			return append(entries, *e), nil
		})
	}
	if err != nil {
		return fmt.Errorf("zoo: add %q: %w", e.Name, err)
	}
	return nil
}

// incoming is the name of weights whose digest is not known yet.
const incoming = "incoming"

// store has a file of weights written and gives it the name of its digest.
func (z *Zoo) store(write func(path string) error) (*File, error) {
	dir := filepath.Join(z.dir, modelsDir)
	if err := checkpoint.MakeDir(dir); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, incoming)
	defer os.Remove(path) // gone if all went well
	if err := write(path); err != nil {
		return nil, err
	}
	f, err := describe(path)
	if err != nil {
		return nil, err
	}
	return f, os.Rename(path, modelPath(z.dir, f))
}

// describe computes what the index says of a file.
func describe(path string) (*File, error) {
	metadata, err := readMetadata(path)
	if err != nil {
		return nil, err
	}
	r, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	f := &File{}
	if metadata["format"] == "tendril" {
		f.Kind = metadata["kind"]
	}
	h := sha256.New()
	if f.Size, err = io.Copy(h, r); err != nil {
		return nil, err
	}
	f.SHA256 = hex.EncodeToString(h.Sum(nil))
	return f, nil
}
