package searchspace

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ErrNoLatency is wrapped by the errors of a LatencyTable that lacks layers.
var ErrNoLatency = errors.New("latency not measured")

// LatencyLayer is a kind of layer as far as its time depends on it: a
// convolution, linear layer or sum with the batch norm and activation that run
// with it, or one other operation.
type LatencyLayer struct {
	Op                     string // Op.String
	Norm                   bool   // batch norm follows
	Act                    string // Act.String of what follows; "none"
	Kernel, Stride, Groups int
	In, Out                Shape
}

// String names the layer in errors.
func (l LatencyLayer) String() string {
	return fmt.Sprintf("%s %v→%v k%d s%d g%d norm=%v %s", l.Op, l.In, l.Out, l.Kernel, l.Stride, l.Groups, l.Norm, l.Act)
}

// Latency is the measured time of a layer for a whole batch.
type Latency struct {
	Layer   LatencyLayer
	Seconds float64 // median of the repetitions
	Spread  float64 // half the distance between their quartiles, seconds
}

// LatencyTable predicts the time of a network as the sum over its layers of
// measured times, as Once-for-All does. It can be written as JSON.
type LatencyTable struct {
	CPU     string  // name of the processor, and of the kernels
	Workers int     // processors used
	Batch   int     // images
	Fixed   float64 // seconds per network beside its layers
	Entries []Latency
}

// Latencies lists the layers of g whose time counts, in order.
func (g *Graph) Latencies() []LatencyLayer {
	layers, _ := g.latencies()
	return layers
}

// latencies lists the layers and the first node of each.
func (g *Graph) latencies() (layers []LatencyLayer, nodes []int) {
	readers := make([][]int, len(g.Nodes))
	for i := range g.Nodes {
		for _, in := range g.Nodes[i].Inputs {
			readers[in] = append(readers[in], i)
		}
	}
	fused := make([]bool, len(g.Nodes))
	// next is the only reader of node i if it is op.
	next := func(i int, op Op) int {
		if len(readers[i]) == 1 && g.Nodes[readers[i][0]].Op == op {
			return readers[i][0]
		}
		return -1
	}
	for i := range g.Nodes {
		n := &g.Nodes[i]
		if fused[i] || n.Op == OpInput || n.Op == OpFlatten || n.Op == OpDropout {
			continue
		}
		l := LatencyLayer{Op: n.Op.String(), Act: n.Act.String(), Kernel: n.Kernel, Stride: n.Stride, Groups: n.Groups, In: n.In, Out: n.Out}
		last := i
		if n.Op == OpConv {
			if k := next(last, OpBatchNorm); k >= 0 {
				l.Norm, fused[k], last = true, true, k
			}
		}
		if n.Op == OpConv || n.Op == OpBatchNorm || n.Op == OpAdd {
			if k := next(last, OpAct); k >= 0 {
				l.Act, fused[k] = g.Nodes[k].Act.String(), true
			}
		}
		layers, nodes = append(layers, l), append(nodes, i)
	}
	return layers, nodes
}

// Missing lists the layers of g that the table lacks, each once.
func (t *LatencyTable) Missing(g *Graph) []LatencyLayer {
	known := t.index()
	var out []LatencyLayer
	for _, l := range g.Latencies() {
		if _, ok := known[l]; !ok && !slices.Contains(out, l) {
			out = append(out, l)
		}
	}
	return out
}

// Seconds is the predicted time of g for a batch of t.Batch images. When
// layers were not measured the error wraps ErrNoLatency and lists them.
func (t *LatencyTable) Seconds(g *Graph) (float64, error) {
	if missing := t.Missing(g); len(missing) > 0 {
		names := make([]string, len(missing))
		for i, l := range missing {
			names[i] = l.String()
		}
		return 0, fmt.Errorf("searchspace: %w: %s", ErrNoLatency, strings.Join(names, "; "))
	}
	known := t.index()
	sum := t.Fixed
	for _, l := range g.Latencies() {
		sum += known[l]
	}
	return sum, nil
}

func (t *LatencyTable) index() map[LatencyLayer]float64 {
	out := make(map[LatencyLayer]float64, len(t.Entries))
	for _, e := range t.Entries {
		out[e.Layer] = e.Seconds
	}
	return out
}
