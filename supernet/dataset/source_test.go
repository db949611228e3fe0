package dataset

import (
	"path/filepath"
	"slices"
	"testing"
)

// sourcesOf are those of all images.
func sourcesOf(ds Dataset) []string {
	var list []string
	for i := range ds.Len() {
		list = append(list, Source(ds, i))
	}
	return list
}

func TestSources(t *testing.T) {
	files := sampleFiles(t)
	dir := writeFolder(t, files)
	archive := writeFile(t, "a.tar", tarOf(t, files))
	names := []string{"cat/10.png", "cat/2.jpg", "dog/a.JPEG", "dog/b.png", "eel/deep/x.png"}
	for path, name := range map[string]func(string) string{
		dir:     func(s string) string { return filepath.Join(dir, filepath.FromSlash(s)) },
		archive: func(s string) string { return archive + ": " + s },
	} {
		ds, err := Open(ctx, path, &Options{Size: 10})
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for _, s := range names {
			want = append(want, name(s))
		}
		if got := sourcesOf(ds); !slices.Equal(got, want) {
			t.Errorf("got %q, expected %q", got, want)
		}
	}
}

// Views know where the images of what they are made from come from.
func TestSourcesOfViews(t *testing.T) {
	dir := writeFolder(t, sampleFiles(t))
	ds, err := Open(ctx, dir, &Options{Size: 10})
	if err != nil {
		t.Fatal(err)
	}
	all := sourcesOf(ds)
	must := func(v Dataset, err error) Dataset {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	nameless := must(FromPixels(10, ds.Classes(), []int{0}, make([]uint8, 300)))
	some := must(Subset(ds, []int{3, 1, 3}))
	for name, c := range map[string]struct {
		ds   Dataset
		want []string
	}{
		"subset":    {some, []string{all[3], all[1], all[3]}},
		"classes":   {must(ByClass(some, 1)), []string{all[3], all[3]}},
		"augmented": {must(Augmented(some, Augment{Flip: true}, 1)), []string{all[3], all[1], all[3]}},
		"concat":    {must(Concat(nameless, some, ds)), append([]string{"", all[3], all[1], all[3]}, all...)},
		"nameless":  {must(Shuffle(nameless, 1)), []string{""}},
	} {
		if got := sourcesOf(c.ds); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, expected %q", name, got, c.want)
		}
		for _, i := range []int{-1, c.ds.Len()} {
			if s := Source(c.ds, i); s != "" {
				t.Errorf("%s: image %d comes from %q", name, i, s)
			}
			if s, ok := c.ds.(Sourced); ok && s.Source(i) != "" {
				t.Errorf("%s: image %d has the source %q", name, i, s.Source(i))
			}
		}
	}
}
