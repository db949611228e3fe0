package dataset

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// What folders mean, for the folder and for a tar of it: the images of each class, or the error.
func TestLayout(t *testing.T) {
	img := pngOf(t, noise(8, 8, 1))
	for names, want := range map[string]string{
		"train/cat/1.png train/dog/1.png test/0.png":                                                          "[cat dog] [1 1]",
		"train/cat/1.png train/dog/1.png docs/figures/x.png":                                                  "[cat dog] [1 1]",
		"p/train/cat/1.png p/train/dog/1.png p/docs/figures/x.png p/c.png":                                    "[cat dog] [1 1]",
		"train/cat/2022/1.png train/cat/2023/2.png":                                                           "[cat] [2]",
		"cat/1.png train/2.png":                                                                               "[cat train] [1 1]", // the vehicle
		"d/0/1.png d/1/1.png d/2/1.png":                                                                       "[0 1 2] [1 1 1]",
		"cat/1.png @eaDir/cat/1.png cat/@eaDir/1.png/T.jpg $RECYCLE.BIN/x/1.png lost+found/1.png":             "[cat] [1]",
		"train/a/1.png docs/1.png docs/2.png":                                                                 "lies among classes",
		"cat/1.png cat/2.heic dog/1.png":                                                                      "[cat dog] [1 1]",
		"train/cat/1.png train/dog/1.png train/0.png":                                                         "no class folder",
		"cat/1.png 0.png 1.png":                                                                               "2 such images: 0.png, 1.png",
		"p/cat/1.png p/dog/1.png p/0.png":                                                                     "is it a class",
		"cat/2022/1.png cat/2023/1.png":                                                                       "dates of one class",
		"cat/01/1.png cat/02/1.png":                                                                           "dates of one class",
		"train/1.png test/2.png":                                                                              "no class folders",
		"cat/1.png dog/1.png test/0.png":                                                                      "lies among classes",
		"cat/train/1.png cat/test/1.png dog/train/1.png dog/test/1.png":                                       "folders of parts lie inside",
		"cat/1.png eel/2.heic":                                                                                `class "eel" has only images of formats`,
		"training_set/cat/1.png training_set/dog/1.png test_set/cat/1.png test_set/dog/1.png":                 "[cat dog] [1 1]",
		"train2017/cat/1.png val2017/cat/1.png":                                                               "[cat] [1]",
		"train/cat/1.png val/cat/1.png validation/cat/1.png":                                                  `both of part "val"`,
		"seg_train/cat/1.png seg_test/cat/1.png":                                                              "speak of parts",
		"2021/cat/1.png 2021/dog/1.png 2022/cat/1.png 2022/dog/1.png":                                         "which are the classes",
		"cat/may/1.png cat/June/1.png":                                                                        "dates of one class",
		"cat/12-Sep-2023/1.png cat/1.Oct.2023/1.png":                                                          "dates of one class",
		"cat/1.png dog/1.png FOUND.000/1.png LOST.DIR/1.png ~snapshot/cat/1.png":                              "[cat dog] [1 1]",
		"training_set/training_set/cat/1.png training_set/training_set/dog/1.png test_set/test_set/cat/1.png": "[cat dog] [1 1]",
		"train/images/cat/1.png train/images/dog/1.png val/images/cat/1.png":                                  "[cat dog] [1 1]",
		"train/train/cat/1.png train/train/dog/1.png test/test/0.png":                                         "[cat dog] [1 1]",
		"train/animals/cat/1.png train/animals/dog/1.png":                                                     "is it a class",
		"train/2022/cat/1.png train/2023/cat/1.png train/2023/dog/1.png":                                      "which are the classes",
		"train/cat/1.png train/test/1.png":                                                                    "lies among classes",
		"data/train/cat/1.png data/train/dog/1.png readme/1.png":                                              "folders of parts lie inside",
		"split1/train/cat/1.png split2/train/cat/1.png":                                                       "folders of parts lie inside",
		"train_cat/1.png train_dog/1.png test_cat/1.png":                                                      "speak of parts",
		"fold1/cat/1.png fold2/cat/1.png":                                                                     "do not sound like classes",
		"images/cat/1.png masks/cat/1.png":                                                                    "do not sound like classes",
		"cat/week1/1.png cat/week2/1.png":                                                                     "dates of one class",
		"cat/2022-W05/1.png cat/2022Q1/1.png cat/2022_summer/1.png":                                           "dates of one class",
		"cat/Monday/1.png cat/2021-06-30T10/1.png cat/IMG_20220501/1.png":                                     "dates of one class",
		"cat/100CANON/1.png cat/101MSDCF/1.png":                                                               "dates of one class",
		"d/n02085620/1.png d/n02086240/1.png":                                                                 "[n02085620 n02086240] [1 1]",
		"d/s1/1.png d/s2/1.png":                                                                               "[s1 s2] [1 1]",
		"cat/1.png eel/1.raf":                                                                                 `class "eel" has only images of formats`,
		"cat/1.png FOUND.001/1.png RECYCLED/1.png @GMT-2023.01.02-03.04.05/1.png cat/~$2.png":                 "[cat] [1]",
		"cat/1.png dog/1.pjpeg":                                                                               "named as JPEG but holds PNG",
		"cat/1.png dog/1.apng":                                                                                "[cat dog] [1 1]",
		"cat/1.avif":                                                                                          "formats that are not read",
	} {
		var files []file
		for name := range strings.FieldsSeq(names) {
			files = append(files, file{name, img})
		}
		for form, path := range forms(t, files) {
			ds, err := Open(ctx, path, nil)
			if err == nil {
				if got := fmt.Sprint(ds.Classes(), Count(ds)); got != want {
					t.Errorf("%s, %s: %s, want %s", form, names, got, want)
				}
			} else if !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), want) {
				t.Errorf("%s, %s: error %v, want %s", form, names, err, want)
			}
		}
	}
}

// What is passed over is reported; a part without classes is no part to open.
func TestReport(t *testing.T) {
	img := pngOf(t, noise(8, 8, 1))
	files := []file{{"train/cat/1.png", img}, {"train/cat/2.heic", nil}, {"train/cat/notes.txt", nil}, {"test/0.png", img},
		{"docs/x.png", img}, {"train/cat/.x.png", nil}, {"lost+found/1", nil}}
	want := "train [train] 8 [cat] [1] [{hidden 1 [train/cat/.x.png] []} {left by a system 1 [lost+found] []} " +
		"{not an image 1 [train/cat/notes.txt] []} {format not read 1 [train/cat/2.heic] []} " +
		"{outside the parts 1 [docs/x.png] []} {without a class 1 [test/0.png] []}]}"
	for form, path := range forms(t, files) {
		ds, err := Open(ctx, path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(ds.Report()); got != "{"+form+" "+want {
			t.Errorf("report %s", got)
		}
		if r, err := Inspect(ctx, path, nil); err != nil || fmt.Sprint(*r) != "{"+form+" "+want {
			t.Errorf("inspected %v, error %v", r, err)
		}
		if _, err := Open(ctx, path, &Options{Part: Test}); !errors.Is(err, ErrPart) || !strings.Contains(err.Error(), "no class folders") {
			t.Errorf("part without classes: %v", err)
		}
	}
}

// A tar is what it unpacks to: hard links and later entries count.
func TestTarAsUnpacked(t *testing.T) {
	old, now := pngOf(t, noise(8, 8, 1)), pngOf(t, noise(8, 8, 2))
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range []struct {
		name, link string
		data       []byte
	}{{"b/2.png", "", old}, {"a/1.png", "", old}, {"b/1.png", "b/2.png", nil}, {"./a/1.png", "", now}, {"c/1.png", "a/1.png", nil}} {
		h := &tar.Header{Name: e.name, Linkname: e.link, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(e.data))}
		if e.link != "" {
			h.Typeflag = tar.TypeLink
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(e.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := Open(ctx, writeFile(t, "a.tar", b.Bytes()), nil)
	if err != nil {
		t.Fatal(err)
	}
	want, err := Open(ctx, writeFolder(t, []file{{"a/1.png", now}, {"b/1.png", old}, {"b/2.png", old}, {"c/1.png", now}}), nil)
	if err != nil {
		t.Fatal(err)
	}
	same(t, got, want)
}

// An entry below a link to a folder lies in that folder.
func TestTarThroughLink(t *testing.T) {
	one, two := pngOf(t, noise(8, 8, 1)), pngOf(t, noise(8, 8, 2))
	got, err := Open(ctx, writeFile(t, "a.tar", tarOf(t, []file{{"cat/1.png", one}, {"eel -> cat", nil}, {"eel/2.png", two}})), nil)
	if err != nil {
		t.Fatal(err)
	}
	want, err := Open(ctx, writeFolder(t, []file{{"cat/1.png", one}, {"cat/2.png", two}, {"eel -> cat", nil}}), nil)
	if err != nil {
		t.Fatal(err)
	}
	same(t, got, want)
	// A folder takes the place of a link.
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range []tar.Header{{Name: "cat/1.png", Typeflag: tar.TypeReg, Size: int64(len(one))}, {Name: "eel", Typeflag: tar.TypeSymlink, Linkname: "cat"},
		{Name: "eel/", Typeflag: tar.TypeDir}, {Name: "eel/2.png", Typeflag: tar.TypeCont, Size: int64(len(two))}} {
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if h.Size > 0 {
			w.Write(map[string][]byte{"cat/1.png": one, "eel/2.png": two}[h.Name])
		}
	}
	w.Close()
	ds, err := Open(ctx, writeFile(t, "b.tar", b.Bytes()), nil)
	if err != nil || fmt.Sprint(ds.Classes(), Count(ds)) != "[cat eel] [1 1]" {
		t.Errorf("a folder in the place of a link: %v", err)
	}
	early := tarOf(t, []file{{"eel -> cat", nil}, {"eel/2.png", two}, {"cat/1.png", one}})
	if _, err := Open(ctx, writeFile(t, "a.tar", early), nil); !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), "no folder so far") {
		t.Errorf("a link to what comes later: %v", err)
	}
}

// A first image unlike the others does not decide their size.
func TestNonsensicalSize(t *testing.T) {
	files := []file{{"b/1.png", pngOf(t, noise(20, 20, 1))}, {"b/2.png", pngOf(t, noise(20, 20, 1))}, {"a/1.png", pngOf(t, noise(1, 1, 2))}}
	large := slices.Clone(files)
	large[2].data = pngOf(t, noise(100, 100, 2))
	for _, path := range forms(t, large) {
		if _, err := Open(ctx, path, nil); !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), "the first image is of 100 pixels") {
			t.Errorf("error %v", err)
		}
	}
	for _, path := range forms(t, files) {
		if _, err := Open(ctx, path, nil); !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), "1.png: offset 0: the first image is of 1 pixels") {
			t.Errorf("error %v", err)
		}
		if ds, err := Open(ctx, path, &Options{Size: 20}); err != nil || ds.Len() != 3 {
			t.Errorf("with a size: %v", err)
		}
	}
}

// A folder without anything is in the report.
func TestEmptyFolder(t *testing.T) {
	dir := writeFolder(t, []file{{"cat/1.png", pngOf(t, noise(8, 8, 1))}})
	for _, name := range []string{"dog", "cat/more"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	r, err := Inspect(ctx, dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(r.Classes, r.Passed); got != "[cat] [{empty 2 [cat/more dog] []}]" {
		t.Errorf("%s", got)
	}
}

// A separator of Windows is one in a zip, and a character in a folder and in a tar.
func TestBackslash(t *testing.T) {
	for form, path := range forms(t, []file{{`cat\b/1.png`, pngOf(t, noise(8, 8, 1))}, {`dog/2\3.png`, pngOf(t, noise(8, 8, 1))}}) {
		ds, err := Open(ctx, path, nil)
		if err != nil {
			t.Fatal(err)
		}
		want := `["cat\\b" "dog"]`
		if form == "zip" {
			want = `["cat" "dog"]`
		}
		if got := fmt.Sprintf("%q", ds.Classes()); got != want && !(form == "folder" && filepath.Separator == '\\') {
			t.Errorf("%s: classes %s, want %s", form, got, want)
		}
	}
}
