// Package kernel holds the float32 inner loops of the CPU tensor backend: matrix product tiles,
// depthwise convolution, pooling, normalisation, activations, softmax, LSTM cells, optimiser
// updates; and in float64 those of matrix products and reductions and of small networks that learn
// one example at a time. Every loop exists as plain Go and, on amd64, as generated assembly for
// AVX2+FMA and for AVX-512.
//
//	p := kernel.Default() // the best path of this CPU
//	var ws kernel.Workspace
//	err := p.MatMul(&ws, c, a, b, false, false, false) // row-major c = a·b
//
// # Layout
//
// Activations are blocked by channel: a tensor of N·H·W pixels and C channels is ⌈C/16⌉ planes,
// each holding 16 consecutive floats per pixel. A vector of 16 channels of one pixel is then one
// cache line, per-channel parameters of a plane stay in one register, and a 1×1 convolution reads
// its operands without rearranging them. Lanes beyond C hold zeros or at least finite numbers.
//
// # Paths and determinism
//
// A [Path] names one family of kernels. Results of one path do not depend on anything but the
// operands; two paths differ by rounding. The path go differs between kinds of processor too: the
// compiler fuses multiply and add on arm64, ppc64, riscv64 and s390x. TENDRIL_KERNEL (avx512, avx2,
// go) overrides the detected path, and any other value is an error of [CheckDefault]; the build
// tags noasm and purego leave only plain Go.
//
// # Race detector
//
// The race detector does not see assembly. Built with it, every method of [Path] tells it what
// memory it reads and writes, so that chunks that overlap are found all the same.
//
// # Generated files
//
// The assembly comes from the generator in _gen, a module of its own; go generate reproduces it
// byte for byte. Every kernel has a plain Go twin in the file of its name, which is its
// documentation and what the tests compare it with.
//
// Functions take unsafe pointers in argument records because they address strided views; callers
// own all bounds checking. The package is internal: use the tensor backend unless you are writing
// one. All functions are safe for concurrent use on disjoint outputs.
package kernel
