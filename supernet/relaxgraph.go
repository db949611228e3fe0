package supernet

import (
	"fmt"
	"slices"

	"github.com/tendril-nas/tendril/searchspace"
)

// Operations that only a relaxed graph has. Offset is where their coefficients begin.
const (
	opMix  = searchspace.OpSelect     // sum of the inputs, each times its coefficient
	opOnes = searchspace.OpSelect - 1 // a one for every image, 1×1×1
	opVec  = searchspace.OpSelect - 2 // the coefficients for every image, C×1×1; its input is opOnes
	opFit  = searchspace.OpSelect - 3 // the first channels of the input, or zeros after them
)

// expander writes a choice graph as a graph of plain layers, mixes and masks. Layers are as wide as
// any choice makes them; whatever depends on decisions beside that is a coefficient. Only what the
// output needs is written.
type expander struct {
	graph   *searchspace.ChoiceGraph
	open    *scope
	readers []int              // of choice nodes
	chains  map[int]optional   // by choice node: its place in a chain of layers
	blocks  map[string][]int   // decisions whose joint choices have weights of their own, by block
	cones   [][]int            // decisions that a node of such a block depends on inside the block
	nodes   []searchspace.Node // written
	outputs map[outputKey]int  // where choice nodes were written, as others read them
	layers  map[outputKey]int  // the same as the layer itself gives it
	masks   map[string]int     // vectors of coefficients, by what they are
	ones    int                // the node opOnes, 0 for none
	coef    coefficients
}

// optional says that a node is the output of a layer of a Builder.Repeat which not all depths have.
type optional struct {
	depth searchspace.Int
	layer int // it exists where depth is at least this
	past  int // choice node whose value takes its place elsewhere
}

type outputKey struct {
	id    int
	scope string
}

// expand writes the relaxed network of a choice graph under a form of sharing.
func expand(g *searchspace.ChoiceGraph, p placer) (*searchspace.Graph, *coefficients, error) {
	e := &expander{
		graph: g, readers: make([]int, len(g.Nodes)), chains: make(map[int]optional),
		blocks: make(map[string][]int), outputs: make(map[outputKey]int), layers: make(map[outputKey]int),
		masks: make(map[string]int),
	}
	e.open = &scope{choices: make([]int, len(g.Decisions))}
	for d := range g.Decisions {
		e.open.choices[d] = g.Decisions[d].Allowed[0]
	}
	if err := e.survey(p); err != nil {
		return nil, nil, err
	}
	for _, id := range []int{0, len(g.Nodes) - 1} { // the image comes first, the logits last
		if _, err := e.output(id, e.open); err != nil {
			return nil, nil, err
		}
	}
	out := &searchspace.Graph{Nodes: e.nodes, InputSize: g.InputSize, Classes: g.Classes, Stages: g.Stages}
	return out, &e.coef, nil
}

// survey finds readers, chains of layers and, where candidates have weights of their own, blocks.
func (e *expander) survey(p placer) error {
	for i := range e.graph.Nodes {
		n := &e.graph.Nodes[i]
		for _, in := range n.Inputs {
			e.readers[in]++
		}
		if d := n.VariantDecisions(); len(d) > 0 && byVariant(n, p) {
			if n.Block == "" {
				return fmt.Errorf("%s: %w: variants outside a block", n.Site, ErrNoRelaxed)
			}
			all := append(e.blocks[n.Block], d...)
			slices.Sort(all)
			e.blocks[n.Block] = slices.Compact(all)
		}
		if n.Op != searchspace.OpSelect || n.Chain == nil {
			continue
		}
		for layer := slices.Min(n.Cases) + 1; layer < len(n.Chain); layer++ {
			id := n.Chain[layer]
			if _, twice := e.chains[id]; twice || id == n.Chain[layer-1] {
				return fmt.Errorf("%s: %w: a layer without a node of its own", n.Site, ErrNoRelaxed)
			}
			e.chains[id] = optional{depth: n.Select, layer: layer, past: n.Chain[layer-1]}
		}
	}
	e.cones = make([][]int, len(e.graph.Nodes))
	for i := range e.graph.Nodes {
		n := &e.graph.Nodes[i]
		if e.blocks[n.Block] == nil {
			continue
		}
		cone := n.Decisions()
		for _, in := range n.Inputs {
			if e.graph.Nodes[in].Block == n.Block {
				cone = append(cone, e.cones[in]...)
			}
		}
		slices.Sort(cone)
		e.cones[i] = slices.Compact(cone)
	}
	return nil
}

// byVariant reports whether a scheme has weights of their own for the variants of a node.
func byVariant(n *searchspace.ChoiceNode, p placer) bool {
	one := searchspace.Node{Op: searchspace.OpConv, Site: n.Site, Variant: "a"}
	two := one
	two.Variant = "b"
	return p.place(&one, kindWeight).key != p.place(&two, kindWeight).key
}

// place is the scope of a node as one in scope sc reads it, and what tells it apart.
func (e *expander) place(id int, sc *scope) (*scope, outputKey) {
	if e.graph.Nodes[id].Block != sc.block {
		sc = e.open
	}
	return sc, outputKey{id, sc.key(e.cones[id])}
}

// output is the node that holds the value of choice node id for its readers.
func (e *expander) output(id int, sc *scope) (int, error) {
	sc, key := e.place(id, sc)
	if out, ok := e.outputs[key]; ok {
		return out, nil
	}
	out, err := e.writeOutput(id, sc)
	e.outputs[key] = out
	return out, err
}

// writeOutput writes a node's value: a mixture of candidates where they have weights of their own,
// and with what stands in its place at other depths.
func (e *expander) writeOutput(id int, sc *scope) (int, error) {
	n := &e.graph.Nodes[id]
	l, chained := e.chains[id]
	if !chained {
		return e.candidates(id, sc)
	}
	t, err := tabulate(e.graph, sc, l.depth)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", n.Site, err)
	}
	var m mixture
	if kept := t.where(0, func(v int) bool { return v >= l.layer }); len(kept) > 0 {
		if err := e.addLayer(&m, id, sc, kept); err != nil {
			return 0, err
		}
	}
	if past := t.where(0, func(v int) bool { return v < l.layer }); len(past) > 0 {
		from, err := e.output(l.past, sc)
		if err != nil {
			return 0, err
		}
		m.add(from, past)
	}
	if err := e.equalChannels(n, sc, n.Out.C, e.graph.Nodes[l.past].Out.C); err != nil {
		return 0, err
	}
	return e.mix(n, sc, &m)
}

// candidates is the node's value before optional layers are seen to.
func (e *expander) candidates(id int, sc *scope) (int, error) {
	n := &e.graph.Nodes[id]
	if !e.mixed(id, sc) {
		return e.layer(id, sc)
	}
	joint, err := jointChoices(e.graph, e.blocks[n.Block])
	if err != nil {
		return 0, fmt.Errorf("%s: %w", n.Block, err)
	}
	var m mixture
	for _, p := range joint {
		if err := e.addLayer(&m, id, sc.with(n.Block, p), []product{p}); err != nil {
			return 0, err
		}
	}
	return e.mix(n, sc, &m)
}

// mixed reports whether a node has candidates with weights of their own, and scope sc is outside
// them.
func (e *expander) mixed(id int, sc *scope) bool {
	block := e.graph.Nodes[id].Block
	return e.blocks[block] != nil && sc.block != block
}

// layer is the node that holds the value of choice node id alone.
func (e *expander) layer(id int, sc *scope) (int, error) {
	sc, key := e.place(id, sc)
	if out, ok := e.layers[key]; ok {
		return out, nil
	}
	out, err := e.writeLayer(&e.graph.Nodes[id], sc)
	if err != nil {
		return 0, err
	}
	e.layers[key] = out
	return out, nil
}

// write appends a node.
func (e *expander) write(n searchspace.Node) (int, error) {
	if len(e.nodes) >= maxRelaxedLayers {
		return 0, fmt.Errorf("more than %d layers: %w", maxRelaxedLayers, searchspace.ErrTooLarge)
	}
	n.ID = len(e.nodes)
	e.nodes = append(e.nodes, n)
	return n.ID, nil
}
