package supernet

import (
	"encoding/binary"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// Versions of the format that files say they need. Operator set 17 holds everything the graphs are made of.
const (
	onnxIR    = 8
	onnxOpset = 17
)

// onnxMessage is a protocol buffer under construction. Field numbers are those of onnx.proto.
type onnxMessage []byte

func (m *onnxMessage) text(field protowire.Number, s string) {
	*m = protowire.AppendString(protowire.AppendTag(*m, field, protowire.BytesType), s)
}

func (m *onnxMessage) number(field protowire.Number, v int64) {
	*m = protowire.AppendVarint(protowire.AppendTag(*m, field, protowire.VarintType), uint64(v))
}

func (m *onnxMessage) message(field protowire.Number, sub onnxMessage) {
	*m = protowire.AppendBytes(protowire.AppendTag(*m, field, protowire.BytesType), sub)
}

func (m *onnxMessage) float(field protowire.Number, v float32) {
	*m = protowire.AppendFixed32(protowire.AppendTag(*m, field, protowire.Fixed32Type), math.Float32bits(v))
}

// Element types of TensorProto.
const (
	onnxFloat = 1
	onnxInt64 = 7
)

// onnxFloats is a TensorProto of float32.
func onnxFloats(name string, dims []int, data []float32) onnxMessage {
	raw := make([]byte, 4*len(data))
	for i, v := range data {
		binary.LittleEndian.PutUint32(raw[4*i:], math.Float32bits(v))
	}
	return onnxTensor(name, onnxFloat, dims, raw)
}

// onnxInts is a TensorProto of int64, of one dimension.
func onnxInts(name string, data ...int64) onnxMessage {
	raw := make([]byte, 8*len(data))
	for i, v := range data {
		binary.LittleEndian.PutUint64(raw[8*i:], uint64(v))
	}
	return onnxTensor(name, onnxInt64, []int{len(data)}, raw)
}

func onnxTensor(name string, elem int64, dims []int, raw []byte) onnxMessage {
	var t onnxMessage
	for _, d := range dims {
		t.number(1, int64(d))
	}
	t.number(2, elem)
	t.text(8, name)
	t.message(9, raw)
	return t
}

// onnxAttr is an AttributeProto; its value is an int, a float32 or a list of ints.
func onnxAttr(name string, value any) onnxMessage {
	var a onnxMessage
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

// onnxNode is a NodeProto with one output.
func onnxNode(op, name, output string, inputs []string, attrs ...attr) onnxMessage {
	var n onnxMessage
	for _, in := range inputs {
		n.text(1, in)
	}
	n.text(2, output)
	n.text(3, name)
	n.text(4, op)
	for _, a := range attrs {
		n.message(5, onnxAttr(a.name, a.value))
	}
	return n
}

// onnxValue is a ValueInfoProto: a float32 tensor with any number of rows, the batch.
func onnxValue(name string, dims ...int) onnxMessage {
	var shape, dim onnxMessage
	dim.text(2, "batch")
	shape.message(1, dim)
	for _, d := range dims {
		dim = nil
		dim.number(1, int64(d))
		shape.message(1, dim)
	}
	var tensor, typ, info onnxMessage
	tensor.number(1, onnxFloat)
	tensor.message(2, shape)
	typ.message(1, tensor)
	info.text(1, name)
	info.message(2, typ)
	return info
}
