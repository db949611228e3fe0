package fake

import "github.com/tendril-nas/tendril/internal/tensor"

func (s *stream) GlobalAvgPool(x tensor.Tensor) tensor.Tensor {
	in := s.use(x)
	return s.gather(tensor.Vector(in.shape.N, in.shape.C), func(n, _, _, c int) float32 {
		sum := 0.0
		for y := range in.shape.H {
			for x := range in.shape.W {
				sum += float64(in.data[in.at(n, y, x, c)])
			}
		}
		return float32(sum / float64(in.shape.H*in.shape.W))
	})
}

func (s *stream) GlobalAvgPoolBackward(dy tensor.Tensor, x tensor.Shape) tensor.Tensor {
	d := s.use(dy)
	tensor.CheckShape("global pool", "output gradient", dy, tensor.Vector(x.N, x.C))
	return s.gather(x, func(n, _, _, c int) float32 { return d.data[d.at(n, 0, 0, c)] / float32(x.H*x.W) })
}

// window calls f for the input positions of output (oy, ox) and returns the divisor of average
// pooling.
func window(in tensor.Shape, spec tensor.PoolSpec, oy, ox int, f func(y, x int)) float64 {
	y0, y1, ny := spec.Window(oy, in.H)
	x0, x1, nx := spec.Window(ox, in.W)
	for y := y0; y < y1; y++ {
		for x := x0; x < x1; x++ {
			f(y, x)
		}
	}
	if spec.CountPad {
		return float64(ny * nx)
	}
	return float64((y1 - y0) * (x1 - x0))
}

func (s *stream) AvgPool(x tensor.Tensor, spec tensor.PoolSpec) tensor.Tensor {
	in := s.use(x)
	return s.gather(tensor.CheckPool(in.shape, spec), func(n, oy, ox, c int) float32 {
		sum := 0.0
		div := window(in.shape, spec, oy, ox, func(y, x int) { sum += float64(in.data[in.at(n, y, x, c)]) })
		return float32(sum / div)
	})
}

func (s *stream) AvgPoolBackward(dy tensor.Tensor, x tensor.Shape, spec tensor.PoolSpec) tensor.Tensor {
	d := s.use(dy)
	tensor.CheckShape("average pool", "output gradient", dy, tensor.CheckPool(x, spec))
	return s.make(x, func(out *array) {
		d.each(func(n, oy, ox, c int) {
			div := window(x, spec, oy, ox, func(int, int) {})
			window(x, spec, oy, ox,
				func(y, x int) { out.data[out.at(n, y, x, c)] += d.data[d.at(n, oy, ox, c)] / float32(div) })
		})
	})
}

// argmax is the index of the first largest element of a window, −1 if the window lies in the
// padding.
func argmax(in *array, spec tensor.PoolSpec, n, oy, ox, c int) int {
	best := -1
	window(in.shape, spec, oy, ox, func(y, x int) {
		if i := in.at(n, y, x, c); best < 0 || in.data[i] > in.data[best] {
			best = i
		}
	})
	return best
}

func (s *stream) MaxPool(x tensor.Tensor, spec tensor.PoolSpec) tensor.Tensor {
	in := s.use(x)
	return s.gather(tensor.CheckPool(in.shape, spec),
		func(n, oy, ox, c int) float32 { return in.data[argmax(in, spec, n, oy, ox, c)] })
}

func (s *stream) MaxPoolBackward(x, dy tensor.Tensor, spec tensor.PoolSpec) tensor.Tensor {
	in, d := s.use(x), s.use(dy)
	tensor.CheckShape("max pool", "output gradient", dy, tensor.CheckPool(in.shape, spec))
	return s.make(in.shape, func(out *array) {
		d.each(func(n, oy, ox,
			c int) {
			out.data[argmax(in, spec, n, oy, ox, c)] += d.data[d.at(n, oy, ox, c)]
		})
	})
}
