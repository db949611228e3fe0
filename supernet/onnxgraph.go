package supernet

import (
	"fmt"
	"math"
	"strconv"

	"github.com/tendril-nas/tendril/internal/nn"
	"github.com/tendril-nas/tendril/internal/tensor"
	"github.com/tendril-nas/tendril/searchspace"
)

// Names of the values that callers see.
const (
	onnxInput         = "images"
	onnxLogits        = "logits"
	onnxFeatures      = "features"
	onnxProbabilities = "probabilities"
)

// onnxWriter translates a layer graph with its weights into a GraphProto.
type onnxWriter struct {
	g     *searchspace.Graph
	set   *nn.ParamSet
	st    tensor.Stream
	opts  *ONNXOptions
	norms map[int]*searchspace.Node // convolution → the batch normalisation folded into it

	out    onnxMessage
	values []string // name of the output of every node
	flat   []bool   // the output is [batch, C] rather than [batch, C, H, W]
	taken  map[string]bool
}

func newOnnxWriter(g *searchspace.Graph, set *nn.ParamSet, st tensor.Stream, o *ONNXOptions) *onnxWriter {
	w := &onnxWriter{g: g, set: set, st: st, opts: o, norms: make(map[int]*searchspace.Node),
		values: make([]string, len(g.Nodes)), flat: make([]bool, len(g.Nodes)), taken: make(map[string]bool)}
	for _, name := range []string{onnxInput, onnxLogits, onnxFeatures, onnxProbabilities} {
		w.taken[name] = true
	}
	if !o.KeepBatchNorm {
		w.fold()
	}
	return w
}

// fold finds the convolutions that a batch normalisation alone reads.
func (w *onnxWriter) fold() {
	readers := make([]int, len(w.g.Nodes))
	readers[w.g.Feature()]++
	for i := range w.g.Nodes {
		for _, in := range w.g.Nodes[i].Inputs {
			readers[in]++
		}
	}
	for i := range w.g.Nodes {
		n := &w.g.Nodes[i]
		if n.Op == searchspace.OpBatchNorm && readers[n.Inputs[0]] == 1 && w.g.Nodes[n.Inputs[0]].Op == searchspace.OpConv {
			w.norms[n.Inputs[0]] = n
		}
	}
}

// graph is the GraphProto.
func (w *onnxWriter) graph() (onnxMessage, error) {
	g := w.g
	w.out.text(2, "tendril")
	size := g.InputSize
	w.out.message(11, onnxValue(onnxInput, 3, size, size))
	w.values[0] = onnxInput
	for i := range g.Nodes {
		if n := &g.Nodes[i]; n.Op != searchspace.OpInput {
			if err := w.node(n); err != nil {
				return nil, fmt.Errorf("%s: %w", n.Name, err)
			}
		}
	}
	w.emit("Identity", onnxLogits, w.ranked(g.Output(), true))
	w.out.message(12, onnxValue(onnxLogits, g.Classes))
	if w.opts.Features {
		w.emit("Identity", onnxFeatures, w.ranked(g.Feature(), true))
		w.out.message(12, onnxValue(onnxFeatures, g.Nodes[g.Feature()].Out.C))
	}
	if w.opts.Probabilities {
		w.node1(onnxNode("Softmax", onnxProbabilities, onnxProbabilities, []string{onnxLogits}, attr{"axis", 1}))
		w.out.message(12, onnxValue(onnxProbabilities, g.Classes))
	}
	return w.out, nil
}

// name makes a name unique among values and weights.
func (w *onnxWriter) name(wanted string) string {
	name := wanted
	for i := 2; name == "" || w.taken[name]; i++ {
		name = wanted + "#" + strconv.Itoa(i)
	}
	w.taken[name] = true
	return name
}

func (w *onnxWriter) node1(n onnxMessage) { w.out.message(1, n) }

// emit adds a node whose output has a name given.
func (w *onnxWriter) emit(op, output string, inputs ...string) {
	w.node1(onnxNode(op, output, output, inputs))
}

// add adds a node and returns the name of its output, as close to the name wanted as possible.
func (w *onnxWriter) add(op, wanted string, inputs []string, attrs ...attr) string {
	name := w.name(wanted)
	w.node1(onnxNode(op, name, name, inputs, attrs...))
	return name
}

// floats adds an initial value.
func (w *onnxWriter) floats(wanted string, dims []int, data []float32) string {
	name := w.name(wanted)
	w.out.message(5, onnxFloats(name, dims, data))
	return name
}

// ints adds a constant vector of whole numbers.
func (w *onnxWriter) ints(wanted string, data ...int64) string {
	name := w.name(wanted)
	w.out.message(5, onnxInts(name, data...))
	return name
}

// ranked is the output of a node as [batch, C] or as [batch, C, H, W].
func (w *onnxWriter) ranked(id int, flat bool) string {
	v := w.values[id]
	switch {
	case w.flat[id] == flat:
		return v
	case flat:
		return w.add("Flatten", v+".flat", []string{v}, attr{"axis", 1})
	}
	return w.add("Unsqueeze", v+".map", []string{v, w.ints(v+".axes", 2, 3)})
}

// vector downloads the tensor of a node.
func (w *onnxWriter) vector(n *searchspace.Node, k weightKind) ([]float32, error) {
	key := own{}.place(n, k).key
	p := w.set.Lookup(key)
	if p == nil {
		return nil, fmt.Errorf("no tensor %s", key)
	}
	return p.Get(w.st), nil
}

// affine is what a batch normalisation does with its running statistics: x·scale + shift.
func (w *onnxWriter) affine(n *searchspace.Node) (scale, shift []float64, err error) {
	var v [4][]float32
	for i, k := range []weightKind{kindGamma, kindBeta, kindMean, kindVar} {
		if v[i], err = w.vector(n, k); err != nil {
			return nil, nil, err
		}
	}
	scale, shift = make([]float64, n.Out.C), make([]float64, n.Out.C)
	for c := range scale {
		scale[c] = float64(v[0][c]) / math.Sqrt(float64(v[3][c])+n.Eps)
		shift[c] = float64(v[1][c]) - float64(v[2][c])*scale[c]
	}
	return scale, shift, nil
}
