package dataset

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"image/png"
	"path/filepath"
	"strings"
	"testing"
)

// Archives from before the ustar format have no name in their header, only a checksum.
func TestOldTar(t *testing.T) {
	archive := tarOf(t, []file{{"a/1.png", pngOf(t, noise(4, 4, 1))}})
	for b := 0; b < len(archive); b += 512 {
		block := archive[b : b+512]
		if !bytes.Equal(block[257:262], []byte("ustar")) {
			continue
		}
		clear(block[257:]) // the old header ends here; the name is short enough
		copy(block[148:156], "        ")
		sum := 0
		for _, v := range block {
			sum += int(v)
		}
		copy(block[148:156], fmt.Sprintf("%06o\x00 ", sum))
	}
	path := writeFile(t, "old", archive)
	ds, err := Open(ctx, path, nil)
	if err != nil || ds.Len() != 1 {
		t.Fatalf("old archive: %v", err)
	}
	archive[0]++ // now the checksum is wrong
	if _, err := Open(ctx, writeFile(t, "old", archive), nil); !errors.Is(err, ErrUnknown) {
		t.Errorf("wrong checksum: %v, want ErrUnknown", err)
	}
}

// Entries beyond a megabyte are read piece by piece; cut off inside, they say where.
func TestLargeEntry(t *testing.T) {
	big := pngOf(t, noise(700, 700, 1))
	if len(big) < 1<<20 {
		t.Fatalf("%d bytes are not large", len(big))
	}
	archive := tarOf(t, []file{{"a/1.png", big}})
	ds, err := OpenTar(ctx, writeFile(t, "s.tar", archive), &Options{Size: 16})
	if err != nil || ds.Len() != 1 {
		t.Fatal(err)
	}
	_, err = OpenTar(ctx, writeFile(t, "s.tar", archive[:1<<20]), &Options{Size: 16})
	wantBad(t, err, "s.tar", 1<<20)
}

func TestSparseEntry(t *testing.T) {
	h := &tar.Header{PAXRecords: map[string]string{"GNU.sparse.major": "1"}}
	if !isSparse(h) || isSparse(&tar.Header{PAXRecords: map[string]string{"comment": "none"}}) {
		t.Error("sparse entries are not told apart")
	}
}

// Two candidates for one part are an error that names both.
func TestAmbiguousFolder(t *testing.T) {
	archive := tarOf(t, sampleFiles(t))
	images, labels := idxFiles(2, 2, 2, func(int) byte { return 0 })
	for name, files := range map[string][]file{
		"archives": {{"train.tar", archive}, {"train.tgz", gzipOf(t, archive)}},
		"idx": {
			{"emnist-letters-train-images-idx3-ubyte", images}, {"emnist-letters-train-labels-idx1-ubyte", labels},
			{"emnist-digits-train-images-idx3-ubyte", images}, {"emnist-digits-train-labels-idx1-ubyte", labels},
		},
	} {
		_, err := Open(ctx, writeFolder(t, files), nil)
		if !errors.Is(err, ErrUnknown) || !strings.Contains(err.Error(), "both") {
			t.Errorf("%s: %v, want ErrUnknown and both names", name, err)
		}
	}
	both := writeFolder(t, []file{
		{"train-images.idx3-ubyte", images}, {"train-images.idx3-ubyte.gz", gzipOf(t, images)}, {"train-labels.idx1-ubyte", labels},
	})
	if ds, err := Open(ctx, both, nil); err != nil || ds.Len() != 2 {
		t.Errorf("the same images packed and plain: %v", err)
	}
}

func TestChoosePart(t *testing.T) {
	for _, c := range []struct {
		want  Part
		there []Part
		got   Part
	}{
		{"", []Part{Train, Test}, Train},
		{"", []Part{Test}, Test},
		{"", []Part{Val, Test}, ""},
		{Train, []Part{Val, Test}, ""},
		{Val, []Part{Train, Test}, Test},
		{Val, []Part{Train, Val, Test}, Val},
		{Test, []Part{Train, Val}, Val},
		{Test, []Part{Train, Val, Test}, Test},
		{Test, []Part{Train}, ""},
	} {
		got, err := choosePart(c.want, c.there)
		if got != c.got || (got == "") != errors.Is(err, ErrPart) {
			t.Errorf("%q of %q: %q, %v; want %q", c.want, c.there, got, err, c.got)
		}
	}
	for name, want := range map[string]Part{
		"train-images-idx3-ubyte.gz": Train, "t10k-images.idx3-ubyte": Test, "emnist-mnist-test-images-idx3-ubyte": Test,
		"val-images-idx3-ubyte": Val, "train-labels-idx1-ubyte": "", "._train-images-idx3-ubyte": "",
	} {
		if got := idxPart(name); got != want {
			t.Errorf("%s: part %q, want %q", name, got, want)
		}
	}
}

// What a decoder or gzip said can be asked for.
func TestErrorChain(t *testing.T) {
	pic := pngOf(t, noise(16, 16, 1))
	_, err := OpenFolder(ctx, writeFolder(t, []file{{"a/x.png", pic[:len(pic)-20]}}), nil)
	var fe png.FormatError
	if !errors.As(err, &fe) || !errors.Is(err, ErrFormat) {
		t.Errorf("truncated image: %v", err)
	}
	packed := gzipOf(t, tarOf(t, sampleFiles(t)))
	packed[len(packed)-5] ^= 1
	_, err = OpenTar(ctx, writeFile(t, "s.tgz", packed), nil)
	if !errors.Is(err, gzip.ErrChecksum) || !errors.Is(err, ErrFormat) {
		t.Errorf("wrong checksum: %v", err)
	}
	if _, err := OpenIDX(ctx, t.TempDir(), "nowhere", nil); err == nil {
		t.Error("a folder was read as a file")
	}
	if _, err := OpenFolder(ctx, filepath.Join(t.TempDir(), "x"), nil); err == nil {
		t.Error("a missing folder was read")
	}
}
