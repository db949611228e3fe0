package searchspace

import "fmt"

// LatencyLayer is a kind of layer as far as its time depends on it: a convolution, linear layer or
// sum with the batch norm and activation that run with it, or one other operation.
type LatencyLayer struct {
	Op                     string // Op.String
	Norm                   bool   // batch norm follows
	Act                    string // Act.String of what follows; "none"
	Kernel, Stride, Groups int
	PadExtra               int `json:",omitempty"` // Node.PadExtra
	In, Out                Shape
}

// String names the layer in errors.
func (l LatencyLayer) String() string {
	pad := ""
	if l.PadExtra > 0 {
		pad = fmt.Sprintf(" pad+%d", l.PadExtra)
	}
	return fmt.Sprintf("%s %v→%v k%d s%d%s g%d norm=%v %s", l.Op, l.In, l.Out, l.Kernel, l.Stride, pad,
		l.Groups, l.Norm, l.Act)
}

// Latency is the measured time of a layer for a whole batch.
type Latency struct {
	Layer   LatencyLayer
	Seconds float64 // middle of the repetitions, a mean over the places where it was measured
	Spread  float64 // half the distance between their quartiles, a mean like Seconds; seconds
}

// Latencies lists the layers of g whose time counts, in order.
func (g *Graph) Latencies() []LatencyLayer {
	layers, _ := g.latencies()
	return layers
}

// LatencyIndex says for every node of g to which of Latencies it belongs; −1 for the input and for
// what takes no time when a network only predicts.
func (g *Graph) LatencyIndex() []int {
	_, of := g.latencies()
	return of
}

// latencies lists the layers, and the layer of every node.
func (g *Graph) latencies() (layers []LatencyLayer, of []int) {
	readers := make([][]int, len(g.Nodes))
	for i := range g.Nodes {
		for _, in := range g.Nodes[i].Inputs {
			readers[in] = append(readers[in], i)
		}
	}
	of = make([]int, len(g.Nodes))
	for i := range of {
		of[i] = -1
	}
	// next is the only reader of node i if it is op.
	next := func(i int, op Op) int {
		if len(readers[i]) == 1 && g.Nodes[readers[i][0]].Op == op {
			return readers[i][0]
		}
		return -1
	}
	for i := range g.Nodes {
		n := &g.Nodes[i]
		if of[i] >= 0 || !n.Op.timed() {
			continue
		}
		l := LatencyLayer{Op: n.Op.String(), Act: n.Act.String(), Kernel: n.Kernel, Stride: n.Stride,
			Groups: n.Groups, PadExtra: n.PadExtra, In: n.In, Out: n.Out}
		last := i
		of[i] = len(layers)
		if n.Op.fuses(OpBatchNorm) {
			if k := next(last, OpBatchNorm); k >= 0 {
				l.Norm, of[k], last = true, len(layers), k
			}
		}
		if n.Op.fuses(OpAct) {
			if k := next(last, OpAct); k >= 0 {
				l.Act, of[k] = g.Nodes[k].Act.String(), len(layers)
			}
		}
		layers = append(layers, l)
	}
	return layers, of
}

// timed reports whether o takes time when a network only predicts.
func (o Op) timed() bool {
	return o != OpInput && o != OpFlatten && o != OpDropout && o != OpSelect
}

// fuses reports whether a node of o runs together with its only reader if that is next. A batch
// norm and an activation behind one convolution both run with it.
func (o Op) fuses(next Op) bool {
	switch next {
	case OpBatchNorm:
		return o == OpConv
	case OpAct:
		return o == OpConv || o == OpBatchNorm || o == OpAdd || o == OpLinear
	}
	return false
}
