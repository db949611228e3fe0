package cpu

import (
	"sync/atomic"

	"github.com/tendril-nas/tendril/internal/kernel"
	"github.com/tendril-nas/tendril/internal/tensor"
)

// buffer is memory that outlives steps. Whoever writes takes it from change, and whoever writes
// through a view from weightGrad or moving.
type buffer struct {
	data []float32
	// packed is the view that a constant convolution read last, as the products want it; nil after
	// a change.
	packed atomic.Pointer[packedWeight]
}

// packedWeight is the matrix of a pointwise weight, packed, or the taps of a depthwise one.
type packedWeight struct {
	view tensor.Weight
	data []float32
}

func (b *buffer) Len() int { return len(b.data) }

// change is the buffer's memory for writing.
func (b *buffer) change() []float32 {
	if b.packed.Load() != nil {
		b.packed.Store(nil)
	}
	return b.data
}

// weights is the buffer's memory from the view's offset on, for reading.
func weights(w tensor.Weight) []float32 { return w.Buf.(*buffer).data[w.Off:] }

// weightGrad is weights for writing.
func weightGrad(w tensor.Weight) []float32 { return w.Buf.(*buffer).change()[w.Off:] }

// vector is the memory of a view, nil for none.
func vector(v tensor.Vec) []float32 {
	if v.Buf == nil {
		return nil
	}
	return v.Buf.(*buffer).data[v.Off : v.Off+v.Len]
}

// moving is vector for writing.
func moving(v tensor.Vec) []float32 {
	if v.Buf == nil {
		return nil
	}
	v.Buf.(*buffer).change()
	return vector(v)
}

// constant is the weight as pack arranges it in size floats, from the last time if nothing was
// written since. Streams that come for one weight at once may all arrange it.
func constant(w tensor.Weight, size int, pack func(dst []float32)) []float32 {
	b := w.Buf.(*buffer)
	if p := b.packed.Load(); p != nil && p.view == w {
		return p.data
	}
	p := &packedWeight{view: w, data: kernel.AlignedFloats(size)}
	pack(p.data)
	b.packed.Store(p)
	return p.data
}
