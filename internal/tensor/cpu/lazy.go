package cpu

import (
	"unsafe"

	"github.com/tendril-nas/tendril/internal/kernel"
	"github.com/tendril-nas/tendril/internal/tensor"
)

type lazyKind uint8

const (
	lazyNone lazyKind = iota
	// lazyForward is act(x·scale + shift)·mul·gain: a normalised, activated and perhaps scaled
	// tensor.
	lazyForward
	// lazyGradient is a·g + b·(x−mean) + c with g = (d·mul·gain + add)·act'(x·scale + shift): the
	// gradient of a batch normalisation's input.
	lazyGradient
	// lazyScaled is d·mul·gain + add: a gradient behind squeeze-and-excitation or a mix. Without d
	// it is add spread over the positions.
	lazyScaled
)

// pending is a computation that the next reader does while loading. The tensor's own storage is x.
// Every storage named here is held by a reference.
type pending struct {
	kind     lazyKind
	act      kernel.Act
	bn       *storage // scale, shift, mean and inverse deviation; nil: identity
	coef     *storage // a, b, c
	d        *storage
	mul, add *storage // one value per sample and channel: [plane][sample]
	gained   bool
	gain     float32 // 1 unless gained
}

// times multiplies the formula's gain.
func (p pending) times(alpha float32) pending {
	if p.gained {
		alpha *= p.gain
	}
	p.gained, p.gain = alpha != 1, alpha
	return p
}

// lazy reports whether the values are not in memory.
func (n *node) lazy() bool { return n.kind != lazyNone }

func hold(sts ...*storage) {
	for _, st := range sts {
		if st != nil {
			st.refs++
		}
	}
}

// drop lets go of a node's storages.
func (s *stream) drop(n *node) {
	for _, st := range []*storage{n.st, n.bn, n.coef, n.d, n.mul, n.add} {
		s.arena.release(st)
	}
	n.st, n.pending = nil, pending{}
}

// pure reports whether n is act(x·scale + shift) alone, which the kernels that sum values compute
// on the way.
func (n *node) pure() bool { return n.kind == lazyForward && n.mul == nil && !n.gained }

// readable is n's values as a lazyForward formula over x, which the kernels that write values
// compute on the way; n is computed first when it is no such formula.
func (s *stream) readable(n *node) (x *storage, p pending) {
	if n.kind == lazyScaled && n.d != nil && n.add == nil {
		return n.d, pending{kind: lazyForward, mul: n.mul, gained: n.gained, gain: n.gain}
	}
	if n.kind != lazyForward {
		s.materialise(n)
	}
	p = n.pending
	p.kind = lazyForward
	return n.st, p
}

// derive is a pending tensor over x with the given formula; it holds what the formula names.
func (s *stream) derive(shape tensor.Shape, x *storage, p pending) *node {
	hold(x, p.bn, p.coef, p.d, p.mul, p.add)
	n := s.arena.node(shape, x)
	n.pending = p
	return n
}

// materialise computes a pending tensor's values.
func (s *stream) materialise(n *node) {
	if !n.lazy() {
		return
	}
	s.pool.Run(s.planFetch(n), &s.fetch)
	s.endFetch(n)
}

// planFetch prepares the computation of a pending tensor's values and gives the number of chunks, 0
// for a tensor that is not pending.
func (s *stream) planFetch(n *node) (chunks int) {
	if !n.lazy() {
		return 0
	}
	s.fetch = fetchOp{path: s.path, dst: s.make(n.shape), n: n}
	unit := 1
	if n.mul != nil || n.add != nil {
		unit = n.shape.H * n.shape.W
	}
	s.fetch.grid = newGrid(n.cb, n.rows, unit)
	return s.fetch.grid.chunks
}

// endFetch gives a pending tensor the values that were computed.
func (s *stream) endFetch(n *node) {
	if !n.lazy() {
		return
	}
	out := s.fetch.dst
	s.fetch = fetchOp{}
	s.drop(n)
	n.st, out.st = out.st, nil
}

// fetchOp writes a pending tensor's values.
type fetchOp struct {
	path   kernel.Path
	grid   grid
	dst, n *node
}

func (o *fetchOp) Run(chunk int, w *kernel.Worker) {
	b0, b1, r0, r1 := o.grid.part(chunk)
	for b := b0; b < b1; b++ {
		o.n.fetchRows(o.path, &w.Ch, o.dst.plane(b, r0), b, r0, r1-r0)
	}
}

// channel loads the parameters of plane b.
func (p *pending) channel(ch *kernel.Chan, b, cb int) {
	ch.Identity()
	if p.gained {
		ch.Mul = repeat(p.gain)
	}
	n := cb * block
	if p.bn != nil {
		v := viewBN(p.bn.data, cb)
		load(&ch.Scale, v.scale, b)
		load(&ch.Shift, v.shift, b)
		load(&ch.Mean, v.mean, b)
	}
	if p.coef != nil {
		load(&ch.A, p.coef.data[:n], b)
		load(&ch.B, p.coef.data[n:2*n], b)
		load(&ch.C, p.coef.data[2*n:3*n], b)
	}
}

// sample loads the parameters of one sample.
func (p *pending) sample(ch *kernel.Chan, b, samples, n int) {
	if p.mul != nil {
		ch.Mul = *(*kernel.Vec)(p.mul.data[(b*samples+n)*block:])
		if p.gained {
			for l := range ch.Mul {
				ch.Mul[l] *= p.gain
			}
		}
	}
	if p.add != nil {
		ch.Add = *(*kernel.Vec)(p.add.data[(b*samples+n)*block:])
	}
}

// repeat is one value in all lanes.
func repeat(v float32) (all kernel.Vec) {
	for l := range all {
		all[l] = v
	}
	return all
}

// fetchRows writes rows [r, r+rows) of plane b to dst.
func (n *node) fetchRows(path kernel.Path, ch *kernel.Chan, dst unsafe.Pointer, b, r, rows int) {
	n.channel(ch, b, n.cb)
	n.spans(ch, b, r, rows, func(at, k int) {
		n.emit(path, ch, unsafe.Add(dst, (at-r)*block*4), b, at, k)
	})
}

// spans calls f for parts of rows [r, r+rows) of plane b that have one set of parameters each: all
// of them, or those of a sample.
func (n *node) spans(ch *kernel.Chan, b, r, rows int, f func(r, rows int)) {
	if n.mul == nil && n.add == nil {
		f(r, rows)
		return
	}
	hw := n.shape.H * n.shape.W
	for end := r + rows; r < end; {
		sample := r / hw
		k := min((sample+1)*hw, end) - r
		n.sample(ch, b, n.shape.N, sample)
		f(r, k)
		r += k
	}
}

// fetchImage writes some rows, from row y on, of one sample of plane b, whose parameters ch already
// holds, into a frame whose rows are skip bytes longer than the image's.
func (n *node) fetchImage(path kernel.Path, ch *kernel.Chan, dst unsafe.Pointer,
	b, sample, y, rows, skip int) {
	n.sample(ch, b, n.shape.N, sample)
	ch.Runs, ch.Skip = rows, skip
	n.emit(path, ch, dst, b, (sample*n.shape.H+y)*n.shape.W, n.shape.W)
}

// emit runs the formula over rows from r on with the loaded parameters.
func (n *node) emit(path kernel.Path, ch *kernel.Chan, dst unsafe.Pointer, b, r, rows int) {
	at := func(st *storage) unsafe.Pointer { return kernel.PtrAt(st.data, (b*n.rows+r)*block) }
	switch {
	case n.kind == lazyGradient:
		path.GradApply(dst, at(n.d), at(n.st), rows, n.act, ch)
	case n.kind == lazyScaled && n.d == nil:
		fillRows(dst, &ch.Add, rows, ch)
	case n.kind == lazyScaled:
		path.GradApply(dst, at(n.d), at(n.d), rows, kernel.None, ch)
	default:
		path.Apply(dst, at(n.st), nil, rows, n.act, ch)
	}
}

// fillRows repeats one vector.
func fillRows(dst unsafe.Pointer, v *kernel.Vec, rows int, ch *kernel.Chan) {
	for range ch.Runs {
		for range rows {
			*(*kernel.Vec)(dst) = *v
			dst = unsafe.Add(dst, block*4)
		}
		dst = unsafe.Add(dst, ch.Skip)
	}
}
