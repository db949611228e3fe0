package cpu

import (
	"math"

	"github.com/tendril-nas/tendril/internal/kernel"
	"github.com/tendril-nas/tendril/internal/tensor"
)

// flatChunk is the elements of one chunk of a buffer operation: the operands of an update fit the
// first-level cache, and tensors of some ten thousand weights, the most frequent ones, are shared
// out.
const flatChunk = 1 << 12

type flatKind uint8

const (
	flatZero flatKind = iota
	flatSGD
	flatAdam
)

// flatOp works on whole buffers.
type flatOp struct {
	path       kernel.Path
	kind       flatKind
	p, g, m, v []float32
	sgd        kernel.SGD
	adam       kernel.Adam
}

func (o *flatOp) Run(chunk int, _ *kernel.Worker) {
	lo := chunk * flatChunk
	hi := min(lo+flatChunk, len(o.p))
	switch o.kind {
	case flatZero:
		clear(o.p[lo:hi])
	case flatSGD:
		var m []float32
		if o.m != nil {
			m = o.m[lo:hi]
		}
		o.path.SGD(o.p[lo:hi], o.g[lo:hi], m, &o.sgd)
	case flatAdam:
		o.path.Adam(o.p[lo:hi], o.g[lo:hi], o.m[lo:hi], o.v[lo:hi], &o.adam)
	}
}

func (s *stream) runFlat() {
	s.flat.path = s.path
	s.pool.Run((len(s.flat.p)+flatChunk-1)/flatChunk, &s.flat)
	s.flat = flatOp{}
}

// Zero fills b with 0.
func (s *stream) Zero(b tensor.Buffer) {
	s.flat = flatOp{kind: flatZero, p: change(b)}
	s.runFlat()
}

// SumSquares adds the buffers' squares in order.
func (s *stream) SumSquares(bufs []tensor.Buffer) float64 {
	var sum float64
	for _, b := range bufs {
		sum += s.path.SumSquares(floats(b))
	}
	return sum
}

// SGD is one step of stochastic gradient descent.
func (s *stream) SGD(param, grad, momentum tensor.Buffer, o tensor.SGDSpec) {
	s.flat = flatOp{kind: flatSGD, p: change(param), g: floats(grad)}
	if o.Momentum != 0 {
		s.flat.m = change(momentum)
	}
	s.flat.sgd = kernel.SGD{
		LR: float32(o.LR), Momentum: float32(o.Momentum), Decay: float32(o.WeightDecay),
		GradScale: float32(o.GradScale),
		Nesterov:  o.Nesterov, First: o.First,
	}
	s.runFlat()
}

// Adam is one Adam step.
func (s *stream) Adam(param, grad, m, v tensor.Buffer, o tensor.AdamSpec) {
	s.flat = flatOp{kind: flatAdam, p: change(param), g: floats(grad), m: change(m), v: change(v)}
	t := float64(o.Step)
	s.flat.adam = kernel.Adam{
		Rate:  float32(o.LR / (1 - math.Pow(o.Beta1, t))),
		Root:  float32(1 / math.Sqrt(1-math.Pow(o.Beta2, t))),
		Beta1: float32(o.Beta1), Beta2: float32(o.Beta2), Gain1: float32(1 - o.Beta1),
		Gain2: float32(1 - o.Beta2), Eps: float32(o.Eps),
		Decay: float32(o.WeightDecay), GradScale: float32(o.GradScale),
	}
	s.runFlat()
}
