package backendtest

import (
	"fmt"
	"math"

	"github.com/tendril-nas/tendril/internal/tensor"
)

var allActs = []tensor.Act{tensor.ActNone, tensor.ActReLU, tensor.ActReLU6, tensor.ActHSwish,
	tensor.ActHSigmoid, tensor.ActSwish, tensor.ActSigmoid, tensor.ActTanh}

func testElements(s *suite) {
	s.cases(40, 2e-5, func(w *world) {
		shape, act := w.shape(), pick(w, allActs...)
		w.note = fmt.Sprintf("%v %v", shape, act)
		x, y := w.tensor(shape), w.tensor(shape)
		w.keep("activation", w.Act(x, act))
		w.keep("activation gradient", w.ActBackward(x, w.gradient(shape), act))
		z := w.Add(x, y, act)
		w.keep("sum", z)
		w.keep("sum gradient", w.AddBackward(x, y, z, w.gradient(shape), act))
		w.keep("multiple", w.times(x, -1.75))
		scale := w.tensor(tensor.Vector(shape.N, shape.C))
		w.keep("scaled channels", w.ScaleChannels(x, scale))
		dx, ds := w.ScaleChannelsBackward(x, scale, w.gradient(shape))
		w.keep("scaled channels' gradient", dx)
		w.keep("scale's gradient", ds)
		w.keep("fill", w.Fill(shape, 0.125))
		total := w.Sum(x, 0.5)
		w.keep("total", w.Add(total, w.Sum(z, 1), tensor.ActNone))
		w.keep("broadcast", w.Broadcast(w.raw(tensor.Scalar()), shape, 3))
	})
}

func testChannels(s *suite) {
	s.cases(30, 2e-5, func(w *world) {
		shape := w.shape()
		a, b := shape, shape
		b.C, a.C = w.channels(), w.channels()
		joined := w.Concat([]tensor.Tensor{w.tensor(a), w.raw(shape), w.tensor(b)})
		w.keep("concat", joined)
		w.keep("slice", w.SliceChannels(joined, a.C, shape.C))
		w.keep("padded", w.PadChannels(w.tensor(a), shape.C, a.C+shape.C+b.C))
		groups := w.between(1, 5)
		shape.C = groups * w.between(1, 9)
		mixed := w.ChannelShuffle(w.tensor(shape), groups)
		w.keep("shuffle", mixed)
		w.keep("shuffled back", w.ChannelShuffle(mixed, shape.C/groups))
	})
}

// testActExtremes looks at kinks, large numbers and the fused form.
func testActExtremes(s *suite) {
	w := newWorld(s.open(), 0)
	x := []float32{-1e30, -1e4, -90, -6, -3, -2.9999, -1, -1e-20, 0, 1e-20, 1, 2.9999, 3, 5.9999, 6, 6.0001,
		90, 1e4, 1e30}
	shape := tensor.Vector(1, len(x))
	ones := make([]float32, len(x))
	for i := range ones {
		ones[i] = 1
	}
	for _, act := range allActs {
		in := w.Upload(shape, x)
		y, dx := make([]float32, len(x)), make([]float32, len(x))
		w.Download(w.Act(in, act), y)
		w.Download(w.ActBackward(in, w.Upload(shape, ones), act), dx)
		for i, v := range x {
			near(s, fmt.Sprintf("%v(%g)", act, v), y[i], act.Apply(v))
			near(s, fmt.Sprintf("slope of %v at %g", act, v), dx[i], act.Slope(v))
		}
	}
}

func near(s *suite, what string, got, want float32) {
	s.Helper()
	if d := math.Abs(float64(got) - float64(want)); !(d <= 2e-6*max(1, math.Abs(float64(want)))) {
		s.Errorf("%s is %g, expected %g", what, got, want)
	}
}

// testDropout compares with the mask function element by element.
func testDropout(s *suite) {
	w := newWorld(s.open(), 1)
	for _, shape := range []tensor.Shape{{N: 2, H: 3, W: 5, C: 17}, {N: 1, H: 1, W: 1, C: 1},
		{N: 3, H: 8, W: 8, C: 32}} {
		for _, spec := range []tensor.DropoutSpec{{Rate: 0.1, Seed: 9}, {Rate: 0.5, Seed: 1 << 63},
			{Rate: 0.9, Seed: 3}} {
			x := w.normal(shape.Size())
			y := make([]float32, len(x))
			w.Download(w.Dropout(w.Upload(shape, x), spec), y)
			for i := range x {
				want := float32(0)
				if tensor.DropoutKeep(spec.Seed, i, spec.Rate) {
					want = x[i] / float32(1-spec.Rate)
				}
				near(s, fmt.Sprintf("rate %g, element %d", spec.Rate, i), y[i], want)
			}
		}
	}
}
