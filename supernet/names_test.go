package supernet

import (
	"archive/tar"
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// colours is what images of a class look like on disk, but for noise.
var colours = map[string]color.RGBA{
	"ant": {220, 220, 30, 255}, "bat": {30, 220, 220, 255}, "cat": {220, 30, 30, 255},
	"dog": {30, 220, 30, 255}, "eel": {30, 30, 220, 255}, "fox": {220, 30, 220, 255},
}

// disk writes images of some classes, a folder for each, to a folder and to a tar, and returns the
// paths of both.
func disk(t testing.TB, perClass int, seed uint64, classes ...string) []string {
	t.Helper()
	dir := t.TempDir()
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	for _, class := range classes {
		if err := os.Mkdir(filepath.Join(dir, class), 0o755); err != nil {
			t.Fatal(err)
		}
		for i := range perClass {
			r := rand.New(rand.NewPCG(seed, uint64(i)))
			img := image.NewRGBA(image.Rect(0, 0, 16, 16))
			for p := range 16 * 16 {
				c := colours[class]
				for _, v := range []*uint8{&c.R, &c.G, &c.B} {
					*v += uint8(r.IntN(30))
				}
				img.SetRGBA(p%16, p/16, c)
			}
			var file bytes.Buffer
			if err := png.Encode(&file, img); err != nil {
				t.Fatal(err)
			}
			name := fmt.Sprintf("%s/%d.png", class, i)
			if err := os.WriteFile(filepath.Join(dir, filepath.FromSlash(name)), file.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
			if err := w.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(file.Len())}); err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write(file.Bytes()); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	packed := filepath.Join(t.TempDir(), "images.tar")
	if err := os.WriteFile(packed, archive.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return []string{dir, packed}
}

// opened reads a data set.
func opened(t testing.TB, path string, o *dataset.Options) dataset.Dataset {
	t.Helper()
	ds, err := dataset.Open(t.Context(), path, o)
	if err != nil {
		t.Fatal(err)
	}
	return ds
}

// trained is a model of nobody's classes that was trained on data until it knows them.
func trained(t testing.TB, ds dataset.Dataset) *Model {
	t.Helper()
	space, err := tinySpace(t).WithClasses(len(ds.Classes()))
	if err != nil {
		t.Fatal(err)
	}
	m, err := NewModel(space, space.Smallest(), &Options{Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	learn(t, m, ds)
	return m
}

// learn trains a model until it knows all images.
func learn(t testing.TB, m *Model, ds dataset.Dataset) {
	t.Helper()
	if _, err := m.Train(t.Context(), ds, short(12)); err != nil {
		t.Fatal(err)
	}
	if v := must(t)(m.Evaluate(t.Context(), ds, nil)); v.Accuracy != 1 || v.Unknown != 0 {
		t.Fatalf("after training %+v", v)
	}
}

// A model that was trained on cat, dog and eel knows them when a class arrives that sorts first,
// and learns that one without forgetting which is which.
func TestClassArrivesFirst(t *testing.T) {
	const n = 12
	before, after := disk(t, n, 1, "cat", "dog", "eel"), disk(t, n, 2, "ant", "cat", "dog", "eel")
	for k := range before {
		m := trained(t, opened(t, before[k], nil))
		if got := m.ClassNames(); !slices.Equal(got, []string{"cat", "dog", "eel"}) {
			t.Fatalf("the model calls its classes %q", got)
		}
		grown := opened(t, after[k], nil)
		v := must(t)(m.Evaluate(t.Context(), grown, nil))
		if v.Correct != 3*n || v.Unknown != n || v.Samples != 4*n || v.Accuracy != 0.75 {
			t.Errorf("%s: %+v, expected all images of three classes to be right and one class unknown", after[k], v)
		}
		if err := m.GrowClasses(t.Context(), grown.Classes()...); err != nil {
			t.Fatal(err)
		}
		learn(t, m, grown)
		if got := m.ClassNames(); !slices.Equal(got, []string{"cat", "dog", "eel", "ant"}) {
			t.Errorf("the model calls its classes %q", got)
		}
		for _, path := range []string{before[k], after[k]} {
			for _, o := range []*dataset.Options{nil, {KnownClasses: m.ClassNames()}} {
				if v := must(t)(m.Evaluate(t.Context(), opened(t, path, o), nil)); v.Accuracy != 1 || v.Unknown != 0 {
					t.Errorf("%s, options %+v: %+v, expected every image to be right", path, o, v)
				}
			}
		}
		for i := range grown.Len() {
			best, err := m.Top(picture(t, grown, i), 1)
			if want := grown.Classes()[grown.Label(i)]; err != nil || best[0].Name != want {
				t.Errorf("image %d is taken for %+v, expected %s (%v)", i, best, want, err)
			}
		}
	}
}

// One more folder among those that a supernet was trained on moves no answer: where matching by
// number would leave one class of six right, five are.
func TestOneMoreFolder(t *testing.T) {
	const n = 10
	known := disk(t, n, 1, "ant", "cat", "dog", "eel", "fox")
	more := disk(t, n, 2, "ant", "bat", "cat", "dog", "eel", "fox")
	space, err := tinySpace(t).WithClasses(5)
	if err != nil {
		t.Fatal(err)
	}
	for k := range known {
		train := opened(t, known[k], nil)
		net, err := New(space, &Options{Seed: 7})
		if err != nil {
			t.Fatal(err)
		}
		o := short(15)
		o.Subnets = SubnetOptions{Sampler: Cycle(space.Smallest()), StepsPerDraw: 1}
		if _, err := net.Train(t.Context(), train, o); err != nil {
			t.Fatal(err)
		}
		judge := func(path string) searchspace.Measurement {
			j, err := net.On(opened(t, path, nil), &EvalOptions{Calibration: train})
			if err != nil {
				t.Fatal(err)
			}
			return must(t)(j.Evaluate(t.Context(), space.Smallest()))
		}
		if v := judge(known[k]); v.Accuracy != 1 {
			t.Fatalf("after training %+v", v)
		}
		if v := judge(more[k]); v.Correct != 5*n || v.Unknown != n || v.Samples != 6*n {
			t.Errorf("%s: %+v, expected all images of five classes to be right and one class unknown", more[k], v)
		}
	}
}
