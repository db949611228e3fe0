package onnx

import (
	"encoding/binary"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// Versions of the format that files say they need. Operator set 17 holds everything the graphs are
// made of.
const (
	irVersion    = 8
	opsetVersion = 17
)

// message is a protocol buffer under construction. Field numbers are those of onnx.proto.
type message []byte

func (m *message) text(field protowire.Number, s string) {
	*m = protowire.AppendString(protowire.AppendTag(*m, field, protowire.BytesType), s)
}

func (m *message) number(field protowire.Number, v int64) {
	*m = protowire.AppendVarint(protowire.AppendTag(*m, field, protowire.VarintType), uint64(v))
}

func (m *message) sub(field protowire.Number, inner message) {
	*m = protowire.AppendBytes(protowire.AppendTag(*m, field, protowire.BytesType), inner)
}

func (m *message) float(field protowire.Number, v float32) {
	*m = protowire.AppendFixed32(protowire.AppendTag(*m, field, protowire.Fixed32Type), math.Float32bits(v))
}

// Element types of TensorProto.
const (
	elemFloat = 1
	elemInt64 = 7
)

// floatTensor is a TensorProto of float32.
func floatTensor(name string, dims []int, data []float32) message {
	raw := make([]byte, 4*len(data))
	for i, v := range data {
		binary.LittleEndian.PutUint32(raw[4*i:], math.Float32bits(v))
	}
	return rawTensor(name, elemFloat, dims, raw)
}

// intTensor is a TensorProto of int64, of one dimension.
func intTensor(name string, data ...int64) message {
	raw := make([]byte, 8*len(data))
	for i, v := range data {
		binary.LittleEndian.PutUint64(raw[8*i:], uint64(v))
	}
	return rawTensor(name, elemInt64, []int{len(data)}, raw)
}

func rawTensor(name string, elem int64, dims []int, raw []byte) message {
	var t message
	for _, d := range dims {
		t.number(1, int64(d))
	}
	t.number(2, elem)
	t.text(8, name)
	t.sub(9, raw)
	return t
}

// attribute is an AttributeProto; its value is an int, a float32 or a list of ints.
func attribute(name string, value any) message {
	var a message
	a.text(1, name)
	switch v := value.(type) {
	case float32:
		a.float(2, v)
		a.number(20, 1)
	case int:
		a.number(3, int64(v))
		a.number(20, 2)
	case []int:
		for _, x := range v {
			a.number(8, int64(x))
		}
		a.number(20, 7)
	}
	return a
}

// attr is a named attribute of a node.
type attr struct {
	name  string
	value any
}

// nodeProto is a NodeProto with one output.
func nodeProto(op, name, output string, inputs []string, attrs ...attr) message {
	var n message
	for _, in := range inputs {
		n.text(1, in)
	}
	n.text(2, output)
	n.text(3, name)
	n.text(4, op)
	for _, a := range attrs {
		n.sub(5, attribute(a.name, a.value))
	}
	return n
}

// valueInfo is a ValueInfoProto: a float32 tensor with any number of rows, the batch.
func valueInfo(name string, dims ...int) message {
	var shape, dim message
	dim.text(2, "batch")
	shape.sub(1, dim)
	for _, d := range dims {
		dim = nil
		dim.number(1, int64(d))
		shape.sub(1, dim)
	}
	var elem, typ, info message
	elem.number(1, elemFloat)
	elem.sub(2, shape)
	typ.sub(1, elem)
	info.text(1, name)
	info.sub(2, typ)
	return info
}
