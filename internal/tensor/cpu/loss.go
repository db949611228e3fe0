package cpu

import (
	"math"

	"github.com/tendril-nas/tendril/internal/kernel"
	"github.com/tendril-nas/tendril/internal/tensor"
)

func (s *stream) optional(t tensor.Tensor) *node {
	if t == nil {
		return nil
	}
	return s.plain(t)
}

// perRow is a loss tensor: one number per row.
func (s *stream) perRow(n int) *node { return s.zeros(tensor.Vector(n, 1)) }

func (s *stream) zeros(shape tensor.Shape) *node {
	y := s.make(shape)
	clear(y.data())
	return y
}

// row copies row r of logits, divided by temp, to host order.
func (n *node) row(r int, temp float64, dst []float64) {
	data := n.data()
	for c := range dst {
		dst[c] = float64(data[n.index(r, c)]) / temp
	}
}

// logSoftmax turns row r of logits into log probabilities over the classes whose mask is not 0
// (nil: all); masked classes get −Inf.
func logSoftmax(z []float64, mask *node, r int) {
	top := math.Inf(-1)
	for k, v := range z {
		if mask != nil && mask.data()[mask.index(r, k)] == 0 {
			z[k] = math.Inf(-1)
			continue
		}
		top = max(top, v)
	}
	var sum float64
	for _, v := range z {
		sum += math.Exp(v - top)
	}
	log := top + math.Log(sum)
	for k := range z {
		z[k] -= log
	}
}

// distillOp is the divergence of rows of two tensors of logits, or the student's gradient; a chunk
// is some rows.
type distillOp struct {
	student, teacher, mask *node // mask may be nil
	out                    *node // one number per row, or the student's gradient
	drows                  *node // nil: forward
	temp                   float64
	per                    int
}

func (o *distillOp) Run(chunk int, w *kernel.Worker) {
	k := o.student.shape.C
	mem := w.Wide(2 * k)
	p, q := mem[:k], mem[k:]
	for r := chunk * o.per; r < min((chunk+1)*o.per, o.student.rows); r++ {
		o.student.row(r, o.temp, p)
		o.teacher.row(r, o.temp, q)
		logSoftmax(p, o.mask, r)
		logSoftmax(q, o.mask, r)
		d := o.out.data()
		if o.drows == nil {
			d[o.out.index(r, 0)] = float32(o.temp * o.temp * divergence(p, q))
			continue
		}
		g := o.temp * float64(o.drows.data()[o.drows.index(r, 0)])
		for c, v := range q {
			d[o.out.index(r, c)] = float32((math.Exp(p[c]) - math.Exp(v)) * g)
		}
	}
}

// divergence is Σ q·(log q − log p) of log probabilities.
func divergence(logp, logq []float64) (sum float64) {
	for k, v := range logq {
		if q := math.Exp(v); q > 0 {
			sum += q * (v - logp[k])
		}
	}
	return sum
}

func (s *stream) distill(student, teacher, mask, drows tensor.Tensor, temp float64, out *node) {
	x := s.plain(student)
	s.kl = distillOp{student: x, teacher: s.plain(teacher), mask: s.optional(mask), out: out,
		drows: s.optional(drows)}
	s.kl.temp, s.kl.per = temp, max(1, 1<<8/x.shape.C)
	s.pool.Run(ceilDiv(x.rows, s.kl.per), &s.kl)
	s.kl = distillOp{}
}

// Distill is T²·KL(teacher ‖ student).
func (s *stream) Distill(student, teacher, mask tensor.Tensor, temp float64) tensor.Tensor {
	y := s.perRow(student.Shape().N)
	s.distill(student, teacher, mask, nil, temp, y)
	return y
}

// DistillBackward is T·(p − q)·drow.
func (s *stream) DistillBackward(student, teacher, mask, drows tensor.Tensor, temp float64) tensor.Tensor {
	y := s.zeros(student.Shape())
	s.distill(student, teacher, mask, drows, temp, y)
	return y
}

// Correct is 1 where the largest unmasked logit is at the largest target.
func (s *stream) Correct(logits, targets, mask tensor.Tensor) tensor.Tensor {
	x, t, m := s.plain(logits), s.plain(targets), s.optional(mask)
	y := s.perRow(x.rows)
	s.parallel(x.rows, 4*x.shape.C, func(r int) {
		if correct(x, t, m, r) {
			y.data()[y.index(r, 0)] = 1
		}
	})
	return y
}

func correct(x, t, mask *node, r int) bool {
	best, label := -1, 0
	for k := range x.shape.C {
		at := x.index(r, k)
		if t.data()[at] > t.data()[t.index(r, label)] {
			label = k
		}
		if mask != nil && mask.data()[at] == 0 {
			continue
		}
		v := x.data()[at]
		if v-v != 0 {
			return false // not finite
		}
		if best < 0 || v > x.data()[x.index(r, best)] {
			best = k
		}
	}
	return best == label
}
