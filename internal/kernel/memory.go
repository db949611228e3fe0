package kernel

import "unsafe"

const (
	lineBytes = 64
	hugeBytes = 2 << 20
)

// AlignedFloats is n zeros that start on a cache line. Long ones start on a huge page and ask the
// system for huge pages: streaming over activations otherwise waits for address translation.
func AlignedFloats(n int) []float32 {
	align := lineBytes
	if n*4 >= 2*hugeBytes {
		align = hugeBytes
	}
	m := make([]float32, n+align/4)
	off := 0
	if r := int(uintptr(unsafe.Pointer(unsafe.SliceData(m))) % uintptr(align)); r != 0 {
		off = (align - r) / 4
	}
	x := m[off : off+n : off+n]
	if align == hugeBytes {
		adviseHuge(x)
	}
	return x
}
