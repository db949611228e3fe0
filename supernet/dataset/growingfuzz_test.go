package dataset

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/tendril-nas/tendril/internal/checkpoint"
)

// unread is files in memory, by their names, to be read as checkpoints.
type unread map[string][]byte

func (u unread) read(path, kind string, version int, meta any) (map[string]checkpoint.Tensor, error) {
	data := u[filepath.Base(path)]
	return checkpoint.Decode(bytes.NewReader(data), int64(len(data)), kind, version, meta)
}

// encode adds a file.
func (u unread) encode(t testing.TB, name, kind string, meta any, tensors map[string]checkpoint.Tensor) {
	t.Helper()
	var b bytes.Buffer
	if err := checkpoint.Encode(&b, kind, growingVersion, meta, tensors); err != nil {
		t.Fatal(err)
	}
	u[name] = b.Bytes()
}

// checkLoaded is what must hold after any load: a set that can be read and goes on, or an error
// that names the file.
func checkLoaded(t *testing.T, g *Growing, err error) {
	t.Helper()
	if err != nil {
		if fe, ok := errors.AsType[*FileError](err); !ok || fe.File == "" || !errors.Is(err, ErrFormat) {
			t.Fatalf("error of no kind: %v", err)
		}
		return
	}
	ds := g.Snapshot()
	for i := range ds.Len() {
		imageOf(t, ds, i)
	}
	if err := g.Append(ctx, ds); err != nil && !errors.Is(err, ErrLimit) {
		t.Fatal(err)
	}
	if sum, bound := g.Snapshot().Len(), g.opts.MaxImages; bound > 0 && sum > bound {
		t.Fatalf("%d images, want at most %d", sum, bound)
	}
	Count(g.Snapshot())
}

// FuzzLoadGrowing gives the loader folders whose files are whole, as far as digests go, and say
// anything: the description of the set, and for the images their numbers, six bytes each.
func FuzzLoadGrowing(f *testing.F) {
	dir := f.TempDir()
	g := newGrowing(f, &GrowingOptions{MaxImages: 5})
	appendTo(f, g, grid(f, 8, 2, 2))
	saveTo(f, g, dir)
	var index growingIndex
	if _, err := checkpoint.Read(filepath.Join(dir, indexName), indexKind, growingVersion, &index); err != nil {
		f.Fatal(err)
	}
	text, err := json.Marshal(index)
	if err != nil {
		f.Fatal(err)
	}
	var numbers []byte
	n := g.now.Load()
	for i, m := range n.marks {
		numbers = append(numbers, byte(n.images.labels[i]), 3)
		numbers = binary.LittleEndian.AppendUint16(numbers, uint16(m.number))
		numbers = binary.LittleEndian.AppendUint16(numbers, uint16(m.order))
	}
	pixels := bytesOf(g.Snapshot())
	f.Add(text, numbers, pixels)
	f.Add([]byte(strings.Replace(string(text), `"Size":2`, `"Size":4096`, 1)), numbers, pixels)
	f.Add([]byte(strings.Replace(string(text), `"Seen":[`, `"Seen":[-`, 1)), numbers, pixels)
	f.Add([]byte(strings.Replace(string(text), `"Images":5`, `"Images":6`, 1)), append(numbers, numbers[:6]...), append(pixels, pixels[:12]...))
	f.Add([]byte(`{"Size":1,"Classes":["a"],"Seen":[9007199254740992],"Below":[18446744073709551615],"Images":1,"Parts":["`+index.Parts[0]+`"]}`),
		[]byte{0, 1, 0, 0, 0, 0}, []byte{7})
	f.Add([]byte(`{"Size":1,"Parts":["../../../etc/passwd"]}`), []byte{}, []byte{})
	f.Add([]byte(`[]`), []byte{1}, []byte{2})
	f.Fuzz(func(t *testing.T, index, numbers, pixels []byte) {
		if !json.Valid(index) || !utf8.Valid(index) {
			return
		}
		folder := unread{}
		folder.encode(t, indexName, indexKind, json.RawMessage(index), nil)
		var listed growingIndex
		if json.Unmarshal(index, &listed) == nil && len(listed.Parts) > 0 {
			tensors := imagesTensors{pixels: pixels}
			for m := numbers; len(m) >= 6; m = m[6:] {
				tensors.class, tensors.channels = append(tensors.class, int32(int8(m[0]))), append(tensors.channels, m[1])
				tensors.number = append(tensors.number, int64(int16(binary.LittleEndian.Uint16(m[2:]))))
				tensors.order = append(tensors.order, int64(int16(binary.LittleEndian.Uint16(m[4:]))))
			}
			id := listed.Parts[0]
			folder.encode(t, imagesPrefix+id, imagesKind, &imagesMeta{ID: id}, tensors.tensors())
		}
		g, err := loadGrowing("set", nil, folder.read)
		checkLoaded(t, g, err)
	})
}

func bytesOf(ds Dataset) (out []byte) {
	for i := range ds.Len() {
		out = append(out, lend(ds, i)...)
	}
	return out
}

// FuzzLoadGrowingBytes gives the loader anything for an index and for images.
func FuzzLoadGrowingBytes(f *testing.F) {
	dir := f.TempDir()
	g := newGrowing(f, nil)
	appendTo(f, g, grid(f, 3, 2, 2))
	saveTo(f, g, dir)
	whole := files(f, dir)
	var part string
	for name := range whole {
		if name != indexName {
			part = name
		}
	}
	f.Add([]byte(whole[indexName]), []byte(whole[part]))
	f.Add([]byte(whole[part]), []byte(whole[indexName]))
	f.Add([]byte(whole[indexName])[:100], []byte{})
	f.Fuzz(func(t *testing.T, index, images []byte) {
		g, err := loadGrowing("set", nil, unread{indexName: index, part: images}.read)
		checkLoaded(t, g, err)
	})
}
