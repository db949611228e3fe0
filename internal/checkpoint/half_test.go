package checkpoint

import (
	"bytes"
	"math"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// numberOf is what the definition of binary16 says that bits mean.
func numberOf(h Float16) float64 {
	sign := 1.0
	if h>>15 == 1 {
		sign = -1
	}
	exponent, fraction := int(h>>10&31), float64(h&1023)
	switch {
	case exponent == 31 && fraction == 0:
		return math.Inf(int(sign))
	case exponent == 31:
		return math.NaN()
	case exponent == 0:
		return sign * math.Ldexp(fraction, -24)
	}
	return sign * math.Ldexp(1024+fraction, exponent-25)
}

// All halves become the number that they mean, and come back as they were.
func TestEveryHalf(t *testing.T) {
	for i := range 1 << 16 {
		h := Float16(i)
		want, got := numberOf(h), h.Float32()
		back := ToFloat16(got)
		if want != want {
			if got == got || back.Float32() == back.Float32() || back>>15 != h>>15 || back&0x200 == 0 {
				t.Fatalf("%#04x: %v and back %#04x, expected NaN and a quiet one", i, got, back)
			}
			continue
		}
		if float64(got) != want || math.Signbit(float64(got)) != (h>>15 == 1) {
			t.Fatalf("%#04x is %v, expected %v", i, got, want)
		}
		if back != h {
			t.Fatalf("%#04x came back as %#04x", i, back)
		}
	}
}

// Between two neighbours the nearer one is taken, in the middle the even one; above the largest the
// infinity stands for 65536.
func TestRoundingToHalves(t *testing.T) {
	for i := range Float16(0x7c00) {
		low, high := numberOf(i), numberOf(i+1)
		if i == 0x7bff {
			high = 65536
		}
		middle := float32((low + high) / 2) // exact: 12 bits are enough
		even := i + i&1
		for _, c := range []struct {
			v    float32
			want Float16
		}{
			{middle, even},
			{math.Nextafter32(middle, 0), i},
			{math.Nextafter32(middle, math.MaxFloat32), i + 1},
			{float32(low + (high-low)/4), i},
			{float32(low + (high-low)*3/4), i + 1},
		} {
			if got := ToFloat16(c.v); got != c.want {
				t.Fatalf("%v becomes %#04x, expected %#04x", c.v, got, c.want)
			}
			if got := ToFloat16(-c.v); got != c.want|0x8000 {
				t.Fatalf("%v becomes %#04x, expected %#04x", -c.v, got, c.want|0x8000)
			}
		}
	}
	for v, want := range map[float32]Float16{
		math.MaxFloat32: 0x7c00, 65536: 0x7c00, float32(math.Inf(1)): 0x7c00,
		math.SmallestNonzeroFloat32: 0, 0x1p-25: 0, 0x1.000002p-25: 1,
	} {
		if got := ToFloat16(v); got != want {
			t.Errorf("%v becomes %#04x, expected %#04x", v, got, want)
		}
	}
}

// A BF16 is a float32 whose lower bits are 0.
func TestEveryBFloat16(t *testing.T) {
	for i := range 1 << 16 {
		got := BFloat16(i).Float32()
		if got != got {
			if i&0x7fff <= 0x7f80 {
				t.Fatalf("%#04x is NaN", i)
			}
			continue
		}
		if bits := math.Float32bits(got); bits != uint32(i)<<16 {
			t.Fatalf("%#04x has bits %#08x", i, bits)
		}
	}
	if got := BFloat16(0xc049).Float32(); got != -3.140625 {
		t.Errorf("0xc049 is %v, expected -3.140625", got)
	}
}

// Halves go through a file as they are, between elements of four bytes and of one.
func TestHalvesInFiles(t *testing.T) {
	in := map[string]Tensor{
		"w": Of([]int{2}, []float32{1, 2}),
		"h": Halves([]int{3}, []float32{1, -2, 65504}),
		"b": Of([]int{1, 2}, []BFloat16{0x3f80, 0xc000}),
		"u": Of([]int{1}, []uint8{7}),
	}
	var buf bytes.Buffer
	if err := WriteSafetensors(&buf, nil, in); err != nil {
		t.Fatal(err)
	}
	header := `{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},` +
		`"b":{"dtype":"BF16","shape":[1,2],"data_offsets":[8,12]},"h":{"dtype":"F16","shape":[3],"data_offsets":[12,18]},` +
		`"u":{"dtype":"U8","shape":[1],"data_offsets":[18,19]}}`
	for len(header)%8 != 0 {
		header += " "
	}
	want := append(rawContainer(header, 0), 0, 0, 0x80, 0x3f, 0, 0, 0, 0x40, 0x80, 0x3f, 0, 0xc0, 0, 0x3c, 0, 0xc0, 0xff, 0x7b, 7)
	if !bytes.Equal(buf.Bytes(), want) {
		t.Errorf("got  %q\nwant %q", buf.Bytes(), want)
	}
	_, out, err := ReadSafetensors(bytes.NewReader(want), int64(len(want)))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(in, out); d != "" {
		t.Error(d)
	}
}

func TestFloat32s(t *testing.T) {
	for _, c := range []struct {
		of    Tensor
		dtype string
		want  []float32
	}{
		{Of([]int{2}, []float32{1, -2.5}), "F32", []float32{1, -2.5}},
		{Of([]int{2}, []Float16{0x3c00, 0xc100}), "F16", []float32{1, -2.5}},
		{Of([]int{2}, []BFloat16{0x3f80, 0xc020}), "BF16", []float32{1, -2.5}},
		{Of([]int{2}, []float64{1 + 1e-12, -2.5}), "F64", []float32{1, -2.5}},
		{Of([]int{1}, []int64{1}), "I64", nil},
		{Of([]int{1}, []uint8{1}), "U8", nil},
	} {
		got, ok := c.of.Float32s()
		if d := cmp.Diff(c.want, got); d != "" || ok != (c.want != nil) || c.of.DType() != c.dtype {
			t.Errorf("%s of %T: %v, %v", c.of.DType(), c.of.Data, got, ok)
		}
	}
	if got := (Tensor{Data: "text"}).DType(); got != "" {
		t.Errorf("a text has type %q", got)
	}
}

// Elements that nothing is computed with are read and written as they are.
func TestRaw(t *testing.T) {
	want := map[string]Tensor{
		"i": {[]int{2}, Raw{"I16", []byte{1, 2, 3, 4}}}, "b": {[]int{3}, Raw{"BOOL", []byte{1, 0, 1}}},
		"f": Of([]int{1}, []float32{7}),
	}
	var file bytes.Buffer
	if err := WriteSafetensors(&file, nil, want); err != nil {
		t.Fatal(err)
	}
	_, got, err := ReadSafetensors(&file, int64(file.Len()))
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v", got, err)
	}
	if _, ok := got["i"].Float32s(); ok || got["i"].DType() != "I16" {
		t.Errorf("of type %q", got["i"].DType())
	}
	for _, bad := range []Raw{{"I16", []byte{1, 2, 3}}, {"F4", []byte{1, 2}}, {"", nil}} {
		if err := WriteSafetensors(&file, nil, map[string]Tensor{"x": {[]int{1}, bad}}); err == nil {
			t.Errorf("%v: no error", bad)
		}
	}
}
