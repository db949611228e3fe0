package checkpoint

import (
	"bytes"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

type state struct {
	Name  string
	Steps []int
	Rate  float64
}

// sample has every element type, a scalar, an empty tensor, and text that imitates the digest
// field.
func sample() (state, map[string]Tensor) {
	return state{Name: "stem \"sha256\":\"x", Steps: []int{1, 2}, Rate: 0.1}, map[string]Tensor{
		"a.weight": Of([]int{2, 3}, []float32{1, -2, 3.5, 0, 5, 6}),
		"b":        Of([]int{2}, []float64{1e300, -0.25}),
		"sha256":   Of([]int{1, 2}, []int64{-1, 1 << 60}),
		"n":        Of([]int{3}, []int32{-1, 0, 7}),
		"scalar":   Of([]int{}, []float32{42}),
		"empty":    Of([]int{0, 4}, []float32{}),
		"bytes":    Of([]int{5}, []uint8("hello")),
	}
}

func encoded(t testing.TB) []byte {
	t.Helper()
	meta, tensors := sample()
	var buf bytes.Buffer
	if err := Encode(&buf, "demo", 2, meta, tensors); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func decode(data []byte, kind string, version int, meta any) (map[string]Tensor, error) {
	return Decode(bytes.NewReader(data), int64(len(data)), kind, version, meta)
}

func TestRoundTripOnDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.ckpt")
	want, tensors := sample()
	if err := Write(path, "demo", 2, want, tensors); err != nil {
		t.Fatal(err)
	}
	var got state
	back, err := Read(path, "demo", 3, &got)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(tensors, back); d != "" {
		t.Error(d)
	}
	onDisk, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(onDisk, encoded(t)) {
		t.Error("the same state gave different bytes")
	}
	info, err := Inspect(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Kind != "demo" || info.Version != 2 || len(info.Tensors) != len(tensors) || !strings.Contains(string(info.Meta), `"Rate":0.1`) {
		t.Errorf("Inspect gave %+v", info)
	}
}

func TestRoundTripProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tensors := make(map[string]Tensor)
		for name := range rapid.MapOfN(rapid.String(), rapid.Just(0), 0, 6).Draw(t, "names") {
			if name == "__metadata__" {
				continue
			}
			shape := rapid.SliceOfN(rapid.IntRange(0, 9), 0, 4).Draw(t, "shape")
			n, _ := elements(shape)
			switch rapid.IntRange(0, 4).Draw(t, "type") {
			case 0:
				tensors[name] = Of(shape, rapid.SliceOfN(rapid.Float32(), n, n).Draw(t, "data"))
			case 1:
				tensors[name] = Of(shape, rapid.SliceOfN(rapid.Float64(), n, n).Draw(t, "data"))
			case 2:
				tensors[name] = Of(shape, rapid.SliceOfN(rapid.Int32(), n, n).Draw(t, "data"))
			case 3:
				tensors[name] = Of(shape, rapid.SliceOfN(rapid.Int64(), n, n).Draw(t, "data"))
			case 4:
				tensors[name] = Of(shape, rapid.SliceOfN(rapid.Byte(), n, n).Draw(t, "data"))
			}
		}
		meta := rapid.MapOf(rapid.String(), rapid.Int()).Draw(t, "meta")
		var buf bytes.Buffer
		if err := Encode(&buf, "kind", 1, meta, tensors); err != nil {
			t.Fatal(err)
		}
		var gotMeta map[string]int
		got, err := decode(buf.Bytes(), "kind", 1, &gotMeta)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(tensors, got); d != "" {
			t.Fatal(d)
		}
		if d := cmp.Diff(meta, gotMeta); d != "" {
			t.Fatal(d)
		}
	})
}

func TestSpecialValuesKeepTheirBits(t *testing.T) {
	f32 := []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Copysign(0, -1)), math.SmallestNonzeroFloat32}
	f64 := []float64{math.NaN(), math.Inf(-1), math.Copysign(0, -1), math.SmallestNonzeroFloat64}
	var buf bytes.Buffer
	if err := Encode(&buf, "k", 1, nil, map[string]Tensor{"s": Of([]int{4}, f32), "d": Of([]int{4}, f64)}); err != nil {
		t.Fatal(err)
	}
	got, err := decode(buf.Bytes(), "k", 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 4 {
		if a, b := got["s"].Data.([]float32)[i], f32[i]; math.Float32bits(a) != math.Float32bits(b) {
			t.Errorf("float32 %d: %v became %v", i, b, a)
		}
		if a, b := got["d"].Data.([]float64)[i], f64[i]; math.Float64bits(a) != math.Float64bits(b) {
			t.Errorf("float64 %d: %v became %v", i, b, a)
		}
	}
}

// Larger than every internal buffer, and not a multiple of any.
func TestRoundTripLarge(t *testing.T) {
	data := make([]float32, 3*chunkBytes+5)
	for i := range data {
		data[i] = float32(i)
	}
	raw := bytes.Repeat([]byte{1, 2, 3}, 5*chunkBytes)
	in := map[string]Tensor{"w": Of([]int{len(data)}, data), "raw": Of([]int{3, 5 * chunkBytes}, raw)}
	var buf bytes.Buffer
	if err := Encode(&buf, "k", 1, nil, in); err != nil {
		t.Fatal(err)
	}
	got, err := decode(buf.Bytes(), "k", 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !cmp.Equal(in, got) {
		t.Error("large tensors changed on the way")
	}
}

func TestEveryTruncationIsCorrupt(t *testing.T) {
	whole := encoded(t)
	dir := t.TempDir()
	for n := range whole {
		got := state{Name: "untouched"}
		if _, err := decode(whole[:n], "demo", 2, &got); !errors.Is(err, ErrCorrupt) || got.Name != "untouched" {
			t.Fatalf("first %d of %d bytes: error %v, meta %+v", n, len(whole), err, got)
		}
		// The stream ends before the size that the file system gave.
		if _, err := Decode(bytes.NewReader(whole[:n]), int64(len(whole)), "demo", 2, nil); !errors.Is(err, ErrCorrupt) {
			t.Fatalf("stream of %d of %d bytes: error %v", n, len(whole), err)
		}
	}
	path := filepath.Join(dir, "cut.ckpt")
	if err := os.WriteFile(path, whole[:len(whole)-1], 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Read(path, "demo", 2, nil)
	fe, ok := errors.AsType[*FormatError](err)
	if !ok || fe.Path != path || fe.Offset == 0 || !strings.Contains(err.Error(), "cut.ckpt") {
		t.Errorf("error %v does not name file and offset", err)
	}
	if _, err := decode(append(bytes.Clone(whole), 0), "demo", 2, nil); !errors.Is(err, ErrCorrupt) {
		t.Errorf("one byte more: error %v", err)
	}
}

func TestEveryBitFlipIsCorrupt(t *testing.T) {
	whole := encoded(t)
	for i := range whole {
		for bit := range 8 {
			whole[i] ^= 1 << bit
			got := state{Name: "untouched"}
			if _, err := decode(whole, "demo", 2, &got); !errors.Is(err, ErrCorrupt) || got.Name != "untouched" {
				t.Fatalf("bit %d of byte %d: error %v, meta %+v", bit, i, err, got)
			}
			whole[i] ^= 1 << bit
		}
	}
	if _, err := decode(whole, "demo", 2, nil); err != nil {
		t.Fatal(err)
	}
}

func TestKindAndVersion(t *testing.T) {
	whole := encoded(t)
	if _, err := decode(whole, "other", 2, nil); !errors.Is(err, ErrKind) || errors.Is(err, ErrCorrupt) {
		t.Errorf("other kind: %v", err)
	}
	if _, err := decode(whole, "demo", 1, nil); !errors.Is(err, ErrVersion) || errors.Is(err, ErrCorrupt) {
		t.Errorf("newer version: %v", err)
	}
	whole[len(whole)-1] ^= 1
	if _, err := decode(whole, "other", 2, nil); !errors.Is(err, ErrCorrupt) {
		t.Errorf("damaged file of another kind: %v", err)
	}
	if _, err := Read(filepath.Join(t.TempDir(), "none"), "demo", 1, nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
	if _, err := Inspect(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
}

func TestWriteRefuses(t *testing.T) {
	one := Of([]int{1}, []float32{1})
	for name, c := range map[string]struct {
		kind    string
		version int
		meta    any
		tensors map[string]Tensor
	}{
		"no kind":        {"", 1, nil, nil},
		"version 0":      {"k", 0, nil, nil},
		"meta":           {"k", 1, math.NaN(), nil},
		"element type":   {"k", 1, nil, map[string]Tensor{"a": {Shape: []int{1}, Data: []string{"x"}}}},
		"shape":          {"k", 1, nil, map[string]Tensor{"a": Of([]int{2}, []float32{1})}},
		"negative shape": {"k", 1, nil, map[string]Tensor{"a": Of([]int{-1, -1}, []float32{1})}},
		"overflow":       {"k", 1, nil, map[string]Tensor{"a": Of([]int{math.MaxInt, 2, 0}, []float32{})}},
		"reserved name":  {"k", 1, nil, map[string]Tensor{"__metadata__": one}},
		"bad name":       {"k", 1, nil, map[string]Tensor{"\xff": one}},
		"kind not UTF-8": {"\xff", 1, nil, nil},
	} {
		path := filepath.Join(t.TempDir(), "x")
		if err := Write(path, c.kind, c.version, c.meta, c.tensors); err == nil {
			t.Errorf("%s: no error", name)
		}
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: a file is there", name)
		}
	}
}

func TestGet(t *testing.T) {
	_, tensors := sample()
	w, err := Get[float32](tensors, "a.weight", -1, 3)
	if err != nil || len(w) != 6 {
		t.Errorf("a.weight: %v, %v", w, err)
	}
	for name, err := range map[string]error{
		"missing":    second(Get[float32](tensors, "none", 1)),
		"type":       second(Get[float64](tensors, "a.weight", 2, 3)),
		"rank":       second(Get[float32](tensors, "a.weight", 6)),
		"extent":     second(Get[float32](tensors, "a.weight", 3, 2)),
		"not scalar": second(Get[float32](tensors, "a.weight")),
	} {
		if !errors.Is(err, ErrTensor) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }
