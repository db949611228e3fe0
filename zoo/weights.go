package zoo

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"github.com/tendril-nas/tendril/internal/checkpoint"
	"golang.org/x/exp/mmap"
)

// Loader makes a model of an entry and its weights: the whole file, mapped into memory. It must not
// keep the reader.
type Loader[M any] func(ctx context.Context, e Entry, weights *io.SectionReader) (M, error)

// Load makes the model called name, after its weights have been compared with the digest in the
// index. The error wraps ErrUnknown, ErrNoWeights, or ErrCorrupt where the file is not the one that
// was added.
func Load[M any](ctx context.Context, z *Zoo, name string, load Loader[M]) (m M, err error) {
	if z == nil || load == nil {
		return m, errors.New("zoo: load: no zoo or no loader")
	}
	e, err := z.Find(name)
	if err != nil {
		return m, err
	}
	if e.Weights == nil {
		return m, fmt.Errorf("zoo: %w: %q", ErrNoWeights, name)
	}
	r, err := z.open(ctx, e.Weights)
	if err == nil {
		defer r.Close()
		m, err = load(ctx, e, io.NewSectionReader(r, 0, int64(r.Len())))
	}
	if err != nil {
		return m, fmt.Errorf("zoo: load %q: %w", name, err)
	}
	return m, nil
}

// Adaptable is a model that can be made one for other classes, as supernet.Model can: what leads to
// the classifier is copied, rows of classes of the same name, too.
type Adaptable[M any] interface {
	WithClasses(ctx context.Context, classes ...string) (M, error)
}

// LoadFor makes the model called name one for other classes.
func LoadFor[M Adaptable[M]](ctx context.Context, z *Zoo, name string, load Loader[M],
	classes ...string) (M, error) {
	m, err := Load(ctx, z, name, load)
	if err != nil {
		return m, err
	}
	out, err := m.WithClasses(ctx, classes...)
	if err != nil {
		return out, fmt.Errorf("zoo: load %q: %w", name, err)
	}
	return out, nil
}

// open maps a file of weights and compares it with its digest. Files in a zoo are never changed in
// place, so that what is mapped stays.
func (z *Zoo) open(ctx context.Context, f *File) (*mmap.ReaderAt, error) {
	r, err := mmap.Open(modelPath(z.dir, f))
	if err != nil {
		return nil, err
	}
	if err := f.compare(ctx, r); err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// compare checks length and digest.
func (f *File) compare(ctx context.Context, r *mmap.ReaderAt) error {
	if int64(r.Len()) != f.Size {
		return fmt.Errorf("%w: weights of %d bytes, expected %d", ErrCorrupt, r.Len(), f.Size)
	}
	h := sha256.New()
	if _, err := io.Copy(h, checkpoint.UntilDone(ctx, io.NewSectionReader(r, 0, f.Size))); err != nil {
		return err
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != f.SHA256 {
		return fmt.Errorf("%w: digest of the weights is %s, expected %s", ErrCorrupt, got, f.SHA256)
	}
	return nil
}

// Verify compares all weights with their digests. The error joins those of all models that are
// damaged or missing.
func (z *Zoo) Verify(ctx context.Context) error {
	var bad []error
	for _, e := range z.Entries() {
		if e.Weights == nil {
			continue
		}
		r, err := z.open(ctx, e.Weights)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			bad = append(bad, fmt.Errorf("zoo: %q: %w", e.Name, err))
			continue
		}
		if err := r.Close(); err != nil {
			bad = append(bad, fmt.Errorf("zoo: %q: %w", e.Name, err))
		}
	}
	return errors.Join(bad...)
}
