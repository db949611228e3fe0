package cpu

import (
	"math"

	"github.com/tendril-nas/tendril/internal/kernel"
	"github.com/tendril-nas/tendril/internal/tensor"
)

// perImage calls f for every plane of every sample.
func (s *stream) perImage(cb int, shape tensor.Shape, f func(b, n int)) {
	s.parallel(cb*shape.N, shape.H*shape.W*block, func(i int) { f(i/shape.N, i%shape.N) })
}

func (n *node) vec(b, r int) *kernel.Vec { return (*kernel.Vec)(n.plane(b, r)) }

// window calls f with every output position of one image and its window.
func window(spec tensor.PoolSpec, xs, ys tensor.Shape, f func(o, y0, y1, x0, x1, padded int)) {
	for oy := range ys.H {
		y0, y1, py := spec.Window(oy, xs.H)
		for ox := range ys.W {
			x0, x1, px := spec.Window(ox, xs.W)
			f(oy*ys.W+ox, y0, y1, x0, x1, py*px)
		}
	}
}

// AvgPool averages windows.
func (s *stream) AvgPool(xt tensor.Tensor, spec tensor.PoolSpec) tensor.Tensor {
	x := s.plain(xt)
	y := s.make(spec.Out(x.shape))
	xs, ys := x.shape, y.shape
	s.perImage(x.cb, xs, func(b, n int) {
		window(spec, xs, ys, func(o, y0, y1, x0, x1, padded int) {
			var sum kernel.Vec
			for iy := y0; iy < y1; iy++ {
				for ix := x0; ix < x1; ix++ {
					for l, v := range x.vec(b, (n*xs.H+iy)*xs.W+ix) {
						sum[l] += v
					}
				}
			}
			inv := 1 / float32(divisor(spec, y0, y1, x0, x1, padded))
			out := y.vec(b, n*ys.H*ys.W+o)
			for l, v := range sum {
				out[l] = v * inv
			}
		})
	})
	return y
}

func divisor(spec tensor.PoolSpec, y0, y1, x0, x1, padded int) int {
	if spec.CountPad {
		return padded
	}
	return max((y1-y0)*(x1-x0), 1)
}

// AvgPoolBackward spreads dy over the windows.
func (s *stream) AvgPoolBackward(dyt tensor.Tensor, shape tensor.Shape, spec tensor.PoolSpec) tensor.Tensor {
	dy := s.plain(dyt)
	dx := s.make(shape)
	ys := dy.shape
	s.perImage(dx.cb, shape, func(b, n int) {
		for r := range shape.H * shape.W {
			*dx.vec(b, n*shape.H*shape.W+r) = kernel.Vec{}
		}
		window(spec, shape, ys, func(o, y0, y1, x0, x1, padded int) {
			inv := 1 / float32(divisor(spec, y0, y1, x0, x1, padded))
			d := dy.vec(b, n*ys.H*ys.W+o)
			for iy := y0; iy < y1; iy++ {
				for ix := x0; ix < x1; ix++ {
					to := dx.vec(b, (n*shape.H+iy)*shape.W+ix)
					for l, v := range d {
						to[l] += v * inv
					}
				}
			}
		})
	})
	return dx
}

// MaxPool takes the largest value of each window.
func (s *stream) MaxPool(xt tensor.Tensor, spec tensor.PoolSpec) tensor.Tensor {
	x := s.plain(xt)
	y := s.make(spec.Out(x.shape))
	xs, ys := x.shape, y.shape
	s.perImage(x.cb, xs, func(b, n int) {
		window(spec, xs, ys, func(o, y0, y1, x0, x1, _ int) {
			var best kernel.Vec
			for l := range best {
				best[l] = float32(math.Inf(-1))
			}
			for iy := y0; iy < y1; iy++ {
				for ix := x0; ix < x1; ix++ {
					for l, v := range x.vec(b, (n*xs.H+iy)*xs.W+ix) {
						best[l] = max(best[l], v)
					}
				}
			}
			*y.vec(b, n*ys.H*ys.W+o) = best
		})
	})
	return y
}

// MaxPoolBackward gives each window's gradient to its first largest value.
func (s *stream) MaxPoolBackward(xt, dyt tensor.Tensor, spec tensor.PoolSpec) tensor.Tensor {
	x, dy := s.plain(xt), s.plain(dyt)
	dx := s.make(x.shape)
	xs, ys := x.shape, dy.shape
	s.perImage(x.cb, xs, func(b, n int) {
		for r := range xs.H * xs.W {
			*dx.vec(b, n*xs.H*xs.W+r) = kernel.Vec{}
		}
		window(spec, xs, ys, func(o, y0, y1, x0, x1, _ int) {
			d := dy.vec(b, n*ys.H*ys.W+o)
			for l := range block {
				best, at := float32(math.Inf(-1)), -1
				for iy := y0; iy < y1; iy++ {
					for ix := x0; ix < x1; ix++ {
						r := (n*xs.H+iy)*xs.W + ix
						if v := x.vec(b, r)[l]; v > best || at < 0 {
							best, at = v, r
						}
					}
				}
				if at >= 0 {
					dx.vec(b, at)[l] += d[l]
				}
			}
		})
	})
	return dx
}
