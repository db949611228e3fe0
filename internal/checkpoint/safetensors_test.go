package checkpoint

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// rawContainer puts a header text and data bytes together as the format prescribes.
func rawContainer(header string, data int) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	b = append(b, header...)
	return append(b, make([]byte, data)...)
}

// The bytes of the format, written out by hand: length, header, little-endian data.
func TestWriteSafetensorsBytes(t *testing.T) {
	var buf bytes.Buffer
	err := WriteSafetensors(&buf, map[string]string{"format": "pt"}, map[string]Tensor{
		"b": Of([]int{1, 2}, []float32{1, -2}),
		"a": Of([]int{1}, []float32{0.5}),
		"z": Of([]int{1}, []float64{1}),
		"u": Of([]int{3}, []uint8{7, 8, 9}),
	})
	if err != nil {
		t.Fatal(err)
	}
	header := `{"__metadata__":{"format":"pt"},"z":{"dtype":"F64","shape":[1],"data_offsets":[0,8]},` +
		`"a":{"dtype":"F32","shape":[1],"data_offsets":[8,12]},"b":{"dtype":"F32","shape":[1,2],"data_offsets":[12,20]},` +
		`"u":{"dtype":"U8","shape":[3],"data_offsets":[20,23]}}`
	header += strings.Repeat(" ", (8-len(header)%8)%8)
	want := rawContainer(header, 0)
	want = append(want, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0, 0, 0, 0x3f, 0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0, 7, 8, 9)
	if !bytes.Equal(buf.Bytes(), want) {
		t.Errorf("got  %q\nwant %q", buf.Bytes(), want)
	}
}

// Files of other writers: tensors in any order, no padding or much, metadata anywhere or absent,
// white space.
func TestReadSafetensorsOfOthers(t *testing.T) {
	data := append(rawContainer("{ \"y\" : {\"shape\":[2],\"data_offsets\":[4,6],\"dtype\":\"U8\"},\n"+
		`"x":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"e":{"dtype":"I64","shape":[0],"data_offsets":[4,4]},"__metadata__":{"k":"v"}}   `, 0),
		0, 0, 0x80, 0x3f, 5, 6)
	meta, tensors, err := ReadSafetensors(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]Tensor{"x": Of([]int{}, []float32{1}), "y": Of([]int{2}, []uint8{5, 6}), "e": Of([]int{0}, []int64{})}
	if d := cmp.Diff(want, tensors); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(map[string]string{"k": "v"}, meta); d != "" {
		t.Error(d)
	}
	if _, err := decode(data, "k", 1, nil); !errors.Is(err, ErrCorrupt) {
		t.Errorf("a container without kind and digest read as a checkpoint: %v", err)
	}
}

func TestReadSafetensorsRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		header string
		data   int
		want   string
	}{
		"empty header":        {``, 0, "does not begin"},
		"not JSON":            {`{"a"`, 0, "not valid JSON"},
		"array":               {`[]`, 0, "does not begin"},
		"leading space":       {` {}`, 0, "does not begin"},
		"text after":          {`{} {}`, 0, "text after"},
		"data without tensor": {`{}`, 4, "file has 4"},
		"duplicate name": {`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}`, 2,
			"duplicate name"},
		"duplicate key":      {`{"__metadata__":{"a":"1","a":"2"}}`, 0, "duplicate metadata key"},
		"duplicate metadata": {`{"__metadata__":{},"__metadata__":{}}`, 0, "duplicate name"},
		"metadata number":    {`{"__metadata__":{"a":1}}`, 0, "metadata string"},
		"overlap": {`{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}`, 3,
			"begins at data byte 1"},
		"hole": {`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}}`, 3,
			"begins at data byte 2"},
		"bytes at the end":   {`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}`, 2, "file has 2"},
		"beyond the end":     {`{"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}}`, 2, "file has 2"},
		"backwards":          {`{"a":{"dtype":"U8","shape":[1],"data_offsets":[2,1]}}`, 2, "bytes 2 to 1"},
		"negative offset":    {`{"a":{"dtype":"U8","shape":[1],"data_offsets":[-1,0]}}`, 2, "an integer from 0"},
		"fraction":           {`{"a":{"dtype":"U8","shape":[1.5],"data_offsets":[0,1]}}`, 1, "an integer from 0"},
		"offset overflow":    {`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,9223372036854775808]}}`, 1, "an integer from 0"},
		"shape overflow":     {`{"a":{"dtype":"F32","shape":[4294967296,4294967296,2],"data_offsets":[0,8]}}`, 8, `tensor "a"`},
		"shape wraps to 8":   {`{"a":{"dtype":"F32","shape":[4611686018427387906],"data_offsets":[0,8]}}`, 8, `tensor "a"`},
		"shape and bytes":    {`{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}`, 8, "in 8 bytes"},
		"dtype":              {`{"a":{"dtype":"F4","shape":[2],"data_offsets":[0,2]}}`, 2, `dtype "F4"`},
		"no dtype":           {`{"a":{"shape":[1],"data_offsets":[0,2]}}`, 2, "needs dtype"},
		"no shape":           {`{"a":{"dtype":"U8","data_offsets":[0,1]}}`, 1, "needs dtype"},
		"no offsets":         {`{"a":{"dtype":"U8","shape":[1]}}`, 1, "needs dtype"},
		"two dtypes":         {`{"a":{"dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]}}`, 1, "two dtypes"},
		"two shapes":         {`{"a":{"dtype":"U8","shape":[1],"shape":[1],"data_offsets":[0,1]}}`, 1, "two shapes"},
		"two offsets":        {`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"data_offsets":[0,1]}}`, 1, "two data_offsets"},
		"three offsets":      {`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1,2]}}`, 1, "expected ]"},
		"tensor is a number": {`{"a":1}`, 0, "expected {"},
		"deep":               {`{"a":{"dtype":"U8","shape":` + strings.Repeat("[", 100000), 0, "expected an extent"},
		"rank":               {`{"a":{"dtype":"U8","shape":[1` + strings.Repeat(",1", maxRank) + `],"data_offsets":[0,1]}}`, 1, "dimensions"},
	} {
		data := rawContainer(c.header, c.data)
		_, _, err := ReadSafetensors(bytes.NewReader(data), int64(len(data)))
		if !errors.Is(err, ErrCorrupt) || !strings.Contains(fmt.Sprint(err), c.want) {
			t.Errorf("%s: error %v, expected one with %q", name, err, c.want)
		}
	}
}

func TestHeaderLength(t *testing.T) {
	for _, n := range []uint64{1, 100_000_001, 1 << 40, 1 << 63, 1<<64 - 1} {
		data := binary.LittleEndian.AppendUint64(nil, n)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, _, err := ReadSafetensors(bytes.NewReader(data), int64(len(data)))
		runtime.ReadMemStats(&after)
		if !errors.Is(err, ErrCorrupt) {
			t.Errorf("header of %d bytes in a file of 8: %v", n, err)
		}
		if got := after.TotalAlloc - before.TotalAlloc; got > 1<<20 {
			t.Errorf("header of %d bytes in a file of 8: %d bytes allocated", n, got)
		}
	}
	// A file may be large enough for a header that is still above the limit.
	data := binary.LittleEndian.AppendUint64(nil, maxHeader+1)
	if _, _, err := ReadSafetensors(bytes.NewReader(data), 1<<40); !errors.Is(err, ErrCorrupt) {
		t.Errorf("oversized header: %v", err)
	}
}

func FuzzReadSafetensors(f *testing.F) {
	f.Add(encoded(f))
	f.Add(rawContainer(`{"x":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"y":{"dtype":"U8","shape":[2],"data_offsets":[4,6]}}`, 6))
	f.Add(rawContainer(`{"x":{"dtype":"F16","shape":[3],"data_offsets":[0,6]},"y":{"dtype":"BF16","shape":[1],"data_offsets":[6,8]}}`, 8))
	f.Add(rawContainer(`{"x":{"dtype":"F64","shape":[1,0,3],"data_offsets":[0,0]},"__metadata__":{"\u00e9":"\ud800"}}`, 0))
	f.Fuzz(func(t *testing.T, data []byte) {
		meta, tensors, err := ReadSafetensors(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			if !errors.Is(err, ErrCorrupt) {
				t.Fatalf("error of another kind: %v", err)
			}
			return
		}
		// What was read can be written, and reading that again gives the same bytes.
		var once, twice bytes.Buffer
		if err := WriteSafetensors(&once, meta, tensors); err != nil {
			t.Fatal(err)
		}
		meta, tensors, err = ReadSafetensors(bytes.NewReader(once.Bytes()), int64(once.Len()))
		if err != nil {
			t.Fatal(err)
		}
		if err := WriteSafetensors(&twice, meta, tensors); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(once.Bytes(), twice.Bytes()) {
			t.Fatal("writing what was read is not stable")
		}
	})
}

func FuzzDecode(f *testing.F) {
	whole := encoded(f)
	f.Add(whole)
	f.Add(whole[:len(whole)/2])
	f.Add(bytes.Replace(whole, []byte(`"version":"2"`), []byte(`"version":"9"`), 1))
	f.Fuzz(func(t *testing.T, data []byte) {
		var meta state
		_, err := decode(data, "demo", 2, &meta)
		switch {
		case err == nil:
			if !bytes.Equal(data, whole) {
				t.Fatal("a file without a valid digest was accepted")
			}
		case !errors.Is(err, ErrCorrupt):
			t.Fatalf("error of another kind: %v", err)
		case meta.Name != "" || meta.Steps != nil || meta.Rate != 0:
			t.Fatalf("meta was changed: %+v", meta)
		}
	})
}

// Metadata that are null, and fields of a tensor that nobody knows, whatever they hold.
func TestReadSafetensorsExtras(t *testing.T) {
	file := rawContainer(`{"__metadata__":null,"a":{"note":[{"b":[1,null]},"]"],"dtype":"U8","device":"cpu",`+
		`"shape":[2],"data_offsets":[0,2],"empty":{}}}`, 2)
	metadata, tensors, err := ReadSafetensors(bytes.NewReader(file), int64(len(file)))
	if err != nil || len(metadata) != 0 || len(tensors) != 1 || len(tensors["a"].Data.([]uint8)) != 2 {
		t.Errorf("metadata %v, tensors %v, error %v, expected one tensor of two bytes", metadata, tensors, err)
	}
}
