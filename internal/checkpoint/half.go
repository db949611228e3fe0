package checkpoint

import "math"

// Float16 is the bits of a number of IEEE 754 binary16, safetensors F16: 1 sign, 5 exponent and 10
// fraction bits. Its largest finite number is 65504, its smallest positive one 2⁻²⁴.
type Float16 uint16

// BFloat16 is the bits of a number of safetensors BF16: the upper half of a float32.
type BFloat16 uint16

// Float32 is the number, which every float32 can hold exactly. NaN stays NaN, with its sign and the
// bits of its fraction.
func (h Float16) Float32() float32 {
	sign := uint32(h&0x8000) << 16
	exponent, fraction := uint32(h>>10)&0x1f, uint32(h&0x3ff)
	switch exponent {
	case 0: // zero and subnormals
		return math.Float32frombits(sign | math.Float32bits(float32(fraction)*0x1p-24))
	case 0x1f: // infinities and NaN
		return math.Float32frombits(sign | 0xff<<23 | fraction<<13)
	}
	return math.Float32frombits(sign | (exponent+127-15)<<23 | fraction<<13)
}

// ToFloat16 is the nearest number, of two equally near ones that with an even fraction. What is
// nearer to 65536 than to 65504, or as near, becomes an infinity; NaN becomes a quiet NaN.
func ToFloat16(v float32) Float16 {
	bits := math.Float32bits(v)
	sign, bits := Float16(bits>>16)&0x8000, bits&0x7fffffff
	switch {
	case bits > 0xff<<23: // NaN
		return sign | 0x7e00 | Float16(bits>>13)&0x3ff
	case bits >= 0x477ff000: // 65520
		return sign | 0x7c00
	case bits < 0x38800000: // 2⁻¹⁴: zero and subnormals, multiples of 2⁻²⁴
		return sign | Float16(math.RoundToEven(float64(math.Float32frombits(bits))*0x1p24))
	}
	// A carry out of the fraction goes into the exponent, where it belongs.
	bits -= (127 - 15) << 23
	return sign | Float16((bits+0xfff+bits>>13&1)>>13)
}

// Float32 is the number, which every float32 can hold exactly. NaN stays NaN.
func (b BFloat16) Float32() float32 { return math.Float32frombits(uint32(b) << 16) }

// Halves makes a Tensor of F16, every number rounded as [ToFloat16] does.
func Halves(shape []int, data []float32) Tensor {
	out := make([]Float16, len(data))
	for i, v := range data {
		out[i] = ToFloat16(v)
	}
	return Of(shape, out)
}

// Float32s is the tensor's numbers as float32: without a copy where they are F32, exactly from F16
// and BF16, and rounded to the nearest from F64. ok is false for integers.
func (t Tensor) Float32s() (data []float32, ok bool) {
	switch d := t.Data.(type) {
	case []float32:
		return d, true
	case []Float16:
		return float32s(d, Float16.Float32), true
	case []BFloat16:
		return float32s(d, BFloat16.Float32), true
	case []float64:
		return float32s(d, func(v float64) float32 { return float32(v) }), true
	}
	return nil, false
}

func float32s[T Element](data []T, convert func(T) float32) []float32 {
	out := make([]float32, len(data))
	for i, v := range data {
		out[i] = convert(v)
	}
	return out
}
