package searchspace

import (
	"fmt"
	"slices"
)

// Latencies lists the layers whose time counts in some architecture of the space, each once, in
// network order: what a LatencyTable must hold to predict all of them. It is exact, restrictions
// and limits of the family included, unless these tie so many decisions together that Space.Size is
// an upper bound, too; limits on costs are left out. The error wraps ErrTooLarge when a layer
// depends on too many decisions.
func (g *ChoiceGraph) Latencies() ([]LatencyLayer, error) {
	f, err := g.fusion()
	if err != nil {
		return nil, err
	}
	found := g.newLayerList()
	for _, n := range f.timed {
		if err := g.each(n.decisions, func(choices []int) {
			if l, ok := f.layer(n.id, choices); ok {
				found.add(l, n.decisions, choices)
			}
		}); err != nil {
			return nil, err
		}
	}
	return found.layers, nil
}

// Model is a cost model that equals Seconds of the network of every architecture of g's space, the
// fixed part included. Which batch norm and activation run with a layer may depend on decisions, so
// a term joins those of a layer and of what may read it.
//
// The error wraps ErrNoLatency and lists every layer of the space that the table lacks, see
// ChoiceGraph.Latencies; it wraps ErrTooLarge when a layer depends on too many decisions. Joint
// choices that no architecture has count as 0 where the table lacks their layer.
func (t *LatencyTable) Model(g *ChoiceGraph) (*CostModel, error) {
	if g == nil {
		return nil, errNoGraph
	}
	f, err := g.fusion()
	if err != nil {
		return nil, err
	}
	sum, missing := termSum{graph: g}, g.newLayerList()
	if err := sum.add("the fixed part", nil, func([]int) float64 { return t.Fixed }); err != nil {
		return nil, err
	}
	for _, n := range f.timed {
		if err := sum.add(g.Nodes[n.id].Name, n.decisions, func(choices []int) float64 {
			l, ok := f.layer(n.id, choices)
			if !ok {
				return 0
			}
			if e := t.entry(l); e != nil {
				return e.Seconds
			}
			missing.add(l, n.decisions, choices)
			return 0
		}); err != nil {
			return nil, err
		}
	}
	if len(missing.layers) > 0 {
		return nil, lacks(missing.layers)
	}
	return g.model(sum.done()), nil
}

// fusion says which nodes of a choice graph run as one layer. A node's readers are found through
// the choice nodes between them.
type fusion struct {
	graph   *ChoiceGraph
	readers [][]reader
	sources [][]int // the nodes that each node may be fused to
	timed   []timedNode
}

// timedNode is a node that may begin a layer, and the decisions that this layer depends on.
type timedNode struct {
	id        int
	decisions []int
}

// reader is a node that reads another one where it exists and all choice nodes on the way select
// it.
type reader struct {
	node int
	way  []selected
}

// selected is a condition of a choice node: its Select has this value.
type selected struct {
	by    Int
	value int
}

// fusion finds the readers, and what every layer depends on.
func (g *ChoiceGraph) fusion() (*fusion, error) {
	f := &fusion{graph: g, readers: make([][]reader, len(g.Nodes)), sources: make([][]int, len(g.Nodes))}
	ways := 0
	var trace func(node, from int, way []selected)
	trace = func(node, from int, way []selected) {
		n := &g.Nodes[from]
		if n.Op != OpSelect {
			f.readers[from] = append(f.readers[from], reader{node, slices.Clone(way)})
			if n.Op.fuses(g.Nodes[node].Op) {
				f.sources[node] = append(f.sources[node], from)
			}
			ways++
			return
		}
		for k := 0; k < len(n.Inputs) && ways <= maxTable; k++ {
			trace(node, n.Inputs[k], append(way, selected{n.Select, n.Cases[k]}))
		}
	}
	for i := range g.Nodes {
		if g.Nodes[i].Op != OpSelect {
			for _, in := range g.Nodes[i].Inputs {
				trace(i, in, nil)
			}
		}
		if ways > maxTable {
			return nil, fmt.Errorf("searchspace: ways to %s: %w", g.Nodes[i].Name, ErrTooLarge)
		}
	}
	for i := range g.Nodes {
		if n := &g.Nodes[i]; n.Op.timed() {
			deps := f.decisions(i)
			if _, err := g.tableSize(n.Name, deps); err != nil {
				return nil, err
			}
			f.timed = append(f.timed, timedNode{i, deps})
		}
	}
	return f, nil
}

// reads reports whether r is there under choices.
func (f *fusion) reads(r *reader, choices []int) bool {
	for _, s := range r.way {
		if s.by.at(choices) != s.value {
			return false
		}
	}
	return f.graph.Nodes[r.node].exists(choices)
}

// next is the only reader of node i under choices if it is op and fuses, or -1.
func (f *fusion) next(i int, op Op, choices []int) int {
	if !f.mayFuse(i, op) {
		return -1
	}
	only := -1
	for k := range f.readers[i] {
		if r := &f.readers[i][k]; f.reads(r, choices) {
			if only >= 0 || f.graph.Nodes[r.node].Op != op {
				return -1
			}
			only = r.node
		}
	}
	return only
}

// mayFuse reports whether some reader of node i is op and fuses.
func (f *fusion) mayFuse(i int, op Op) bool {
	return f.graph.Nodes[i].Op.fuses(op) && slices.ContainsFunc(f.readers[i], func(r reader) bool {
		return f.graph.Nodes[r.node].Op == op
	})
}

// layer is the layer that begins with node i under choices; ok is false where the node does not
// exist or belongs to a layer before.
func (f *fusion) layer(i int, choices []int) (l LatencyLayer, ok bool) {
	n := &f.graph.Nodes[i]
	if !n.exists(choices) {
		return l, false
	}
	for _, from := range f.sources[i] {
		if f.next(from, n.Op, choices) == i {
			return l, false
		}
	}
	l = LatencyLayer{Op: n.Op.String(), Act: n.Act.String(), Kernel: n.Kernel.at(choices), Stride: n.Stride,
		Groups: n.Groups.at(choices), In: n.In.at(choices), Out: n.Out.at(choices)}
	_, l.PadExtra = n.Padding(l.Kernel)
	last := i
	if k := f.next(i, OpBatchNorm, choices); k >= 0 {
		l.Norm, last = true, k
	}
	if k := f.next(last, OpAct, choices); k >= 0 {
		l.Act = f.graph.Nodes[k].Act.String()
	}
	return l, true
}

// decisions is what layer(i) depends on, ascending.
func (f *fusion) decisions(i int) []int {
	n := &f.graph.Nodes[i]
	xs := append([]Int{n.Kernel, n.Groups, n.In.C, n.Out.C}, n.When...)
	for _, from := range f.sources[i] {
		xs = append(xs, f.conditions(from, n.Op)...)
	}
	xs = append(xs, f.conditions(i, OpBatchNorm)...)
	xs = append(xs, f.conditions(i, OpAct)...)
	for _, r := range f.readers[i] {
		if f.graph.Nodes[r.node].Op == OpBatchNorm {
			xs = append(xs, f.conditions(r.node, OpAct)...)
		}
	}
	return unionDeps(xs...)
}

// conditions is what next(i, op) reads.
func (f *fusion) conditions(i int, op Op) []Int {
	if !f.mayFuse(i, op) {
		return nil
	}
	var xs []Int
	for _, r := range f.readers[i] {
		for _, s := range r.way {
			xs = append(xs, s.by)
		}
		xs = append(xs, f.graph.Nodes[r.node].When...)
	}
	return xs
}

// layerList collects different layers of architectures that the space has.
type layerList struct {
	reach  *reach
	layers []LatencyLayer
	has    map[LatencyLayer]bool
}

func (g *ChoiceGraph) newLayerList() *layerList {
	return &layerList{reach: newReach(g.space), has: map[LatencyLayer]bool{}}
}

// add takes l in if some architecture has the choices of deps, under which the space has l.
func (s *layerList) add(l LatencyLayer, deps, choices []int) {
	if !s.has[l] && s.reach.possible(deps, choices) {
		s.has[l] = true
		s.layers = append(s.layers, l)
	}
}
