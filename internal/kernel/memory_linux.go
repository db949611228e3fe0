package kernel

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// adviseHuge asks for huge pages under x, which starts on one. It is advice: a system that refuses
// is only slower.
func adviseHuge(x []float32) {
	whole := len(x) * 4 / hugeBytes * hugeBytes
	_ = unix.Madvise(unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(x))), whole), unix.MADV_HUGEPAGE)
}
