package nn

import (
	"slices"

	"github.com/tendril-nas/tendril/internal/tensor"
)

// NormMode says which statistics batch normalisation uses.
type NormMode uint8

const (
	// NormEval normalises with the running statistics and leaves them alone.
	NormEval NormMode = iota
	// NormTrain normalises with the batch's statistics and moves the running ones by the layer's
	// momentum.
	NormTrain
	// NormRecalibrate normalises with the batch's statistics, which the running ones become.
	NormRecalibrate
)

// Step says how a pass over the tape runs. The zero value is inference: running statistics, no
// dropout, nothing remembered.
type Step struct {
	Grad    bool     // remember the layers for Backward
	Norm    NormMode // statistics of batch normalisation
	Dropout bool     // drop activations
	Seed    uint64   // of dropout masks; each dropout layer of the step uses its own stream
	// Constant says that many such steps run between two changes of the weights, see
	// tensor.ConvSpec.
	Constant bool
}

// Training is a training step: gradients, batch statistics, dropout.
func Training(seed uint64) Step {
	return Step{Grad: true, Norm: NormTrain, Dropout: true, Seed: seed}
}

// Recalibrating is a pass that only takes statistics, those of the batch.
func Recalibrating() Step { return Step{Norm: NormRecalibrate} }

// Value is a tensor on a tape, valid until the tape's next Begin; of those that are not pinned,
// until Next. The zero Value is none.
type Value int

type node struct {
	t        tensor.Tensor
	grad     int32 // index into Tape.grads, 0: none yet
	needs    bool  // the gradient of this value is wanted
	pinned   bool
	released bool
}

type gradSlot struct {
	t    tensor.Tensor
	refs int32
}

// Tape runs layers on one stream and differentiates what it ran.
type Tape struct {
	st      tensor.Stream
	step    Step
	nodes   []node
	records []record
	grads   []gradSlot
	lists   []Value         // operand lists of concats and mixes
	tensors []tensor.Tensor // scratch
	need    []bool          // scratch
	rows    []int           // row lists of embeddings
	host    []float32       // scratch for uploads
	drops   uint64          // dropout layers so far in this step
	done    bool            // Backward ran in this pass
}

// NewTape is a tape on a stream, ready for Begin.
func NewTape(st tensor.Stream) *Tape {
	t := &Tape{st: st}
	t.clear()
	return t
}

// Stream is the tape's stream.
func (t *Tape) Stream() tensor.Stream { return t.st }

// Begin starts a step and its first pass: all values of the step before are gone.
func (t *Tape) Begin(s Step) {
	t.st.Reset()
	t.step = s
	t.clear()
}

// Next starts another pass in the same step; it runs as after Begin(s), dropout masks included:
// they depend on its own Seed. The memory of the pass before serves it, except for values that are
// pinned, as inputs and constants are: those stay readable and are constants from now on, so that
// one pass can teach another. Gradients of parameters add up until [ParamSet.BeginStep].
func (t *Tape) Next(s Step) {
	for i := range t.nodes {
		n := &t.nodes[i]
		n.needs, n.grad = false, 0
		if i > 0 && !n.pinned && !n.released {
			n.released = true
			t.st.Free(n.t)
		}
	}
	for _, r := range t.records {
		if r.saved != nil {
			t.st.Free(r.saved)
		}
	}
	for _, g := range t.grads {
		if g.t != nil {
			t.st.Free(g.t)
		}
	}
	t.step = s
	t.forget()
}

func (t *Tape) clear() {
	clear(t.nodes)
	t.nodes = append(t.nodes[:0], node{})
	t.forget()
}

// forget drops what belongs to one pass.
func (t *Tape) forget() {
	clear(t.records)
	clear(t.grads)
	t.records = t.records[:0]
	t.grads = append(t.grads[:0], gradSlot{})
	t.lists, t.rows, t.drops, t.done = t.lists[:0], t.rows[:0], 0, false
}

func (t *Tape) push(x tensor.Tensor, needs bool) Value {
	t.nodes = append(t.nodes, node{t: x, needs: needs})
	return Value(len(t.nodes) - 1)
}

// get is the tensor of a value.
func (t *Tape) get(op string, v Value) tensor.Tensor {
	if v < 1 || int(v) >= len(t.nodes) {
		tensor.Failf(op, "value %d does not belong to this step", v)
	}
	n := &t.nodes[v]
	if n.released {
		tensor.Failf(op, "value %d was released; Pin values that are read after Backward", v)
	}
	return n.t
}

func (t *Tape) needs(v Value) bool { return t.nodes[v].needs }

// Input uploads host data in N×H×W×C order.
func (t *Tape) Input(shape tensor.Shape, data []float32) Value {
	if len(data) != shape.Size() || !shape.Valid() {
		tensor.Failf("input", "%d numbers for shape %v", len(data), shape)
	}
	v := t.push(t.st.Upload(shape, data), false)
	t.nodes[v].pinned = true
	return v
}

// Constant puts a tensor of this stream on the tape.
func (t *Tape) Constant(x tensor.Tensor) Value {
	v := t.push(x, false)
	t.nodes[v].pinned = true
	return v
}

// Shape is the value's shape.
func (t *Tape) Shape(v Value) tensor.Shape { return t.get("shape", v).Shape() }

// Pin keeps a value readable after Backward.
func (t *Tape) Pin(v Value) {
	t.get("pin", v)
	t.nodes[v].pinned = true
}

// Release says that a pass does not use v again, so that its memory serves the next layers. For
// pinned values it does nothing, nor once a layer is remembered for Backward, which may read v
// then: layers below the first one that trains keep no activations.
func (t *Tape) Release(v Value) {
	x := t.get("release", v)
	if n := &t.nodes[v]; len(t.records) == 0 && !n.pinned {
		n.released = true
		t.st.Free(x)
	}
}

// Read waits and copies a value to host memory, N×H×W×C order. A nil dst is allocated.
func (t *Tape) Read(v Value, dst []float32) []float32 {
	return t.download(t.get("read", v), dst)
}

// ReadScalars waits and copies the numbers of scalar values to host memory, all in one download. A
// nil dst is allocated.
func (t *Tape) ReadScalars(dst []float64, vs ...Value) []float64 {
	if dst == nil {
		dst = make([]float64, len(vs))
	}
	if len(dst) != len(vs) {
		tensor.Failf("read", "destination of %d numbers for %d scalars", len(dst), len(vs))
	}
	if len(vs) == 0 {
		return dst
	}
	t.tensors = t.tensors[:0]
	for _, v := range vs {
		x := t.get("read", v)
		tensor.CheckShape("read", "value", x, tensor.Scalar())
		t.tensors = append(t.tensors, x)
	}
	all := t.tensors[0]
	if len(vs) > 1 {
		all = t.st.Concat(t.tensors)
		defer t.st.Free(all)
	}
	clear(t.tensors)
	t.host = slices.Grow(t.host[:0], len(vs))[:len(vs)]
	t.st.Download(all, t.host)
	for i, x := range t.host {
		dst[i] = float64(x)
	}
	return dst
}

// Item waits and returns the number of a scalar value.
func (t *Tape) Item(v Value) float64 {
	var one [1]float64
	return t.ReadScalars(one[:], v)[0]
}

func (t *Tape) download(x tensor.Tensor, dst []float32) []float32 {
	n := x.Shape().Size()
	if dst == nil {
		dst = make([]float32, n)
	}
	if len(dst) != n {
		tensor.Failf("read", "destination of %d numbers for shape %v", len(dst), x.Shape())
	}
	t.st.Download(x, dst)
	return dst
}
