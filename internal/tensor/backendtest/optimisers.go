package backendtest

import "github.com/tendril-nas/tendril/internal/tensor"

func testOptimisers(s *suite) {
	s.cases(20, 2e-6, func(w *world) {
		n := pick(w, 1, 7, 8, 31, 1000, 70000)
		p, g, m := w.buffer(n), w.buffer(n), w.buffer(n)
		spec := tensor.SGDSpec{LR: 0.1, Momentum: pick(w, 0, 0.9), WeightDecay: pick(w, 0, 5e-4),
			GradScale: pick(w, 1, 0.3), Nesterov: w.coin(), First: true}
		if spec.Momentum == 0 {
			m = nil
		}
		for range 3 {
			w.SGD(p, g, m, spec)
			spec.First = false
		}
		q, a, b := w.buffer(n), w.buffer(n), w.buffer(n)
		w.Zero(a)
		w.Zero(b)
		for step := range 3 {
			w.Adam(q, g, a, b, tensor.AdamSpec{LR: 0.01, Beta1: 0.5, Beta2: 0.999, Eps: 1e-8,
				WeightDecay: pick(w, 0, 5e-4), GradScale: 0.7, Step: step + 1})
		}
	})
}

func testBuffers(s *suite) {
	s.cases(20, 2e-6, func(w *world) {
		n := w.between(1, 5000)
		a, b, c := w.buffer(n), w.buffer(n), w.buffer(2*n)
		w.Copy(c, n/2, a, 0, n)
		w.Write(c, n, w.normal(n/2))
		part := make([]float32, n)
		w.Read(c, n/3, part)
		w.kept = append(w.kept, result{"read", part})
		sum := w.SumSquares([]tensor.Buffer{a, b, c})
		w.kept = append(w.kept, result{"sum of squares", []float32{float32(sum)}})
		fresh := w.Backend().NewBuffer(n)
		w.bufs = append(w.bufs, fresh)
		if w.coin() {
			w.Zero(a)
		}
	})
}
