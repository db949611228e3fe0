package dataset

import (
	"errors"
	"math/bits"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func saveTo(t testing.TB, g *Growing, dir string) {
	t.Helper()
	if err := g.Save(ctx, dir); err != nil {
		t.Fatal(err)
	}
}

func loadFrom(t testing.TB, dir string) *Growing {
	t.Helper()
	g, err := LoadGrowing(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// sameGrowing fails unless both hold the same and would go on in the same way.
func sameGrowing(t testing.TB, got, want *Growing) {
	t.Helper()
	same(t, got.Snapshot(), want.Snapshot())
	a, b := got.now.Load(), want.now.Load()
	if !slices.Equal(a.marks, b.marks) || !slices.Equal(a.seen, b.seen) || !slices.Equal(a.below, b.below) ||
		got.opts.Seed != want.opts.Seed || got.opts.MaxImages != want.opts.MaxImages || got.opts.MaxPerClass != want.opts.MaxPerClass {
		t.Fatalf("seen %v, %+v; want %v, %+v", a.seen, got.opts, b.seen, want.opts)
	}
}

// files is the names and contents of a folder.
func files(t testing.TB, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		out[e.Name()] = string(data)
	}
	return out
}

// A set that is saved and loaded now and then is the one that was not.
func TestGrowingSaveLoad(t *testing.T) {
	for seed := range uint64(15) {
		r := rand.New(rand.NewPCG(seed, 0))
		o := &GrowingOptions{Seed: seed, MaxImages: r.IntN(3) * r.IntN(20), MaxPerClass: r.IntN(2) * r.IntN(9), Classes: []string{"c1"}}
		want, g := newGrowing(t, o), newGrowing(t, o)
		dir := t.TempDir()
		for range 6 {
			ds := grid(t, r.IntN(12), 2, 1+r.IntN(4))
			if r.IntN(3) == 0 {
				ds = greys(t, 5, "grey")
			}
			appendTo(t, want, ds)
			appendTo(t, g, ds)
			switch r.IntN(5) {
			case 0:
				saveTo(t, g, dir)
			case 1:
				saveTo(t, g, dir)
				g = loadFrom(t, dir)
			case 2: // the folder is lost
				if err := os.RemoveAll(dir); err != nil {
					t.Fatal(err)
				}
				saveTo(t, g, dir)
			case 3: // another is used
				dir = filepath.Join(t.TempDir(), "new", "folder")
				saveTo(t, g, dir)
			}
			sameGrowing(t, g, want)
		}
		saveTo(t, g, dir)
		sameGrowing(t, loadFrom(t, dir), want)
	}
}

// Other bounds for a set that is loaded are those that it would have had with them from now on.
func TestGrowingLoadOptions(t *testing.T) {
	ds := grid(t, 40, 2, 3)
	dir := t.TempDir()
	g := newGrowing(t, &GrowingOptions{Seed: 5})
	appendTo(t, g, ds)
	saveTo(t, g, dir)
	tighter := &GrowingOptions{Seed: 99, MaxImages: 10, MaxPerClass: 3, Classes: []string{"c2", "new"}}
	got, err := LoadGrowing(dir, tighter)
	if err != nil {
		t.Fatal(err)
	}
	want := newGrowing(t, &GrowingOptions{Seed: 5, MaxImages: 10, MaxPerClass: 3})
	appendTo(t, want, ds)
	appendTo(t, want, must(t)(Relabel(must(t)(Subset(ds, nil)), []string{"new"}, []int{-1, -1, -1})))
	sameGrowing(t, got, want)
	saveTo(t, got, dir)
	sameGrowing(t, loadFrom(t, dir), want)
	for _, bad := range []GrowingOptions{{MaxImages: -1}, {Classes: []string{""}}} {
		if _, err := LoadGrowing(dir, &bad); err == nil || errors.Is(err, ErrFormat) {
			t.Errorf("%+v: %v, want an error about the options", bad, err)
		}
	}
}

// Many appends make few files, and few of the images are written again.
func TestGrowingFiles(t *testing.T) {
	for _, bound := range []int{0, 60} {
		dir := t.TempDir()
		g := newGrowing(t, &GrowingOptions{MaxImages: bound, Seed: 2})
		written, came := 0, 0
		seen := map[string]bool{}
		for i := range 120 {
			ds := grid(t, 1+i%4, 2, 3)
			came += ds.Len()
			appendTo(t, g, ds)
			saveTo(t, g, dir)
			parts := 0
			for id, size := range g.saved.size {
				parts++
				if !seen[id] {
					seen[id] = true
					written += size / 12
				}
			}
			kept := g.Snapshot().Len()
			if limit := bits.Len(uint(kept)) + 2; parts > limit {
				t.Fatalf("%d images are in %d files after %d saves, want at most %d", kept, parts, i+1, limit)
			}
			if n := len(files(t, dir)); n != parts+1 {
				t.Fatalf("%d files, want the index and %d", n, parts)
			}
		}
		if limit := came * bits.Len(uint(came)); written > limit {
			t.Errorf("%d images written for %d that came, want at most %d", written, came, limit)
		}
		sameGrowing(t, loadFrom(t, dir), g)
	}
}

// Large sets are written in files of a bounded size, which are left alone until half of one is
// dropped.
func TestGrowingLargeFiles(t *testing.T) {
	const size = 1024 // 3 MiB an image
	ds, err := FromPixels(size, []string{"a"}, make([]int, 16), noisy(16*size*size*3))
	if err != nil {
		t.Fatal(err)
	}
	g, err := NewGrowing(size, nil)
	if err != nil {
		t.Fatal(err)
	}
	appendTo(t, g, ds)
	n := g.now.Load()
	total := 0
	for part := range n.parts(sequence(16)) {
		if b := n.bytes(part); b > fullPart || b < fullPart/2 {
			t.Errorf("a part of %d bytes, want %d to %d", b, fullPart/2, fullPart)
		}
		total += len(part)
	}
	if total != 16 {
		t.Errorf("%d images in parts, want 16", total)
	}
	// As if the first 8 images had been saved, and 8 more came: much, but the part is full.
	s := saved{part: map[int64]string{}, size: map[string]int{}}
	s.put("x", n.bytes(sequence(8)), n, sequence(8))
	if kept, fresh := s.plan(n); len(kept["x"]) != 8 || len(fresh) != 8 {
		t.Errorf("%d images stay and %d are written, want 8 and 8", len(kept["x"]), len(fresh))
	}
	s.size["x"] *= 2 // as many were dropped
	if kept, fresh := s.plan(n); len(kept) != 0 || len(fresh) != 16 {
		t.Errorf("%d parts stay and %d images are written, want none and 16", len(kept), len(fresh))
	}
}

func noisy(n int) []uint8 {
	out := make([]uint8, n)
	for i := range out {
		out[i] = uint8(i * i >> 3)
	}
	return out
}
