package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/tendril-nas/tendril/adjuster"
	"github.com/tendril-nas/tendril/internal/checkpoint"
)

// Fixed names in a state directory. All others carry a number and are named by the manifest.
const (
	manifestFile    = "state.json"
	expertFile      = "expert.ckpt"
	queueFolder     = "queue"
	manifestVersion = 1
)

// manifest says which files belong together, and holds every number that is small. What is in it is
// the state: it is replaced in one step, after all files that it names have been written under
// names that were never used before. Whatever else a kill leaves behind is removed by the next
// start.
type manifest struct {
	Version    int             `json:"version"`
	Settings   json.RawMessage `json:"settings"`         // those that a service cannot change
	Generation int             `json:"generation"`       // numbers the files
	Batches    int             `json:"batches"`          // received so far: t
	Finished   int             `json:"finished"`         // snapshots that the expert had answered before the last batch
	Ticket     string          `json:"ticket,omitempty"` // of the last batch
	Seen       map[string]int  `json:"seen"`             // images received of each class
	Train      archive         `json:"train"`
	Held       archive         `json:"held"`
	Supernet   *trainedNet     `json:"supernet,omitempty"`
	Serving    *service        `json:"serving,omitempty"`
	Previous   *service        `json:"previous,omitempty"` // what a rollback puts back
}

// archive is where images lie: a folder of them as they were once, and one of each batch since.
type archive struct {
	Base   string   `json:"base,omitempty"`
	Parts  []string `json:"parts,omitempty"`
	Images int      `json:"images,omitempty"` // in parts
}

// trainedNet is a supernet and the batch up to which it was trained.
type trainedNet struct {
	File  string `json:"file"`
	Batch int    `json:"batch"`
}

// service is a model that serves or served, with what belongs to it.
type service struct {
	Model   string           `json:"model"`
	Base    string           `json:"base"`    // moments of the data that it was trained on
	Now     string           `json:"now"`     // moments of all data since
	Trained int              `json:"trained"` // batch up to which it was trained
	Reading adjuster.Reading `json:"reading"`
}

// files are the names in a manifest.
func (m *manifest) files() map[string]bool {
	out := map[string]bool{}
	add := func(names ...string) {
		for _, n := range names {
			if n != "" {
				out[n] = true
			}
		}
	}
	for _, a := range []archive{m.Train, m.Held} {
		add(append(a.Parts, a.Base)...)
	}
	if m.Supernet != nil {
		add(m.Supernet.File)
	}
	for _, s := range []*service{m.Serving, m.Previous} {
		if s != nil {
			add(s.Model, s.Base, s.Now)
		}
	}
	return out
}

// name is that of a new file of this generation; of a folder where it is for images.
func (m *manifest) name(kind string) string { return fmt.Sprintf("%s-%d.ckpt", kind, m.Generation) }

// store is a state directory and what its manifest says. The manifest in memory is that on disk.
type store struct {
	dir string
	manifest
	wrote func() // called after every write
}

// openStore reads the state in a folder, or begins one, and removes what kills have left there.
func openStore(dir string, settings any, wrote func()) (*store, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	text, err := json.Marshal(settings)
	if err != nil {
		return nil, err
	}
	if wrote == nil {
		wrote = func() {}
	}
	s := &store{dir: dir, wrote: wrote}
	data, err := os.ReadFile(s.path(manifestFile))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		s.manifest = manifest{Version: manifestVersion, Settings: text, Seen: map[string]int{}}
	case err != nil:
		return nil, err
	default:
		if err := json.Unmarshal(data, &s.manifest); err != nil {
			return nil, fmt.Errorf("%s is damaged: %w", s.path(manifestFile), err)
		}
		if s.Version != manifestVersion {
			return nil, fmt.Errorf("%s has version %d, expected %d", s.path(manifestFile), s.Version,
				manifestVersion)
		}
		var there bytes.Buffer
		if err := json.Compact(&there, s.Settings); err != nil || !bytes.Equal(there.Bytes(), text) {
			return nil, fmt.Errorf("%s holds a service of other settings: %s, expected %s", dir, &there, text)
		}
	}
	return s, s.sweep()
}

func (s *store) path(name string) string { return filepath.Join(s.dir, name) }

// part is the file in which a training under way keeps itself. It belongs to the last batch.
func (s *store) part(what string) string { return s.path(fmt.Sprintf("%s-%d.part", what, s.Batches)) }

// commit makes the next state from the present one: change writes new files and names them. When it
// fails nothing has changed.
func (s *store) commit(change func(next *manifest) error) error {
	next := s.manifest
	next.Generation++
	next.Seen = maps.Clone(s.Seen)
	if err := change(&next); err != nil {
		return err
	}
	text, err := json.MarshalIndent(&next, "", " ")
	if err != nil {
		return err
	}
	if err := s.write(manifestFile, func(w io.Writer) error { _, err := w.Write(append(text, '\n')); return err }); err != nil {
		return err
	}
	old := s.manifest.files()
	s.manifest = next
	for name := range next.files() {
		delete(old, name)
	}
	return s.remove(slices.Sorted(maps.Keys(old))...)
}

// write makes a file of the state directory: all of it or nothing.
func (s *store) write(name string, content func(w io.Writer) error) error {
	defer s.wrote()
	return checkpoint.WriteFileAtomic(s.path(name), content)
}

// save has something keep itself in a new file.
func (s *store) save(name string, keep func(path string) error) (string, error) {
	defer s.wrote()
	return name, keep(s.path(name))
}

func (s *store) remove(names ...string) error {
	for _, n := range names {
		if err := os.RemoveAll(s.path(n)); err != nil {
			return err
		}
		s.wrote()
	}
	return nil
}

// numbered are the files that come and go.
var numbered = regexp.MustCompile(`^[a-z0-9-]+-([0-9]+)\.(ckpt|part)$`)

// sweep removes files that the manifest does not name and that no training under way needs.
func (s *store) sweep() error {
	if err := checkpoint.RemoveTemporaries(s.dir); err != nil {
		return err
	}
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return err
	}
	named := s.files()
	var stale []string
	for _, e := range entries {
		m := numbered.FindStringSubmatch(e.Name())
		if m == nil || named[e.Name()] || m[2] == "part" && m[1] == fmt.Sprint(s.Batches) {
			continue
		}
		stale = append(stale, e.Name())
	}
	return s.remove(stale...)
}

// sweepParts removes the files of trainings: nothing is under way.
func (s *store) sweepParts() error {
	parts, err := filepath.Glob(s.path("*.part"))
	if err != nil {
		return err
	}
	for i := range parts {
		parts[i] = filepath.Base(parts[i])
	}
	return s.remove(parts...)
}
