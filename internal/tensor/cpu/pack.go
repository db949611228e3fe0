package cpu

import (
	"github.com/tendril-nas/tendril/internal/kernel"
	"github.com/tendril-nas/tendril/internal/tensor"
)

// packOp packs a matrix for the products' second operand, some column blocks per
// chunk.
type packOp struct {
	path       kernel.Path
	dst, src   []float32
	k, n, ld   int
	transposed bool
	per        int
}

func (o *packOp) Run(chunk int, _ *kernel.Worker) {
	b := chunk * o.per
	cols := min(o.n-b*block, o.per*block)
	dst := o.dst[b*block*o.k:]
	if o.transposed {
		o.path.PackBT(dst, o.src[b*block*o.ld:], o.k, cols, o.ld)
	} else {
		o.path.PackB(dst, o.src[b*block:], o.k, cols, o.ld)
	}
}

// packWeight packs the In×Out matrix of a pointwise weight, or its transpose.
func (s *stream) packWeight(w tensor.Weight, transposed bool) *storage {
	k, n := w.In, w.Out
	if transposed {
		k, n = n, k
	}
	st := s.arena.floats(kernel.PackedSize(k, n))
	const chunk = 1 << 14
	s.packing = packOp{path: s.path, dst: st.data, src: weights(w), k: k, n: n, ld: w.StrideIn, transposed: transposed}
	s.packing.per = max(1, chunk/(k*block))
	s.pool.Run((blocks(n)+s.packing.per-1)/s.packing.per, &s.packing)
	s.packing = packOp{}
	return st
}
