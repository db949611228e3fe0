package backendtest

import (
	"fmt"

	"github.com/tendril-nas/tendril/internal/tensor"
)

func testPool(s *suite) {
	s.cases(50, 2e-5, func(w *world) {
		spec := tensor.PoolSpec{Kernel: w.between(1, 4), Ceil: w.coin(), CountPad: w.coin()}
		spec.Stride = w.between(1, spec.Kernel)
		spec.Pad = w.rng.IntN(spec.Kernel/2 + 1)
		shape := w.shape()
		shape.H, shape.W = max(shape.H, spec.Kernel), max(shape.W, spec.Kernel)
		w.note = fmt.Sprintf("%v %+v", shape, spec)
		x := w.tensor(shape)
		y := w.AvgPool(x, spec)
		w.keep("average", y)
		w.keep("average's gradient", w.AvgPoolBackward(w.gradient(y.Shape()), shape, spec))
		w.keep("maximum", w.MaxPool(x, spec))
		w.keep("maximum's gradient", w.MaxPoolBackward(x, w.gradient(y.Shape()), spec))
		w.keep("mean", w.GlobalAvgPool(x))
		w.keep("mean's gradient", w.GlobalAvgPoolBackward(w.raw(tensor.Vector(shape.N, shape.C)), shape))
	})
	s.ties()
}

// ties gives the gradient of a maximum to the first of equal elements in row order.
func (s *suite) ties() {
	w := newWorld(s.open(), 2)
	shape := tensor.Shape{N: 1, H: 4, W: 4, C: 1}
	spec := tensor.PoolSpec{Kernel: 2, Stride: 2}
	dx := make([]float32, 16)
	w.Download(w.MaxPoolBackward(w.Fill(shape, -2), w.Fill(spec.Out(shape), 1), spec), dx)
	for i, v := range dx {
		want := float32(0)
		if i%4%2 == 0 && i/4%2 == 0 {
			want = 1
		}
		near(s, fmt.Sprintf("gradient of equal element %d", i), v, want)
	}
}
