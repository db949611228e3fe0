// Package cpu is the tensor backend that computes on the host with the kernels of internal/kernel.
//
//	b := cpu.New(cpu.Options{})
//	st := b.NewStream()
//
// Activations are blocked by channel, see package kernel. Operations run when they are called, on
// the caller's goroutine and a few helpers; some results stay pending (a normalisation with its
// activation, the gradient through one) until an operation loads them, because applying them on the
// way costs less than a pass over memory.
//
// Work is cut into chunks by the problem's size alone and partial sums are added in chunk order, so
// results have the same bits for every GOMAXPROCS on one kernel path. Several streams may run at
// once: all of a process share GOMAXPROCS − 1 helpers, and a stream that finds them taken works
// alone.
package cpu
