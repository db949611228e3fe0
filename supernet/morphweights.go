package supernet

import (
	"context"
	"fmt"

	"github.com/tendril-nas/tendril/searchspace"
)

// sameSpace refuses networks of another space; restrictions and classes may differ.
func (n *Net) sameSpace(space *searchspace.Space) error {
	own := n.currentSpace()
	other, err := space.WithClasses(own.Classes())
	if err != nil {
		return err
	}
	if !sameNetworks(own, other) {
		return fmt.Errorf("supernet of space %s, expected %s with the model's options", own.Name(), space.Name())
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
		return fmt.Errorf("supernet: %w", err)
	}
	var ls []link
	for _, l := range links(p.graph, n.store, m.prog.graph, m.store) {
		if l.node.ID != m.prog.logits {
			ls = append(ls, l)
		}
	}
	return m.inherit(n.network, ls)
}

// continues gives a new model the weights of another one along the way of its channels. Weights
// into channels that it takes over become 0 before, so that nothing new has an effect on them.
func (m *Model) continues(c *channels, at placer, weights arrays) error {
	var own, blank []link
	constants := make(arrays)
	fill := func(n *searchspace.Node, k weightKind, v float32, channels axis) {
		to := m.store.place(n, k)
		a := &array{extent: m.store.byKey[to.key].extent}
		a.data = make([]float32, a.size())
		for i := range a.data {
			a.data[i] = v
		}
		constants[to.key] = a
		blank = append(blank, link{node: n, kind: k, from: to, to: to, out: channels})
	}
	for _, l := range links(c.old, at, c.new, m.store) {
		way := &c.matches[l.node.ID]
		if way.old < 0 {
			continue
		}
		l.out = axisOf(way.source)
		if l.kind == kindWeight {
			if l.node.Groups <= 1 {
				l.in = axisOf(way.in)
			}
			fill(l.node, l.kind, 0, inPlace(way.source))
		}
		own = append(own, l)
	}
	for _, s := range c.starts {
		fill(s.norm, kindGamma, 0, nil)
		fill(s.norm, kindBeta, s.shift, nil)
	}
	if err := m.take(constants, blank); err != nil {
		return err
	}
	return m.take(weights, own)
}

// inPlace is the axis of the channels that come from somewhere, each to itself.
func inPlace(source []int) axis {
	own := make([]int, len(source))
	for i, from := range source {
		own[i] = i
		if from < 0 {
			own[i] = -1
		}
	}
	return axisOf(own)
}
