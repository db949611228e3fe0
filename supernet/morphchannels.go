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
	chosen         map[[2]int][]int             // channels kept, by pair
	pick           picker
	matches        []match
	starts         []start
	started        map[int]bool // nodes with weights of layers that start without effect
	preserved      bool
}

// A picker says which n channels of a node of the old network stay, and in which order; n is all of
// them, or fewer.
type picker func(m *searchspace.Node, n int) []int

// follow finds the way of all channels. classes is where the logits come from; a nil picker means
// the first channels.
func follow(from, to *searchspace.Graph, classes []int, pick picker) *channels {
	c := &channels{
		old: from, new: to, oldTie: ties(from), newTie: ties(to), pick: pick,
		sites: make(map[string]*searchspace.Node), blocks: make(map[string]bool),
		chosen: make(map[[2]int][]int), matches: make([]match, len(to.Nodes)), started: make(map[int]bool),
	}
	for i := range from.Nodes {
		n := &from.Nodes[i]
		c.sites[n.Site] = n
		c.blocks[n.Block] = true
	}
	c.chosen[c.pair(&to.Nodes[to.Output()], &from.Nodes[from.Output()])] = classes
	for i := range to.Nodes {
		c.matches[i] = c.match(&to.Nodes[i])
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
	for k := range ins {
		ins[k] = c.input(n, m, k)
	}
	source, exact := c.outputs(n, m, ins)
	if n.ID == c.new.Output() {
		c.preserved = exact
	}
	if key := c.pair(n, m); c.chosen[key] == nil {
		c.chosen[key] = source
	}
	exact = exact && carried(source) == m.Out.C
	return match{old: m.ID, in: ins[0].source, flow: flow{m.ID, source, exact}}
}

// outputs says where the output channels of a node come from if its inputs carry what they do, and
// whether they have the values that they had.
func (c *channels) outputs(n, m *searchspace.Node, ins []flow) (source []int, exact bool) {
	exact = !slices.ContainsFunc(ins, func(f flow) bool { return !f.exact })
	in := ins[0].source
	unmoved := slices.Equal(in, prefix(m.In.C, n.In.C)) && n.In.C == m.In.C
	switch {
	case n.Op == searchspace.OpConcat:
		return concat(ins, c.old.Nodes[m.Inputs[0]].Out.C), exact
	case n.Op == searchspace.OpSlice:
		return slice(in, n, m), exact
	case n.Op == searchspace.OpShuffle:
		return prefix(m.Out.C, n.Out.C), exact && unmoved
	case n.Op == searchspace.OpConv:
		exact = exact && covers(n, m) && (n.Groups == 1 || n.Depthwise() || unmoved)
	}
	if !channelwise(n) {
		return c.choose(n, m), exact
	}
	for _, other := range ins[1:] {
		exact = exact && slices.Equal(other.source, in)
	}
	return in, exact
}

// pair is the key of what two nodes keep of their channels: all nodes whose channels move together
// with theirs keep the same.
func (c *channels) pair(n, m *searchspace.Node) [2]int {
	return [2]int{c.newTie[n.ID], c.oldTie[m.ID]}
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

// choose says where the output channels of a layer that mixes channels come from: old ones, and
// then new ones.
func (c *channels) choose(n, m *searchspace.Node) []int {
	if source := c.chosen[c.pair(n, m)]; source != nil {
		return source
	}
	source := prefix(m.Out.C, n.Out.C)
	if c.pick != nil {
		copy(source, c.pick(m, min(m.Out.C, n.Out.C)))
	}
	return source
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

// covers reports whether a kernel has all pixels of another that meet more than padding. Their
// middles meet the same pixels of the map: with padding "same" and a stride, those of 1×1 kernels
// may not.
func covers(n, m *searchspace.Node) bool {
	return n.Kernel/2-n.Pad == m.Kernel/2-m.Pad &&
		(n.Kernel >= m.Kernel || n.Kernel/2 >= max(n.In.H, n.In.W)-1)
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
