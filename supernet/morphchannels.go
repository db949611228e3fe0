package supernet

import (
	"slices"

	"github.com/tendril-nas/tendril/searchspace"
)

// This file follows channels through two networks of one space, an old one and a new one: which
// channel of which old value every channel of the new network carries. Nothing here knows a family;
// nodes correspond by site, and channels by what lies between two nodes.

// flow is what the output of a node of the new network carries of the old network.
type flow struct {
	node   int   // of the old network, −1 if the output has none of its values
	source []int // channel of that node by channel, −1 where it has none
	// exact is set if the channels that come from somewhere have the old values whatever the
	// weights and the images are, and if no channel of the old node is missing.
	exact bool
}

// match is how a node of the new network comes to its weights and values.
type match struct {
	flow
	old int   // the node of the old network that it takes over, −1 if none
	in  []int // input channels of that node by input channel, −1 where it has none
}

// channels is the way of all channels from one network to another.
type channels struct {
	old, new       *searchspace.Graph
	oldTie, newTie []int
	sites          map[string]*searchspace.Node // of the old network
	blocks         map[string]bool              // of the old network
	chosen         map[[2]int][]int             // channels kept, by tie of the new and the old network
	important      func(node int) []float64     // how important the channels of an old node are
	matches        []match
	starts         []start
	started        map[int]bool // nodes with weights of layers that start without effect
	preserved      bool
}

// follow finds the way of all channels. classes is where the logits come from; important says which
// channels stay where there are fewer, nil means the first ones.
func follow(old, new *searchspace.Graph, classes []int, important func(node int) []float64) *channels {
	c := &channels{
		old: old, new: new, oldTie: ties(old), newTie: ties(new), important: important,
		sites: make(map[string]*searchspace.Node), blocks: make(map[string]bool),
		chosen: make(map[[2]int][]int), matches: make([]match, len(new.Nodes)), started: make(map[int]bool),
	}
	for i := range old.Nodes {
		n := &old.Nodes[i]
		c.sites[n.Site] = n
		c.blocks[n.Block] = true
	}
	c.chosen[[2]int{c.newTie[new.Output()], c.oldTie[old.Output()]}] = classes
	for i := range new.Nodes {
		c.matches[i] = c.match(&new.Nodes[i])
	}
	return c
}

// match finds what a node carries, once all before it are known.
func (c *channels) match(n *searchspace.Node) match {
	m := c.sites[n.Site]
	switch {
	case m == nil || !alike(n, m):
		return match{old: -1, flow: c.without(n)}
	case n.Op == searchspace.OpInput:
		return match{old: m.ID, flow: flow{m.ID, prefix(m.Out.C, n.Out.C), true}}
	case n.Op == searchspace.OpBatchNorm && c.matches[n.Inputs[0]].node < 0:
		// It would normalise something else.
		return match{old: -1, flow: c.without(n)}
	}
	ins := make([]flow, len(n.Inputs))
	exact := true
	for k := range ins {
		ins[k] = c.input(n, m, k)
		exact = exact && ins[k].exact
	}
	out := match{old: m.ID, in: ins[0].source, flow: flow{node: m.ID, exact: exact}}
	switch {
	case n.Op == searchspace.OpConcat:
		out.source = concat(ins, c.old.Nodes[m.Inputs[0]].Out.C)
	case n.Op == searchspace.OpSlice:
		out.source = slice(ins[0].source, n, m)
	case n.Op == searchspace.OpShuffle:
		out.source = ins[0].source
		if !slices.Equal(out.source, prefix(n.Out.C, m.Out.C)) {
			out.source, out.exact = prefix(m.Out.C, n.Out.C), false
		}
	case !channelwise(n):
		out.source = c.choose(n, m)
	default:
		out.source = ins[0].source
		for _, other := range ins[1:] {
			out.exact = out.exact && slices.Equal(other.source, out.source)
		}
	}
	if n.Op == searchspace.OpConv {
		out.exact = out.exact && covers(n, m)
		if n.Groups > 1 && !n.Depthwise() {
			out.exact = out.exact && slices.Equal(out.in, prefix(n.In.C, n.In.C))
		}
	}
	if n.ID == c.new.Output() {
		c.preserved = out.exact
	}
	key := [2]int{c.newTie[n.ID], c.oldTie[m.ID]}
	if c.chosen[key] == nil {
		c.chosen[key] = out.source
	}
	out.exact = out.exact && carried(out.source) == m.Out.C
	return out
}

// input is what input k of a node carries, seen from the node of the old network that it takes
// over. Where the old network had another value there, channels correspond if both have the same
// ones, and else by number.
func (c *channels) input(n, m *searchspace.Node, k int) flow {
	in, old := n.Inputs[k], m.Inputs[k]
	f := c.matches[in].flow
	switch {
	case f.node == old:
		return f
	case f.node >= 0 && c.oldTie[f.node] == c.oldTie[old]:
		return flow{node: old, source: f.source}
	}
	return flow{node: old, source: prefix(c.old.Nodes[old].Out.C, c.new.Nodes[in].Out.C)}
}

// choose says where the output channels of a layer that mixes channels come from: the old ones and
// then new ones, or the most important old ones in their order. All layers whose channels move
// together keep the same.
func (c *channels) choose(n, m *searchspace.Node) []int {
	if source := c.chosen[[2]int{c.newTie[n.ID], c.oldTie[m.ID]}]; source != nil {
		return source
	}
	if n.Out.C >= m.Out.C || c.important == nil {
		return prefix(m.Out.C, n.Out.C)
	}
	return best(c.important(m.ID), n.Out.C)
}

// without is what a node carries that takes over none of the old network.
func (c *channels) without(n *searchspace.Node) flow {
	if n.Op == searchspace.OpAdd {
		if skip, ok := c.start(n); ok {
			return c.matches[skip].flow
		}
	}
	switch {
	case n.Op == searchspace.OpConcat:
		return c.beside(n)
	case !channelwise(n) || len(kindsOf(n)) > 0:
		return flow{node: -1}
	}
	for _, in := range n.Inputs {
		if f := c.matches[in].flow; f.node >= 0 {
			f.exact = f.exact && again(n, &c.old.Nodes[f.node])
			return f
		}
	}
	return flow{node: -1}
}

// beside is what new channels beside old ones carry: the old ones.
func (c *channels) beside(n *searchspace.Node) flow {
	out := flow{node: -1}
	for _, in := range n.Inputs {
		f := c.matches[in].flow
		if f.node < 0 {
			f.source = prefix(0, c.new.Nodes[in].Out.C)
		} else if out.node >= 0 {
			return flow{node: -1} // the same ones twice, or others
		} else {
			out.node, out.exact = f.node, f.exact
		}
		out.source = append(out.source, f.source...)
	}
	return out
}

// again reports whether a node does nothing to what another gives.
func again(n, before *searchspace.Node) bool {
	return n.Op == searchspace.OpAct && before.Op == searchspace.OpAct && n.Act == before.Act &&
		(n.Act == searchspace.ActReLU || n.Act == searchspace.ActReLU6)
}

// covers reports whether a kernel has all pixels of another that meet more than padding.
func covers(n, m *searchspace.Node) bool {
	return n.Kernel >= m.Kernel || n.Kernel/2 >= max(n.In.H, n.In.W)-1
}

// concat is where channels one after the other come from.
func concat(ins []flow, first int) []int {
	source := slices.Clone(ins[0].source)
	for _, from := range ins[1].source {
		if from >= 0 {
			from += first
		}
		source = append(source, from)
	}
	return source
}

// slice is where some of the channels that have a source come from.
func slice(in []int, n, m *searchspace.Node) []int {
	source := slices.Clone(in[n.Offset:][:n.Out.C])
	for i, from := range source {
		source[i] = from - m.Offset
		if from < m.Offset || from >= m.Offset+m.Out.C {
			source[i] = -1
		}
	}
	return source
}
