// Package tensor is the boundary between layers and devices: opaque handles, the operations that
// layers need, and nothing else.
//
// A [Backend] owns memory and makes [Stream]s; a Stream runs operations in order and owns the
// temporary tensors of one step. Activations and gradients are [Tensor] handles of logical shape
// N×H×W×C whose layout, place and even moment of computation are the backend's own business.
// Weights, gradients, momenta and running statistics live in [Buffer]s; operands are views into
// them ([Weight], [Vec]), so a narrower or smaller kernel of a shared weight is used without a
// copy.
//
//	st := backend.NewStream()
//	x := st.Upload(tensor.Shape{N: 1, H: 8, W: 8, C: 3}, pixels)
//	conv := tensor.ConvSpec{Stride: 1, Pad: 1, Groups: 1, WantStats: true}
//	y := st.Conv(x, weight, tensor.Vec{}, conv)
//	norm := tensor.BatchNormSpec{Train: true, Keep: true, Eps: 1e-5, Momentum: 0.1}
//	z, saved := st.BatchNormAct(y, bn, norm)
//	…
//	st.Reset() // every tensor of this step is gone, its memory is used again
//
// # Tensors are values
//
// No operation changes a tensor after making it. A backend may therefore keep a tensor as "another
// tensor and a pending per-channel affine map and activation", share memory between handles, or
// apply the pending part while the next operation loads its input. Buffers do change: an operation
// that reads a Buffer sees what earlier operations of the same stream wrote, and a tensor that a
// lazy backend has not computed yet must keep the values that the Buffer had when the operation was
// called.
//
// # Errors
//
// Wrong shapes are mistakes of the caller inside this module, so operations do not return errors:
// package nn checks every operand with the Check functions and panics with an [*Error]. The public
// packages turn that panic into an ordinary error at their boundary with [Recover]. Failures of a
// device (memory, lost device) are returned by [Stream.Sync].
//
// # Concurrency and determinism
//
// A Stream is for one goroutine at a time. Different Streams of one Backend may run concurrently,
// also on the same Buffers as long as nobody writes them. A Buffer written on one Stream may be
// used on another after Sync. For one backend and kernel path results have the same bits whatever
// GOMAXPROCS is and however many streams run.
//
// Package backendtest holds the suite that every backend passes; package fake is the smallest
// readable implementation.
package tensor
