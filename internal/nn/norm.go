package nn

import "github.com/tendril-nas/tendril/internal/tensor"

// Stats is the running statistics of one batch normalisation. Several networks that share gamma and
// beta may keep Stats of their own.
type Stats struct {
	Mean, Var tensor.Vec
}

// NewStats makes statistics of c channels: mean 0, variance 1.
func NewStats(b tensor.Backend, st tensor.Stream, c int) *Stats {
	s := &Stats{Mean: tensor.NewVec(b.NewBuffer(c)), Var: tensor.NewVec(b.NewBuffer(c))}
	s.Reset(st)
	return s
}

// Reset sets mean 0 and variance 1.
func (s *Stats) Reset(st tensor.Stream) {
	ones := make([]float32, s.Var.Len)
	for i := range ones {
		ones[i] = 1
	}
	st.Write(s.Var.Buf, s.Var.Off, ones)
	clear(ones)
	st.Write(s.Mean.Buf, s.Mean.Off, ones)
}

// BatchNorm is a batch normalisation layer. A tensor with fewer channels uses the first elements of
// all vectors.
type BatchNorm struct {
	Gamma, Beta Vector
	Stats       *Stats
	Eps         float64 // 0: 1e-5
	Momentum    float64 // 0: 0.1; weight of the batch in the running statistics
	Frozen      bool    // running statistics in every mode
}

// BatchNormAct normalises per channel and applies the activation. See NormMode for the statistics
// it uses.
func (t *Tape) BatchNormAct(x Value, bn BatchNorm, act tensor.Act) Value {
	in := t.get("batch norm", x)
	c := in.Shape().C
	if bn.Stats == nil {
		tensor.Failf("batch norm", "no statistics")
	}
	bn.Gamma, bn.Beta = bn.Gamma.First(c), bn.Beta.First(c)
	p := tensor.BatchNorm{Gamma: bn.Gamma.V, Beta: bn.Beta.V, Mean: bn.Stats.Mean.First(c),
		Var: bn.Stats.Var.First(c)}
	tensor.CheckBatchNorm(in.Shape(), p)
	needs := t.wants(bn.Gamma.P)
	needs = t.wants(bn.Beta.P) || needs || t.needs(x)
	spec := tensor.BatchNormSpec{Train: t.step.Norm != NormEval && !bn.Frozen, Keep: needs, Act: act,
		Eps: bn.Eps, Momentum: bn.Momentum}
	if spec.Eps == 0 {
		spec.Eps = 1e-5
	}
	if spec.Momentum == 0 {
		spec.Momentum = 0.1
	}
	if spec.Train && t.step.Norm == NormRecalibrate {
		spec.Momentum = 1
	}
	y, saved := t.st.BatchNormAct(in, p, spec)
	out := t.push(y, needs)
	if r := t.remember(out); r != nil {
		r.op, r.a, r.saved, r.norm, r.spec = opNorm, x, saved, bn, spec
	}
	return out
}

// operands is the tensor-level form of a layer whose vectors were cut to size.
func (bn *BatchNorm) operands() tensor.BatchNorm {
	c := bn.Gamma.V.Len
	return tensor.BatchNorm{Gamma: bn.Gamma.V, Beta: bn.Beta.V, Mean: bn.Stats.Mean.First(c),
		Var: bn.Stats.Var.First(c)}
}
