package searchspace

import "slices"

// sameNetwork reports whether two architectures, given by their canonical choices, have the same
// network: layers, shapes and connections. Where the space has a choice graph, only nodes that
// depend on a decision that differs are looked at.
func (s *Space) sameNetwork(a, b []int) bool {
	if s.opaque {
		ga, errA := s.lower(a)
		gb, errB := s.lower(b)
		return errA == nil && errB == nil && ga.alike(gb)
	}
	for d := range a {
		if a[d] == b[d] {
			continue
		}
		for _, i := range s.readers[d] {
			if !s.nodes[i].alike(a, b) {
				return false
			}
		}
	}
	return true
}

// alike reports whether n is the same layer under both choices. Which parts of a choice node stand
// behind a Select shows in the existence of their nodes; where a case has none, in the Select.
func (n *ChoiceNode) alike(a, b []int) bool {
	on := n.exists(a)
	if on != n.exists(b) {
		return false
	}
	return !on || n.Select.at(a) == n.Select.at(b) && n.Kernel.at(a) == n.Kernel.at(b) &&
		n.Groups.at(a) == n.Groups.at(b) && n.In.C.at(a) == n.In.C.at(b) && n.Out.C.at(a) == n.Out.C.at(b)
}

// alike reports whether two graphs differ in names at most.
func (g *Graph) alike(o *Graph) bool {
	return slices.EqualFunc(g.Nodes, o.Nodes, func(x, y Node) bool {
		return x.Op == y.Op && x.Kernel == y.Kernel && x.Stride == y.Stride && x.Groups == y.Groups &&
			x.Offset == y.Offset && x.Pad == y.Pad && x.PadExtra == y.PadExtra && x.Bias == y.Bias &&
			x.Act == y.Act && x.In == y.In && x.Out == y.Out && slices.Equal(x.Inputs, y.Inputs)
	})
}
