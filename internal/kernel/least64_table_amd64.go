//go:build amd64 && !noasm && !purego

package kernel

import "math"

// least64 looks through whole steps of four vectors, and says how many elements those are.
func (p Path) least64(c, v []float64) (least float64, at, done int) {
	least, at = math.Inf(1), -1
	lanes := 8
	if p == AVX2 {
		lanes = 4
	}
	step := 4 * lanes
	if done = len(c) - len(c)%step; p == Go || done == 0 {
		return least, at, 0
	}
	var low [32]float64
	var first [32]int64
	if p == AVX512 {
		least64x512(done, &c[0], &v[0], &low[0], &first[0])
	} else {
		least64x256(done, &c[0], &v[0], &low[0], &first[0])
	}
	for k, d := range low[:step] {
		if i := int(first[k]) + k; d < least || d == least && i < at {
			least, at = d, i
		}
	}
	return least, at, done
}
