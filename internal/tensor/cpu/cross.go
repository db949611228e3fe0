package cpu

import (
	"math"

	"github.com/tendril-nas/tendril/internal/kernel"
	"github.com/tendril-nas/tendril/internal/tensor"
)

// crossOp is the cross entropy of rows of logits, or its gradient; a chunk is some rows.
type crossOp struct {
	path                  kernel.Path
	logits, targets, mask *node // mask may be nil
	out                   *node // one number per row, or the logits' gradient
	drows                 *node // nil: forward
	per                   int
}

func (o *crossOp) Run(chunk int, w *kernel.Worker) {
	x := o.logits
	mask := w.Floats(x.cb * block)
	for k := range mask {
		mask[k] = 0
		if k < x.shape.C {
			mask[k] = 1
		}
	}
	for r := chunk * o.per; r < min((chunk+1)*o.per, x.rows); r++ {
		if o.mask != nil {
			for k := range x.shape.C {
				mask[k] = 0
				if o.mask.data()[o.mask.index(r, k)] != 0 {
					mask[k] = 1
				}
			}
		}
		w.Soft = kernel.Softmax{
			Logits: x.plane(0, r), Targets: o.targets.plane(0, r), Mask: kernel.PtrAt(mask, 0), Next: x.rows *
				block, Planes: x.cb,
		}
		sum, total, dot := o.path.SoftmaxSums(&w.Soft)
		if o.drows == nil {
			if sum != 0 {
				o.out.data()[o.out.index(r, 0)] = float32(total*math.Log(sum) - dot)
			}
			continue
		}
		w.Soft.Dst = o.out.plane(0, r)
		w.Soft.Share, w.Soft.Gain = float32(total/sum), o.drows.data()[o.drows.index(r, 0)]
		o.path.SoftmaxGrad(&w.Soft)
	}
}

func (s *stream) crossEntropy(logits, targets, mask, drows tensor.Tensor, out *node) {
	x := s.plain(logits)
	s.cross = crossOp{path: s.path, logits: x, targets: s.plain(targets), mask: s.optional(mask), out: out,
		drows: s.optional(drows)}
	s.cross.per = max(1, 1<<11/x.shape.C)
	s.pool.Run(ceilDiv(x.rows, s.cross.per), &s.cross)
	s.cross = crossOp{}
}

// CrossEntropy is −Σ t·log p.
func (s *stream) CrossEntropy(logits, targets, mask tensor.Tensor) tensor.Tensor {
	y := s.perRow(logits.Shape().N)
	s.crossEntropy(logits, targets, mask, nil, y)
	return y
}

// CrossEntropyBackward is (p·Σt − t)·drow.
func (s *stream) CrossEntropyBackward(logits, targets, mask, drows tensor.Tensor) tensor.Tensor {
	dx := s.make(logits.Shape())
	s.crossEntropy(logits, targets, mask, drows, dx)
	return dx
}
