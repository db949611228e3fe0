package dataset

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/bits"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tendril-nas/tendril/internal/checkpoint"
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
	rapid.Check(t, func(rt *rapid.T) {
		o := &GrowingOptions{Seed: rapid.Uint64().Draw(rt, "seed"), MaxImages: rapid.IntRange(0, 30).Draw(rt, "images"),
			MaxPerClass: rapid.IntRange(0, 9).Draw(rt, "class"), Classes: []string{"c1"}}
		want, g := newGrowing(t, o), newGrowing(t, o)
		dir := t.TempDir()
		for range rapid.IntRange(1, 5).Draw(rt, "appends") {
			ds := grid(t, rapid.IntRange(0, 12).Draw(rt, "count"), 2, rapid.IntRange(1, 4).Draw(rt, "classes"))
			if rapid.Bool().Draw(rt, "grey") {
				ds = greys(t, 5, "grey")
			}
			appendTo(t, want, ds)
			appendTo(t, g, ds)
			switch rapid.IntRange(0, 3).Draw(rt, "then") {
			case 0:
				saveTo(t, g, dir)
			case 1:
				saveTo(t, g, dir)
				g = loadFrom(t, dir)
			case 2: // the folder is lost, or another is used
				if rapid.Bool().Draw(rt, "lost") {
					if err := os.RemoveAll(dir); err != nil {
						rt.Fatal(err)
					}
				} else {
					dir = filepath.Join(t.TempDir(), "new", "folder")
				}
				saveTo(t, g, dir)
			}
			sameGrowing(t, g, want)
		}
		saveTo(t, g, dir)
		sameGrowing(t, loadFrom(t, dir), want)
	})
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

// endingContext ends after it was asked some times.
type endingContext struct {
	context.Context
	left int
}

func (c *endingContext) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

// A Save that ends after any of its steps leaves the set as it was, until the last step; the one
// after it cleans up. So does one beside half-written files of a process that was killed.
func TestGrowingSaveInterrupted(t *testing.T) {
	saveSmall := func(t *testing.T) (*Growing, string) {
		g := newGrowing(t, &GrowingOptions{MaxImages: 20, Seed: 3})
		dir := t.TempDir()
		for _, n := range []int{16, 5, 2} {
			appendTo(t, g, grid(t, n, 2, 2))
			saveTo(t, g, dir)
		}
		return g, dir
	}
	for steps := 0; ; steps++ {
		g, dir := saveSmall(t)
		before, old := files(t, dir), loadFrom(t, dir)
		appendTo(t, g, grid(t, 30, 2, 3))
		err := g.Save(&endingContext{ctx, steps}, dir)
		if err == nil {
			if steps < 2 {
				t.Errorf("a save of %d steps, want several", steps)
			}
			sameGrowing(t, loadFrom(t, dir), g)
			break
		}
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		sameGrowing(t, loadFrom(t, dir), old)
		now := files(t, dir)
		for name, data := range before {
			if now[name] != data {
				t.Errorf("after %d steps %s changed", steps, name)
			}
		}
		// The same process goes on, or another one from what is there.
		other := loadFrom(t, dir)
		appendTo(t, other, grid(t, 30, 2, 3))
		sameGrowing(t, other, g)
		for _, next := range []*Growing{g, other} {
			// Halves of files that were under way.
			junk := []string{".index.tmp-12-0", "." + imagesPrefix + strings.Repeat("0", 32) + ".tmp-12-1", imagesPrefix + strings.Repeat("0", 32)}
			for _, name := range junk {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(before[indexName][:50]), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			sameGrowing(t, loadFrom(t, dir), loadFrom(t, dir))
			saveTo(t, next, dir)
			sameGrowing(t, loadFrom(t, dir), next)
			if n := len(files(t, dir)); n != len(next.saved.size)+1 {
				t.Errorf("%d files, want the index and %d", n, len(next.saved.size))
			}
		}
	}
	// Nothing to load where even the first Save did not end.
	g := newGrowing(t, nil)
	appendTo(t, g, grid(t, 3, 2, 2))
	dir := filepath.Join(t.TempDir(), "x")
	if err := g.Save(&endingContext{ctx, 1}, dir); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if _, err := LoadGrowing(dir, nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("load: %v, want fs.ErrNotExist", err)
	}
	saveTo(t, g, dir)
	sameGrowing(t, loadFrom(t, dir), g)
	if err := os.WriteFile(dir+"file", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := g.Save(ctx, dir+"file"); err == nil {
		t.Error("saved into a file")
	}
}

// growingEnv names the folder that a child process of TestGrowingKilled fills until it is killed.
const growingEnv = "TENDRIL_TEST_GROWING"

// killedAppend is what the child appends, by the number of images that came before.
func killedAppend(t testing.TB, came int) Dataset { return grid(t, 1+came%7, 2, 1+came%4) }

// A process that is killed at any moment leaves a set that was saved.
func TestGrowingKilled(t *testing.T) {
	o := &GrowingOptions{MaxImages: 50, Seed: 8}
	if dir := os.Getenv(growingEnv); dir != "" {
		g, err := LoadGrowing(dir, nil)
		if errors.Is(err, fs.ErrNotExist) {
			g, err = NewGrowing(2, o)
		}
		for ; err == nil; err = g.Save(ctx, dir) {
			fmt.Println("saved")
			appendTo(t, g, killedAppend(t, int(g.now.Load().total())))
		}
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "set")
	want := newGrowing(t, o)
	for range 5 {
		cmd := exec.Command(os.Args[0], "-test.run=^TestGrowingKilled$")
		cmd.Env = append(os.Environ(), growingEnv+"="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		for n, s := 0, bufio.NewScanner(out); n < 8 && s.Scan(); {
			if s.Text() == "saved" {
				n++
			}
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Wait(); err == nil {
			t.Fatal("the process ended before it was killed")
		}
		got := loadFrom(t, dir)
		came := got.now.Load().total()
		for want.now.Load().total() < came {
			appendTo(t, want, killedAppend(t, int(want.now.Load().total())))
		}
		sameGrowing(t, got, want)
	}
	if n := want.now.Load().total(); n < 60 {
		t.Errorf("%d images came, want more than the bound", n)
	}
}

// Damage is found wherever it is, and named.
func TestGrowingDamaged(t *testing.T) {
	dir := t.TempDir()
	g := newGrowing(t, &GrowingOptions{MaxImages: 30})
	for _, n := range []int{20, 3} {
		appendTo(t, g, grid(t, n, 2, 3))
		saveTo(t, g, dir)
	}
	whole := files(t, dir)
	if len(whole) != 3 {
		t.Fatalf("%d files, want an index and two of images", len(whole))
	}
	write := func(name, data string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var parts []string
	for name, data := range whole {
		if name != indexName {
			parts = append(parts, name)
		}
		for at := 0; at < len(data); at += 1 + len(data)/60 {
			flipped := []byte(data)
			flipped[at] ^= 1 << (at % 8)
			for _, bad := range []string{data[:at], string(flipped)} {
				write(name, bad)
				_, err := LoadGrowing(dir, nil)
				wantBad(t, err, name, -1)
			}
		}
		write(name, data)
	}
	sameGrowing(t, loadFrom(t, dir), g)
	// Files that are whole and not those of the set.
	write(parts[0], whole[parts[1]])
	_, err := LoadGrowing(dir, nil)
	wantBad(t, err, parts[0], -1)
	write(parts[0], whole[indexName])
	_, err = LoadGrowing(dir, nil)
	wantBad(t, err, parts[0], -1)
	if err := os.Remove(filepath.Join(dir, parts[0])); err != nil {
		t.Fatal(err)
	}
	_, err = LoadGrowing(dir, nil)
	wantBad(t, err, parts[0], -1)
	if errors.Is(err, fs.ErrNotExist) {
		t.Error("a set of which a file is missing is taken for none")
	}
	// The set that is in memory is not lost.
	saveTo(t, g, dir)
	sameGrowing(t, loadFrom(t, dir), g)
}

// FuzzLoadGrowing gives the loader folders whose files are whole, as far as digests go, and say
// anything: the description of the set, and for the images their numbers, nine bytes each.
func FuzzLoadGrowing(f *testing.F) {
	dir := f.TempDir()
	g := newGrowing(f, &GrowingOptions{MaxImages: 5})
	appendTo(f, g, grid(f, 8, 2, 2))
	saveTo(f, g, dir)
	var index growingIndex
	if _, err := checkpoint.Read(filepath.Join(dir, indexName), indexKind, growingVersion, &index); err != nil {
		f.Fatal(err)
	}
	text, err := json.Marshal(index)
	if err != nil {
		f.Fatal(err)
	}
	var numbers []byte
	n := g.now.Load()
	for i, m := range n.marks {
		numbers = append(numbers, byte(n.images.labels[i]), 3)
		numbers = binary.LittleEndian.AppendUint16(numbers, uint16(m.number))
		numbers = binary.LittleEndian.AppendUint16(numbers, uint16(m.order))
	}
	pixels := bytesOf(g.Snapshot())
	f.Add(text, numbers, pixels)
	f.Add([]byte(strings.Replace(string(text), `"Size":2`, `"Size":4096`, 1)), numbers, pixels)
	f.Add([]byte(strings.Replace(string(text), `"Seen":[`, `"Seen":[-`, 1)), numbers, pixels)
	f.Add([]byte(strings.Replace(string(text), `"Images":5`, `"Images":6`, 1)), append(numbers, numbers[:6]...), append(pixels, pixels[:12]...))
	f.Add([]byte(`{"Size":1,"Classes":["a"],"Seen":[9007199254740992],"Below":[18446744073709551615],"Images":1,"Parts":["`+index.Parts[0]+`"]}`),
		[]byte{0, 1, 0, 0, 0, 0}, []byte{7})
	f.Add([]byte(`{"Size":1,"Parts":["../../../etc/passwd"]}`), []byte{}, []byte{})
	f.Add([]byte(`[]`), []byte{1}, []byte{2})
	f.Fuzz(func(t *testing.T, index, numbers, pixels []byte) {
		dir := t.TempDir()
		if !json.Valid(index) || checkpoint.Write(filepath.Join(dir, indexName), indexKind, growingVersion, json.RawMessage(index), nil) != nil {
			return
		}
		var listed growingIndex
		if json.Unmarshal(index, &listed) == nil && len(listed.Parts) == 1 && isID(listed.Parts[0]) {
			tensors := imagesTensors{pixels: pixels}
			for m := numbers; len(m) >= 6; m = m[6:] {
				tensors.class, tensors.channels = append(tensors.class, int32(int8(m[0]))), append(tensors.channels, m[1])
				tensors.number = append(tensors.number, int64(int16(binary.LittleEndian.Uint16(m[2:]))))
				tensors.order = append(tensors.order, int64(int16(binary.LittleEndian.Uint16(m[4:]))))
			}
			err := checkpoint.Write(filepath.Join(dir, imagesPrefix+listed.Parts[0]), imagesKind, growingVersion,
				&imagesMeta{ID: listed.Parts[0]}, tensors.tensors())
			if err != nil {
				t.Fatal(err)
			}
		}
		g, err := LoadGrowing(dir, nil)
		if err != nil {
			var fe *FileError
			if !errors.As(err, &fe) || !errors.Is(err, ErrFormat) {
				t.Fatalf("error of no kind: %v", err)
			}
			return
		}
		ds := g.Snapshot()
		if ds.Len() != listed.Images && (listed.MaxImages == 0 && listed.MaxPerClass == 0 || ds.Len() > listed.Images) {
			t.Fatalf("%d images, the index says %d", ds.Len(), listed.Images)
		}
		Count(ds)
		for i := range ds.Len() {
			imageOf(t, ds, i)
		}
		if err := g.Append(ctx, must(t)(Subset(ds, sequence(ds.Len())))); err != nil && !errors.Is(err, ErrLimit) {
			t.Fatal(err)
		}
		saveTo(t, g, dir)
		sameGrowing(t, loadFrom(t, dir), g)
	})
}

func bytesOf(ds Dataset) (out []byte) {
	for i := range ds.Len() {
		out = append(out, lend(ds, i)...)
	}
	return out
}

// FuzzLoadGrowingBytes gives the loader anything for an index and for images.
func FuzzLoadGrowingBytes(f *testing.F) {
	dir := f.TempDir()
	g := newGrowing(f, nil)
	appendTo(f, g, grid(f, 3, 2, 2))
	saveTo(f, g, dir)
	whole := files(f, dir)
	var part string
	for name := range whole {
		if name != indexName {
			part = name
		}
	}
	f.Add([]byte(whole[indexName]), []byte(whole[part]))
	f.Add([]byte(whole[part]), []byte(whole[indexName]))
	f.Add([]byte(whole[indexName])[:100], []byte{})
	f.Fuzz(func(t *testing.T, index, images []byte) {
		dir := t.TempDir()
		for name, data := range map[string][]byte{indexName: index, part: images} {
			if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		g, err := LoadGrowing(dir, nil)
		if err == nil {
			sameGrowing(t, g, loadFrom(t, dir))
		} else if !errors.Is(err, ErrFormat) {
			t.Fatalf("error of no kind: %v", err)
		}
	})
}
