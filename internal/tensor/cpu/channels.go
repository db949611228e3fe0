package cpu

import (
	"github.com/tendril-nas/tendril/internal/tensor"
)

// copyChannel sets channel cd of dst to channel cs of src for all rows.
func copyChannel(dst *node, cd int, src *node, cs int) {
	d, x := dst.data()[dst.index(0, cd):], src.data()[src.index(0, cs):]
	for r := 0; r < dst.rows*block; r += block {
		d[r] = x[r]
	}
}

// clearTail zeroes the lanes beyond the last channel.
func clearTail(n *node) {
	for c := n.shape.C; c < n.cb*block; c++ {
		d := n.data()[n.index(0, c):]
		for r := 0; r < n.rows*block; r += block {
			d[r] = 0
		}
	}
}

// permute makes a tensor of c channels whose channel i is channel from(i) of x, or zero when from
// gives −1.
func (s *stream) permute(x *node, c int, from func(i int) int) *node {
	shape := x.shape
	shape.C = c
	y := s.make(shape)
	clearTail(y)
	s.parallel(c, x.rows, func(i int) {
		if j := from(i); j >= 0 {
			copyChannel(y, i, x, j)
			return
		}
		d := y.data()[y.index(0, i):]
		for r := 0; r < y.rows*block; r += block {
			d[r] = 0
		}
	})
	return y
}

// Concat joins along the channels.
func (s *stream) Concat(xs []tensor.Tensor) tensor.Tensor {
	shape := xs[0].Shape()
	shape.C = 0
	for _, x := range xs {
		shape.C += x.Shape().C
	}
	y := s.make(shape)
	clearTail(y)
	off := 0
	for _, t := range xs {
		x := s.plain(t)
		s.parallel(x.shape.C, x.rows, func(i int) { copyChannel(y, off+i, x, i) })
		off += x.shape.C
	}
	return y
}

// SliceChannels is channels [off, off+n).
func (s *stream) SliceChannels(x tensor.Tensor, off, n int) tensor.Tensor {
	return s.permute(s.plain(x), n, func(i int) int { return off + i })
}

// PadChannels places x among zeros.
func (s *stream) PadChannels(x tensor.Tensor, off, c int) tensor.Tensor {
	n := x.Shape().C
	return s.permute(s.plain(x), c, func(i int) int {
		if i < off || i >= off+n {
			return -1
		}
		return i - off
	})
}

// ChannelShuffle transposes the channels' group and place.
func (s *stream) ChannelShuffle(x tensor.Tensor, groups int) tensor.Tensor {
	c := x.Shape().C
	per := c / groups
	return s.permute(s.plain(x), c, func(q int) int { return q%groups*per + q/groups })
}

// Dropout keeps and rescales or zeroes elements.
func (s *stream) Dropout(xt tensor.Tensor, spec tensor.DropoutSpec) tensor.Tensor {
	x := s.plain(xt)
	y := s.make(x.shape)
	clearTail(y)
	scale := float32(1 / (1 - spec.Rate))
	xd, yd, c := x.data(), y.data(), x.shape.C
	s.parallel(x.rows, 8*c, func(r int) {
		for i := range c {
			at := x.index(r, i)
			yd[at] = 0
			if tensor.DropoutKeep(spec.Seed, r*c+i, spec.Rate) {
				yd[at] = xd[at] * scale
			}
		}
	})
	return y
}

// Fill is a constant.
func (s *stream) Fill(shape tensor.Shape, value float64) tensor.Tensor {
	y := s.make(shape)
	d := y.data()
	for i := range d {
		d[i] = float32(value)
	}
	return y
}

// Sum adds all elements in float64, chunk by chunk.
func (s *stream) Sum(xt tensor.Tensor, alpha float64) tensor.Tensor {
	x := s.plain(xt)
	sums := make([]float64, x.shape.C)
	data := x.data()
	s.parallel(x.shape.C, x.rows, func(c int) {
		var sum float64
		d := data[x.index(0, c):]
		for r := 0; r < x.rows*block; r += block {
			sum += float64(d[r])
		}
		sums[c] = sum
	})
	var total float64
	for _, v := range sums {
		total += v
	}
	return s.Fill(tensor.Scalar(), alpha*total)
}

// Broadcast is alpha·s everywhere.
func (s *stream) Broadcast(v tensor.Tensor, shape tensor.Shape, alpha float64) tensor.Tensor {
	return s.Fill(shape, alpha*float64(s.plain(v).data()[0]))
}
