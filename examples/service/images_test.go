package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/tendril-nas/tendril/supernet/dataset"
)

// pixels are the images of a set with the names of their classes.
func pixels(t testing.TB, ds dataset.Dataset) []string {
	t.Helper()
	out := make([]string, ds.Len())
	buf := make([]uint8, ds.Size()*ds.Size()*3)
	for i := range out {
		if err := ds.Image(i, buf); err != nil {
			t.Fatal(err)
		}
		out[i] = fmt.Sprintf("%s %x", ds.Classes()[ds.Label(i)], buf)
	}
	return out
}

// Images that were held out stay so, the share of each class is kept in small batches as in large
// ones, and no image is lost or in both parts.
func TestDivide(t *testing.T) {
	for _, size := range []int{1, 3, 40} {
		seen, held, all := map[string]int{}, map[string]int{}, 0
		for seen["red"] < 120 {
			train, out, err := divide(colours(t, size, 0, "red", "green"), 0.1, seen)
			if err != nil {
				t.Fatal(err)
			}
			all += train.Len() + out.Len()
			for i := range out.Len() {
				held[out.Classes()[out.Label(i)]]++
			}
		}
		if held["red"] != 12 || held["green"] != 12 || all != 240 {
			t.Errorf("batches of %d: %v held out of %d", size, held, all)
		}
	}
}

// What a state directory keeps of many batches is what was in memory, in few folders; the bound
// holds in both parts.
func TestArchive(t *testing.T) {
	dir, cfg := t.TempDir(), tiny()
	cfg.MaxImages = 40
	s := open(t, dir, cfg)
	for k := range 12 {
		batch := colours(t, 3+k%4, uint8(2*k), []string{"red", "green", "blue"}[k%3], "white")
		if err := s.keepBatch(t.Context(), batch, "", nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	again := open(t, dir, cfg)
	d, err := again.data(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, sets := range map[string][2]*dataset.Growing{"train": {s.images.train, d.train},
		"held": {s.images.held, d.held}} {
		a, b := pixels(t, sets[0].Snapshot()), pixels(t, sets[1].Snapshot())
		if !slices.Equal(a, b) || !slices.Equal(sets[0].Seen(), sets[1].Seen()) {
			t.Errorf("%s: %d images in memory, %d kept", name, len(a), len(b))
		}
	}
	if n, m := d.train.Snapshot().Len(), d.held.Snapshot().Len(); n != 30 || m != 10 {
		t.Errorf("%d and %d images kept of at most 40", n, m)
	}
	folders, err := filepath.Glob(filepath.Join(dir, "train-*"))
	if err != nil || len(folders) != len(again.store.Train.Parts)+1 || len(folders) > 6 {
		t.Errorf("%d folders, %+v", len(folders), again.store.Train)
	}
}

// A manifest that is damaged, of another version, or names files elsewhere is an error.
func TestDamagedManifest(t *testing.T) {
	for name, text := range map[string]string{
		"empty": "", "half": `{"version": 1, "set`, "version": `{"version": 99}`,
		"elsewhere": `{"version": 1, "train": {"base": "../../etc-1.ckpt"}}`,
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, manifestFile), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(t.Context(), dir, tiny()); err == nil {
			t.Errorf("%s: opened", name)
		}
	}
}
