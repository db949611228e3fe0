package nn

import "github.com/tendril-nas/tendril/internal/tensor"

type opcode uint8

const (
	opConv opcode = iota
	opNorm
	opAct
	opAdd
	opMix
	opScaleChannels
	opConcat
	opSlice
	opShuffle
	opDropout
	opGlobalPool
	opAvgPool
	opMaxPool
	opCrossEntropy
	opDistill
	opSum
	opLSTM
	opEmbedding
)

// record is one remembered layer. Records are kept in one slice that every step uses again, so that
// remembering makes no garbage.
type record struct {
	op      opcode
	act     tensor.Act
	a, b, c Value
	out     Value
	out2    Value
	saved   tensor.Tensor
	weight  Weight
	bias    Vector
	conv    tensor.ConvSpec
	norm    BatchNorm
	spec    tensor.BatchNormSpec
	pool    tensor.PoolSpec
	drop    tensor.DropoutSpec
	alpha   float64
	lo, hi  int // range in Tape.lists or Tape.rows, or channel offset
}

// remember appends a record if the output needs a gradient.
func (t *Tape) remember(out Value) *record {
	if !t.nodes[out].needs {
		return nil
	}
	if len(t.records) < cap(t.records) {
		t.records = t.records[:len(t.records)+1]
	} else {
		t.records = append(t.records, record{})
	}
	r := &t.records[len(t.records)-1]
	*r = record{out: out}
	return r
}

// wants reports whether this step computes the gradient of a parameter, and marks it as touched if
// so.
func (t *Tape) wants(p *Param) bool {
	if !t.step.Grad || !p.trains() {
		return false
	}
	p.touch(t.st)
	return true
}

// gradWeight is the view of the gradient buffer that matches a weight view; the zero view if no
// gradient is wanted.
func gradWeight(w Weight) tensor.Weight {
	if !w.P.trains() {
		return tensor.Weight{}
	}
	g := w.V
	g.Buf = w.P.grad
	return g
}

func gradVec(v Vector) tensor.Vec {
	if !v.P.trains() {
		return tensor.Vec{}
	}
	g := v.V
	g.Buf = v.P.grad
	return g
}
