package tensor

// Tensor is an opaque activation or gradient on a device, float32, valid until its stream's Reset.
// The value never changes.
type Tensor interface {
	// Shape is the logical shape; it is known at once, also when the device computes later.
	Shape() Shape
}

// Buffer is opaque float32 memory that persists: weights, gradients, momenta, running statistics.
// It is garbage collected.
type Buffer interface {
	// Len is the number of float32 elements.
	Len() int
}

// Weight is a view of a convolution or linear weight inside a Buffer: element (y, x, i, o) of
// kernel row y, kernel column x, input channel i (within its group) and output channel o is at
//
//	Off + y·StrideKH + x·StrideKW + i·StrideIn + o
//
// so output channels are contiguous. Master weights are stored [KH][KW][in/groups][out], depthwise
// ones [KH][KW][1][C], linear ones [in][out] (KH = KW = 1) and embeddings [rows][dim] (In rows, Out
// dim). First channels and centre-cropped kernels are views. In a grouped convolution output
// channel o belongs to group o / (Out/groups) of the view.
type Weight struct {
	Buf                          Buffer
	Off                          int
	KH, KW, In, Out              int
	StrideKH, StrideKW, StrideIn int
}

// NewWeight views a whole buffer of kh·kw·in·out elements as a weight.
func NewWeight(b Buffer, kh, kw, in, out int) Weight {
	w := Weight{Buf: b, KH: kh, KW: kw, In: in, Out: out, StrideKH: kw * in * out, StrideKW: in * out,
		StrideIn: out}
	CheckWeight("weight", w)
	return w
}

// Crop is the view of the centre k×k of the kernel, its first in input and first out output
// channels.
func (w Weight) Crop(k, in, out int) Weight {
	if k > w.KH || k > w.KW || in > w.In || out > w.Out || k < 1 || in < 1 || out < 1 || (w.KH-k)%2 != 0 ||
		(w.KW-k)%2 != 0 {
		Failf("crop", "cannot take %d×%d×%d×%d out of a %d×%d×%d×%d weight", k, k, in, out, w.KH, w.KW,
			w.In, w.Out)
	}
	w.Off += (w.KH-k)/2*w.StrideKH + (w.KW-k)/2*w.StrideKW
	w.KH, w.KW, w.In, w.Out = k, k, in, out
	return w
}

// Index is the place of element (y, x, i, o) in the buffer.
func (w Weight) Index(y, x, i, o int) int {
	return w.Off + y*w.StrideKH + x*w.StrideKW + i*w.StrideIn + o
}

// Dense reports whether the view's elements are contiguous.
func (w Weight) Dense() bool {
	return w.StrideIn == w.Out && w.StrideKW == w.In*w.Out && w.StrideKH == w.KW*w.In*w.Out
}

// Size is the number of elements of the view.
func (w Weight) Size() int { return w.KH * w.KW * w.In * w.Out }

// Vec is a view of Len contiguous elements: bias, gamma, beta, running statistics. The zero value
// means "none".
type Vec struct {
	Buf Buffer
	Off int
	Len int
}

// NewVec views a whole buffer.
func NewVec(b Buffer) Vec { return Vec{Buf: b, Len: b.Len()} }

// First is the view of the first n elements.
func (v Vec) First(n int) Vec {
	if n < 0 || n > v.Len {
		Failf("first", "cannot take %d of %d elements", n, v.Len)
	}
	v.Len = n
	return v
}
