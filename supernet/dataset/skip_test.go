package dataset

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// With Skip the set is as if the damaged files were not there, and the report has them all.
func TestSkip(t *testing.T) {
	img := func(k uint64) []byte { return pngOf(t, noise(8, 8, k)) }
	damaged := img(9)[:60]
	good := []file{{"cat/2.png", img(2)}, {"cat/3.png", img(3)}, {"dog/1.png", img(4)}}
	all := append([]file{{"cat/1.png", nil}, {"dog/2.png", damaged}, {"dog/3.png", []byte("text")}, {"0.png", img(5)}}, good...)
	want, err := Open(ctx, writeFolder(t, good), nil)
	if err != nil {
		t.Fatal(err)
	}
	for form, path := range forms(t, all) {
		if _, err := Open(ctx, path, nil); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: without Skip %v", form, err)
		}
		got, err := Open(ctx, path, &Options{Skip: true, Workers: 3})
		if err != nil {
			t.Errorf("%s: %v", form, err)
			continue
		}
		same(t, got, want)
		for i := range got.Len() {
			if !strings.Contains(got.Source(i), good[i].name) {
				t.Errorf("%s: image %d is of %s, want %s", form, i, got.Source(i), good[i].name)
			}
		}
		r, err := Inspect(ctx, path, &Options{Skip: true})
		if err != nil || fmt.Sprint(*r) != fmt.Sprint(got.Report()) {
			t.Errorf("%s: inspected %v, %v; opened %v", form, r, err, got.Report())
			continue
		}
		if p := r.Passed; len(p) != 2 || p[0].Why != Loose || p[1].Why != Unreadable || p[1].Count != 3 ||
			fmt.Sprint(p[1].First) != "[cat/1.png dog/2.png dog/3.png]" || p[1].Said[0] != "empty file" {
			t.Errorf("%s: passed over %v", form, p)
		}
	}
}

// A class that would lose all of its images is an error, and so is an archive that ends too soon.
func TestSkipEnds(t *testing.T) {
	img := pngOf(t, noise(8, 8, 1))
	files := []file{{"cat/1.png", img}, {"dog/1.png", img[:50]}}
	for form, path := range forms(t, files) {
		if _, err := Open(ctx, path, &Options{Skip: true}); !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), `no image of class "dog"`) {
			t.Errorf("%s: %v", form, err)
		}
	}
	cut := bytes.Clone(tarOf(t, files))[:700]
	if _, err := Open(ctx, writeFile(t, "a.tar", cut), &Options{Skip: true}); !errors.Is(err, ErrFormat) {
		t.Errorf("cut archive: %v", err)
	}
}
