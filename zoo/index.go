package zoo

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tendril-nas/tendril/internal/checkpoint"
)

const (
	indexName    = "zoo.index"
	indexKind    = "tendril-zoo"
	indexVersion = 1
	modelsDir    = "models"
	suffix       = ".safetensors"
)

// indexMeta is the content of the index. Models of one training have the same classes, which are
// written once.
type indexMeta struct {
	Classes  [][]string     `json:"classes"`
	Machines []string       `json:"machines"`
	Entries  []indexedEntry `json:"entries"`
}

// indexedEntry is an entry without what is elsewhere in the index.
type indexedEntry struct {
	Entry
	List      int       `json:"classes,omitempty"` // of classes, from 1; 0 = not known
	Steps     *struct{} `json:"steps,omitempty"`   // these two hide the times
	Inference *struct{} `json:"inference,omitempty"`
}

// readIndex reads the entries of a zoo; none where there is no index yet.
func readIndex(dir string) ([]Entry, error) {
	path := filepath.Join(dir, indexName)
	var meta indexMeta
	tensors, err := checkpoint.Read(path, indexKind, indexVersion, &meta)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	err = meta.readTimes(tensors)
	var entries []Entry
	if err == nil {
		entries, err = meta.entries()
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %w", path, ErrCorrupt, err)
	}
	return entries, nil
}

// entries checks what an index says.
func (m *indexMeta) entries() ([]Entry, error) {
	entries := make([]Entry, 0, len(m.Entries))
	seen := make(map[string]bool, len(m.Entries))
	for i := range m.Entries {
		x := &m.Entries[i]
		if x.List < 0 || x.List > len(m.Classes) {
			return nil, fmt.Errorf("entry %d: classes %d of %d", i, x.List, len(m.Classes))
		}
		if x.List > 0 {
			x.Classes = m.Classes[x.List-1]
		}
		if err := x.check(); err != nil {
			return nil, err
		}
		if seen[x.Name] {
			return nil, fmt.Errorf("%w: %q", ErrExists, x.Name)
		}
		seen[x.Name] = true
		entries = append(entries, x.Entry)
	}
	return entries, nil
}

// writeIndex replaces the index of a zoo.
func writeIndex(dir string, entries []Entry) error {
	meta := indexMeta{Classes: [][]string{}, Entries: []indexedEntry{}}
	lists := map[string]int{}
	for _, e := range entries {
		x := indexedEntry{Entry: e}
		if e.Classes != nil {
			key := strings.Join(e.Classes, "\x00")
			if lists[key] == 0 || !slices.Equal(meta.Classes[lists[key]-1], e.Classes) {
				meta.Classes = append(meta.Classes, e.Classes)
				lists[key] = len(meta.Classes)
			}
			x.List = lists[key]
		}
		meta.Entries = append(meta.Entries, x)
	}
	return checkpoint.Write(filepath.Join(dir, indexName), indexKind, indexVersion, &meta, meta.times())
}

// modelPath is where weights are.
func modelPath(dir string, f *File) string {
	return filepath.Join(dir, modelsDir, f.SHA256+suffix)
}
