package dataset

import (
	"archive/zip"
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

func zstdOf(t testing.TB, data []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	return w.EncodeAll(data, nil)
}

// An archive of any kind is the folder that it unpacks to, symbolic links included.
func TestArchives(t *testing.T) {
	files := append(sampleFiles(t), file{"fox -> dog", nil}, file{"cat/3.jpg -> ../cat/2.jpg", nil},
		file{"dog/lost.txt -> nowhere", nil}, file{"cat/4.png -> ./3.jpg", nil})
	o := &Options{AnyImageName: true}
	want, err := Open(ctx, writeFolder(t, files), o)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(want.Classes(), Count(want)); got != "[cat dog eel fox] [4 2 1 2]" {
		t.Fatal(got)
	}
	packed := tarOf(t, files)
	for name, data := range map[string][]byte{"a.tar": packed, "a.tgz": gzipOf(t, packed), "a.tar.zst": zstdOf(t, packed),
		"b.tar.zst": append([]byte("\x50\x2a\x4d\x18\x02\x00\x00\x00ab"), zstdOf(t, packed)...), // as pzstd writes
		"a.zip":     zipOf(t, files), "any": zipOf(t, files)} {
		got, err := Open(ctx, writeFile(t, name, data), o)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		same(t, got, want)
		a, b := got.Report(), want.Report()
		if a.Form, b.Form = "", ""; fmt.Sprint(a) != fmt.Sprint(b) {
			t.Errorf("%s: report %v, want %v", name, a, b)
		}
	}
}

// Links of images that lead nowhere, in circles or out of the archive are refused.
func TestArchiveLinks(t *testing.T) {
	img := pngOf(t, noise(8, 8, 1))
	for link, want := range map[string]string{
		"a/2.png -> 3.png":                 "not there",
		"a/2.png -> 2.png":                 "not there",
		"a/2.png -> /etc/x.png":            "not there",
		"a/2.png -> ../../x.png":           "not there",
		"a/loop -> ../a":                   "deeper than",
		"../a/2.png":                       "out of the archive",
		strings.Repeat("a/", 12) + "1.png": "deeper than",
	} {
		files := []file{{"a/1.png", img}, {link, img}}
		for _, path := range []string{writeFile(t, "a.tar", tarOf(t, files)), writeFile(t, "a.zip", zipOf(t, files))} {
			if _, err := Open(ctx, path, nil); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: error %v, want %s", link, err, want)
			}
		}
	}
}

// A file of bzip2, whose making the standard library does not know: a tar of one PNG.
func TestBzip2(t *testing.T) {
	data, err := hex.DecodeString(bzip2Tar)
	if err != nil {
		t.Fatal(err)
	}
	ds, err := Open(ctx, writeFile(t, "a.tar.bz2", data), nil)
	if err != nil || ds.Len() != 1 || ds.Size() != 2 || ds.Classes()[0] != "cat" {
		t.Errorf("%v, error %v", ds, err)
	}
}

// What unpacks to far more than it takes is refused, before it is held in memory; so is xz.
func TestBombs(t *testing.T) {
	zeros := make([]byte, 96<<20)
	for name, data := range map[string][]byte{"a.gz": gzipOf(t, zeros), "a.zst": zstdOf(t, zeros)} {
		st, err := newReader(name, bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if err := newTarWalk(st).drain(); !errors.Is(err, ErrLimit) || st.offset > freeUnpacked+mostUnpacked*int64(len(data)) {
			t.Errorf("%s: %d bytes of %d, error %v", name, st.offset, len(data), err)
		}
		st.Close()
	}
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := range 3 {
		e, err := w.CreateRaw(&zip.FileHeader{Name: fmt.Sprintf("a/%d.png", i), UncompressedSize64: 200 << 20})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.Write([]byte("short")); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(ctx, writeFile(t, "a.zip", b.Bytes()), nil); !errors.Is(err, ErrLimit) {
		t.Errorf("zip: %v", err)
	}
	if _, err := Open(ctx, writeFile(t, "a.tar.xz", []byte("\xfd7zXZ\x00\x00\x04")), nil); !errors.Is(err, ErrUnknown) || !strings.Contains(err.Error(), "xz -d") {
		t.Errorf("xz: %v", err)
	}
}

// Folders without end in names take no memory beyond the limits.
func TestArchiveLimits(t *testing.T) {
	a := archive{path: "a.zip", seen: maxEntries - 100}
	_, err := a.put("x" + strings.Repeat("/x", 100))
	if !errors.Is(err, ErrLimit) {
		t.Errorf("folders: %v", err)
	}
	if err := new(archive).count(strings.Repeat("x", maxNames+1)); !errors.Is(err, ErrLimit) {
		t.Errorf("names: %v", err)
	}
}

// bzip2Tar is a tar of cat/1.png (2×2, grey), packed by bzip2, in hexadecimal digits.
const bzip2Tar = "" +
	"425a683931415926535930e42a4600008d7ffafddb00124001ed8036e154807d815e4010200004000102000012" +
	"08482000940d4f528c6a68d068d34343403d1068f50da9e88325464d3d0869e9191a3101846100d1a32d60a517" +
	"7a20040f1c5592f689243884121f42ab62cc36ad9c44822b212888c52e77b8194e4235b26867280f10814a501f" +
	"b93ec8f32b72a01c5ab5d09279412514d70feb3b283189aa6bbedd67c15b7eb5c5cfb8db6c9a6359a8a0200fe2" +
	"ee48a70a12061c8548c0"

// A web of links that leads anywhere in countless ways is refused, also where that shows at the
// last link.
func TestArchiveWeb(t *testing.T) {
	a := &archive{path: "a.tar", steps: maxSteps - 3}
	for name, link := range map[string]string{"a/b": "", "c": "a/b", "d": "a/../a/b"} {
		n, err := a.put(name)
		if err != nil {
			t.Fatal(err)
		}
		n.link = link
	}
	if list, err := a.children("c"); err != nil || len(list) != 0 {
		t.Errorf("links within the limit: %v, %v", list, err)
	}
	if _, err := a.children(""); !errors.Is(err, ErrLimit) {
		t.Errorf("links beyond the limit: %v", err)
	}
}
