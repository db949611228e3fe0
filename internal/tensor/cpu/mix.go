package cpu

import (
	"github.com/tendril-nas/tendril/internal/kernel"
	"github.com/tendril-nas/tendril/internal/tensor"
)

// mixRows is the rows of a plane that all operands of a mix are taken over before the next ones, so
// that the result stays in the first-level cache.
const mixRows = 256

// mixOp is a weighted sum of tensors, or the sums of its backward pass; every operand is read once,
// through its formula.
type mixOp struct {
	path kernel.Path
	grid grid
	xs   []*node // act(x·scale + shift)·mul·gain each

	out   *node      // the sum; nil: backward
	stats *collector // of the sum, nil: not wanted

	dy    *node     // the gradient
	dst   *node     // its values, computed on the way; nil: it has them
	parts []float64 // [chunk][operand]: Σ dy·x
}

func (o *mixOp) Run(chunk int, w *kernel.Worker) {
	b0, b1, r0, r1 := o.grid.part(chunk)
	ch := &w.Ch
	for b := b0; b < b1; b++ {
		for r := r0; r < r1; r += mixRows {
			rows := min(mixRows, r1-r)
			if o.out != nil {
				o.sum(ch, b, r, rows)
			} else {
				o.dots(ch, o.parts[chunk*len(o.xs):][:len(o.xs)], b, r, rows)
			}
		}
		if o.stats != nil {
			o.stats.sum(o.path, o.out, r0/o.grid.rowsPer, b, r0, r1-r0, ch)
		}
	}
}

// sum writes some rows of a plane of the result.
func (o *mixOp) sum(ch *kernel.Chan, b, r, rows int) {
	for i, x := range o.xs {
		x.channel(ch, b, x.cb)
		x.spans(ch, b, r, rows, func(at, n int) {
			dst := o.out.plane(b, at)
			onto := dst
			if i == 0 {
				onto = nil
			}
			o.path.Apply(dst, x.plane(b, at), onto, n, x.act, ch)
		})
	}
}

// dots adds the products of some rows of the gradient with every operand.
func (o *mixOp) dots(ch *kernel.Chan, sums []float64, b, r, rows int) {
	dy := o.dy
	if o.dst != nil {
		dy.fetchRows(o.path, ch, o.dst.plane(b, r), b, r, rows)
		dy = o.dst
	}
	for i, x := range o.xs {
		x.channel(ch, b, x.cb)
		x.spans(ch, b, r, rows, func(at, n int) {
			o.path.DotAct(dy.plane(b, at), x.plane(b, at), n, x.act, ch)
			for l := range min(block, x.shape.C-b*block) {
				sums[i] += float64(ch.Sum[l]) * float64(ch.Mul[l])
			}
		})
	}
}

// startMix prepares an operation over tensors of n's shape.
func (s *stream) startMix(n *node) *mixOp {
	o := &s.mix
	*o = mixOp{path: s.path, grid: newGrid(n.cb, n.rows, 1), xs: o.xs[:0], parts: o.parts[:0]}
	return o
}

// endMix lets go of what startMix and its caller put together.
func (s *stream) endMix() {
	o := &s.mix
	for _, x := range o.xs {
		s.drop(x)
	}
	clear(o.xs)
	*o = mixOp{xs: o.xs[:0], parts: o.parts[:0]}
}

// Mix is Σ p·x over the operands whose p is not 0. The sum of a single one is pending.
func (s *stream) Mix(xs []tensor.Tensor, p tensor.Vec, wantStats bool) tensor.Tensor {
	first := s.in(xs[0])
	o := s.startMix(first)
	defer s.endMix()
	last := 0
	for i, share := range vector(p) {
		if share != 0 {
			o.xs, last = append(o.xs, s.times(s.in(xs[i]), share)), i
		}
	}
	switch len(o.xs) {
	case 0:
		return s.zeros(first.shape)
	case 1:
		return s.alone(o.xs[0], s.in(xs[last]))
	}
	o.out = s.make(first.shape)
	if wantStats {
		o.stats = s.collectStats(o.out, o.grid.rowsPer)
	}
	s.pool.Run(o.grid.chunks, o)
	s.endStats(o.out, o.stats)
	return o.out
}

// alone is a multiple of x; when it is x itself, x's statistics are its own.
func (s *stream) alone(multiple, x *node) *node {
	y := s.derive(x.shape, multiple.st, multiple.pending)
	if p := &y.pending; x.kind == lazyNone && !p.gained {
		*p = pending{}
		y.stats = x.stats
		hold(y.stats)
	}
	return y
}

// MixBackward gives multiples of dy, which are pending, and adds the products of dy and the
// operands to grad. Operands whose p is 0 get no gradient.
func (s *stream) MixBackward(xs []tensor.Tensor, dyt tensor.Tensor, p, grad tensor.Vec,
	need []bool) []tensor.Tensor {
	dy := s.in(dyt)
	if grad.Buf != nil {
		s.mixSums(xs, dy, moving(grad))
	}
	s.materialise(dy)
	s.dxs = append(s.dxs[:0], make([]tensor.Tensor, len(xs))...)
	for i, share := range vector(p) {
		switch {
		case !need[i] || share == 0:
		case share == 1:
			dx := s.derive(dy.shape, dy.st, pending{})
			dx.sums, dx.sumParts, dx.sumsOf = dy.sums, dy.sumParts, dy.sumsOf
			hold(dx.sums, dx.sumsOf)
			s.dxs[i] = dx
		default:
			s.dxs[i] = s.derive(dy.shape, nil, pending{kind: lazyScaled, d: dy.st}.times(share))
		}
	}
	return s.dxs
}

// mixSums adds Σ dy·x of every operand to sums and computes dy, if it is pending, in the same pass.
func (s *stream) mixSums(xs []tensor.Tensor, dy *node, sums []float32) {
	o := s.startMix(dy)
	defer s.endMix()
	for _, x := range xs {
		o.xs = append(o.xs, s.times(s.in(x), 1))
	}
	o.dy = dy
	if dy.lazy() {
		o.dst = s.make(dy.shape)
	}
	o.parts = append(o.parts, make([]float64, o.grid.chunks*len(xs))...)
	s.pool.Run(o.grid.chunks, o)
	if o.dst != nil {
		s.drop(dy)
		dy.st, o.dst.st = o.dst.st, nil
	}
	for i := range sums {
		sum := 0.0
		for part := i; part < len(o.parts); part += len(xs) {
			sum += o.parts[part]
		}
		sums[i] += float32(sum)
	}
}
