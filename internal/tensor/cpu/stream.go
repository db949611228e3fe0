package cpu

import (
	"github.com/tendril-nas/tendril/internal/kernel"
	"github.com/tendril-nas/tendril/internal/tensor"
)

// stream runs operations as they are called. The records of the frequent operations live here and
// are used again, so that a step allocates nothing.
type stream struct {
	backend *backend
	path    kernel.Path
	pool    *kernel.Pool
	arena   arena

	rows     rowsOp
	fetch    fetchOp
	gemm     gemmOp
	wgrad    wgradOp
	sumParts sumPartsOp
	fused    fusedOp
	dw       depthwiseOp
	dwBack   depthwiseBackOp
	general  generalOp
	dense    denseOp
	packing  packOp
	flat     flatOp
	move     moveOp
	pooling  poolOp
	cross    crossOp
	kl       distillOp
	mix      mixOp
	dxs      []tensor.Tensor // of the last MixBackward
	both     bothOp
	stats    collector
	missing  countdown
}

var _ tensor.Stream = (*stream)(nil)

// Backend is the device.
func (s *stream) Backend() tensor.Backend { return s.backend }

// Reset takes back all tensors.
func (s *stream) Reset() {
	s.arena.reset()
	s.pool.Rouse()
}

// Free lets the memory of t serve the next operation.
func (s *stream) Free(t tensor.Tensor) {
	n, ok := t.(*node)
	if !ok {
		return
	}
	s.drop(n)
	s.arena.release(n.stats)
	s.arena.release(n.sums)
	s.arena.release(n.sumsOf)
	n.stats, n.sums, n.sumsOf = nil, nil, nil
}

// Sync returns at once: operations have run when they return.
func (s *stream) Sync() error { return nil }

// make is a tensor with unknown content.
func (s *stream) make(shape tensor.Shape) *node {
	return s.arena.node(shape, s.arena.floats(blocks(shape.C)*shape.Rows()*block))
}

// in is the node behind a handle, possibly pending, in planes.
func (s *stream) in(t tensor.Tensor) *node {
	n := t.(*node)
	s.arrange(n)
	return n
}

// plain is the node behind a handle with its values in memory.
func (s *stream) plain(t tensor.Tensor) *node {
	n := s.in(t)
	s.materialise(n)
	return n
}

// moveOp copies between host order and blocked order.
type moveOp struct {
	n    *node
	host []float32
	out  bool
	per  int // rows of a chunk
}

func (o *moveOp) Run(chunk int, _ *kernel.Worker) {
	n, c := o.n, o.n.shape.C
	data := n.data()
	lo := chunk * o.per
	hi := min(lo+o.per, n.rows)
	for b := range n.cb {
		w := min(block, c-b*block)
		for r := lo; r < hi; r++ {
			v := data[(b*n.rows+r)*block:][:block]
			h := o.host[r*c+b*block:][:w]
			if o.out {
				copy(h, v)
				continue
			}
			clear(v[copy(v, h):])
		}
	}
}

func (s *stream) moveRows(n *node, host []float32, out bool) {
	per := max(1, 1<<15/n.shape.C)
	s.move = moveOp{n: n, host: host, out: out, per: per}
	s.pool.Run((n.rows+per-1)/per, &s.move)
	s.move = moveOp{}
}

// imageChannels is the most channels of what may wait in host order.
const imageChannels = 4

// Upload rearranges N×H×W×C data into planes. Images stay as they are until an operation wants
// planes: the convolution that usually comes first does not.
func (s *stream) Upload(shape tensor.Shape, data []float32) tensor.Tensor {
	data = data[:shape.Size()]
	if shape.C <= imageChannels && shape.H*shape.W > 1 {
		st := s.arena.floats(len(data))
		copy(st.data, data)
		n := s.arena.node(shape, st)
		n.host = true
		return n
	}
	n := s.make(shape)
	s.moveRows(n, data, false)
	return n
}

// arrange puts values that are in host order into planes.
func (s *stream) arrange(n *node) {
	if !n.host {
		return
	}
	planes := s.make(n.shape)
	s.moveRows(planes, n.st.data, false)
	s.arena.release(n.st)
	n.st, planes.st, n.host = planes.st, nil, false
}

// Download rearranges planes into N×H×W×C order.
func (s *stream) Download(t tensor.Tensor, dst []float32) {
	s.moveRows(s.plain(t), dst[:t.Shape().Size()], true)
}

// Write copies host data into a buffer.
func (s *stream) Write(b tensor.Buffer, off int, src []float32) {
	copy(change(b)[off:off+len(src)], src)
}

// Read copies a part of a buffer.
func (s *stream) Read(b tensor.Buffer, off int, dst []float32) {
	copy(dst, floats(b)[off:off+len(dst)])
}

// Copy moves n elements between buffers.
func (s *stream) Copy(dst tensor.Buffer, dstOff int, src tensor.Buffer, srcOff, n int) {
	copy(change(dst)[dstOff:dstOff+n], floats(src)[srcOff:srcOff+n])
}
