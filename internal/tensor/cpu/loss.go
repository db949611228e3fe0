package cpu

import (
	"math"

	"github.com/tendril-nas/tendril/internal/kernel"
	"github.com/tendril-nas/tendril/internal/tensor"
)

// row copies row r of a vector-per-sample tensor to host order.
func (n *node) row(r int, dst []float64) {
	data := n.data()
	for c := range dst {
		dst[c] = float64(data[n.index(r, c)])
	}
}

func (n *node) setRow(r int, src []float64) {
	data := n.data()
	for c, v := range src {
		data[n.index(r, c)] = float32(v)
	}
}

// logSoftmax turns logits into log probabilities over the classes whose mask is
// not 0 (nil: all); masked classes get −Inf.
func logSoftmax(z, mask []float64) {
	top := math.Inf(-1)
	for k, v := range z {
		if mask != nil && mask[k] == 0 {
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

// lossRow is the host-order rows that a loss works on; out starts as zeros.
type lossRow struct{ logp, mask, other, out []float64 }

// lossTask calls f for every row with its log probabilities of logits/temp.
type lossTask struct {
	logits, mask *node
	temp         float64
	per          int // rows of a chunk
	f            func(r int, l lossRow)
}

func (o *lossTask) Run(chunk int, w *kernel.Worker) {
	k := o.logits.shape.C
	mem := w.Wide(4 * k)
	l := lossRow{logp: mem[:k], other: mem[2*k : 3*k], out: mem[3*k:]}
	if o.mask != nil {
		l.mask = mem[k : 2*k]
	}
	for r := chunk * o.per; r < min((chunk+1)*o.per, o.logits.rows); r++ {
		o.logits.row(r, l.logp)
		for i := range l.logp {
			l.logp[i] /= o.temp
		}
		if o.mask != nil {
			o.mask.row(r, l.mask)
		}
		logSoftmax(l.logp, l.mask)
		clear(l.out)
		o.f(r, l)
	}
}

func (s *stream) lossRows(logits, mask *node, temp float64, f func(r int, l lossRow)) {
	per := max(1, 1<<8/logits.shape.C)
	s.pool.Run((logits.rows+per-1)/per, &lossTask{logits: logits, mask: mask, temp: temp, per: per, f: f})
}

func (s *stream) optional(t tensor.Tensor) *node {
	if t == nil {
		return nil
	}
	return s.plain(t)
}

// perRow is a loss tensor: one number per row.
func (s *stream) perRow(n int) *node {
	y := s.make(tensor.Vector(n, 1))
	clear(y.data())
	return y
}

func (s *stream) zeros(shape tensor.Shape) *node {
	y := s.make(shape)
	clear(y.data())
	return y
}

func entropy(logp []float64) float64 {
	var h float64
	for _, v := range logp {
		if p := math.Exp(v); p > 0 {
			h -= p * v
		}
	}
	return h
}

// Entropy is −Σ p·log p.
func (s *stream) Entropy(logits, mask tensor.Tensor) tensor.Tensor {
	y := s.perRow(logits.Shape().N)
	s.lossRows(s.plain(logits), s.optional(mask), 1, func(r int, l lossRow) {
		y.setRow(r, []float64{entropy(l.logp)})
	})
	return y
}

// EntropyBackward is −p·(log p + H)·drow.
func (s *stream) EntropyBackward(logits, mask, drows tensor.Tensor) tensor.Tensor {
	y, d := s.zeros(logits.Shape()), s.plain(drows)
	s.lossRows(s.plain(logits), s.optional(mask), 1, func(r int, l lossRow) {
		h, g := entropy(l.logp), float64(d.data()[d.index(r, 0)])
		for k, v := range l.logp {
			if p := math.Exp(v); p > 0 {
				l.out[k] = -p * (v + h) * g
			}
		}
		y.setRow(r, l.out)
	})
	return y
}

// Distill is T²·KL(teacher ‖ student).
func (s *stream) Distill(student, teacher tensor.Tensor, temp float64) tensor.Tensor {
	y, q := s.perRow(student.Shape().N), s.plain(teacher)
	s.lossRows(s.plain(student), nil, temp, func(r int, l lossRow) {
		teacherRow(q, r, temp, l.other)
		var sum float64
		for k, v := range l.other {
			if p := math.Exp(v); p > 0 {
				sum += p * (v - l.logp[k])
			}
		}
		y.setRow(r, []float64{temp * temp * sum})
	})
	return y
}

func teacherRow(q *node, r int, temp float64, dst []float64) {
	q.row(r, dst)
	for k := range dst {
		dst[k] /= temp
	}
	logSoftmax(dst, nil)
}

// DistillBackward is T·(p − q)·drow.
func (s *stream) DistillBackward(student, teacher, drows tensor.Tensor, temp float64) tensor.Tensor {
	y, q, d := s.zeros(student.Shape()), s.plain(teacher), s.plain(drows)
	s.lossRows(s.plain(student), nil, temp, func(r int, l lossRow) {
		teacherRow(q, r, temp, l.other)
		g := float64(d.data()[d.index(r, 0)])
		for k, v := range l.other {
			l.out[k] = temp * (math.Exp(l.logp[k]) - math.Exp(v)) * g
		}
		y.setRow(r, l.out)
	})
	return y
}

// Softmax is the probabilities.
func (s *stream) Softmax(logits, mask tensor.Tensor) tensor.Tensor {
	y := s.zeros(logits.Shape())
	s.lossRows(s.plain(logits), s.optional(mask), 1, func(r int, l lossRow) {
		for k, v := range l.logp {
			l.out[k] = math.Exp(v)
		}
		y.setRow(r, l.out)
	})
	return y
}
