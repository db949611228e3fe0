package supernet

import "github.com/tendril-nas/tendril/searchspace"

// ties gives every node of a graph the number of the channels that its output has: nodes with the
// same number have channels that move together, because layers between them work channel by channel
// or add and multiply them.
func ties(g *searchspace.Graph) []int {
	tie := make([]int, len(g.Nodes))
	var root func(i int) int
	root = func(i int) int {
		if tie[i] != i {
			tie[i] = root(tie[i])
		}
		return tie[i]
	}
	for i := range g.Nodes {
		tie[i] = i
		if n := &g.Nodes[i]; channelwise(n) {
			for _, in := range n.Inputs {
				tie[root(in)] = root(i)
			}
		}
	}
	for i := range tie {
		tie[i] = root(i)
	}
	return tie
}

// channelwise reports whether channel c of a node comes from channel c of its inputs alone.
func channelwise(n *searchspace.Node) bool {
	switch n.Op {
	case searchspace.OpConv:
		return n.Depthwise()
	case searchspace.OpInput, searchspace.OpLinear, searchspace.OpConcat, searchspace.OpSlice,
		searchspace.OpShuffle:
		return false
	}
	return true
}

// alike reports whether two nodes of one site compute the same from inputs and weights, but for
// their numbers of channels and the sizes of convolution kernels.
func alike(a, b *searchspace.Node) bool {
	switch {
	case a.Op != b.Op || a.Stride != b.Stride || a.Act != b.Act || a.Bias != b.Bias || a.Eps != b.Eps ||
		len(a.Inputs) != len(b.Inputs):
		return false
	case a.Op == searchspace.OpConv:
		if a.Depthwise() || b.Depthwise() {
			return a.Depthwise() && b.Depthwise()
		}
		// In other groups, or groups of another size, channels would meet other ones.
		return a.Groups == b.Groups && (a.Groups == 1 || a.In.C == b.In.C && a.Out.C == b.Out.C)
	}
	return a.Kernel == b.Kernel && a.Pad == b.Pad && a.Groups == b.Groups
}

// prefix is the first channels of many: channel i comes from channel i, as far as both exist.
func prefix(from, to int) []int {
	source := make([]int, to)
	for i := range source {
		source[i] = i
		if i >= from {
			source[i] = -1
		}
	}
	return source
}

// carried counts the channels that come from somewhere.
func carried(source []int) int {
	n := 0
	for _, from := range source {
		if from >= 0 {
			n++
		}
	}
	return n
}
