package dataset

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// small keeps the fuzzer from spending its time on large honest images.
var small = Options{Size: 4, MaxPixels: 1 << 12, MaxBytes: 1 << 16, Workers: 2}

// checkRead is what must hold after any reader on any input: either a usable set within the limits,
// or an error of a known kind that says where.
func checkRead(t *testing.T, m *Memory, err error) {
	t.Helper()
	if err != nil {
		var fe *FileError
		switch {
		case errors.As(err, &fe):
			if fe.File == "" || fe.Offset < 0 {
				t.Fatalf("error without a place: %#v", fe)
			}
			if !errors.Is(err, ErrFormat) && !errors.Is(err, ErrLimit) {
				t.Fatalf("file error of no kind: %v", err)
			}
		case errors.Is(err, ErrUnknown), errors.Is(err, ErrPart), errors.Is(err, ErrLimit):
		default:
			t.Fatalf("error of no kind: %v", err)
		}
		return
	}
	if m.Len() == 0 || m.Size() != 4 || int64(m.Len()) > small.MaxBytes/16 {
		t.Fatalf("%d images of %d pixels", m.Len(), m.Size())
	}
	dst := make([]uint8, 4*4*3)
	for i := range m.Len() {
		if l := m.Label(i); l < 0 || l >= len(m.Classes()) {
			t.Fatalf("label %d of %d classes", l, len(m.Classes()))
		}
		if err := m.Image(i, dst); err != nil {
			t.Fatal(err)
		}
	}
}

func FuzzIDX(f *testing.F) {
	images, labels := idxFiles(3, 4, 4, func(i int) byte { return byte(i) })
	f.Add(images, labels)
	f.Add(gzipOf(f, images), gzipOf(f, labels))
	f.Add(images[:30], labels)
	f.Add(labels, images)
	wide, _ := idxFiles(3, 2, 9, func(i int) byte { return 0 })
	f.Add(wide, labels)
	hostile := bytes.Clone(images)
	binary.BigEndian.PutUint32(hostile[4:], 0xffffffff)
	f.Add(hostile, labels)
	f.Fuzz(func(t *testing.T, images, labels []byte) {
		m, err := readPair(images, labels, &small)
		checkRead(t, m, err)
	})
}

func FuzzCIFAR(f *testing.F) {
	f.Add(cifarBytes(&cifar10, 2), false)
	f.Add(cifarBytes(&cifar100, 2), true)
	f.Add(cifarBytes(&cifar10, 2)[:4000], false)
	f.Add(gzipOf(f, cifarBytes(&cifar10, 1)), false)
	f.Add([]byte{}, true)
	f.Fuzz(func(t *testing.T, data []byte, hundred bool) {
		kind := &cifar10
		if hundred {
			kind = &cifar100
		}
		s := defaults(t, &small)
		st, err := newReader("data.bin", bytes.NewReader(data))
		if err != nil {
			checkRead(t, nil, err)
			return
		}
		m := newCIFAR(s)
		m.classes = make([]string, kind.classes)
		checkRead(t, m, readCIFAR(ctx, st, kind, m, s))
	})
}

func FuzzTar(f *testing.F) {
	img := pngOf(f, noise(5, 5, 1))
	f.Add(tarOf(f, []file{{"a/1.png", img}, {"b/1.png", img}}))
	f.Add(gzipOf(f, tarOf(f, []file{{"train/a/1.png", img}, {"test/b/1.png", img}})))
	f.Add(tarOf(f, sampleFiles(f))[:2000])
	f.Add(tarOf(f, []file{{"x.png", img}}))
	f.Add(tarOf(f, []file{{"val/images/1.png", img}, {"val/val_annotations.txt", []byte("1.png\tcat\n")}, {"train/cat/2.png", img}}))
	f.Add(tarOf(f, []file{{"a/1.png", img}, {"b -> a", nil}, {"c/1.png -> ../b/1.png", nil}, {"a/loop -> ..", nil}}))
	f.Add(tarOf(f, []file{{"a/1.png", img}, {"a/@eaDir/1.png/T.png", img}, {"$RECYCLE.BIN/x.png", nil}, {"lost+found/1.png", img}}))
	huge := bytes.Clone(img) // announces 2^24 pixels a side
	binary.BigEndian.PutUint32(huge[16:], 1<<24)
	binary.BigEndian.PutUint32(huge[20:], 1<<24)
	f.Add(tarOf(f, []file{{"a/1.png", img}, {"a/2.png", huge}}))
	f.Add(tarOf(f, []file{{"../a/x.jpg", jpegOf(f, noise(3, 3, 1))}}))
	f.Fuzz(func(t *testing.T, data []byte) {
		open := func() (*fileReader, error) { return newReader("a.tar", bytes.NewReader(data)) }
		m, err := readTar(ctx, "a.tar", open, defaults(t, &small))
		checkRead(t, m, err)
	})
}

func FuzzZip(f *testing.F) {
	img := pngOf(f, noise(5, 5, 1))
	f.Add(zipOf(f, []file{{"a/1.png", img}, {"b/1.png", img}}), false)
	f.Add(zipOf(f, []file{{"train/a/1.png", img}, {"b -> train", nil}, {"train/a/2.png -> 1.png", nil}}), false)
	f.Add(zipOf(f, []file{{"a/1.png", img}, {"a/2.png", img[:30]}, {"a/@eaDir/1.png", img}, {"__MACOSX/a/1.png", nil}}), true)
	f.Add(zipOf(f, []file{{"../a/1.png", img}, {"val/images/1.png", img}, {"val/val_annotations.txt", []byte("1.png\tcat\n")}}), true)
	f.Add(zipOf(f, sampleFiles(f))[:900], false)
	f.Fuzz(func(t *testing.T, data []byte, skip bool) {
		s := defaults(t, &small)
		s.Skip = skip
		m, err := readZip(ctx, "a.zip", bytes.NewReader(data), int64(len(data)), s)
		checkRead(t, m, err)
	})
}

// FuzzPacked: whatever the packing, reading ends within the limit on what comes of it.
func FuzzPacked(f *testing.F) {
	plain := tarOf(f, []file{{"a/1.png", pngOf(f, noise(5, 5, 1))}})
	packed, err := hex.DecodeString(bzip2Tar)
	if err != nil {
		f.Fatal(err)
	}
	for _, data := range [][]byte{plain, gzipOf(f, plain), zstdOf(f, plain), packed, zstdOf(f, make([]byte, 1<<20)),
		[]byte("\xfd7zXZ\x00\x00\x04"), zstdOf(f, plain)[:40], packed[:50]} {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		st, err := newReader("a", bytes.NewReader(data))
		if err != nil {
			checkRead(t, nil, err)
			return
		}
		defer st.Close()
		if err := newTarWalk(st).drain(); err != nil {
			checkRead(t, nil, err)
		}
		if most := freeUnpacked + mostUnpacked*int64(len(data)) + 1<<16; st.offset > most {
			t.Fatalf("%d bytes of %d", st.offset, len(data))
		}
	})
}

func FuzzFolder(f *testing.F) {
	img, photo := pngOf(f, noise(5, 3, 1)), jpegOf(f, noise(9, 9, 1))
	f.Add("cat/1.png", img, "dog/1.jpg", photo)
	f.Add("train/cat/1.png", img, "test/dog/1.jpeg", photo)
	f.Add("cat/1.png", img[:40], "cat/.hidden.png", photo)
	f.Add("1.png", img, "cat/deep/deeper/1.jpg", photo[:len(photo)-3])
	f.Add("cat/1.jpg", img, "cat/2.png", []byte("text"))
	f.Add("val/images/1.jpg", photo, "val/val_annotations.txt", []byte("1.jpg\tcat\t0\t0\t3\t3\n"))
	f.Fuzz(func(t *testing.T, name1 string, data1 []byte, name2 string, data2 []byte) {
		dir := t.TempDir()
		for name, data := range map[string][]byte{name1: data1, name2: data2} {
			if !filepath.IsLocal(name) || len(name) > 60 {
				return
			}
			path := filepath.Join(dir, name)
			if os.MkdirAll(filepath.Dir(path), 0o755) != nil || os.WriteFile(path, data, 0o644) != nil {
				return // a name that the file system refuses
			}
		}
		m, err := OpenFolder(ctx, dir, &small)
		checkRead(t, m, err)
	})
}

// FuzzOpen gives arbitrary bytes to the recogniser, under several names.
func FuzzOpen(f *testing.F) {
	images, _ := idxFiles(2, 3, 3, func(int) byte { return 1 })
	f.Add(images, uint8(0))
	f.Add(tarOf(f, []file{{"a/1.png", pngOf(f, noise(5, 5, 1))}}), uint8(1))
	f.Add(cifarBytes(&cifar10, 1), uint8(2))
	f.Add(pngOf(f, noise(5, 5, 1)), uint8(3))
	f.Add([]byte{0x1f, 0x8b}, uint8(0))
	f.Fuzz(func(t *testing.T, data []byte, name uint8) {
		names := []string{"data", "x.tar", "x.bin", "train-images-idx3-ubyte"}
		path := filepath.Join(t.TempDir(), names[int(name)%len(names)])
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		m, err := Open(ctx, path, &small)
		checkRead(t, m, err)
	})
}

// FuzzAnnotations: what is read is what the lines say, and errors are inside the file.
func FuzzAnnotations(f *testing.F) {
	f.Add("val_0.JPEG\tn03444034\t0\t32\t44\t62\nval_1.JPEG\tn04067472\t52\t55\t57\t59\n")
	f.Add("a.png\tcat\r\n\r\nb.png\tdog")
	f.Add("a.png\tcat\na.png\tdog\n")
	f.Add("a.png cat")
	f.Add("\tcat")
	f.Add("../a\tcat")
	f.Fuzz(func(t *testing.T, text string) {
		a, err := newAnnotations("x.tar", "val/val_annotations.txt", "val/val_annotations.txt", []byte(text))
		if err != nil {
			var bad *FileError
			if !errors.As(err, &bad) || !errors.Is(err, ErrFormat) || bad.Offset < 0 || bad.Offset >= int64(len(text)) {
				t.Fatalf("%q: error %v", text, err)
			}
			return
		}
		for name, class := range a.classes {
			if name == "" || class == "" || !strings.Contains(text, name+"\t"+class) {
				t.Fatalf("%q: file %q of class %q", text, name, class)
			}
		}
	})
}
