package checkpoint

import (
	"fmt"
	"math"
	"slices"
)

// Element lists the element types that a checkpoint can hold: safetensors F32, F64, F16, BF16, I32,
// I64 and U8.
type Element interface {
	float32 | float64 | Float16 | BFloat16 | int32 | int64 | uint8
}

// Tensor is a dense row-major array. Data is a slice of an [Element], []float32 say, with as many
// elements as the product of Shape; an empty Shape is a scalar with one element.
type Tensor struct {
	Shape []int
	Data  any
}

// Of makes a Tensor that shares shape and data with the caller.
func Of[T Element](shape []int, data []T) Tensor { return Tensor{Shape: shape, Data: data} }

// Get returns the data of a named tensor, without a copy. The error wraps [ErrTensor] when it is
// missing, has another element type, another rank, or another extent in a dimension; an extent of
// -1 in shape stands for any.
func Get[T Element](tensors map[string]Tensor, name string, shape ...int) ([]T, error) {
	t, ok := tensors[name]
	if !ok {
		return nil, fmt.Errorf("%w: %q is missing", ErrTensor, name)
	}
	data, ok := t.Data.([]T)
	if !ok {
		return nil, fmt.Errorf("%w: %q has elements of type %T, expected %T", ErrTensor, name, t.Data, data)
	}
	same := slices.EqualFunc(t.Shape, shape, func(got, want int) bool { return want == -1 || got == want })
	if !same {
		return nil, fmt.Errorf("%w: %q has shape %v, expected %v", ErrTensor, name, t.Shape, shape)
	}
	return data, nil
}

// Raw is the data of a tensor whose elements are of a type that safetensors has and [Element] has
// not: integers of other sizes, truth values, numbers of eight bits. Files that have some are read;
// nothing is computed with them.
type Raw struct {
	Type  string // what safetensors calls it, "I16" say
	Bytes []byte
}

// dtype is a safetensors element type.
type dtype struct {
	name string
	size int64
}

// dtypeOf gives the type and the number of elements of data.
func dtypeOf(data any) (dtype, int, error) {
	switch d := data.(type) {
	case []float32:
		return dtype{"F32", 4}, len(d), nil
	case []float64:
		return dtype{"F64", 8}, len(d), nil
	case []Float16:
		return dtype{"F16", 2}, len(d), nil
	case []BFloat16:
		return dtype{"BF16", 2}, len(d), nil
	case []int32:
		return dtype{"I32", 4}, len(d), nil
	case []int64:
		return dtype{"I64", 8}, len(d), nil
	case []uint8:
		return dtype{"U8", 1}, len(d), nil
	case Raw:
		if size := dtypeSize(d.Type); size > 0 && int64(len(d.Bytes))%size == 0 {
			return dtype{d.Type, size}, len(d.Bytes) / int(size), nil
		}
	}
	return dtype{}, 0, fmt.Errorf("%w: elements of type %T, expected []float32, []float64, []Float16, "+
		"[]BFloat16, []int32, []int64 or []uint8", ErrTensor, data)
}

// DType is what safetensors calls the element type, "F32" say; "" for data that no file can hold.
func (t Tensor) DType() string {
	d, _, _ := dtypeOf(t.Data)
	return d.name
}

// dtypeSize gives the bytes per element of a type name, 0 for one that this package does not hold.
func dtypeSize(name string) int64 {
	switch name {
	case "F64", "I64", "U64", "C64":
		return 8
	case "F32", "I32", "U32":
		return 4
	case "F16", "BF16", "I16", "U16":
		return 2
	case "U8", "I8", "BOOL", "F8_E5M2", "F8_E4M3", "F8_E8M0":
		return 1
	}
	return 0
}

// allocate makes the slice for n elements of a type accepted by dtypeSize.
func allocate(name string, n int) any {
	switch name {
	case "F64":
		return make([]float64, n)
	case "I64":
		return make([]int64, n)
	case "F32":
		return make([]float32, n)
	case "F16":
		return make([]Float16, n)
	case "BF16":
		return make([]BFloat16, n)
	case "I32":
		return make([]int32, n)
	case "U8":
		return make([]uint8, n)
	}
	return Raw{name, make([]byte, int64(n)*dtypeSize(name))}
}

// elements multiplies a shape; ok is false for a negative extent or a product above what an int
// holds.
func elements(shape []int) (n int, ok bool) {
	n = 1
	for _, d := range shape {
		if d < 0 {
			return 0, false
		}
		if d > 0 && n > math.MaxInt/d {
			return 0, false
		}
		n *= d
	}
	return n, true
}
