package cpu

import (
	"github.com/tendril-nas/tendril/internal/tensor"
)

// clearTail zeroes the lanes beyond the last channel.
func clearTail(n *node) {
	for c := n.shape.C; c < n.cb*block; c++ {
		d := n.data()[n.index(0, c):]
		for r := 0; r < n.rows*block; r += block {
			d[r] = 0
		}
	}
}

// channelRows is the rows of a plane in which channels are moved at a time, so that what the
// channels of a plane are read from stays in the first-level cache.
const channelRows = 64

// compose fills y with channels of other tensors with as many rows: channel i is channel j of x, or
// zero where x is nil.
func (s *stream) compose(y *node, from func(i int) (x *node, j int)) {
	chunks := ceilDiv(y.rows, channelRows)
	s.parallel(y.cb*chunks, min(y.rows, channelRows)*block, func(i int) {
		b, r := i/chunks, i%chunks*channelRows
		rows := min(channelRows, y.rows-r)
		for lane := 0; lane < block; {
			x, j, n := y.run(b*block+lane, from)
			d := y.data()[(b*y.rows+r)*block+lane:]
			if x == nil {
				zeroLanes(d, n, rows)
			} else {
				copyLanes(d, x.data()[x.index(r, j):], n, rows)
			}
			lane += n
		}
	})
}

// run is where channel i of y comes from, and how many channels from it on are neighbours in a
// plane there as in y. Lanes beyond the last channel are zeros.
func (y *node) run(i int, from func(i int) (*node, int)) (x *node, j, n int) {
	left := block - i%block
	if i >= y.shape.C {
		return nil, 0, left
	}
	x, j = from(i)
	for n = 1; n < left && i+n < y.shape.C; n++ {
		if x2, j2 := from(i + n); x2 != x || x != nil && (j2 != j+n || j2%block == 0) {
			break
		}
	}
	return x, j, n
}

func zeroLanes(d []float32, n, rows int) {
	for r := range rows {
		clear(d[r*block:][:n])
	}
}

// copyLanes copies n neighbouring channels of some rows.
func copyLanes(d, x []float32, n, rows int) {
	switch {
	case n == block:
		copy(d[:rows*block], x)
	case n < 4:
		for l := range n {
			for r := l; r < rows*block; r += block {
				d[r] = x[r]
			}
		}
	default:
		for r := 0; r < rows*block; r += block {
			copy(d[r:][:n], x[r:])
		}
	}
}

// permute makes a tensor of c channels whose channel i is channel from(i) of x, or zero when from
// gives −1.
func (s *stream) permute(x *node, c int, from func(i int) int) *node {
	shape := x.shape
	shape.C = c
	y := s.make(shape)
	s.compose(y, func(i int) (*node, int) {
		if j := from(i); j >= 0 {
			return x, j
		}
		return nil, 0
	})
	return y
}

// Concat joins along the channels.
func (s *stream) Concat(xs []tensor.Tensor) tensor.Tensor {
	shape := xs[0].Shape()
	shape.C = 0
	parts := make([]*node, len(xs))
	for i, x := range xs {
		parts[i] = s.plain(x)
		shape.C += x.Shape().C
	}
	y := s.make(shape)
	s.compose(y, func(i int) (*node, int) {
		k := 0
		for ; i >= parts[k].shape.C; k++ {
			i -= parts[k].shape.C
		}
		return parts[k], i
	})
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
