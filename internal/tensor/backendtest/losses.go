package backendtest

import (
	"math"

	"github.com/tendril-nas/tendril/internal/tensor"
)

// mask keeps class 0 and a random part of the others.
func (w *world) mask(s tensor.Shape) tensor.Tensor {
	if w.coin() {
		return nil
	}
	m := make([]float32, s.Size())
	for i := range m {
		if i%s.C == 0 || w.coin() {
			m[i] = 1
		}
	}
	return w.Upload(s, m)
}

func testLosses(s *suite) {
	s.cases(40, 1e-5, func(w *world) {
		shape := tensor.Vector(w.between(1, 9), w.between(1, 40))
		rows := tensor.Vector(shape.N, 1)
		x, m := w.tensor(shape), w.mask(shape)
		targets := make([]float32, shape.Size())
		for i := range targets {
			targets[i] = w.rng.Float32()
		}
		t := w.Upload(shape, targets)
		w.keep("cross entropy", w.CrossEntropy(x, t, m))
		w.keep("cross entropy's gradient", w.CrossEntropyBackward(x, t, m, w.raw(rows)))
		teacher, temperature := w.tensor(shape), pick(w, 1, 4, 0.5)
		w.keep("distillation", w.Distill(x, teacher, m, temperature))
		w.keep("distillation's gradient", w.DistillBackward(x, teacher, m, w.raw(rows), temperature))
		w.keep("right answers", w.Correct(x, t, m))
	})
}

// testLossExtremes: huge logits and masked huge logits stay finite.
func testLossExtremes(s *suite) {
	w := newWorld(s.open(), 3)
	shape := tensor.Vector(2, 4)
	x := w.Upload(shape, []float32{1e4, -1e4, 0, 3, 2e4, 1, 2, 3})
	m := w.Upload(shape, []float32{1, 1, 1, 1, 0, 1, 1, 1})
	t := w.Upload(shape, []float32{0, 1, 0, 0, 0, 1, 0, 0})
	rows := w.Fill(tensor.Vector(2, 1), 1)
	lse := math.Log(math.Exp(1) + math.Exp(2) + math.Exp(3))
	got := make([]float32, 2)
	w.Download(w.CrossEntropy(x, t, m), got)
	near(s, "loss of an impossible class", got[0], 2e4)
	near(s, "loss beside a masked class", got[1], float32(lse-1))
	grad := make([]float32, 8)
	w.Download(w.CrossEntropyBackward(x, t, m, rows), grad)
	for i, want := range []float64{1, -1, 0, 0, 0, math.Exp(1-lse) - 1, math.Exp(2 - lse),
		math.Exp(3 - lse)} {
		near(s, "gradient", grad[i], float32(want))
	}
	teacher := w.Upload(shape, []float32{-1e4, 1e4, 0, 0, -3e4, 1, 2, 3})
	w.Download(w.Distill(x, teacher, m, 2), got)
	near(s, "divergence of certain and opposite answers", got[0], 4e4)
	near(s, "divergence beside a masked class", got[1], 0)
	w.Download(w.DistillBackward(x, teacher, m, rows, 2), grad)
	for i, want := range []float32{2, -2, 0, 0, 0, 0, 0, 0} {
		near(s, "divergence's gradient", grad[i], want)
	}
}

// testCorrect goes through ties, masks and numbers that are not finite.
func testCorrect(s *suite) {
	w := newWorld(s.open(), 6)
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for i, c := range []struct {
		logits, targets, mask []float32
		want                  float32
	}{
		{[]float32{1, 2, 0}, []float32{0, 1, 0}, nil, 1},
		{[]float32{1, 2, 0}, []float32{1, 0, 0}, nil, 0},
		{[]float32{2, 2, 0}, []float32{0.5, 0.5, 0}, nil, 1},
		{[]float32{0, 2, 2}, []float32{0, 0.2, 0.8}, nil, 0},
		{[]float32{9, 2, 0}, []float32{0, 1, 0}, []float32{0, 1, 1}, 1},
		{[]float32{9, 2, 3}, []float32{0, 1, 0}, []float32{0, 1, 1}, 0},
		{[]float32{nan, 2, -inf}, []float32{0, 1, 0}, []float32{0, 1, 0}, 1},
		{[]float32{1, 2, nan}, []float32{0, 1, 0}, nil, 0},
		{[]float32{1, inf, 0}, []float32{0, 1, 0}, nil, 0},
		{[]float32{1, 2, -inf}, []float32{0, 1, 0}, nil, 0},
		{[]float32{-3, -2, -1}, []float32{0, 0, 0.1}, nil, 1},
	} {
		shape := tensor.Vector(1, 3)
		var mask tensor.Tensor
		if c.mask != nil {
			mask = w.Upload(shape, c.mask)
		}
		got := make([]float32, 1)
		w.Download(w.Correct(w.Upload(shape, c.logits), w.Upload(shape, c.targets), mask), got)
		if got[0] != c.want {
			s.Errorf("row %d: got %g, expected %g", i, got[0], c.want)
		}
	}
}
