package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"

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
	Answered   int             `json:"answered"`         // Expert.Step when the last one arrived
	Ticket     string          `json:"ticket,omitempty"` // of the last one
	Train      archive         `json:"train"`
	Held       archive         `json:"held"`
	Supernet   *netFile        `json:"supernet,omitempty"`
	Serving    *modelFiles     `json:"serving,omitempty"`
	Previous   *modelFiles     `json:"previous,omitempty"` // what a rollback puts back
}

// netFile is a supernet and the batch up to which it was trained.
type netFile struct {
	File  string `json:"file"`
	Batch int    `json:"batch"`
}

// modelFiles is a model that serves or served, with what is known of the data under it.
type modelFiles struct {
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
	for _, s := range []*modelFiles{m.Serving, m.Previous} {
		if s != nil {
			add(s.Model, s.Base, s.Now)
		}
	}
	return out
}

// name is that of a new file of this generation, or of a folder.
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
	if wrote == nil {
		wrote = func() {}
	}
	s := &store{dir: dir, wrote: wrote}
	text, err := json.Marshal(settings)
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(s.path(manifestFile))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		s.manifest = manifest{Version: manifestVersion, Settings: text}
	case err != nil:
		return nil, err
	default:
		if err := s.read(data); err != nil {
			return nil, fmt.Errorf("%s is damaged: %w", s.path(manifestFile), err)
		}
		if !bytes.Equal(s.Settings, text) {
			return nil, fmt.Errorf("%s holds a service of other settings: %s, expected %s", dir, s.Settings,
				text)
		}
	}
	return s, s.sweep()
}

// read takes over a manifest that was written.
func (s *store) read(data []byte) error {
	if err := json.Unmarshal(data, &s.manifest); err != nil {
		return err
	}
	if s.Version != manifestVersion {
		return fmt.Errorf("version %d, expected %d", s.Version, manifestVersion)
	}
	for name := range s.files() {
		if !numbered.MatchString(name) {
			return fmt.Errorf("file %q, expected a name with a number", name)
		}
	}
	var settings bytes.Buffer
	err := json.Compact(&settings, s.Settings)
	s.Settings = settings.Bytes()
	return err
}

func (s *store) path(name string) string { return filepath.Join(s.dir, name) }

// part is the file in which a training under way keeps itself. It belongs to the last batch.
func (s *store) part(what string) string { return s.path(fmt.Sprintf("%s-%d.part", what, s.Batches)) }

// commit makes the next state from the present one: change writes new files and names them. When it
// fails nothing has changed.
func (s *store) commit(change func(next *manifest) error) error {
	next := s.manifest
	next.Generation++
	if err := change(&next); err != nil {
		return err
	}
	text, err := json.MarshalIndent(&next, "", " ")
	if err != nil {
		return err
	}
	if err := checkpoint.WriteBytesAtomic(s.path(manifestFile), append(text, '\n')); err != nil {
		return err
	}
	s.wrote()
	old := s.manifest.files()
	s.manifest = next
	for name := range next.files() {
		delete(old, name)
	}
	s.remove(slices.Sorted(maps.Keys(old))...)
	return nil
}

// save has something keep itself in a new file.
func (s *store) save(name string, keep func(path string) error) (string, error) {
	defer s.wrote()
	return name, keep(s.path(name))
}

// remove removes files that are of no use. What stays all the same is removed by the next start.
func (s *store) remove(names ...string) {
	for _, n := range names {
		os.RemoveAll(s.path(n))
		s.wrote()
	}
}

// numbered are the files that come and go.
var numbered = regexp.MustCompile(`^[a-z0-9-]+-([0-9]+)\.(ckpt|part)$`)

// sweep removes files that the manifest does not name and that no training of the last batch needs.
func (s *store) sweep() error {
	if err := checkpoint.RemoveTemporaries(s.dir); err != nil {
		return err
	}
	return s.removeNumbered(func(number, kind string) bool {
		return kind == "ckpt" || number != strconv.Itoa(s.Batches)
	})
}

// sweepTrainings removes the files of trainings: none is under way.
func (s *store) sweepTrainings() error {
	return s.removeNumbered(func(_, kind string) bool { return kind == "part" })
}

// removeNumbered removes the files that are condemned and that the manifest does not name.
func (s *store) removeNumbered(condemned func(number, kind string) bool) error {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return err
	}
	named := s.files()
	for _, e := range entries {
		m := numbered.FindStringSubmatch(e.Name())
		if m != nil && !named[e.Name()] && condemned(m[1], m[2]) {
			s.remove(e.Name())
		}
	}
	return nil
}
