package supernet_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/tendril-nas/tendril/internal/checkpoint"
	"github.com/tendril-nas/tendril/supernet"
)

// A model from a stream is the one of the file; what is cut short or of another kind is none.
func TestReadModel(t *testing.T) {
	space := small()
	model, err := supernet.NewModel(space, space.Smallest(), &supernet.Options{Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "model")
	if err := model.Save(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	read := func(b []byte) (*supernet.Model, error) {
		return supernet.ReadModel(bytes.NewReader(b), int64(len(b)), nil)
	}
	got, err := read(text)
	if err != nil {
		t.Fatal(err)
	}
	again := filepath.Join(dir, "again")
	if err := got.Save(t.Context(), again); err != nil {
		t.Fatal(err)
	}
	if second, err := os.ReadFile(again); err != nil || !bytes.Equal(text, second) {
		t.Errorf("saved once more it differs: %v", err)
	}
	for _, n := range []int{0, 7, len(text) / 2, len(text) - 1} {
		if _, err := read(text[:n]); !errors.Is(err, checkpoint.ErrCorrupt) {
			t.Errorf("%d bytes of %d: %v", n, len(text), err)
		}
	}
	if _, err := supernet.ReadModel(nil, int64(len(text)), nil); err == nil {
		t.Error("nothing was read")
	}
	net, err := supernet.New(space, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := net.Save(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	if text, err = os.ReadFile(path); err != nil {
		t.Fatal(err)
	}
	if _, err := read(text); !errors.Is(err, checkpoint.ErrKind) {
		t.Errorf("a supernet: %v", err)
	}
}
