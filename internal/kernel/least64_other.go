//go:build !amd64 || noasm || purego

package kernel

import "math"

func (p Path) least64(c, v []float64) (least float64, at, done int) { return math.Inf(1), -1, 0 }
