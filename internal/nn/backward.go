package nn

import "github.com/tendril-nas/tendril/internal/tensor"

// Seed adds dL/dv for a value that a later Backward starts from; data is in N×H×W×C order. Several
// values may be seeded.
func (t *Tape) Seed(v Value, data []float32) {
	s := t.get("seed", v).Shape()
	if len(data) != s.Size() {
		tensor.Failf("seed", "%d numbers for shape %v", len(data), s)
	}
	t.Pin(v)
	if t.needs(v) {
		t.accumulate(v, t.newGrad(t.st.Upload(s, data)))
	}
}

// Backward adds dL/dp to the gradient of every touched parameter, for L the sum of the given
// scalars and of the seeded values' contributions. It can run once per pass.
func (t *Tape) Backward(losses ...Value) {
	if !t.step.Grad || t.done {
		tensor.Failf("backward", "the step does not record gradients or Backward ran already")
	}
	t.done = true
	for _, l := range losses {
		tensor.CheckShape("backward", "loss", t.get("backward", l), tensor.Scalar())
		t.Pin(l)
		if t.needs(l) {
			t.accumulate(l, t.newGrad(t.st.Fill(tensor.Scalar(), 1)))
		}
	}
	for i := len(t.records) - 1; i >= 0; i-- {
		r := &t.records[i]
		t.backward(r)
		t.finish(r.out)
		if r.out2 != 0 {
			t.finish(r.out2)
		}
		if r.saved != nil {
			t.st.Free(r.saved)
			r.saved = nil
		}
	}
}

// finish gives back a value whose producer's backward pass is done: nothing below reads it.
func (t *Tape) finish(v Value) {
	n := &t.nodes[v]
	if n.grad != 0 {
		t.drop(n.grad)
		n.grad = 0
	}
	if !n.pinned && !n.released {
		n.released = true
		t.st.Free(n.t)
	}
}

func (t *Tape) newGrad(g tensor.Tensor) int32 {
	t.grads = append(t.grads, gradSlot{t: g})
	return int32(len(t.grads) - 1)
}

// accumulate adds gradient g to the value's.
func (t *Tape) accumulate(v Value, g int32) {
	n := &t.nodes[v]
	if !n.needs {
		if s := &t.grads[g]; s.refs == 0 {
			t.st.Free(s.t)
			s.t = nil
		}
		return
	}
	t.grads[g].refs++
	if n.grad == 0 {
		n.grad = g
		return
	}
	sum := t.newGrad(t.st.Add(t.grads[n.grad].t, t.grads[g].t, tensor.ActNone))
	t.drop(n.grad)
	t.drop(g)
	t.grads[sum].refs = 1
	n.grad = sum
}

func (t *Tape) drop(g int32) {
	s := &t.grads[g]
	if s.refs--; s.refs == 0 {
		t.st.Free(s.t)
		s.t = nil
	}
}

// give accumulates a fresh tensor.
func (t *Tape) give(v Value, g tensor.Tensor) {
	if g != nil {
		t.accumulate(v, t.newGrad(g))
	}
}

// backward propagates through one record.
func (t *Tape) backward(r *record) {
	gi := t.nodes[r.out].grad
	if r.op == opLSTM {
		t.backwardLSTM(r)
		return
	}
	if gi == 0 {
		return // nothing that was differentiated depends on this output
	}
	dy := t.grads[gi].t
	st := t.st
	switch r.op {
	case opConv:
		grads := tensor.ConvGrads{W: gradWeight(r.weight), B: gradVec(r.bias), NeedX: t.needs(r.a)}
		t.give(r.a, st.ConvBackward(t.nodes[r.a].t, dy, r.weight.V, r.conv, grads))
	case opNorm:
		grads := tensor.BatchNormGrads{Gamma: gradVec(r.norm.Gamma), Beta: gradVec(r.norm.Beta),
			NeedX: t.needs(r.a)}
		t.give(r.a, st.BatchNormActBackward(t.nodes[r.a].t, r.saved, dy, r.norm.operands(), r.spec, grads))
	case opAct:
		t.give(r.a, st.ActBackward(t.nodes[r.a].t, dy, r.act))
	case opAdd:
		t.backwardAdd(r, gi)
	case opMix:
		t.backwardMix(r, dy)
	case opScaleChannels:
		dx, ds := st.ScaleChannelsBackward(t.nodes[r.a].t, t.nodes[r.b].t, dy)
		t.give(r.a, dx)
		t.give(r.b, ds)
	case opConcat:
		off := 0
		for _, x := range t.lists[r.lo:r.hi] {
			c := t.nodes[x].t.Shape().C
			if t.needs(x) {
				t.give(x, st.SliceChannels(dy, off, c))
			}
			off += c
		}
	case opSlice:
		t.give(r.a, st.PadChannels(dy, r.lo, t.nodes[r.a].t.Shape().C))
	case opShuffle:
		t.give(r.a, st.ChannelShuffle(dy, dy.Shape().C/r.lo))
	case opDropout:
		t.give(r.a, st.Dropout(dy, r.drop))
	case opGlobalPool:
		t.give(r.a, st.GlobalAvgPoolBackward(dy, t.nodes[r.a].t.Shape()))
	case opAvgPool:
		t.give(r.a, st.AvgPoolBackward(dy, t.nodes[r.a].t.Shape(), r.pool))
	case opMaxPool:
		t.give(r.a, st.MaxPoolBackward(t.nodes[r.a].t, dy, r.pool))
	case opCrossEntropy:
		t.give(r.a, st.CrossEntropyBackward(t.nodes[r.a].t, t.nodes[r.b].t, t.optional(r.c), dy))
	case opDistill:
		t.give(r.a, st.DistillBackward(t.nodes[r.a].t, t.nodes[r.b].t, t.optional(r.c), dy, r.alpha))
	case opSum:
		t.give(r.a, st.Broadcast(dy, t.nodes[r.a].t.Shape(), r.alpha))
	case opEmbedding:
		st.EmbeddingBackward(dy, gradWeight(r.weight), t.rows[r.lo:r.hi])
	}
}

func (t *Tape) backwardAdd(r *record, gi int32) {
	g := gi
	if r.act != tensor.ActNone {
		g = t.newGrad(t.st.AddBackward(t.nodes[r.a].t, t.nodes[r.b].t, t.nodes[r.out].t,
			t.grads[gi].t, r.act))
	}
	// One reference is held while both operands take theirs, so that the shared gradient is not
	// given back between.
	t.grads[g].refs++
	t.accumulate(r.a, g)
	t.accumulate(r.b, g)
	t.drop(g)
}

func (t *Tape) backwardMix(r *record, dy tensor.Tensor) {
	xs := t.lists[r.lo:r.hi]
	t.tensors, t.need = t.tensors[:0], t.need[:0]
	for _, x := range xs {
		t.tensors, t.need = append(t.tensors, t.nodes[x].t), append(t.need, t.needs(x))
	}
	for i, dx := range t.st.MixBackward(t.tensors, dy, r.bias.V, gradVec(r.bias), t.need) {
		t.give(xs[i], dx)
	}
	clear(t.tensors)
}

func (t *Tape) backwardLSTM(r *record) {
	var dh, dc tensor.Tensor
	if g := t.nodes[r.out].grad; g != 0 {
		dh = t.grads[g].t
	}
	if g := t.nodes[r.out2].grad; g != 0 {
		dc = t.grads[g].t
	}
	if dh == nil && dc == nil {
		return
	}
	dg, dp := t.st.LSTMCellBackward(t.nodes[r.a].t, t.nodes[r.b].t, t.nodes[r.out2].t, dh, dc)
	t.give(r.a, dg)
	t.give(r.b, dp)
}

// optional is a value's tensor or nil for none.
func (t *Tape) optional(v Value) tensor.Tensor {
	if v == 0 {
		return nil
	}
	return t.get("operand", v)
}
