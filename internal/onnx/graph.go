package onnx

import (
	"fmt"
	"math"
	"strconv"

	"github.com/tendril-nas/tendril/searchspace"
)

// Names of the values that callers see.
const (
	inputName         = "images"
	logitsName        = "logits"
	featuresName      = "features"
	probabilitiesName = "probabilities"
)

// writer translates a layer graph with its weights into a GraphProto.
type writer struct {
	g     *searchspace.Graph
	data  map[string][]float32
	opts  Options
	norms map[int]*searchspace.Node // convolution → the batch normalisation folded into it

	out    message
	values []string // name of the output of every node
	flat   []bool   // the output is [batch, C] rather than [batch, C, H, W]
	taken  map[string]bool
}

func newWriter(g *searchspace.Graph, data map[string][]float32, o Options) *writer {
	w := &writer{g: g, data: data, opts: o, norms: make(map[int]*searchspace.Node),
		values: make([]string, len(g.Nodes)), flat: make([]bool, len(g.Nodes)), taken: make(map[string]bool)}
	for _, name := range []string{inputName, logitsName, featuresName, probabilitiesName} {
		w.taken[name] = true
	}
	if !o.KeepBatchNorm {
		w.fold()
	}
	return w
}

// fold finds the convolutions that a batch normalisation alone reads.
func (w *writer) fold() {
	readers := make([]int, len(w.g.Nodes))
	readers[w.g.Feature()]++
	for i := range w.g.Nodes {
		for _, in := range w.g.Nodes[i].Inputs {
			readers[in]++
		}
	}
	for i := range w.g.Nodes {
		n := &w.g.Nodes[i]
		if n.Op == searchspace.OpBatchNorm && readers[n.Inputs[0]] == 1 &&
			w.g.Nodes[n.Inputs[0]].Op == searchspace.OpConv {
			w.norms[n.Inputs[0]] = n
		}
	}
}

// graph is the GraphProto.
func (w *writer) graph() (message, error) {
	g := w.g
	w.out.text(2, "tendril")
	size := g.InputSize
	w.out.sub(11, valueInfo(inputName, 3, size, size))
	w.values[0] = inputName
	for i := range g.Nodes {
		if n := &g.Nodes[i]; n.Op != searchspace.OpInput {
			if err := w.node(n); err != nil {
				return nil, fmt.Errorf("%s: %w", n.Name, err)
			}
		}
	}
	w.emit("Identity", logitsName, w.ranked(g.Output(), true))
	w.out.sub(12, valueInfo(logitsName, g.Classes))
	if w.opts.Features {
		w.emit("Identity", featuresName, w.ranked(g.Feature(), true))
		w.out.sub(12, valueInfo(featuresName, g.Nodes[g.Feature()].Out.C))
	}
	if w.opts.Probabilities {
		w.node1(nodeProto("Softmax", probabilitiesName, probabilitiesName, []string{logitsName},
			attr{"axis", 1}))
		w.out.sub(12, valueInfo(probabilitiesName, g.Classes))
	}
	return w.out, nil
}

// name makes a name unique among values and weights.
func (w *writer) name(wanted string) string {
	name := wanted
	for i := 2; name == "" || w.taken[name]; i++ {
		name = wanted + "#" + strconv.Itoa(i)
	}
	w.taken[name] = true
	return name
}

func (w *writer) node1(n message) { w.out.sub(1, n) }

// emit adds a node whose output has a name given.
func (w *writer) emit(op, output string, inputs ...string) {
	w.node1(nodeProto(op, output, output, inputs))
}

// add adds a node and returns the name of its output, as close to the name wanted as possible.
func (w *writer) add(op, wanted string, inputs []string, attrs ...attr) string {
	name := w.name(wanted)
	w.node1(nodeProto(op, name, name, inputs, attrs...))
	return name
}

// floats adds an initial value.
func (w *writer) floats(wanted string, dims []int, data []float32) string {
	name := w.name(wanted)
	w.out.sub(5, floatTensor(name, dims, data))
	return name
}

// ints adds a constant vector of whole numbers.
func (w *writer) ints(wanted string, data ...int64) string {
	name := w.name(wanted)
	w.out.sub(5, intTensor(name, data...))
	return name
}

// ranked is the output of a node as [batch, C] or as [batch, C, H, W].
func (w *writer) ranked(id int, flat bool) string {
	v := w.values[id]
	switch {
	case w.flat[id] == flat:
		return v
	case flat:
		return w.add("Flatten", v+".flat", []string{v}, attr{"axis", 1})
	}
	return w.add("Unsqueeze", v+".map", []string{v, w.ints(v+".axes", 2, 3)})
}

// tensor is a stored tensor of a node, of so many numbers.
func (w *writer) tensor(n *searchspace.Node, suffix string, size int) ([]float32, error) {
	data, ok := w.data[n.Name+suffix]
	if !ok {
		return nil, fmt.Errorf("no tensor %s%s", n.Name, suffix)
	}
	if len(data) != size {
		return nil, fmt.Errorf("tensor %s%s has %d numbers, expected %d", n.Name, suffix, len(data), size)
	}
	return data, nil
}

// affine is what a batch normalisation does with its running statistics: x·scale + shift.
func (w *writer) affine(n *searchspace.Node) (scale, shift []float64, err error) {
	var v [4][]float32
	for i, suffix := range normSuffixes {
		if v[i], err = w.tensor(n, suffix, n.Out.C); err != nil {
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
