package cpu

import (
	"github.com/tendril-nas/tendril/internal/kernel"
	"github.com/tendril-nas/tendril/internal/tensor"
)

// packOp packs the matrix of a pointwise weight, or its transpose, for the products' second
// operand, some column blocks per chunk.
type packOp struct {
	path       kernel.Path
	dst, src   []float32
	k, n, ld   int
	transposed bool
	per        int
}

func newPacking(path kernel.Path, w tensor.Weight, transposed bool) packOp {
	o := packOp{path: path, src: weights(w), k: w.In, n: w.Out, ld: w.StrideIn, transposed: transposed}
	if transposed {
		o.k, o.n = o.n, o.k
	}
	const chunk = 1 << 13
	o.per = max(1, chunk/(o.k*block))
	return o
}

func (o *packOp) chunks() int { return ceilDiv(blocks(o.n), o.per) }

func (o *packOp) Run(chunk int, _ *kernel.Worker) {
	b := chunk * o.per
	o.pack(o.dst[b*block*o.k:], b, o.per)
}

// pack packs up to count column blocks from b on.
func (o *packOp) pack(dst []float32, b, count int) {
	cols := min(o.n-b*block, count*block)
	if o.transposed {
		o.path.PackBT(dst, o.src[b*block*o.ld:], o.k, cols, o.ld)
	} else {
		o.path.PackB(dst, o.src[b*block:], o.k, cols, o.ld)
	}
}
