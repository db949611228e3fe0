package tensor

// Backend is a device: it makes buffers and streams. All methods may be called concurrently.
type Backend interface {
	// Name says which device and kernels compute, for example "cpu/avx2"; results are bit-identical
	// only under equal names.
	Name() string
	// NewBuffer is a zero-filled buffer of n float32.
	NewBuffer(n int) Buffer
	// NewStream is a new in-order queue with an arena of its own.
	NewStream() Stream
	// Portions says how images that do not need each other, as in inference, are done soonest: how
	// many of them together, and how many such portions at once, each on a stream of its own.
	// Floats is the size of an image's largest activation. Results do not depend on it.
	Portions(images, floats int) (size, atOnce int)
}

// Stream runs operations in order and owns the tensors they make. See the package comment for what
// is promised.
type Stream interface {
	// Backend is the stream's device.
	Backend() Backend
	// Reset ends a step: every tensor made since the last Reset becomes invalid and its memory is
	// used again. Buffers are unaffected.
	Reset()
	// Free says that the caller will not use this handle again. Storage that other handles still
	// need (lazy values, shared memory) stays. It is a hint that lets gradients and inference
	// activations stay in cache.
	Free(t Tensor)
	// Sync waits until everything queued has run and reports a failed device.
	Sync() error

	MemoryOps
	ConvOps
	NormOps
	ElementOps
	PoolOps
	LossOps
	SequenceOps
	OptimizerOps
}

// MemoryOps move data between host and device. Host order of tensors is N×H×W×C, of buffers their
// element order.
type MemoryOps interface {
	// Upload makes a tensor from host data, len(data) = shape.Size(); data may be changed when it
	// returns.
	Upload(shape Shape, data []float32) Tensor
	// Download waits for t and copies it to dst, len(dst) = t.Shape().Size().
	Download(t Tensor, dst []float32)
	// Write copies src to b[off:off+len(src)]; src may be changed when it returns.
	Write(b Buffer, off int, src []float32)
	// Read waits and copies b[off:off+len(dst)] to dst.
	Read(b Buffer, off int, dst []float32)
	// Copy sets dst[dstOff:dstOff+n] to src[srcOff:srcOff+n]. The ranges do not overlap.
	Copy(dst Buffer, dstOff int, src Buffer, srcOff, n int)
	// Zero fills b with 0.
	Zero(b Buffer)
	// SumSquares waits and returns the sum of squares of all elements of all buffers, accumulated
	// wide.
	SumSquares(bufs []Buffer) float64
}

// ConvOps are convolutions: dense, grouped, pointwise and depthwise, and so linear layers (a 1×1
// kernel on N×1×1×C).
type ConvOps interface {
	// Conv is the convolution of x with w plus bias (zero Vec: none). Output shape: spec.Out.
	Conv(x Tensor, w Weight, bias Vec, spec ConvSpec) Tensor
	// ConvBackward adds the gradients of weight and bias that grads names to their buffers and
	// returns dL/dx if grads.NeedX, else nil.
	ConvBackward(x, dy Tensor, w Weight, spec ConvSpec, grads ConvGrads) Tensor
}

// NormOps is batch normalisation with its activation.
type NormOps interface {
	// BatchNormAct normalises x per channel, applies gamma and beta and then spec.Act. Saved is
	// what the backward pass needs, opaque, nil unless spec.Keep.
	BatchNormAct(x Tensor, p BatchNorm, spec BatchNormSpec) (y, saved Tensor)
	// BatchNormActBackward adds the gradients of gamma and beta and returns dL/dx if grads.NeedX.
	// x, p, spec and saved are the forward call's; in train mode the gradient flows through the
	// batch statistics.
	BatchNormActBackward(x, saved, dy Tensor, p BatchNorm, spec BatchNormSpec, grads BatchNormGrads) Tensor
}

// ElementOps work element by element or move channels.
type ElementOps interface {
	// Act applies an activation.
	Act(x Tensor, act Act) Tensor
	// ActBackward is dy·act'(x).
	ActBackward(x, dy Tensor, act Act) Tensor
	// Add is act(a+b), equal shapes.
	Add(a, b Tensor, act Act) Tensor
	// AddBackward is dy·act'(a+b), the gradient of both operands. y is Add's result.
	AddBackward(a, b, y, dy Tensor, act Act) Tensor
	// Mix is Σ_i p_i·x_i over tensors of one shape; p has one number for each. An operand whose p
	// is 0 has no part in the sum, whatever it holds. wantStats says that a batch normalisation
	// with batch statistics reads the result next.
	Mix(xs []Tensor, p Vec, wantStats bool) Tensor
	// MixBackward returns p_i·dy for the operands that need it, nil for the others, in a list that
	// is valid until the next call, and adds Σ dy·x_i, accumulated wide, to element i of grad. A
	// zero grad is not wanted. Where p is 0 the sum is computed too, and nil may stand for the
	// gradient.
	MixBackward(xs []Tensor, dy Tensor, p, grad Vec, need []bool) []Tensor
	// ScaleChannels multiplies every position of sample n and channel c with s[n,0,0,c]:
	// squeeze-and-excitation. s is N×1×1×C.
	ScaleChannels(x, s Tensor) Tensor
	// ScaleChannelsBackward returns dL/dx and dL/ds.
	ScaleChannelsBackward(x, s, dy Tensor) (dx, ds Tensor)
	// Concat joins tensors of equal N, H, W along the channels.
	Concat(xs []Tensor) Tensor
	// SliceChannels is channels [off, off+n).
	SliceChannels(x Tensor, off, n int) Tensor
	// PadChannels is SliceChannels' gradient: x in channels [off, off+C) of c channels, zeros
	// elsewhere.
	PadChannels(x Tensor, off, c int) Tensor
	// ChannelShuffle: output channel q reads input channel (q mod groups)·(C/groups) + q div
	// groups. Its inverse is the shuffle with C/groups groups.
	ChannelShuffle(x Tensor, groups int) Tensor
	// Dropout keeps and rescales or zeroes elements; it is its own gradient.
	Dropout(x Tensor, spec DropoutSpec) Tensor
	// Fill is a tensor of one value.
	Fill(shape Shape, value float64) Tensor
	// Sum is alpha times the sum of all elements, accumulated wide; the result is a scalar.
	Sum(x Tensor, alpha float64) Tensor
	// Broadcast is Sum's gradient: alpha·s everywhere, s a scalar tensor.
	Broadcast(s Tensor, shape Shape, alpha float64) Tensor
}

// PoolOps are poolings. Max pooling ignores padding; among equal maxima the first in row order
// takes the gradient.
type PoolOps interface {
	// GlobalAvgPool is the mean over H and W: N×1×1×C.
	GlobalAvgPool(x Tensor) Tensor
	// GlobalAvgPoolBackward spreads dy (N×1×1×C) over shape x.
	GlobalAvgPoolBackward(dy Tensor, x Shape) Tensor
	AvgPool(x Tensor, spec PoolSpec) Tensor
	AvgPoolBackward(dy Tensor, x Shape, spec PoolSpec) Tensor
	MaxPool(x Tensor, spec PoolSpec) Tensor
	MaxPoolBackward(x, dy Tensor, spec PoolSpec) Tensor
}

// LossOps work on rows of logits, N×1×1×K, and give one number per row, N×1×1×1; drows is the
// gradient of those numbers. A mask (N×1×1×K of 0 and 1, nil: all 1) takes classes out of a row's
// softmax: they have probability 0, no loss and no gradient.
type LossOps interface {
	// CrossEntropy is −Σ_k t_k·log p_k over unmasked classes; targets need not sum to 1.
	CrossEntropy(logits, targets, mask Tensor) Tensor
	// CrossEntropyBackward is (p·Σt − t)·drow.
	CrossEntropyBackward(logits, targets, mask, drows Tensor) Tensor
	// Distill is T²·Σ_k q_k·(log q_k − log p_k) over unmasked classes, with p = softmax(student/T)
	// and q = softmax(teacher/T).
	Distill(student, teacher, mask Tensor, temperature float64) Tensor
	// DistillBackward is T·(p − q)·drow, the student's gradient.
	DistillBackward(student, teacher, mask, drows Tensor, temperature float64) Tensor
	// Correct is 1 for a row whose largest unmasked logit is at the largest of all its targets, the
	// first of equals in both, and 0 for others and where an unmasked logit is not finite. It has
	// no gradient.
	Correct(logits, targets, mask Tensor) Tensor
}

// SequenceOps serve recurrent policies.
type SequenceOps interface {
	// LSTMCell maps pre-activations N×1×1×4H, blocks in the order input, forget, cell, output, and
	// the previous cell state N×1×1×H to the new hidden and cell state.
	LSTMCell(gates, c Tensor) (h, cNew Tensor)
	// LSTMCellBackward returns the gradients of gates and c. dh or dc may be nil: zero.
	LSTMCellBackward(gates, c, cNew, dh, dc Tensor) (dgates, dcPrev Tensor)
	// Embedding gathers rows of table: len(rows)×1×1×Out. rows may be changed when it returns.
	Embedding(table Weight, rows []int) Tensor
	// EmbeddingBackward adds dy's rows to grad at rows, in order.
	EmbeddingBackward(dy Tensor, grad Weight, rows []int)
}

// OptimizerOps update whole tensors in place.
type OptimizerOps interface {
	SGD(param, grad, momentum Buffer, spec SGDSpec)
	Adam(param, grad, m, v Buffer, spec AdamSpec)
}
