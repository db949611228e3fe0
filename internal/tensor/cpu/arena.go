package cpu

import (
	"math/bits"
	"unsafe"

	"github.com/tendril-nas/tendril/internal/kernel"
	"github.com/tendril-nas/tendril/internal/tensor"
)

const block = kernel.Block

// blocks is the number of channel planes.
func blocks(c int) int { return (c + block - 1) / block }

// storage is one piece of step memory. Handles share it; when the last one lets go, it may serve
// the next operation of the same step.
type storage struct {
	data []float32 // the part in use
	full []float32
	refs int
}

// arena hands out the memory of a step. Pieces come in size classes an eighth of a power of two
// apart and are kept for the next steps.
type arena struct {
	all   []*storage
	free  map[int][]*storage
	nodes []*node
	n     int
}

func sizeClass(n int) int {
	if n <= 256 {
		return 256
	}
	step := 1 << max(bits.Len(uint(n-1))-4, 5)
	return (n + step - 1) / step * step
}

// floats is memory for n floats with unknown content: the smallest free piece of up to about four
// times the size, so that networks of different shapes that take turns share pieces, else a new
// one.
func (a *arena) floats(n int) *storage {
	size := sizeClass(n)
	for c := size; c <= 4*size; c = sizeClass(c + 1) {
		if list := a.free[c]; len(list) > 0 {
			s := list[len(list)-1]
			a.free[c] = list[:len(list)-1]
			s.data, s.refs = s.full[:n], 1
			return s
		}
	}
	s := &storage{full: kernel.AlignedFloats(size), refs: 1}
	s.data = s.full[:n]
	a.all = append(a.all, s)
	return s
}

func (a *arena) release(s *storage) {
	if s == nil {
		return
	}
	if s.refs--; s.refs == 0 {
		if a.free == nil {
			a.free = map[int][]*storage{}
		}
		a.free[len(s.full)] = append(a.free[len(s.full)], s)
	}
}

// reset takes everything back.
func (a *arena) reset() {
	if a.free == nil {
		a.free = map[int][]*storage{}
	}
	for size, list := range a.free {
		a.free[size] = list[:0]
	}
	for _, s := range a.all {
		s.refs = 0
		a.free[len(s.full)] = append(a.free[len(s.full)], s)
	}
	for _, n := range a.nodes[:a.n] {
		*n = node{}
	}
	a.n = 0
}

// node is a tensor handle: values in memory, or a pending computation on the memory of other
// tensors.
type node struct {
	shape tensor.Shape
	rows  int // N·H·W
	cb    int // planes

	pending
	st    *storage // the values; of a pending tensor the operand x of its formula
	host  bool     // the values are N×H×W×C, see stream.arrange
	stats *storage // per-channel mean and sum of squared deviations of the values, when collected

	// The sums that a batch normalisation's backward pass needs of a gradient, when the operation
	// that made it collected them: parts of Σg and Σg·(x−mean), how many, and the saved vectors of
	// the normalisation that they belong to.
	sums     *storage
	sumParts int
	sumsOf   *storage
}

// Shape is the logical shape.
func (n *node) Shape() tensor.Shape { return n.shape }

// data is the blocked values of a tensor that is not pending: cb planes of rows vectors of 16.
func (n *node) data() []float32 { return n.st.data }

// plane is the address of row r of plane b.
func (n *node) plane(b, r int) unsafe.Pointer {
	return kernel.PtrAt(n.st.data, (b*n.rows+r)*block)
}

// index is the place of channel c of row r.
func (n *node) index(r, c int) int { return ((c/block)*n.rows+r)*block + c%block }

func (a *arena) node(shape tensor.Shape, st *storage) *node {
	if a.n == len(a.nodes) {
		a.nodes = append(a.nodes, &node{})
	}
	t := a.nodes[a.n]
	a.n++
	*t = node{shape: shape, rows: shape.Rows(), cb: blocks(shape.C), st: st}
	return t
}

// Held is the floats of step memory that the stream has taken so far.
func (s *stream) Held() (n int) {
	for _, st := range s.arena.all {
		n += len(st.full)
	}
	return n
}
