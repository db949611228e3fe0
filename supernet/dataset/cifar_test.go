package dataset

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// cifarBytes makes records whose planes follow a formula.
func cifarBytes(kind *cifarKind, count int) []byte {
	var data []byte
	for i := range count {
		if kind == &cifar100 {
			data = append(data, byte(i%20))
		}
		data = append(data, byte(i*3%kind.classes))
		for p := range 3 * cifarPlane {
			data = append(data, byte(i+p%cifarPlane+50*(p/cifarPlane)))
		}
	}
	return data
}

func TestCIFAR(t *testing.T) {
	for _, c := range []struct {
		kind *cifarKind
		file string
	}{{&cifar10, "data_batch_1.bin"}, {&cifar100, "train.bin"}} {
		dir := t.TempDir()
		path := filepath.Join(dir, c.file)
		if err := os.WriteFile(path, cifarBytes(c.kind, 7), 0o644); err != nil {
			t.Fatal(err)
		}
		ds, err := OpenCIFAR(ctx, []string{path, path}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if ds.Len() != 14 || ds.Size() != 32 || len(ds.Classes()) != c.kind.classes {
			t.Fatalf("%s: %d images of %d pixels in %d classes", c.kind.name, ds.Len(), ds.Size(), len(ds.Classes()))
		}
		for i := range ds.Len() {
			if want := i % 7 * 3 % c.kind.classes; ds.Label(i) != want {
				t.Errorf("%s: image %d has label %d, want %d", c.kind.name, i, ds.Label(i), want)
			}
			for k, v := range imageOf(t, ds, i) {
				if want := byte(i%7 + k/3 + 50*(k%3)); v != want {
					t.Fatalf("%s: image %d, byte %d: %d, want %d", c.kind.name, i, k, v, want)
				}
			}
		}
		again, err := Open(ctx, dir, &Options{Workers: 1})
		if err != nil {
			t.Fatal(err)
		}
		first, err := Subset(ds, []int{0, 1, 2, 3, 4, 5, 6})
		if err != nil {
			t.Fatal(err)
		}
		same(t, again, first)
		if _, err := Open(ctx, dir, &Options{Part: Test}); !errors.Is(err, ErrPart) {
			t.Errorf("%s: test part of a folder without one: %v, want ErrPart", c.kind.name, err)
		}
	}
}

func TestCIFARParts(t *testing.T) {
	data := cifarBytes(&cifar10, 20)
	dir := writeFolder(t, []file{
		{"cifar-10-batches-bin/data_batch_1.bin", data[:10*3073]},
		{"cifar-10-batches-bin/data_batch_2.bin", data[10*3073:]},
		{"cifar-10-batches-bin/test_batch.bin", data[:5*3073]},
		{"cifar-10-batches-bin/batches.meta.txt", []byte("a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n\n")},
	})
	train, test, err := OpenPair(ctx, dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	if train.Len() != 20 || test.Len() != 5 || strings.Join(train.Classes(), "") != "abcdefghij" {
		t.Errorf("%d and %d images of %v", train.Len(), test.Len(), train.Classes())
	}
	names := filepath.Join(dir, "cifar-10-batches-bin", "batches.meta.txt")
	if err := os.WriteFile(names, []byte("a\nb\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err = Open(ctx, dir, nil)
	wantBad(t, err, "batches.meta.txt", 4)
}

func TestCIFARDamaged(t *testing.T) {
	data := cifarBytes(&cifar10, 3)
	for _, c := range []struct {
		name   string
		data   []byte
		offset int64
	}{
		{"empty", nil, 0},
		{"truncated in a label", data[:3073+1], 3074},
		{"truncated in an image", data[:3*3073-1], 3*3073 - 1},
		{"label out of range", append(bytes.Clone(data[:2*3073]), append([]byte{10}, data[2*3073+1:]...)...), 2 * 3073},
		{"text", []byte("this is no image"), 16},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := OpenCIFAR(ctx, []string{writeFile(t, "test_batch.bin", c.data)}, nil)
			wantBad(t, err, "test_batch.bin", c.offset)
		})
	}
	hundred := cifarBytes(&cifar100, 2)
	hundred[3074+1] = 100
	_, err := OpenCIFAR(ctx, []string{writeFile(t, "train.bin", hundred)}, nil)
	wantBad(t, err, "train.bin", 3075)
	hundred[3074] = 20
	_, err = OpenCIFAR(ctx, []string{writeFile(t, "train.bin", hundred)}, nil)
	wantBad(t, err, "train.bin", 3074)
	if _, err := OpenCIFAR(ctx, []string{writeFile(t, "some.bin", data)}, &Options{MaxBytes: 2 * 3072}); !errors.Is(err, ErrLimit) {
		t.Errorf("got %v, want ErrLimit", err)
	}
	for kind, size := range map[*cifarKind]int{&cifar10: 3, &cifar100: 5} { // unofficial names: by length
		ds, err := Open(ctx, writeFile(t, "some.bin", cifarBytes(kind, size)), nil)
		if err != nil || ds.Len() != size || len(ds.Classes()) != kind.classes {
			t.Errorf("%s under another name: %v", kind.name, err)
		}
	}
	// Packed, and of a length that both forms have: 3074 records of CIFAR-10 or 3073 of CIFAR-100.
	for kind, size := range map[*cifarKind]int{&cifar10: 3074, &cifar100: 3073} {
		data := gzipOf(t, cifarBytes(kind, size))
		ds, err := Open(ctx, writeFile(t, "some.bin.gz", data), &Options{Size: 2, Fit: FitStretch})
		if err != nil || ds.Len() != size || len(ds.Classes()) != kind.classes {
			t.Errorf("%s packed, under another name: %v", kind.name, err)
		}
	}
	if _, err := OpenCIFAR(ctx, nil, nil); err == nil {
		t.Error("no files were accepted")
	}
}

// A scaled CIFAR image is the same as the image scaled by FromImage.
func TestCIFARSize(t *testing.T) {
	path := writeFile(t, "data_batch_1.bin", cifarBytes(&cifar10, 2))
	ds, err := OpenCIFAR(ctx, []string{path}, &Options{Size: 20})
	if err != nil {
		t.Fatal(err)
	}
	full, err := OpenCIFAR(ctx, []string{path}, nil)
	if err != nil {
		t.Fatal(err)
	}
	img := noise(32, 32, 0)
	for p, src := 0, imageOf(t, full, 1); p < 32*32; p++ {
		copy(img.Pix[4*p:], src[3*p:3*p+3])
	}
	want := make([]uint8, 20*20*3)
	if err := FromImage(want, img, 20, FitCrop); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(imageOf(t, ds, 1), want) {
		t.Error("other pixels")
	}
}
