package nasoa

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/zoo"
)

// Identity tells zoos apart: a digest of all that the run in a folder knows of its models, the
// digests of their weights and their times included, and of what belongs to them, but for what its
// data are called. Models of two zoos have the same names, so that names tell nothing.
func Identity(dir string) (string, error) {
	l, err := readLibrary(dir)
	if err != nil {
		return "", err
	}
	entries, err := Models(dir)
	if err != nil {
		return "", err
	}
	l.Data = ""
	for i := range entries {
		entries[i].Data = ""
	}
	text, err := json.Marshal(struct {
		Library *library
		Models  []zoo.Entry
	}{l, entries})
	if err != nil {
		return "", err
	}
	return Digest(text), nil
}

// Digest tells texts apart.
func Digest(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

// Models are what the zoo of the run in a folder says of its models.
func Models(dir string) ([]zoo.Entry, error) {
	z, err := zoo.Open(filepath.Join(dir, zooFolder), nil)
	if err != nil {
		return nil, err
	}
	if z.Len() == 0 {
		return nil, fmt.Errorf("%s: no model in its zoo", dir)
	}
	return z.Entries(), nil
}

// Recorded is what is left of a zoo whose folder is lost: what its search has measured, what came
// of the architectures that were pretrained, and what the zoo said of those that it kept.
type Recorded struct {
	Points, Candidates []Point
	Models             []zoo.Entry
}

// lacks reports whether there is a record without the model.
func (r *Recorded) lacks(name string) bool {
	return r != nil && !slices.ContainsFunc(r.Models, func(m zoo.Entry) bool { return m.Name == name })
}

// time gives an entry the times on record.
func (r *Recorded) time(e *zoo.Entry) error {
	for _, m := range r.Models {
		if m.Name == e.Name {
			e.Steps, e.Inference = m.Steps, m.Inference
			return nil
		}
	}
	return fmt.Errorf("model %s is not on record", e.Name)
}

// Rebuild is Run for a zoo that is on record: it searches and measures nothing, and pretrains the
// models as they were. On the same kind of processor, with the same settings and images, Identity
// is then the one that it was.
func Rebuild(ctx context.Context, j *run.Job, cfg *Config, r *Recorded) (*Report, error) {
	return start(ctx, j, cfg, r)
}
