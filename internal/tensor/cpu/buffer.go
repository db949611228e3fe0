package cpu

import (
	"sync/atomic"

	"github.com/tendril-nas/tendril/internal/kernel"
	"github.com/tendril-nas/tendril/internal/tensor"
)

// buffer is memory that outlives steps. Whoever writes takes it from change or, through a view,
// from weightGrad or moving.
type buffer struct {
	data []float32
	// packed is the view that a constant convolution read last, as the products want it; nil after
	// a change.
	packed atomic.Pointer[packedWeight]
	// norm is what was last computed of this and three other buffers, all of which have it as long
	// as none was changed.
	norm atomic.Pointer[knownNorm]
}

// packedWeight is the matrix of a pointwise weight, packed, or the taps of a depthwise one.
type packedWeight struct {
	view tensor.Weight
	data []float32
}

// knownNorm is the vectors of a batch normalisation by running statistics.
type knownNorm struct {
	of   tensor.BatchNorm
	eps  float64
	data []float32
}

func (b *buffer) Len() int { return len(b.data) }

// floats is a buffer's memory for reading, nil for none.
func floats(b tensor.Buffer) []float32 {
	if b == nil {
		return nil
	}
	return b.(*buffer).data
}

// change is floats for writing.
func change(b tensor.Buffer) []float32 {
	if b, ok := b.(*buffer); ok {
		if b.packed.Load() != nil {
			b.packed.Store(nil)
		}
		if b.norm.Load() != nil {
			b.norm.Store(nil)
		}
	}
	return floats(b)
}

// weights is the buffer's memory from the view's offset on, for reading.
func weights(w tensor.Weight) []float32 { return floats(w.Buf)[w.Off:] }

// weightGrad is weights for writing.
func weightGrad(w tensor.Weight) []float32 { return change(w.Buf)[w.Off:] }

// vector is the memory of a view, nil for none.
func vector(v tensor.Vec) []float32 { return floats(v.Buf)[v.Off : v.Off+v.Len] }

// moving is vector for writing.
func moving(v tensor.Vec) []float32 { return change(v.Buf)[v.Off : v.Off+v.Len] }

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
