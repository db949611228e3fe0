package fake

import (
	"slices"

	"github.com/tendril-nas/tendril/internal/tensor"
)

func (s *stream) Upload(shape tensor.Shape, src []float32) tensor.Tensor {
	if len(src) != shape.Size() || !shape.Valid() {
		tensor.Failf("upload", "%d numbers for shape %v", len(src), shape)
	}
	src = slices.Clone(src)
	return s.make(shape, func(out *array) {
		i := 0
		out.each(func(n, y, x, c int) {
			out.data[out.at(n, y, x, c)] = src[i]
			i++
		})
	})
}

func (s *stream) Download(t tensor.Tensor, dst []float32) {
	a := s.use(t)
	if len(dst) != a.shape.Size() {
		tensor.Failf("download", "destination of %d numbers for shape %v", len(dst), a.shape)
	}
	s.idle.Wait()
	i := 0
	a.each(func(n, y, x, c int) {
		dst[i] = a.data[a.at(n, y, x, c)]
		i++
	})
}

func (s *stream) Write(b tensor.Buffer, off int, src []float32) {
	check(b, off, len(src))
	src = slices.Clone(src)
	s.do(func() { copy(data(b)[off:], src) })
}

func (s *stream) Read(b tensor.Buffer, off int, dst []float32) {
	check(b, off, len(dst))
	s.idle.Wait()
	copy(dst, data(b)[off:])
}

func check(b tensor.Buffer, off, n int) {
	if off < 0 || off+n > b.Len() {
		tensor.Failf("buffer", "elements [%d, %d) of %d", off, off+n, b.Len())
	}
}

func (s *stream) Copy(dst tensor.Buffer, dstOff int, src tensor.Buffer, srcOff, n int) {
	check(dst, dstOff, n)
	check(src, srcOff, n)
	s.do(func() { copy(data(dst)[dstOff:dstOff+n], data(src)[srcOff:srcOff+n]) })
}

func (s *stream) Zero(b tensor.Buffer) {
	s.do(func() { clear(data(b)) })
}

func (s *stream) SumSquares(bufs []tensor.Buffer) float64 {
	s.idle.Wait()
	sum := 0.0
	for _, b := range bufs {
		for _, v := range data(b) {
			sum += float64(v) * float64(v)
		}
	}
	return sum
}
