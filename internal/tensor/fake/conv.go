package fake

import "github.com/tendril-nas/tendril/internal/tensor"

// taps walks the products of a convolution. f gets the places of an output, of the first input
// channel of its group under one kernel element, and of that element's weight for this channel; the
// group's further channels are plane further on in the input and w.StrideIn in the weight. Padding
// is left out.
func taps(in, out *array, w tensor.Weight, spec tensor.ConvSpec, f func(xi, yi, wi, plane int)) {
	perGroup, plane := w.Out/spec.Groups, in.shape.H*in.shape.W
	for n := range out.shape.N {
		for o := range out.shape.C {
			first := o / perGroup * w.In
			for oy := range out.shape.H {
				for ox := range out.shape.W {
					for ky := range w.KH {
						for kx := range w.KW {
							if y, x := oy*spec.Stride-spec.Pad+ky, ox*spec.Stride-spec.Pad+kx; in.inside(y,
								x) {
								f(in.at(n, y, x, first), out.at(n, oy, ox, o), w.Index(ky, kx, 0, o), plane)
							}
						}
					}
				}
			}
		}
	}
}

func (s *stream) Conv(x tensor.Tensor, w tensor.Weight, bias tensor.Vec, spec tensor.ConvSpec) tensor.Tensor {
	in := s.use(x)
	return s.make(tensor.CheckConv(in.shape, w, bias, spec), func(out *array) {
		sum := make([]float64, len(out.data))
		if bias.Buf != nil {
			b := data(bias.Buf)[bias.Off:]
			out.each(func(n, y, x, c int) { sum[out.at(n, y, x, c)] = float64(b[c]) })
		}
		wd := data(w.Buf)
		taps(in, out, w, spec, func(xi, yi, wi, plane int) {
			for i := range w.In {
				sum[yi] += float64(in.data[xi+i*plane]) * float64(wd[wi+i*w.StrideIn])
			}
		})
		narrow(out.data, sum)
	})
}

func (s *stream) ConvBackward(x, dy tensor.Tensor, w tensor.Weight, spec tensor.ConvSpec,
	grads tensor.ConvGrads) tensor.Tensor {
	in, d := s.use(x), s.use(dy)
	tensor.CheckShape("conv", "output gradient", dy, tensor.CheckConv(in.shape, w, tensor.Vec{}, spec))
	if grads.W.Buf != nil {
		s.do(func() {
			g := widen(data(grads.W.Buf))
			// The gradient view has the weight view's extents; its place in the buffer may be
			// another one.
			taps(in, d, grads.W, spec, func(xi, yi, wi, plane int) {
				for i := range w.In {
					g[wi+i*grads.W.StrideIn] += float64(in.data[xi+i*plane]) * float64(d.data[yi])
				}
			})
			narrow(data(grads.W.Buf), g)
		})
	}
	if grads.B.Buf != nil {
		s.do(func() {
			sum := make([]float64, d.shape.C)
			d.each(func(n, y, x, c int) { sum[c] += float64(d.data[d.at(n, y, x, c)]) })
			addTo(grads.B, sum)
		})
	}
	if !grads.NeedX {
		return nil
	}
	return s.make(in.shape, func(out *array) {
		sum := make([]float64, len(out.data))
		wd := data(w.Buf)
		taps(out, d, w, spec, func(xi, yi, wi, plane int) {
			for i := range w.In {
				sum[xi+i*plane] += float64(d.data[yi]) * float64(wd[wi+i*w.StrideIn])
			}
		})
		narrow(out.data, sum)
	})
}

func widen(src []float32) []float64 {
	dst := make([]float64, len(src))
	for i, v := range src {
		dst[i] = float64(v)
	}
	return dst
}

func narrow(dst []float32, src []float64) {
	for i, v := range src {
		dst[i] = float32(v)
	}
}

// addTo adds sum to a vector.
func addTo(v tensor.Vec, sum []float64) {
	d := data(v.Buf)[v.Off : v.Off+v.Len]
	for i := range d {
		d[i] += float32(sum[i])
	}
}
