package dataset

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// noise is an RGBA image of random opaque colours.
func noise(w, h int, seed uint64) *image.RGBA {
	r := rand.New(rand.NewPCG(seed, 1))
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for i := range img.Pix {
		img.Pix[i] = uint8(r.Uint32())
		if i%4 == 3 {
			img.Pix[i] = 255
		}
	}
	return img
}

func pngOf(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func jpegOf(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gzipOf(t testing.TB, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// file is a path with slashes and its content.
type file struct {
	name string
	data []byte
}

// sampleFiles is a small set: three classes, PNG and JPEG, colour and greyscale, several shapes,
// listed in no useful order.
func sampleFiles(t testing.TB) []file {
	gray := image.NewGray(image.Rect(0, 0, 10, 10))
	for i := range gray.Pix {
		gray.Pix[i] = uint8(i * 2)
	}
	return []file{
		{"dog/b.png", pngOf(t, noise(10, 10, 1))},
		{"cat/2.jpg", jpegOf(t, noise(12, 9, 2))},
		{"dog/a.JPEG", jpegOf(t, gray)},
		{"cat/10.png", pngOf(t, noise(7, 21, 3))},
		{"eel/deep/x.png", pngOf(t, gray)},
		{"cat/notes.txt", []byte("not an image")},
		{"cat/._2.jpg", []byte("left behind")},
	}
}

func writeFolder(t testing.TB, files []file) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range files {
		name, target, link := strings.Cut(f.name, " -> ")
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if link {
			if err := os.Symlink(target, path); err != nil {
				t.Skip(err)
			}
			continue
		}
		if err := os.WriteFile(path, f.data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// tarOf makes a tar; a name with an arrow is a symbolic link: "name -> target".
func tarOf(t testing.TB, files []file) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range files {
		h := &tar.Header{Name: f.name, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(f.data))}
		if name, target, ok := strings.Cut(f.name, " -> "); ok {
			h = &tar.Header{Name: name, Linkname: target, Typeflag: tar.TypeSymlink, Mode: 0o777}
			f.data = nil
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(f.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// zipOf makes a zip; a name with an arrow is a symbolic link: "name -> target".
func zipOf(t testing.TB, files []file) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range files {
		h := &zip.FileHeader{Name: f.name, Method: zip.Deflate}
		h.SetMode(0o644)
		if name, target, ok := strings.Cut(f.name, " -> "); ok {
			h.Name, f.data = name, []byte(target)
			h.SetMode(0o777 | fs.ModeSymlink)
		}
		e, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.Write(f.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// forms are files as a folder and in archives, by the form that a report gives.
func forms(t testing.TB, files []file) map[string]string {
	return map[string]string{"folder": writeFolder(t, files), "tar": writeFile(t, "a.tar", tarOf(t, files)),
		"zip": writeFile(t, "a.zip", zipOf(t, files))}
}

func writeFile(t testing.TB, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// idxFiles makes an IDX pair of count images; pixel values follow a formula.
func idxFiles(count, rows, cols int, label func(i int) byte) (images, labels []byte) {
	images = binary.BigEndian.AppendUint32(images, idxImages)
	images = binary.BigEndian.AppendUint32(images, uint32(count))
	images = binary.BigEndian.AppendUint32(images, uint32(rows))
	images = binary.BigEndian.AppendUint32(images, uint32(cols))
	labels = binary.BigEndian.AppendUint32(labels, idxLabels)
	labels = binary.BigEndian.AppendUint32(labels, uint32(count))
	for i := range count {
		for p := range rows * cols {
			images = append(images, idxPixel(i, p))
		}
		labels = append(labels, label(i))
	}
	return images, labels
}

func idxPixel(image, pixel int) byte { return byte(7*image + 3*pixel + 1) }

// grid is a small dataset of labelled noise for tests of views and loader.
func grid(t testing.TB, n, size, classes int) *Memory {
	t.Helper()
	r := rand.New(rand.NewPCG(uint64(n), uint64(size)))
	pixels := make([]uint8, n*size*size*3)
	for i := range pixels {
		pixels[i] = uint8(r.Uint32())
	}
	labels := make([]int, n)
	for i := range labels {
		labels[i] = r.IntN(classes)
	}
	names := make([]string, classes)
	for c := range names {
		names[c] = fmt.Sprintf("c%d", c)
	}
	m, err := FromPixels(size, names, labels, pixels)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func imageOf(t testing.TB, ds Dataset, i int) []uint8 {
	t.Helper()
	dst := make([]uint8, ds.Size()*ds.Size()*3)
	if err := ds.Image(i, dst); err != nil {
		t.Fatal(err)
	}
	return dst
}

// same fails unless both datasets hold the same images, labels and classes.
func same(t testing.TB, got, want Dataset) {
	t.Helper()
	if got.Len() != want.Len() || got.Size() != want.Size() || !slices.Equal(got.Classes(), want.Classes()) {
		t.Fatalf("%d images of %d pixels, classes %v; want %d, %d, %v",
			got.Len(), got.Size(), got.Classes(), want.Len(), want.Size(), want.Classes())
	}
	for i := range want.Len() {
		if got.Label(i) != want.Label(i) {
			t.Fatalf("image %d: label %d, want %d", i, got.Label(i), want.Label(i))
		}
		if !bytes.Equal(imageOf(t, got, i), imageOf(t, want, i)) {
			t.Fatalf("image %d: other pixels", i)
		}
	}
}

// wantBad fails unless err is a format error that names the file at the offset; a negative offset
// is not compared.
func wantBad(t testing.TB, err error, file string, offset int64) {
	t.Helper()
	var fe *FileError
	if !errors.As(err, &fe) || !errors.Is(err, ErrFormat) {
		t.Fatalf("got %v, want a format error about %s", err, file)
	}
	if filepath.Base(fe.File) != file && fe.File != file {
		t.Errorf("error names %q, want %q: %v", fe.File, file, err)
	}
	if offset >= 0 && fe.Offset != offset {
		t.Errorf("error at offset %d, want %d: %v", fe.Offset, offset, err)
	}
}

// plain is a colour image without any fast path, to compare with.
type plain struct{ image.Image }

var _ image.Image = plain{}

func at(img image.Image, x, y int) [3]uint8 {
	c := color.RGBAModel.Convert(img.At(x, y)).(color.RGBA)
	return [3]uint8{c.R, c.G, c.B}
}
