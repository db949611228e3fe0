package dataset

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var ctx = context.Background()

func readPair(images, labels []byte, o *Options) (*Memory, error) {
	return ReadIDX(ctx, bytes.NewReader(images), bytes.NewReader(labels), o)
}

func TestIDX(t *testing.T) {
	images, labels := idxFiles(11, 5, 5, func(i int) byte { return byte(i % 3) })
	for _, packed := range []bool{false, true} {
		if packed {
			images, labels = gzipOf(t, images), gzipOf(t, labels)
		}
		ds, err := readPair(images, labels, nil)
		if err != nil {
			t.Fatal(err)
		}
		if ds.Len() != 11 || ds.Size() != 5 || len(ds.Classes()) != 10 {
			t.Fatalf("%d images of %d pixels in %d classes", ds.Len(), ds.Size(), len(ds.Classes()))
		}
		for i := range ds.Len() {
			if ds.Label(i) != i%3 {
				t.Errorf("image %d: label %d, want %d", i, ds.Label(i), i%3)
			}
			for p, v := range imageOf(t, ds, i) {
				if v != idxPixel(i, p/3) {
					t.Fatalf("image %d, byte %d: %d, want %d", i, p, v, idxPixel(i, p/3))
				}
			}
		}
	}
}

// Up to eight more pixels are a black frame; beyond, the image is scaled and fills the canvas.
func TestIDXSize(t *testing.T) {
	images, labels := idxFiles(1, 6, 6, func(int) byte { return 0 })
	for p := range 36 {
		images[16+p] = 200
	}
	padded, err := readPair(images, labels, &Options{Size: 10})
	if err != nil {
		t.Fatal(err)
	}
	img := imageOf(t, padded, 0)
	for y := range 10 {
		for x := range 10 {
			want := uint8(0)
			if x >= 2 && x < 8 && y >= 2 && y < 8 {
				want = 200
			}
			if got := img[(y*10+x)*3]; got != want {
				t.Errorf("pixel (%d, %d): %d, want %d", x, y, got, want)
			}
		}
	}
	for _, o := range []Options{{Size: 15}, {Size: 3}, {Size: 10, Fit: FitStretch}} {
		scaled, err := readPair(images, labels, &o)
		if err != nil {
			t.Fatal(err)
		}
		for p, v := range imageOf(t, scaled, 0) {
			if v != 200 {
				t.Fatalf("size %d, fit %d: byte %d is %d, want 200 everywhere", o.Size, o.Fit, p, v)
			}
		}
	}
}

// Every truncation of either file is an error that names the file and where it ends.
func TestIDXTruncated(t *testing.T) {
	images, labels := idxFiles(3, 2, 2, func(i int) byte { return byte(i) })
	for n := range images {
		_, err := readPair(images[:n], labels, nil)
		wantBad(t, err, "images", int64(n))
	}
	for n := range labels {
		_, err := readPair(images, labels[:n], nil)
		wantBad(t, err, "labels", int64(n))
	}
	packed := gzipOf(t, images)
	for n := range packed {
		if _, err := readPair(packed[:n], labels, nil); err == nil {
			t.Fatalf("accepted %d of %d packed bytes", n, len(packed))
		}
	}
	packed[len(packed)-6] ^= 1 // in the checksum
	_, err := readPair(packed, labels, nil)
	wantBad(t, err, "images", int64(len(images)))
}

func TestIDXDamaged(t *testing.T) {
	images, labels := idxFiles(4, 3, 3, func(i int) byte { return byte(i) })
	change := func(data []byte, at int, v byte) []byte {
		data = bytes.Clone(data)
		data[at] = v
		return data
	}
	for _, c := range []struct {
		name           string
		images, labels []byte
		file           string
		offset         int64
	}{
		{"labels given as images", labels, labels, "images", -1},
		{"images given as labels", images, images, "labels", 0},
		{"values that are no bytes", change(images, 2, 0x0d), labels, "images", 0},
		{"fewer labels", images, change(labels, 7, 3), "labels", 4},
		{"more labels", images, change(labels, 7, 5), "labels", 4},
		{"label beyond the classes", images, change(labels, 8+2, 10), "labels", 10},
		{"no rows", change(images, 11, 0), labels, "images", 8},
		{"huge rows", change(images, 8, 0xff), labels, "images", 8},
		{"no images", change(images, 7, 0), change(labels, 7, 0), "images", 4},
		{"more data", append(bytes.Clone(images), 0), labels, "images", int64(len(images))},
		{"more label data", images, append(bytes.Clone(labels), 0), "labels", int64(len(labels))},
		{"text", []byte("hello, this is no image file"), labels, "images", 0},
		{"a packed file with a bad header", []byte{0x1f, 0x8b, 0xff, 0xff}, labels, "images", 0},
	} {
		_, err := readPair(c.images, c.labels, nil)
		if err == nil {
			t.Errorf("%s: accepted", c.name)
			continue
		}
		t.Run(c.name, func(t *testing.T) { wantBad(t, err, c.file, c.offset) })
	}
}

// A header may announce four thousand million images: nothing is taken for them before they are
// there.
func TestIDXHostileHeader(t *testing.T) {
	images, labels := idxFiles(1, 1, 1, func(int) byte { return 0 })
	binary.BigEndian.PutUint32(images[4:], 0xffffffff)
	binary.BigEndian.PutUint32(labels[4:], 0xffffffff)
	_, err := readPair(images, labels, nil)
	if err == nil {
		t.Fatal("accepted")
	}
	_, err = readPair(images, labels, &Options{MaxBytes: 1 << 40})
	wantBad(t, err, "labels", 9)
	if _, err := readPair(images, labels, &Options{Size: 4000}); !errors.Is(err, ErrLimit) {
		t.Errorf("got %v, want ErrLimit", err)
	}
}

// EMNIST's images lie on their side: its official names say so, or the option does.
func TestTranspose(t *testing.T) {
	images, labels := idxFiles(2, 5, 5, func(i int) byte { return byte(i) })
	plain, err := readPair(images, labels, nil)
	if err != nil {
		t.Fatal(err)
	}
	swapped, err := readPair(images, labels, &Options{Transpose: true})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		a, b := imageOf(t, plain, i), imageOf(t, swapped, i)
		for y := range 5 {
			for x := range 5 {
				if a[(y*5+x)*3] != b[(x*5+y)*3] {
					t.Fatalf("image %d, row %d, column %d: %d became %d", i, y, x, a[(y*5+x)*3], b[(x*5+y)*3])
				}
			}
		}
	}
	dir := writeFolder(t, []file{{"emnist-mnist-train-images-idx3-ubyte", images}, {"emnist-mnist-train-labels-idx1-ubyte", labels}})
	named, err := Open(ctx, dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	same(t, named, swapped)
	wide, labels := idxFiles(2, 4, 5, func(int) byte { return 0 })
	_, err = readPair(wide, labels, &Options{Transpose: true})
	wantBad(t, err, "images", 8)
}

// IDX files as other tools unpack them, and what is told of CIFAR files that are not read.
func TestForeignFolders(t *testing.T) {
	images, labels := idxFiles(3, 4, 4, func(i int) byte { return byte(i) })
	mnist := []file{{"MNIST/raw/train-images-idx3-ubyte", images}, {"MNIST/raw/train-labels-idx1-ubyte", labels}}
	dir := writeFolder(t, mnist)
	for _, path := range []string{dir, filepath.Join(dir, "MNIST"), filepath.Join(dir, "MNIST", "raw")} {
		if ds, err := Open(ctx, path, nil); err != nil || ds.Len() != 3 {
			t.Errorf("%s: %v", path, err)
		}
	}
	official := []file{{"gzip/emnist-digits-train-images-idx3-ubyte", images}, {"gzip/emnist-digits-train-labels-idx1-ubyte", labels}}
	if ds, err := Open(ctx, writeFolder(t, official), nil); err != nil || ds.Len() != 3 {
		t.Errorf("EMNIST as it comes: %v", err)
	}
	if _, err := Open(ctx, writeFile(t, "a.tar", tarOf(t, official)), nil); !errors.Is(err, ErrUnknown) || !strings.Contains(err.Error(), "unpack it") {
		t.Errorf("packed: %v", err)
	}
	two := writeFolder(t, append(mnist, file{"KMNIST/raw/train-images-idx3-ubyte", images}))
	if _, err := Open(ctx, two, nil); !errors.Is(err, ErrUnknown) || !strings.Contains(err.Error(), "both") {
		t.Errorf("two of them: %v", err)
	}
	py := writeFolder(t, []file{{"cifar-10-batches-py/data_batch_1", []byte("x")}, {"cifar-10-batches-py/batches.meta", []byte("x")}})
	hundred := writeFolder(t, []file{{"cifar-100-python/train", []byte("x")}, {"cifar-100-python/meta", []byte("x")}})
	for _, path := range []string{py, filepath.Join(py, "cifar-10-batches-py"), hundred, filepath.Join(hundred, "cifar-100-python")} {
		if _, err := Open(ctx, path, nil); !errors.Is(err, ErrUnknown) || !strings.Contains(err.Error(), "binary version") {
			t.Errorf("CIFAR of Python: %v", err)
		}
	}
}

func TestOpenIDXFiles(t *testing.T) {
	dir := t.TempDir()
	for _, part := range []struct {
		name  string
		count int
	}{{"train", 30}, {"t10k", 12}} {
		images, labels := idxFiles(part.count, 4, 4, func(i int) byte { return byte(i % 10) })
		for name, data := range map[string][]byte{"-images-idx3-ubyte.gz": gzipOf(t, images), "-labels-idx1-ubyte": labels} {
			if err := os.WriteFile(filepath.Join(dir, part.name+name), data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	train, test, err := OpenPair(ctx, dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	if train.Len() != 30 || test.Len() != 12 {
		t.Errorf("%d and %d images, want 30 and 12", train.Len(), test.Len())
	}
	one := filepath.Join(dir, "t10k-images-idx3-ubyte.gz")
	ds, err := Open(ctx, one, nil)
	if err != nil {
		t.Fatal(err)
	}
	same(t, ds, test)
	direct, err := OpenIDX(ctx, one, filepath.Join(dir, "t10k-labels-idx1-ubyte"), nil)
	if err != nil {
		t.Fatal(err)
	}
	same(t, direct, test)
	if _, err := Open(ctx, filepath.Join(dir, "t10k-labels-idx1-ubyte"), nil); !errors.Is(err, ErrUnknown) || !strings.Contains(err.Error(), "images") {
		t.Errorf("opening labels: %v, want ErrUnknown and advice", err)
	}
	if err := os.Remove(filepath.Join(dir, "t10k-labels-idx1-ubyte")); err != nil {
		t.Fatal(err)
	}
	_, err = Open(ctx, one, nil)
	wantBad(t, err, filepath.Base(one), 0)
}
