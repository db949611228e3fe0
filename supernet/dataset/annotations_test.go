package dataset

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// tinyFiles is a set laid out as Tiny-ImageNet unpacks: the validation images are in one folder,
// their classes in a file beside it, and the test images have no classes.
func tinyFiles(t testing.TB) []file {
	img := func(seed uint64) []byte { return pngOf(t, noise(6, 6, seed)) }
	return []file{
		{"tiny-imagenet-200/wnids.txt", []byte("n02\nn01\n")},
		{"tiny-imagenet-200/train/n01/n01_boxes.txt", []byte("n01_0.png\t0\t0\t1\t1\n")},
		{"tiny-imagenet-200/train/n01/images/n01_0.png", img(1)},
		{"tiny-imagenet-200/train/n02/images/n02_0.png", img(2)},
		{"tiny-imagenet-200/train/n02/images/n02_1.png", img(3)},
		{"tiny-imagenet-200/val/val_annotations.txt", []byte("val_0.png\tn02\t0\t0\t1\t1\r\nval_1.png\tn01\t0\t0\t1\t1\nval_9.png\tn01\t0\t0\t1\t1\n")},
		{"tiny-imagenet-200/val/images/val_0.png", img(4)},
		{"tiny-imagenet-200/val/images/val_1.png", img(5)},
		{"tiny-imagenet-200/test/images/test_0.png", img(6)},
	}
}

// labelsOf are the classes of the images, by name.
func labelsOf(ds Dataset) []string {
	var out []string
	for i := range ds.Len() {
		out = append(out, ds.Classes()[ds.Label(i)])
	}
	return out
}

// TestTinyImageNet: the original layout, as a folder and as an archive.
func TestTinyImageNet(t *testing.T) {
	files := tinyFiles(t)
	for form, path := range map[string]string{"folder": writeFolder(t, files), "tar": writeFile(t, "tiny.tar", tarOf(t, files))} {
		for part, want := range map[Part][]string{
			"":    {"n01", "n02", "n02"},
			Train: {"n01", "n02", "n02"},
			Val:   {"n01", "n02"}, // by class: val_1, val_0
			Test:  {"n01", "n02"}, // test images have no classes
		} {
			ds, err := Open(ctx, path, &Options{Part: part})
			if err != nil {
				t.Fatalf("%s, part %q: %v", form, part, err)
			}
			if got := labelsOf(ds); !slices.Equal(got, want) {
				t.Errorf("%s, part %q: classes %v, expected %v", form, part, got, want)
			}
		}
		val, err := Open(ctx, path, &Options{Part: Val})
		if err != nil {
			t.Fatal(err)
		}
		first := noise(6, 6, 5) // val_1.png
		if got, want := imageOf(t, val, 0)[:3], at(first, 0, 0); [3]uint8(got) != want {
			t.Errorf("%s: first image begins with %v, expected %v", form, got, want)
		}
		train, test, err := OpenPair(ctx, path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if train.Len() != 3 || test.Len() != 2 || !slices.Equal(train.Classes(), test.Classes()) {
			t.Errorf("%s: %d and %d images, classes %v and %v", form, train.Len(), test.Len(), train.Classes(), test.Classes())
		}
	}
	// The validation folder alone, with images of a single class.
	ds, err := OpenFolder(ctx, writeFolder(t, []file{{"val_annotations.txt", []byte("a.png\tcat\n")}, {"images/a.png", pngOf(t, noise(4, 4, 1))}}), nil)
	if err != nil || !slices.Equal(labelsOf(ds), []string{"cat"}) {
		t.Errorf("validation folder alone: %v", err)
	}
	// Folders called images are classes where nothing else is.
	ds, err = OpenFolder(ctx, writeFolder(t, []file{{"test/images/a.png", pngOf(t, noise(4, 4, 1))}, {"test/images/b.png", pngOf(t, noise(4, 4, 2))}}), nil)
	if err != nil || !slices.Equal(labelsOf(ds), []string{"images", "images"}) {
		t.Errorf("a class called images: %v", err)
	}
}

// TestBadAnnotations: mistakes are named with their place.
func TestBadAnnotations(t *testing.T) {
	img := pngOf(t, noise(4, 4, 1))
	for text, want := range map[string]struct {
		offset int64
		says   string
	}{
		"\ufeffa.png\tcat\nb.png dog\n":  {13, `line "b.png dog", expected`},
		"a.png\tcat\nb.png dog\n":        {10, `line "b.png dog", expected`},
		"a.png\tcat\n\tdog\n":            {10, "expected the name"},
		"a.png\t\n":                      {0, "expected the name"},
		"a.png\tcat/dog\n":               {0, "expected the name"},
		"a.png\tcat\n\na.png\tdog\n":     {11, `"a.png" is of class "cat" and of class "dog"`},
		"b.png\tcat\nc.png\tcat\t1\t2\n": {0, "has no line in val/val_annotations.txt"},
	} {
		files := []file{{"train/cat/1.png", img}, {"val/images/a.png", img}, {"val/val_annotations.txt", []byte(text)}}
		for form, path := range map[string]string{"folder": writeFolder(t, files), "tar": writeFile(t, "a.tar", tarOf(t, files))} {
			_, err := Open(ctx, path, &Options{Part: Val})
			var bad *FileError
			if !errors.As(err, &bad) || !errors.Is(err, ErrFormat) || bad.Offset != want.offset || !strings.Contains(err.Error(), want.says) {
				t.Errorf("%s, %q: error %v, expected offset %d and %q", form, text, err, want.offset, want.says)
			}
		}
	}
}

// A byte order mark is not part of the first name.
func TestAnnotationsByteOrderMark(t *testing.T) {
	a, err := newAnnotations("val_annotations.txt", "", "val_annotations.txt", []byte("\ufeffa.png\tcat\n"))
	if err != nil || a.classes["a.png"] != "cat" || len(a.classes) != 1 {
		t.Errorf("classes %q, error %v", a.classes, err)
	}
}
