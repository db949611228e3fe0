package supernet

import (
	"context"
	"fmt"
	"reflect"
	"slices"

	"github.com/tendril-nas/tendril/searchspace"
)

// has refuses a network that is not one of the supernet's, classes aside.
func (n *Net) has(a searchspace.Arch, g *searchspace.Graph) error {
	space := n.currentSpace()
	own, err := space.Lower(a)
	if err != nil {
		return err
	}
	same := len(own.Nodes) == len(g.Nodes)
	for i := 0; same && i < len(g.Nodes); i++ {
		node := g.Nodes[i]
		node.Name = own.Nodes[i].Name // restrictions may rename layers
		if i == own.Output() {
			node.Out = own.Nodes[i].Out
		}
		same = reflect.DeepEqual(node, own.Nodes[i])
	}
	if !same {
		return fmt.Errorf("the architecture is another network in its space %s, expected the model's space",
			space.Name())
	}
	return nil
}

// fill takes all weights from a supernet but those of the classifier, whose rows belong to the
// features of one network.
func (m *Model) fill(ctx context.Context, n *Net) error {
	if err := n.acquire(ctx); err != nil {
		return err
	}
	defer n.release()
	p, err := n.program(m.arch)
	if err != nil {
		return err
	}
	var ls []link
	for _, l := range links(p.graph, n.store, m.prog.graph, m.store) {
		if l.node.ID != m.prog.logits {
			ls = append(ls, l)
		}
	}
	return m.inherit(n.network, ls)
}

// goOn gives a new model the weights of an old one along the way of its channels. Weights into
// channels that it takes over are 0 before, so that nothing new has an effect on them.
func (m *Model) goOn(c *channels, weights arrays) error {
	constants := make(arrays)
	var starts, moves []link
	start := func(n *searchspace.Node, k weightKind, v float32, out axis) {
		at := m.store.place(n, k)
		a := &array{extent: m.store.byKey[at.key].extent}
		a.data = slices.Repeat([]float32{v}, a.size())
		constants[at.key] = a
		starts = append(starts, link{node: n, kind: k, from: at, to: at, out: out})
	}
	for _, l := range links(c.old, own{}, c.new, m.store) {
		way := &c.matches[l.node.ID]
		if way.old < 0 {
			continue
		}
		l.out = axisOf(way.source)
		if l.kind == kindWeight {
			if l.node.Groups <= 1 { // the inputs of groups are those of the groups themselves
				l.in = axisOf(way.in)
			}
			start(l.node, l.kind, 0, inPlace(way.source))
		}
		moves = append(moves, l)
	}
	for _, s := range c.starts {
		start(s.norm, kindGamma, 0, s.out)
		start(s.norm, kindBeta, s.shift, s.out)
	}
	if err := m.take(constants, starts); err != nil {
		return err
	}
	return m.take(weights, moves)
}

// inPlace is the axis of the channels that come from somewhere, each to itself.
func inPlace(source []int) axis {
	same := prefix(len(source), len(source))
	for i, from := range source {
		if from < 0 {
			same[i] = -1
		}
	}
	return axisOf(same)
}
