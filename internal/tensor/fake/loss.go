package fake

import (
	"math"

	"github.com/tendril-nas/tendril/internal/tensor"
)

// logSoftmax is log p of row n at a temperature; −Inf for masked classes.
func logSoftmax(in, mask *array, n int, temperature float64) []float64 {
	out := make([]float64, in.shape.C)
	top := math.Inf(-1)
	for c := range out {
		out[c] = float64(in.data[in.at(n, 0, 0, c)]) / temperature
		if mask != nil && mask.data[mask.at(n, 0, 0, c)] == 0 {
			out[c] = math.Inf(-1)
		}
		top = max(top, out[c])
	}
	sum := 0.0
	for _, v := range out {
		sum += math.Exp(v - top)
	}
	for c := range out {
		out[c] -= top + math.Log(sum)
	}
	return out
}

// rows makes N×1×1×1 from a function of the row.
func (s *stream) rows(in *array, f func(n int) float64) tensor.Tensor {
	return s.gather(tensor.Vector(in.shape.N, 1), func(n, _, _, _ int) float32 { return float32(f(n)) })
}

// spread makes the logits' gradient: f gives row n's gradient per unit of drow.
func (s *stream) spread(in, drows *array, f func(n int) []float64) tensor.Tensor {
	return s.make(in.shape, func(out *array) {
		for n := range in.shape.N {
			d := float64(drows.data[drows.at(n, 0, 0, 0)])
			for c, v := range f(n) {
				out.data[out.at(n, 0, 0, c)] = float32(v * d)
			}
		}
	})
}

func (s *stream) optional(t tensor.Tensor) *array {
	if t == nil {
		return nil
	}
	return s.use(t)
}

func (s *stream) CrossEntropy(logits, targets, mask tensor.Tensor) tensor.Tensor {
	in, t, m := s.use(logits), s.use(targets), s.optional(mask)
	return s.rows(in, func(n int) float64 {
		sum := 0.0
		for c, lp := range logSoftmax(in, m, n, 1) {
			if !math.IsInf(lp, -1) {
				sum -= float64(t.data[t.at(n, 0, 0, c)]) * lp
			}
		}
		return sum
	})
}

func (s *stream) CrossEntropyBackward(logits, targets, mask, drows tensor.Tensor) tensor.Tensor {
	in, t, m, d := s.use(logits), s.use(targets), s.optional(mask), s.use(drows)
	return s.spread(in, d, func(n int) []float64 {
		lp := logSoftmax(in, m, n, 1)
		total := 0.0
		for c, v := range lp {
			if !math.IsInf(v, -1) {
				total += float64(t.data[t.at(n, 0, 0, c)])
			}
		}
		for c, v := range lp {
			if math.IsInf(v, -1) {
				lp[c] = 0
				continue
			}
			lp[c] = math.Exp(v)*total - float64(t.data[t.at(n, 0, 0, c)])
		}
		return lp
	})
}

func (s *stream) Distill(student, teacher, mask tensor.Tensor, temperature float64) tensor.Tensor {
	in, t, m := s.use(student), s.use(teacher), s.optional(mask)
	return s.rows(in, func(n int) float64 {
		lp, lq := logSoftmax(in, m, n, temperature), logSoftmax(t, m, n, temperature)
		sum := 0.0
		for c := range lp {
			if q := math.Exp(lq[c]); q > 0 {
				sum += q * (lq[c] - lp[c])
			}
		}
		return temperature * temperature * sum
	})
}

func (s *stream) DistillBackward(student, teacher, mask, drows tensor.Tensor,
	temperature float64) tensor.Tensor {
	in, t, m, d := s.use(student), s.use(teacher), s.optional(mask), s.use(drows)
	return s.spread(in, d, func(n int) []float64 {
		lp, lq := logSoftmax(in, m, n, temperature), logSoftmax(t, m, n, temperature)
		for c := range lp {
			lp[c] = temperature * (math.Exp(lp[c]) - math.Exp(lq[c]))
		}
		return lp
	})
}

func (s *stream) Correct(logits, targets, mask tensor.Tensor) tensor.Tensor {
	in, t, m := s.use(logits), s.use(targets), s.optional(mask)
	return s.rows(in, func(n int) float64 {
		best, label := -1, 0
		for c := range in.shape.C {
			if at(t, n, c) > at(t, n, label) {
				label = c
			}
			if m != nil && at(m, n, c) == 0 {
				continue
			}
			z := at(in, n, c)
			if math.IsNaN(z) || math.IsInf(z, 0) {
				return 0
			}
			if best < 0 || z > at(in, n, best) {
				best = c
			}
		}
		if best == label {
			return 1
		}
		return 0
	})
}

func at(a *array, n, c int) float64 { return float64(a.data[a.at(n, 0, 0, c)]) }
