package tensor

import "fmt"

// Shape is the logical shape of a tensor: N samples of H×W positions with C channels. Vectors per
// sample are N×1×1×C, scalars 1×1×1×1.
type Shape struct{ N, H, W, C int }

// Size is the number of elements.
func (s Shape) Size() int { return s.N * s.H * s.W * s.C }

// Rows is the number of positions, N·H·W: the rows of the matrix that a 1×1 convolution multiplies.
func (s Shape) Rows() int { return s.N * s.H * s.W }

// String is the shape as N×H×W×C.
func (s Shape) String() string { return fmt.Sprintf("%d×%d×%d×%d", s.N, s.H, s.W, s.C) }

// Valid reports whether every extent is positive.
func (s Shape) Valid() bool { return s.N > 0 && s.H > 0 && s.W > 0 && s.C > 0 }

// Vector is the shape of n samples with one vector of c channels each.
func Vector(n, c int) Shape { return Shape{N: n, H: 1, W: 1, C: c} }

// Scalar is the shape of one number.
func Scalar() Shape { return Shape{N: 1, H: 1, W: 1, C: 1} }

// OutExtent is the extent that a window of k with stride s and padding p leaves of an extent n:
// ⌊(n+2p−k)/s⌋+1, at most 0 if the window does not fit.
func OutExtent(n, k, s, p int) int {
	if n+2*p < k {
		return 0
	}
	return (n+2*p-k)/s + 1
}

// CeilExtent is OutExtent rounded up, without windows that would start past the input and its
// leading padding.
func CeilExtent(n, k, s, p int) int {
	if n+2*p < k {
		return 0
	}
	out := (n+2*p-k+s-1)/s + 1
	if (out-1)*s >= n+p {
		out--
	}
	return out
}
