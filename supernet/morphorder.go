package supernet

import (
	"cmp"
	"slices"

	"github.com/tendril-nas/tendril/searchspace"
)

// ranks puts channels of a network into an order, the most important first, wherever some network
// has fewer of them: at the sites whose least number of channels is smaller than here. Channels
// that move together have one order. It is nil for a node whose channels keep theirs, as they do
// where layers between them go by the number of a channel.
//
// apart has, by site, numbers of channels that are separated already: an order is one of the
// channels before such a number, then one of those behind. important says how important channels of
// a node are; it is asked once for channels that move together, at the first node that has them.
func ranks(g *searchspace.Graph, least map[string]int, apart map[string][]int,
	important [][]float64) [][]int {
	tie := ties(g)
	first, fewer, fixed := make(map[int]int), make(map[int]bool), make(map[int]bool)
	cuts := make(map[int][]int)
	for i := range g.Nodes {
		n := &g.Nodes[i]
		if _, ok := first[tie[i]]; !ok {
			first[tie[i]] = i
		}
		if k, ok := least[n.Site]; ok && len(kindsOf(n)) > 0 && k < n.Out.C {
			fewer[tie[i]] = true
			cuts[tie[i]] = append(cuts[tie[i]], apart[n.Site]...)
		}
		if byNumber(n) {
			fixed[tie[i]] = true
			for _, in := range n.Inputs {
				fixed[tie[in]] = true
			}
		}
	}
	out := make([][]int, len(g.Nodes))
	for i := range g.Nodes {
		switch at := first[tie[i]]; {
		case !fewer[tie[i]] || fixed[tie[i]]:
		case at < i:
			out[i] = out[at]
		default:
			out[i] = rankedWithin(important[i], cuts[tie[i]])
		}
	}
	return out
}

// byNumber reports whether what a node does to a channel depends on its number.
func byNumber(n *searchspace.Node) bool {
	switch n.Op {
	case searchspace.OpConcat, searchspace.OpSlice, searchspace.OpShuffle:
		return true
	case searchspace.OpConv:
		return n.Groups > 1 && !n.Depthwise()
	}
	return false
}

// ranked is all channels, the most important first; of equals the first.
func ranked(important []float64) []int { return rankedWithin(important, nil) }

// rankedWithin is ranked for the channels up to each of some numbers, one part after the other.
func rankedWithin(important []float64, cuts []int) []int {
	source := prefix(len(important), len(important))
	part := make([]int, len(important))
	for c := range part {
		for _, cut := range cuts {
			if c >= cut {
				part[c] = max(part[c], cut)
			}
		}
	}
	slices.SortStableFunc(source, func(a, b int) int {
		return cmp.Or(cmp.Compare(part[a], part[b]), cmp.Compare(important[b], important[a]))
	})
	return source
}
