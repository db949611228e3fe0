package supernet

import (
	"context"
	"fmt"
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
	if !sameLayers(own, g) {
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

// goOn gives a new model the weights of an old one along the way of its channels.
func (m *Model) goOn(c *channels, weights arrays) error {
	tensors, err := m.copies()
	if err != nil {
		return err
	}
	if err := c.write(tensors, m.store, weights, nil); err != nil {
		return err
	}
	return m.put(tensors)
}

// begin says which tensors of a new model need initial numbers: those of which write leaves some.
func (c *channels) begin() beginning {
	whole := make(map[string]bool)
	for _, l := range links(c.old, own{}, c.new, own{}) {
		way := &c.matches[l.node.ID]
		if l.kind == kindWeight && way.old >= 0 && !slices.Contains(way.source, -1) {
			whole[l.to.key] = true
		}
	}
	return func(sp *spec) bool { return !whole[sp.key] }
}

// write gives tensors on the host the weights of the old network along the way of its channels; at
// says where those of the new one are. Weights into channels that it takes over are 0 before, so
// that nothing new has an effect on them. Only nodes for which wanted is true are written; nil is
// all.
func (c *channels) write(to arrays, at placer, weights arrays, wanted func(*searchspace.Node) bool) error {
	constants := make(arrays)
	var starts, moves []link
	start := func(n *searchspace.Node, k weightKind, v float32, out axis) error {
		part := at.place(n, k)
		if to[part.key] == nil {
			return fmt.Errorf("no tensor %s", part.key)
		}
		a := &array{extent: to[part.key].extent}
		a.data = slices.Repeat([]float32{v}, a.size())
		constants[part.key] = a
		starts = append(starts, link{node: n, kind: k, from: part, to: part, out: out})
		return nil
	}
	for _, l := range links(c.old, own{}, c.new, at) {
		way := &c.matches[l.node.ID]
		if way.old < 0 || wanted != nil && !wanted(l.node) {
			continue
		}
		l.out = axisOf(way.source)
		if l.kind == kindWeight {
			if l.node.Groups <= 1 { // the inputs of groups are those of the groups themselves
				l.in = axisOf(way.in)
			}
			if err := start(l.node, l.kind, 0, inPlace(way.source)); err != nil {
				return err
			}
		}
		moves = append(moves, l)
	}
	for _, s := range c.starts {
		if wanted != nil && !wanted(s.norm) {
			continue
		}
		if err := start(s.norm, kindGamma, 0, s.out); err != nil {
			return err
		}
		if err := start(s.norm, kindBeta, s.shift, s.out); err != nil {
			return err
		}
	}
	if err := to.take(constants, starts); err != nil {
		return err
	}
	return to.take(weights, moves)
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
