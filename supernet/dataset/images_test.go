package dataset

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Folder, tar and packed tar give the same set, in the order class, then name, for any number of
// workers.
func TestFolderAndTar(t *testing.T) {
	files := sampleFiles(t)
	dir := writeFolder(t, files)
	want, err := OpenFolder(ctx, dir, &Options{Size: 10, Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(want.Classes(), Count(want)); got != "[cat dog eel] [2 2 1]" {
		t.Errorf("classes and counts %s", got)
	}
	for i, name := range []string{"cat/10.png", "cat/2.jpg", "dog/a.JPEG", "dog/b.png", "eel/deep/x.png"} {
		k := slices.IndexFunc(files, func(f file) bool { return f.name == name })
		img, _, err := image.Decode(bytes.NewReader(files[k].data))
		if err != nil {
			t.Fatal(err)
		}
		pixels := make([]uint8, 10*10*3)
		if err := FromImage(pixels, img, 10, FitAuto); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(imageOf(t, want, i), pixels) {
			t.Errorf("image %d is not %s", i, name)
		}
	}
	archive := tarOf(t, files)
	for _, workers := range []int{1, 2, 7} {
		for _, path := range []string{dir, writeFile(t, "a.tar", archive), writeFile(t, "a.tar.gz", gzipOf(t, archive)), writeFile(t, "noname", archive)} {
			got, err := Open(ctx, path, &Options{Size: 10, Workers: workers})
			if err != nil {
				t.Fatal(err)
			}
			same(t, got, want)
		}
	}
	one, err := Open(ctx, filepath.Dir(writeFile(t, "whatever.tar", archive)), &Options{Size: 10})
	if err != nil {
		t.Fatal(err)
	}
	same(t, one, want)
}

// Greyscale images have three equal channels; a PNG loses nothing.
func TestGreyscaleAndExact(t *testing.T) {
	ds, err := OpenFolder(ctx, writeFolder(t, sampleFiles(t)), &Options{Size: 10})
	if err != nil {
		t.Fatal(err)
	}
	for p, v := range imageOf(t, ds, 4) {
		if v != uint8(p/3*2) {
			t.Fatalf("greyscale byte %d: %d, want %d", p, v, uint8(p/3*2))
		}
	}
	img, got := noise(10, 10, 1), imageOf(t, ds, 3)
	for y := range 10 {
		for x := range 10 {
			if p := got[(y*10+x)*3:]; [3]uint8(p) != at(img, x, y) {
				t.Fatalf("pixel (%d, %d): %v, want %v", x, y, p[:3], at(img, x, y))
			}
		}
	}
}

// Without a size, the first image decides.
func TestNativeSize(t *testing.T) {
	files := []file{{"b/1.png", pngOf(t, noise(9, 12, 1))}, {"a/1.png", pngOf(t, noise(30, 20, 2))}}
	for path, want := range map[string]int{
		writeFolder(t, files):                                             20, // a/1.png is first by name
		writeFile(t, "a.tar", tarOf(t, files)):                            20, // whatever is first in the archive
		writeFolder(t, []file{{"a/1.png", pngOf(t, noise(300, 400, 1))}}): natural,
	} {
		ds, err := Open(ctx, path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if ds.Size() != want {
			t.Errorf("size %d, want %d", ds.Size(), want)
		}
	}
}

func TestParts(t *testing.T) {
	img := pngOf(t, noise(8, 8, 1))
	tree := func(prefix string) []file {
		return []file{
			{prefix + "train/cat/1.png", img}, {prefix + "train/cat/2.png", img}, {prefix + "train/dog/1.png", img},
			{prefix + "val/dog/7.png", img},
		}
	}
	part := func(prefix string) []byte {
		var files []file
		for _, f := range tree("") {
			if rest, ok := strings.CutPrefix(f.name, prefix); ok {
				files = append(files, file{"./" + rest, f.data})
			}
		}
		return tarOf(t, files)
	}
	for name, path := range map[string]string{
		"folder":          writeFolder(t, tree("")),
		"folder in one":   writeFolder(t, tree("pets/data/")),
		"tar":             writeFile(t, "pets.tar", tarOf(t, tree(""))),
		"tar with prefix": writeFile(t, "pets.tar", tarOf(t, tree("./pets/"))),
		"folder of tars":  writeFolder(t, []file{{"train.tar", part("train/")}, {"val.tar.gz", gzipOf(t, part("val/"))}}),
	} {
		train, test, err := OpenPair(ctx, path, nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := fmt.Sprint(train.Classes(), Count(train), test.Classes(), Count(test)); got != "[cat dog] [2 1] [cat dog] [0 1]" {
			t.Errorf("%s: %s", name, got)
		}
		if ds, err := Open(ctx, path, nil); err != nil || ds.Len() != 3 {
			t.Errorf("%s: the whole is not the training part: %v", name, err)
		}
	}
	strange := append(tree(""), file{"val/emu/1.png", img})
	_, _, err := OpenPair(ctx, writeFolder(t, strange), nil)
	if !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), "emu") {
		t.Errorf("class only in the test part: %v", err)
	}
}

// Without a test part, OpenPair sets a fraction of each class apart.
func TestHoldOut(t *testing.T) {
	var files []file
	for i := range 40 {
		files = append(files, file{fmt.Sprintf("%c/%02d.png", 'a'+i%2, i), pngOf(t, noise(4, 4, uint64(i)))})
	}
	path := writeFolder(t, files)
	train, test, err := OpenPair(ctx, path, &Options{HoldOut: 0.25, Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(Count(train), Count(test)); got != "[15 15] [5 5]" {
		t.Errorf("counts %s", got)
	}
	if _, err := Open(ctx, path, &Options{Part: Test}); !errors.Is(err, ErrPart) {
		t.Errorf("test part of an undivided folder: %v, want ErrPart", err)
	}
}

// What is trained on keeps an image of every class.
func TestHoldOutKeepsClasses(t *testing.T) {
	img := pngOf(t, noise(4, 4, 1))
	dir := writeFolder(t, []file{{"a/1.png", img}, {"b/1.png", img}, {"b/2.png", img}, {"c/1.png", img}, {"c/2.png", img}, {"c/3.png", img}})
	for share, want := range map[float64]string{0.4: "[1 1 2] [0 1 1]", 0.9: "[1 1 1] [0 1 2]"} {
		train, test, err := OpenPair(ctx, dir, &Options{HoldOut: share})
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(Count(train), Count(test)); got != want {
			t.Errorf("%v held out: counts %s, want %s", share, got, want)
		}
	}
}

func TestImageDamaged(t *testing.T) {
	good := jpegOf(t, noise(16, 16, 1))
	pic := pngOf(t, noise(16, 16, 1))
	bad := bytes.Clone(pic)
	bad[60] ^= 0xff // in the pixels: a checksum fails
	for _, c := range []struct {
		name   string
		file   file
		offset int64
	}{
		{"empty", file{"a/x.jpg", nil}, 0},
		{"truncated JPEG", file{"a/x.jpg", good[:len(good)/2]}, int64(len(good) / 2)},
		{"truncated JPEG header", file{"a/x.jpg", good[:10]}, 10},
		{"truncated PNG", file{"a/x.png", pic[:len(pic)/2]}, int64(len(pic) / 2)},
		{"corrupt PNG", file{"a/x.png", bad}, -1},
		{"text", file{"a/x.png", []byte("GIF89a? no, text")}, 0},
		{"PNG named JPEG", file{"a/x.jpg", pic}, 0},
		{"no class", file{"x.jpg", good}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := []file{{"b/ok.jpg", good}, c.file, {"c/ok.jpg", good}}
			_, err := OpenFolder(ctx, writeFolder(t, files), nil)
			name := filepath.Base(c.file.name)
			if c.name == "no class" {
				name = "" // the folder, with the image as entry
			}
			if name != "" {
				wantBad(t, err, name, c.offset)
			}
			_, err = OpenTar(ctx, writeFile(t, "s.tar", tarOf(t, files)), nil)
			wantBad(t, err, "s.tar", c.offset)
			if !strings.Contains(err.Error(), c.file.name) {
				t.Errorf("error does not name %s: %v", c.file.name, err)
			}
		})
	}
	ds, err := OpenFolder(ctx, writeFolder(t, []file{{"a/x.jpg", pic}}), &Options{AnyImageName: true})
	if err != nil || ds.Len() != 1 {
		t.Errorf("any name allowed: %v", err)
	}
}

// The error is that of the first bad image in the order of reading, whatever the workers do.
func TestFirstError(t *testing.T) {
	var files []file
	good := jpegOf(t, noise(64, 64, 1))
	for i := range 60 {
		data := good
		if i == 31 || i > 40 {
			data = good[:200+i]
		}
		files = append(files, file{fmt.Sprintf("a/%02d.jpg", i), data})
	}
	path := writeFile(t, "a.tar", tarOf(t, files))
	for range 5 {
		_, err := OpenTar(ctx, path, &Options{Workers: 8})
		wantBad(t, err, "a.tar", -1)
		if !strings.Contains(err.Error(), "a/31.jpg") {
			t.Fatalf("got %v, want the error of a/31.jpg", err)
		}
	}
}

func TestTarTruncated(t *testing.T) {
	archive := tarOf(t, sampleFiles(t))
	for n := 0; n < len(archive); n += 97 {
		if n >= len(archive)-1024+512 { // inside the closing blocks
			n = len(archive) - 1
		}
		_, err := readTar(ctx, "s.tar", func() (*fileReader, error) { return newReader("s.tar", bytes.NewReader(archive[:n])) }, defaults(t, nil))
		wantBad(t, err, "s.tar", -1)
	}
	for n := 512; n < len(archive)-1024; n += 512 { // between blocks, also between entries
		_, err := OpenTar(ctx, writeFile(t, "s.tar", archive[:n]), nil)
		wantBad(t, err, "s.tar", int64(n))
	}
	packed := gzipOf(t, archive)
	for n := 1; n < len(packed); n += 101 {
		if _, err := OpenTar(ctx, writeFile(t, "s.tgz", packed[:n]), nil); err == nil {
			t.Fatalf("accepted %d of %d packed bytes", n, len(packed))
		}
	}
}

func defaults(t testing.TB, o *Options) settings {
	t.Helper()
	s, err := o.settings()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTarRefused(t *testing.T) {
	img := pngOf(t, noise(4, 4, 1))
	write := func(h tar.Header, data []byte) string {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		h.Size, h.Mode = int64(len(data)), 0o644
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(data); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return writeFile(t, "s.tar", b.Bytes())
	}
	for name, path := range map[string]string{
		"link":    write(tar.Header{Name: "a/x.png", Typeflag: tar.TypeSymlink, Linkname: "y.png"}, nil),
		"way out": write(tar.Header{Name: "../x/a/y.png", Typeflag: tar.TypeReg}, img),
	} {
		_, err := OpenTar(ctx, path, nil)
		if err == nil {
			t.Errorf("%s: accepted", name)
			continue
		}
		wantBad(t, err, "s.tar", 0)
	}
	if _, err := OpenTar(ctx, writeFile(t, "s.tar", tarOf(t, []file{{"a.txt", nil}})), nil); !errors.Is(err, ErrUnknown) {
		t.Errorf("tar without images: %v, want ErrUnknown", err)
	}
	if _, err := Open(ctx, writeFile(t, "s.tar", []byte("nothing like it")), nil); !errors.Is(err, ErrFormat) {
		t.Errorf("text called tar: %v, want ErrFormat", err)
	}
}

func TestLimits(t *testing.T) {
	files := []file{{"a/x.png", pngOf(t, noise(20, 20, 1))}, {"a/y.png", pngOf(t, noise(20, 20, 2))}}
	for _, path := range []string{writeFolder(t, files), writeFile(t, "s.tar", tarOf(t, files))} {
		for _, o := range []Options{{MaxPixels: 399}, {MaxBytes: 2399}, {MaxBytes: 2399, Size: 20}} {
			if _, err := Open(ctx, path, &o); !errors.Is(err, ErrLimit) {
				t.Errorf("%+v: %v, want ErrLimit", o, err)
			}
		}
		if _, err := Open(ctx, path, &Options{MaxPixels: 400, MaxBytes: 2400}); err != nil {
			t.Error(err)
		}
	}
}

func TestOpenErrors(t *testing.T) {
	if _, err := Open(ctx, filepath.Join(t.TempDir(), "none"), nil); err == nil || !strings.Contains(err.Error(), "none") {
		t.Errorf("missing path: %v", err)
	}
	for name, path := range map[string]string{
		"empty folder": t.TempDir(),
		"text file":    writeFile(t, "x.txt", []byte("text")),
		"single image": writeFile(t, "x.png", pngOf(t, noise(4, 4, 1))),
		"empty file":   writeFile(t, "x", nil),
	} {
		if _, err := Open(ctx, path, nil); !errors.Is(err, ErrUnknown) {
			t.Errorf("%s: %v, want ErrUnknown", name, err)
		}
	}
	for _, o := range []Options{{Size: -1}, {Size: maxSize + 1}, {Fit: 9}, {Part: "best"}, {Workers: -1}, {MaxBytes: -1}, {HoldOut: 1}, {Workers: 1 << 30}} {
		if _, err := Open(ctx, ".", &o); err == nil {
			t.Errorf("%+v was accepted", o)
		}
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	files := sampleFiles(t)
	for _, path := range []string{writeFolder(t, files), writeFile(t, "s.tar", tarOf(t, files))} {
		if _, err := Open(cancelled, path, nil); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
	}
}
