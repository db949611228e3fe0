package fake

import "github.com/tendril-nas/tendril/internal/tensor"

// zip makes a tensor whose element i is f(i); all operands share one layout.
func (s *stream) zip(shape tensor.Shape, f func(i int) float32) tensor.Tensor {
	return s.make(shape, func(out *array) {
		for i := range out.data {
			out.data[i] = f(i)
		}
	})
}

// gather makes a tensor element by element from logical positions.
func (s *stream) gather(shape tensor.Shape, f func(n, y, x, c int) float32) tensor.Tensor {
	return s.make(shape, func(out *array) {
		out.each(func(n, y, x, c int) { out.data[out.at(n, y, x, c)] = f(n, y, x, c) })
	})
}

func (s *stream) Act(x tensor.Tensor, act tensor.Act) tensor.Tensor {
	in := s.use(x)
	return s.zip(in.shape, func(i int) float32 { return act.Apply(in.data[i]) })
}

func (s *stream) ActBackward(x, dy tensor.Tensor, act tensor.Act) tensor.Tensor {
	in, d := s.use(x), s.use(dy)
	tensor.CheckShape("activation", "output gradient", dy, in.shape)
	return s.zip(in.shape, func(i int) float32 { return d.data[i] * act.Slope(in.data[i]) })
}

func (s *stream) Add(a, b tensor.Tensor, act tensor.Act) tensor.Tensor {
	x, y := s.use(a), s.use(b)
	tensor.CheckShape("add", "second operand", b, x.shape)
	return s.zip(x.shape, func(i int) float32 { return act.Apply(x.data[i] + y.data[i]) })
}

func (s *stream) AddBackward(a, b, out, dy tensor.Tensor, act tensor.Act) tensor.Tensor {
	x, y, d := s.use(a), s.use(b), s.use(dy)
	s.use(out)
	tensor.CheckShape("add", "output gradient", dy, x.shape)
	return s.zip(x.shape, func(i int) float32 { return d.data[i] * act.Slope(x.data[i]+y.data[i]) })
}

func (s *stream) Mix(xs []tensor.Tensor, p tensor.Vec, _ bool) tensor.Tensor {
	parts := s.operands(xs, p)
	return s.make(parts[0].shape, func(out *array) {
		share := vec(p)
		for i := range out.data {
			sum := 0.0
			for k, x := range parts {
				if share[k] != 0 {
					sum += share[k] * float64(x.data[i])
				}
			}
			out.data[i] = float32(sum)
		}
	})
}

func (s *stream) MixBackward(xs []tensor.Tensor, dy tensor.Tensor, p, grad tensor.Vec,
	need []bool) []tensor.Tensor {
	parts, d := s.operands(xs, p), s.use(dy)
	tensor.CheckShape("mix", "output gradient", dy, parts[0].shape)
	if grad.Buf != nil {
		tensor.CheckVec("mix", "gradient", grad, len(xs))
		s.do(func() {
			sum := make([]float64, len(parts))
			for k, x := range parts {
				for i, v := range x.data {
					sum[k] += float64(v) * float64(d.data[i])
				}
			}
			addTo(grad, sum)
		})
	}
	dxs := make([]tensor.Tensor, len(xs))
	for k := range parts {
		if need[k] {
			dxs[k] = s.make(d.shape, func(out *array) {
				share := vec(p)[k]
				for i, v := range d.data {
					out.data[i] = float32(share * float64(v))
				}
			})
		}
	}
	return dxs
}

// operands is the tensors of a mix, one for each element of p.
func (s *stream) operands(xs []tensor.Tensor, p tensor.Vec) []*array {
	tensor.CheckVec("mix", "coefficients", p, len(xs))
	parts := make([]*array, len(xs))
	for i, x := range xs {
		parts[i] = s.use(x)
		tensor.CheckShape("mix", "operand", x, parts[0].shape)
	}
	return parts
}

func (s *stream) ScaleChannels(x, scale tensor.Tensor) tensor.Tensor {
	in, sc := s.use(x), s.use(scale)
	tensor.CheckShape("scale channels", "scale", scale, tensor.Vector(in.shape.N, in.shape.C))
	return s.gather(in.shape,
		func(n, y, x, c int) float32 { return in.data[in.at(n, y, x, c)] * sc.data[sc.at(n, 0, 0, c)] })
}

func (s *stream) ScaleChannelsBackward(x, scale, dy tensor.Tensor) (dx, ds tensor.Tensor) {
	in, sc, d := s.use(x), s.use(scale), s.use(dy)
	tensor.CheckShape("scale channels", "output gradient", dy, in.shape)
	dx = s.gather(in.shape,
		func(n, y, x, c int) float32 { return d.data[in.at(n, y, x, c)] * sc.data[sc.at(n, 0, 0, c)] })
	ds = s.gather(sc.shape, func(n, _, _, c int) float32 {
		sum := 0.0
		for y := range in.shape.H {
			for x := range in.shape.W {
				i := in.at(n, y, x, c)
				sum += float64(in.data[i]) * float64(d.data[i])
			}
		}
		return float32(sum)
	})
	return dx, ds
}

func (s *stream) Concat(xs []tensor.Tensor) tensor.Tensor {
	parts := make([]*array, len(xs))
	shape := xs[0].Shape()
	shape.C = 0
	for i, x := range xs {
		parts[i] = s.use(x)
		want := shape
		want.C = parts[i].shape.C
		tensor.CheckShape("concat", "operand", x, want)
		shape.C += want.C
	}
	return s.make(shape, func(out *array) {
		off := 0
		for _, p := range parts {
			p.each(func(n, y, x, c int) { out.data[out.at(n, y, x, off+c)] = p.data[p.at(n, y, x, c)] })
			off += p.shape.C
		}
	})
}

func (s *stream) SliceChannels(x tensor.Tensor, off, n int) tensor.Tensor {
	in := s.use(x)
	if off < 0 || n < 1 || off+n > in.shape.C {
		tensor.Failf("slice", "channels [%d, %d) of %d", off, off+n, in.shape.C)
	}
	shape := in.shape
	shape.C = n
	return s.gather(shape, func(n, y, x, c int) float32 { return in.data[in.at(n, y, x, off+c)] })
}

func (s *stream) PadChannels(x tensor.Tensor, off, c int) tensor.Tensor {
	in := s.use(x)
	if off < 0 || off+in.shape.C > c {
		tensor.Failf("pad channels", "%d channels at %d of %d", in.shape.C, off, c)
	}
	shape := in.shape
	shape.C = c
	return s.make(shape, func(out *array) {
		in.each(func(n, y, x, c int) { out.data[out.at(n, y, x, off+c)] = in.data[in.at(n, y, x, c)] })
	})
}

func (s *stream) ChannelShuffle(x tensor.Tensor, groups int) tensor.Tensor {
	in := s.use(x)
	if groups < 1 || in.shape.C%groups != 0 {
		tensor.Failf("shuffle", "%d channels in %d groups", in.shape.C, groups)
	}
	return s.gather(in.shape, func(n, y, x, q int) float32 {
		return in.data[in.at(n, y, x, q%groups*(in.shape.C/groups)+q/groups)]
	})
}

func (s *stream) Dropout(x tensor.Tensor, spec tensor.DropoutSpec) tensor.Tensor {
	in := s.use(x)
	return s.make(in.shape, func(out *array) {
		i, keep := 0, float32(1/(1-spec.Rate))
		in.each(func(n, y, x, c int) {
			if tensor.DropoutKeep(spec.Seed, i, spec.Rate) {
				out.data[out.at(n, y, x, c)] = in.data[in.at(n, y, x, c)] * keep
			}
			i++
		})
	})
}

func (s *stream) Fill(shape tensor.Shape, value float64) tensor.Tensor {
	return s.zip(shape, func(int) float32 { return float32(value) })
}

func (s *stream) Sum(x tensor.Tensor, alpha float64) tensor.Tensor {
	in := s.use(x)
	return s.zip(tensor.Scalar(), func(int) float32 {
		sum := 0.0
		in.each(func(n, y, x, c int) { sum += float64(in.data[in.at(n, y, x, c)]) })
		return float32(alpha * sum)
	})
}

func (s *stream) Broadcast(x tensor.Tensor, shape tensor.Shape, alpha float64) tensor.Tensor {
	in := s.use(x)
	tensor.CheckShape("broadcast", "operand", x, tensor.Scalar())
	return s.zip(shape, func(int) float32 { return float32(alpha * float64(in.data[0])) })
}
