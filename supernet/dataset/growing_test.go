package dataset

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

// newGrowing is an empty set for images of 2 pixels.
func newGrowing(t testing.TB, o *GrowingOptions) *Growing {
	t.Helper()
	g, err := NewGrowing(2, o)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func appendTo(t testing.TB, g *Growing, ds Dataset) {
	t.Helper()
	if err := g.Append(ctx, ds); err != nil {
		t.Fatal(err)
	}
}

// came is an image that came: its class by name, and where it is.
type came struct {
	class string
	ds    Dataset
	index int
}

// expected is what a set should hold of the images that came: of every class those with the
// smallest keys, as many as its share, in the order in which they came.
func expected(o *GrowingOptions, classes []string, all []came) []came {
	type keyed struct {
		key   uint64
		place int
	}
	byClass := make([][]keyed, len(classes))
	seen := make([]int64, len(classes))
	for place, c := range all {
		k := slices.Index(classes, c.class)
		byClass[k] = append(byClass[k], keyed{keyOf(o.Seed, uint16(k), mark{number: seen[k]}), place})
		seen[k]++
	}
	var stay []int
	for c, n := range slowShares(o, seen) {
		slices.SortFunc(byClass[c], func(a, b keyed) int { return cmp.Compare(a.key, b.key) })
		for _, k := range byClass[c][:n] {
			stay = append(stay, k.place)
		}
	}
	slices.Sort(stay)
	var out []came
	for _, place := range stay {
		out = append(out, all[place])
	}
	return out
}

// holds fails unless ds holds the images listed, in their order.
func holds(t testing.TB, ds Dataset, want []came) {
	t.Helper()
	if ds.Len() != len(want) {
		t.Fatalf("%d images, want %d", ds.Len(), len(want))
	}
	for i, w := range want {
		if got := ds.Classes()[ds.Label(i)]; got != w.class {
			t.Fatalf("image %d is a %q, want %q", i, got, w.class)
		}
		if !bytes.Equal(imageOf(t, ds, i), imageOf(t, w.ds, w.index)) {
			t.Fatalf("image %d: other pixels", i)
		}
	}
}

// A set that grows by random appends holds what its definition says after each of them, and
// snapshots do not change.
func TestGrowing(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		o := &GrowingOptions{Seed: rapid.Uint64().Draw(rt, "seed"), MaxImages: rapid.IntRange(0, 30).Draw(rt, "images"),
			MaxPerClass: rapid.IntRange(0, 9).Draw(rt, "class"), Classes: []string{"c2", "unseen"}}
		g := newGrowing(t, o)
		classes := o.Classes
		var all []came
		type snapshot struct {
			ds   Dataset
			want []came
		}
		var kept []snapshot
		for range rapid.IntRange(1, 6).Draw(rt, "appends") {
			var ds Dataset = grid(t, rapid.IntRange(0, 25).Draw(rt, "count"), 2, rapid.IntRange(1, 4).Draw(rt, "classes"))
			if rapid.Bool().Draw(rt, "view") {
				ds = must(t)(Shuffle(ds, 1))
			}
			appendTo(t, g, ds)
			for i := range ds.Len() {
				all = append(all, came{ds.Classes()[ds.Label(i)], ds, i})
			}
			var err error
			if classes, err = MergeClasses(classes, ds.Classes()); err != nil {
				rt.Fatal(err)
			}
			now := g.Snapshot()
			if !slices.Equal(now.Classes(), classes) || now.Size() != 2 {
				rt.Fatalf("classes %q, want %q", now.Classes(), classes)
			}
			kept = append(kept, snapshot{now, expected(o, classes, all)})
		}
		seen := make([]int, len(classes))
		for _, c := range all {
			seen[slices.Index(classes, c.class)]++
		}
		if !slices.Equal(g.Seen(), seen) {
			rt.Fatalf("%v seen, want %v", g.Seen(), seen)
		}
		for _, s := range kept {
			holds(t, s.ds, s.want)
		}
	})
}

// How images are divided into appends does not matter.
func TestGrowingBatches(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		ds := grid(t, rapid.IntRange(1, 60).Draw(rt, "count"), 2, rapid.IntRange(1, 4).Draw(rt, "classes"))
		o := &GrowingOptions{Seed: rapid.Uint64().Draw(rt, "seed"), MaxImages: rapid.IntRange(1, 30).Draw(rt, "images"),
			MaxPerClass: rapid.IntRange(0, 9).Draw(rt, "class")}
		whole, pieces := newGrowing(t, o), newGrowing(t, o)
		appendTo(t, whole, ds)
		for from := 0; from < ds.Len(); {
			to := rapid.IntRange(from, ds.Len()).Draw(rt, "to")
			appendTo(t, pieces, must(t)(Subset(ds, sequence(ds.Len())[from:to])))
			from = to
		}
		same(t, pieces.Snapshot(), whole.Snapshot())
	})
}

// greys is n images of one class; image i is of the grey i.
func greys(t testing.TB, n int, class string) *Memory {
	t.Helper()
	pixels := make([]uint8, n*4)
	for i := range pixels {
		pixels[i] = uint8(i / 4)
	}
	m, err := FromPixels(2, []string{class}, make([]int, n), pixels)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Grey images take a byte a pixel, whatever they come from, and pixels are lent and not shared with
// what was appended.
func TestGrowingMemory(t *testing.T) {
	grey := greys(t, 3, "a")
	rgb := make([]uint8, 0, 24)
	for i := range grey.Len() {
		rgb = append(rgb, imageOf(t, grey, i)...)
	}
	rgb[len(rgb)-1]++ // one coloured pixel in the last image
	colour, err := FromPixels(2, []string{"a"}, make([]int, 3), rgb)
	if err != nil {
		t.Fatal(err)
	}
	g := newGrowing(t, nil)
	for _, ds := range []Dataset{grey, faulty{colour, -1}, colour} { // lent, asked for, lent
		appendTo(t, g, ds)
	}
	ds := g.Snapshot()
	for i, want := range []int{4, 4, 4, 4, 4, 12, 4, 4, 12} {
		if got := len(lend(ds, i)); got != want {
			t.Errorf("image %d takes %d bytes, want %d", i, got, want)
		}
	}
	holds(t, ds, []came{{"a", grey, 0}, {"a", grey, 1}, {"a", grey, 2}, {"a", colour, 0}, {"a", colour, 1}, {"a", colour, 2},
		{"a", colour, 0}, {"a", colour, 1}, {"a", colour, 2}})
	colour.images[0][0] = 99
	if lend(ds, 6)[0] == 99 {
		t.Error("the set shares pixels with what was appended")
	}
	before := &lend(ds, 0)[0]
	appendTo(t, g, grey)
	if &lend(g.Snapshot(), 0)[0] != before {
		t.Error("an append copied the pixels of images that were there")
	}
}

// liar has a label that it has no name for.
type liar struct{ Dataset }

func (l liar) Label(int) int { return len(l.Classes()) }

// An append that fails changes nothing, and the next is as if it had never been.
func TestGrowingErrors(t *testing.T) {
	base := grid(t, 20, 2, 3)
	o := &GrowingOptions{MaxImages: 12, Seed: 4}
	g := newGrowing(t, o)
	appendTo(t, g, base)
	before := g.Snapshot()
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	named := func(names ...string) Dataset {
		v := must(t)(Relabel(base, base.Classes(), []int{0, 1, 2})).(*view)
		v.classes = names // which Relabel would refuse
		return v
	}
	for name, c := range map[string]struct {
		ctx  context.Context
		ds   Dataset
		want error
	}{
		"nothing": {ctx, nil, nil}, "size": {ctx, grid(t, 3, 4, 2), nil}, "label": {ctx, liar{base}, nil},
		"no name": {ctx, named("x", "", "y"), nil}, "twice": {ctx, named("x", "y", "x"), nil}, "text": {ctx, named("x", "y", "\xff"), nil},
		"cancelled": {cancelled, base, context.Canceled},
	} {
		err := g.Append(c.ctx, c.ds)
		if err == nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: error %v, want one of %v", name, err, c.want)
		}
		if g.Snapshot() != before || fmt.Sprint(g.Seen()) != fmt.Sprint(Count(base)) {
			t.Errorf("%s: the set changed", name)
		}
	}
	failed := 0
	for bad := range base.Len() { // those that would not stay are not read
		if err := g.Append(ctx, faulty{base, bad}); err != nil {
			failed++
			if !errors.Is(err, errFaulty) || g.Snapshot() != before {
				t.Fatalf("image %d: error %v", bad, err)
			}
		} else {
			g = newGrowing(t, o)
			appendTo(t, g, base)
			before = g.Snapshot()
		}
	}
	if failed == 0 || failed == base.Len() {
		t.Errorf("%d of %d images were read, want some", failed, base.Len())
	}
	appendTo(t, g, base)
	again := newGrowing(t, o)
	appendTo(t, again, base)
	appendTo(t, again, base)
	same(t, g.Snapshot(), again.Snapshot())

	for _, o := range []GrowingOptions{{MaxImages: -1}, {MaxPerClass: -1}, {Classes: []string{""}}, {Classes: []string{"a", "a"}}} {
		if _, err := NewGrowing(2, &o); err == nil {
			t.Errorf("%+v was accepted", o)
		}
	}
	for _, size := range []int{0, -1, maxSize + 1} {
		if _, err := NewGrowing(size, nil); err == nil {
			t.Errorf("size %d was accepted", size)
		}
	}
}

// The zero Growing holds nothing, takes nothing and is not saved.
func TestZeroGrowing(t *testing.T) {
	var g Growing
	dir := t.TempDir()
	if err := g.Append(ctx, grid(t, 3, 2, 2)); !errors.Is(err, errNotGrowing) {
		t.Errorf("append: %v", err)
	}
	if err := g.Save(ctx, dir); !errors.Is(err, errNotGrowing) || len(files(t, dir)) > 0 {
		t.Errorf("save: %v", err)
	}
	if ds := g.Snapshot(); ds.Len() != 0 || len(g.Seen()) != 0 {
		t.Errorf("%d images of %v", ds.Len(), g.Seen())
	}
}

// Readers see whole sets while others are appended.
func TestGrowingConcurrently(t *testing.T) {
	g := newGrowing(t, &GrowingOptions{MaxImages: 40, Seed: 1})
	appendTo(t, g, grid(t, 5, 2, 2))
	done := make(chan struct{})
	var readers, writers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			for {
				n := 0
				ds := g.Snapshot()
				for b, err := range Batches(ctx, ds, LoaderOptions{BatchSize: 8, Workers: 2}) {
					if err != nil {
						t.Error(err)
						return
					}
					n += b.N
				}
				if n != ds.Len() || len(g.Seen()) < len(ds.Classes()) {
					t.Errorf("%d images of %d", n, ds.Len())
					return
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	dir := t.TempDir()
	for k := range 2 {
		writers.Go(func() {
			for i := range 30 {
				if err := g.Append(ctx, grid(t, 3+k, 2, 1+i%5)); err != nil {
					t.Error(err)
				}
				if i%10 == 0 {
					if err := g.Save(ctx, dir); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	writers.Wait()
	close(done)
	readers.Wait()
	if n := g.Snapshot().Len(); n != 40 {
		t.Errorf("%d images, want 40", n)
	}
	if got := fmt.Sprint(Count(g.Snapshot())); got != "[8 8 8 8 8]" {
		t.Errorf("images of each class: %v, want 8", got)
	}
}
