package supernet

import (
	"encoding/binary"
	"math"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

// Element types of TensorProto.
const (
	elemFloat = 1
	elemInt64 = 7
)

// field is one field of a decoded protocol buffer.
type field struct {
	num   protowire.Number
	value uint64
	bytes []byte
}

// fieldsOf decodes the fields of a message.
func fieldsOf(t testing.TB, b []byte) []field {
	t.Helper()
	var out []field
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			t.Fatal(protowire.ParseError(n))
		}
		b = b[n:]
		f := field{num: num}
		switch typ {
		case protowire.VarintType:
			f.value, n = protowire.ConsumeVarint(b)
		case protowire.BytesType:
			f.bytes, n = protowire.ConsumeBytes(b)
		case protowire.Fixed32Type:
			var v uint32
			v, n = protowire.ConsumeFixed32(b)
			f.value = uint64(v)
		default:
			t.Fatalf("field %d of wire type %d", num, typ)
		}
		if n < 0 {
			t.Fatal(protowire.ParseError(n))
		}
		b = b[n:]
		out = append(out, f)
	}
	return out
}

// each is the contents of all fields of a number.
func each(fields []field, num protowire.Number) [][]byte {
	var out [][]byte
	for _, f := range fields {
		if f.num == num {
			out = append(out, f.bytes)
		}
	}
	return out
}

// first is the content of the only field of a number.
func first(t testing.TB, fields []field, num protowire.Number) field {
	t.Helper()
	var found []field
	for _, f := range fields {
		if f.num == num {
			found = append(found, f)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d fields of number %d, expected one", len(found), num)
	}
	return found[0]
}

type decodedNode struct {
	op, name, output string
	inputs           []string
	ints             map[string][]int
	floats           map[string]float32
}

type decodedTensor struct {
	elem int
	dims []int
	f32  []float32
	i64  []int64
}

// decodedFile is what a test reads of an ONNX file.
type decodedFile struct {
	ir, opset int
	meta      map[string]string
	input     string
	outputs   []string
	dims      map[string][]int // of inputs and outputs; −1 for a named one
	nodes     []decodedNode
	tensors   map[string]decodedTensor
}

func decodeONNX(t testing.TB, b []byte) *decodedFile {
	t.Helper()
	d := &decodedFile{meta: map[string]string{}, dims: map[string][]int{}, tensors: map[string]decodedTensor{}}
	model := fieldsOf(t, b)
	d.ir = int(first(t, model, 1).value)
	d.opset = int(first(t, fieldsOf(t, first(t, model, 8).bytes), 2).value)
	for _, p := range each(model, 14) {
		kv := fieldsOf(t, p)
		d.meta[string(first(t, kv, 1).bytes)] = string(first(t, kv, 2).bytes)
	}
	graph := fieldsOf(t, first(t, model, 7).bytes)
	d.input = d.value(t, first(t, graph, 11).bytes)
	for _, o := range each(graph, 12) {
		d.outputs = append(d.outputs, d.value(t, o))
	}
	for _, n := range each(graph, 1) {
		d.nodes = append(d.nodes, decodeNode(t, n))
	}
	for _, x := range each(graph, 5) {
		name, v := decodeTensor(t, x)
		if _, twice := d.tensors[name]; twice {
			t.Errorf("initial value %s is there twice", name)
		}
		d.tensors[name] = v
	}
	return d
}

// value reads a ValueInfoProto.
func (d *decodedFile) value(t testing.TB, b []byte) string {
	info := fieldsOf(t, b)
	name := string(first(t, info, 1).bytes)
	tensor := fieldsOf(t, first(t, fieldsOf(t, first(t, info, 2).bytes), 1).bytes)
	if elem := first(t, tensor, 1).value; elem != elemFloat {
		t.Errorf("%s has element type %d", name, elem)
	}
	for _, dim := range each(fieldsOf(t, first(t, tensor, 2).bytes), 1) {
		f := fieldsOf(t, dim)
		if len(f) == 1 && f[0].num == 2 {
			d.dims[name] = append(d.dims[name], -1)
		} else {
			d.dims[name] = append(d.dims[name], int(first(t, f, 1).value))
		}
	}
	return name
}

func decodeNode(t testing.TB, b []byte) decodedNode {
	f := fieldsOf(t, b)
	n := decodedNode{op: string(first(t, f, 4).bytes), name: string(first(t, f, 3).bytes), output: string(first(t, f, 2).bytes),
		ints: map[string][]int{}, floats: map[string]float32{}}
	for _, in := range each(f, 1) {
		n.inputs = append(n.inputs, string(in))
	}
	for _, a := range each(f, 5) {
		attr := fieldsOf(t, a)
		name := string(first(t, attr, 1).bytes)
		for _, v := range attr {
			switch v.num {
			case 2:
				n.floats[name] = math.Float32frombits(uint32(v.value))
			case 3, 8:
				n.ints[name] = append(n.ints[name], int(v.value))
			}
		}
	}
	return n
}

func decodeTensor(t testing.TB, b []byte) (string, decodedTensor) {
	f := fieldsOf(t, b)
	v := decodedTensor{elem: int(first(t, f, 2).value)}
	size := 1
	for _, x := range f {
		if x.num == 1 {
			v.dims = append(v.dims, int(x.value))
			size *= int(x.value)
		}
	}
	raw := first(t, f, 9).bytes
	name := string(first(t, f, 8).bytes)
	switch {
	case v.elem == elemFloat && len(raw) == 4*size:
		for i := range size {
			v.f32 = append(v.f32, math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:])))
		}
	case v.elem == elemInt64 && len(raw) == 8*size:
		for i := range size {
			v.i64 = append(v.i64, int64(binary.LittleEndian.Uint64(raw[8*i:])))
		}
	default:
		t.Errorf("%s: %d bytes for %v of type %d", name, len(raw), v.dims, v.elem)
	}
	return name, v
}
