package dataset

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Merging keeps old numbers, appends every new name once, in its order, and makes a list of its
// own.
func TestMergeClasses(t *testing.T) {
	letters := rapid.StringOfN(rapid.RuneFrom([]rune("aéжß_.0")), 1, 2, 4)
	lists := rapid.SliceOfNDistinct(letters, 0, 8, rapid.ID[string])
	rapid.Check(t, func(t *rapid.T) {
		known, more := lists.Draw(t, "known"), lists.Draw(t, "more")
		got, err := MergeClasses(known, more)
		if err != nil {
			t.Fatal(err)
		}
		want := slices.Clone(known)
		for _, name := range more {
			if !slices.Contains(known, name) {
				want = append(want, name)
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%q and %q give %q, want %q", known, more, got, want)
		}
		if again, err := MergeClasses(got, more); err != nil || !slices.Equal(again, got) {
			t.Fatalf("once more: %q, error %v", again, err)
		}
		if len(known) > 0 {
			if got[0] += "!"; got[0] == known[0] {
				t.Fatal("the result shares memory with the known names")
			}
		}
	})
	for _, c := range []struct {
		known, more []string
		want        string
	}{
		{[]string{"cat", "dog", "cat"}, nil, `classes 0 and 2 are both called "cat"`},
		{[]string{"cat"}, []string{"eel", "eel"}, `classes 0 and 1 are both called "eel"`},
		{[]string{"cat", ""}, nil, "class 1 has no name"},
		{[]string{"cat"}, []string{"cat "}, `classes "cat" and "cat " print alike`},
		{[]string{"big cat"}, []string{"big  cat"}, `"big  cat" print alike`},
		{[]string{"big cat"}, []string{"big\u00a0cat"}, `"big\u00a0cat" print alike`},
		{[]string{"a"}, []string{"a\x07"}, `"a\a" print alike`},
		{[]string{"\u2764"}, []string{"\u2764\ufe0f"}, `"\u2764\ufe0f" print alike`},
		{[]string{"cat"}, []string{"\ufeffcat"}, `"\ufeffcat" print alike`},
		{nil, []string{""}, "class 0 has no name"},
		{[]string{"caf\u00e9"}, []string{"cafe\u0301"}, `classes "caf\u00e9" and "cafe\u0301" print alike`},
		{[]string{"cat", "r\xe9sum\xe9"}, nil, `class 1 is called "r\xe9sum\xe9", which is not UTF-8`},
	} {
		if _, err := MergeClasses(c.known, c.more); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q and %q: error %v, want %q", c.known, c.more, err, c.want)
		}
	}
}

// checkPinned fails unless got is plain with known classes first: the same images in the same order
// under the same names, no class lost, old numbers kept.
func checkPinned(t testing.TB, got, plain Dataset, known []string) {
	t.Helper()
	want, err := MergeClasses(known, plain.Classes())
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got.Classes(), want) {
		t.Fatalf("classes %q, want %q", got.Classes(), want)
	}
	if got.Len() != plain.Len() {
		t.Fatalf("%d images, want %d", got.Len(), plain.Len())
	}
	for i := range got.Len() {
		if g, w := got.Classes()[got.Label(i)], plain.Classes()[plain.Label(i)]; g != w {
			t.Fatalf("image %d is a %q, want %q", i, g, w)
		}
		if !slices.Equal(imageOf(t, got, i), imageOf(t, plain, i)) {
			t.Fatalf("image %d: other pixels", i)
		}
	}
}

// Every reader puts known classes first, those without images too.
func TestKnownClasses(t *testing.T) {
	files := sampleFiles(t)
	cifar := t.TempDir()
	if err := os.WriteFile(filepath.Join(cifar, "data_batch_1.bin"), cifarBytes(&cifar10, 7), 0o644); err != nil {
		t.Fatal(err)
	}
	idx := t.TempDir()
	images, labels := idxFiles(11, 5, 5, func(i int) byte { return byte(i % 3) })
	for name, data := range map[string][]byte{"train-images-idx3-ubyte": images, "train-labels-idx1-ubyte": labels} {
		if err := os.WriteFile(filepath.Join(idx, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for path, lists := range map[string][][]string{
		writeFolder(t, files):                             {{"eel", "cat", "dog"}, {"dog"}, {"ant", "dog"}, {"ant"}, {"cat", "dog", "eel"}, nil},
		writeFile(t, "a.tar", tarOf(t, files)):            {{"eel", "cat", "dog"}, {"ant", "dog"}},
		writeFile(t, "a.tgz", gzipOf(t, tarOf(t, files))): {{"dog", "yak"}},
		cifar: {{"truck", "ship"}, {"yak", "cat"}},
		idx:   {{"2", "0"}, {"ten", "9"}},
		filepath.Join(idx, "train-images-idx3-ubyte"):                                          {{"1"}},
		filepath.Join(cifar, "data_batch_1.bin"):                                               {{"frog"}},
		writeFile(t, "one.tar", tarOf(t, files[:1])):                                           {{"ant", "dog"}},
		writeFolder(t, []file{{"x/cat/1.png", files[0].data}, {"x/dog/1.png", files[0].data}}): {{"dog"}},
	} {
		plain, err := Open(ctx, path, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, known := range lists {
			got, err := Open(ctx, path, &Options{KnownClasses: known})
			if err != nil {
				t.Fatal(err)
			}
			checkPinned(t, got, plain, known)
		}
	}
	dir := writeFolder(t, files)
	for known, want := range map[string]error{"cat cat": nil, "many": ErrLimit} {
		o := &Options{KnownClasses: strings.Fields(known)}
		if want != nil {
			o.KnownClasses = nil
			for c := range maxClasses {
				o.KnownClasses = append(o.KnownClasses, strconv.Itoa(c))
			}
		}
		if _, err := Open(ctx, dir, o); err == nil || want != nil && !errors.Is(err, want) {
			t.Errorf("known classes %s: error %v, want %v", known, err, want)
		}
	}
	if _, err := readPair(images, labels, &Options{ClassNames: []string{"a", "b", "a"}, KnownClasses: []string{"b"}}); err == nil {
		t.Error("classes of one name are told apart")
	}
}

// Both parts of a pair have the known classes, then those of the training part.
func TestKnownClassesOfPair(t *testing.T) {
	img := pngOf(t, noise(5, 5, 1))
	dir := writeFolder(t, []file{{"train/cat/1.png", img}, {"train/dog/1.png", img}, {"train/ant/1.png", img},
		{"test/dog/1.png", img}, {"test/cat/2.png", img}, {"test/yak/2.png", img}})
	train, test, err := OpenPair(ctx, dir, &Options{KnownClasses: []string{"yak", "dog"}})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"yak", "dog", "ant", "cat"}
	if !slices.Equal(train.Classes(), want) || !slices.Equal(test.Classes(), want) {
		t.Fatalf("classes %q and %q, want %q", train.Classes(), test.Classes(), want)
	}
	if got := Count(train); !slices.Equal(got, []int{0, 1, 1, 1}) {
		t.Errorf("training images %v", got)
	}
	if got := Count(test); !slices.Equal(got, []int{1, 1, 0, 1}) {
		t.Errorf("test images %v", got)
	}
	if _, _, err := OpenPair(ctx, dir, &Options{KnownClasses: []string{"dog"}}); !errors.Is(err, ErrFormat) ||
		!strings.Contains(err.Error(), `class "yak"`) {
		t.Errorf("a class of the test part alone: error %v", err)
	}
}

// FuzzKnownClasses gives a folder of two classes any names to put first.
func FuzzKnownClasses(f *testing.F) {
	img := pngOf(f, noise(5, 5, 1))
	dir := writeFolder(f, []file{{"cat/1.png", img}, {"dog/1.png", img}})
	plain, err := OpenFolder(ctx, dir, &small)
	if err != nil {
		f.Fatal(err)
	}
	for _, known := range []string{"", "dog", "dog\ncat", "cat\ncat", "\n", "a\xff\ncat", "dog\nant\ncat", " cat"} {
		f.Add(known)
	}
	f.Fuzz(func(t *testing.T, text string) {
		o := small
		o.KnownClasses = strings.Split(text, "\n")
		got, err := OpenFolder(ctx, dir, &o)
		if _, refused := MergeClasses(o.KnownClasses, plain.Classes()); (err != nil) != (refused != nil) {
			t.Fatalf("%q: error %v, of the list %v", text, err, refused)
		}
		if err == nil {
			checkPinned(t, got, plain, o.KnownClasses)
		}
	})
}

// Shuffle keeps every image with its label, lends it from where it is, and depends on the seed
// alone.
func TestShuffle(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		base := grid(t, rapid.IntRange(1, 50).Draw(rt, "images"), 2, 3)
		seed := rapid.Uint64().Draw(rt, "seed")
		ds, err := Shuffle(base, seed)
		if err != nil {
			rt.Fatal(err)
		}
		order := indices(base, ds)
		if !slices.Equal(slices.Sorted(slices.Values(order)), sequence(base.Len())) {
			rt.Fatalf("order %v", order)
		}
		for i, j := range order {
			if ds.Label(i) != base.Label(j) {
				rt.Fatalf("image %d is image %d with another label", i, j)
			}
		}
		if !slices.Equal(ds.Classes(), base.Classes()) {
			rt.Fatalf("classes %q", ds.Classes())
		}
		same(t, must(t)(Shuffle(base, seed)), ds)
	})
	base := grid(t, 60, 2, 3)
	if a, b := must(t)(Shuffle(base, 1)), must(t)(Shuffle(base, 2)); slices.Equal(indices(base, a), indices(base, b)) {
		t.Error("two seeds give one order")
	}
}

// Names that files or people could not tell apart are refused by readers and by what takes names.
func TestClassNamesTellApart(t *testing.T) {
	img := pngOf(t, noise(4, 4, 1))
	for _, names := range [][]string{{"cafe\u0301", "caf\u00e9"}, {"r\xe9", "r\xe8"}} {
		files := []file{{names[0] + "/1.png", img}, {names[1] + "/1.png", img}}
		if _, err := Open(ctx, writeFile(t, "a.tar", tarOf(t, files)), nil); !errors.Is(err, ErrFormat) {
			t.Errorf("%+q in a tar: error %v, want ErrFormat", names, err)
		}
		if _, err := FromPixels(1, names, nil, nil); err == nil {
			t.Errorf("%+q as names of pixels: accepted", names)
		}
		if _, err := Relabel(grid(t, 3, 1, 2), names, []int{0, 1}); err == nil {
			t.Errorf("%+q as new names: accepted", names)
		}
	}
}
