package kernel

import (
	"math"
	"unsafe"
)

//go:generate go run -C _gen . -family least64 -pkg kernel -out ../least64_amd64.s -stubs ../least64_amd64.go

// LeastDifference64 is the smallest c[i]−v[i] and the first i that has it; +Inf and −1 where there
// is none below +Inf. The result does not depend on the path. v is at least as long as c; there are
// no NaNs.
func (p Path) LeastDifference64(c, v []float64) (least float64, at int) {
	v = v[:len(c)]
	reads(unsafe.Pointer(unsafe.SliceData(c)), 1, 2*len(c), 0)
	reads(unsafe.Pointer(unsafe.SliceData(v)), 1, 2*len(v), 0)
	least, at, done := p.least64(c, v)
	tail, i := leastGo(c[done:], v[done:])
	if tail < least {
		return tail, done + i
	}
	return least, at
}

// leastGo is the plain twin.
func leastGo(c, v []float64) (least float64, at int) {
	least, at = math.Inf(1), -1
	v = v[:len(c)]
	for i, x := range c {
		if d := x - v[i]; d < least {
			least, at = d, i
		}
	}
	return least, at
}
