package searchspace

import (
	"errors"
	"fmt"
)

// errZeroSpace is for the zero value of Space.
var errZeroSpace = errors.New("searchspace: a space that NewSpace has not made")

// Lower is the layer graph of a.
func (s *Space) Lower(a Arch) (*Graph, error) {
	if err := s.Valid(a); err != nil {
		return nil, err
	}
	return s.lower(a.Choices())
}

// Cost is the cost of a's layer graph.
func (s *Space) Cost(a Arch) (Cost, error) {
	g, err := s.Lower(a)
	if err != nil {
		return Cost{}, err
	}
	return g.Cost(), nil
}

func (s *Space) lower(choices []int) (*Graph, error) {
	if s.fam.Build == nil {
		return nil, errZeroSpace
	}
	b := newBuilder(&s.fam, s, choices)
	if nodes, ok := s.scratch.Get().(*[]ChoiceNode); ok {
		b.nodes = *nodes
	}
	defer func() {
		clear(b.nodes)
		nodes := b.nodes[:0]
		s.scratch.Put(&nodes)
		b.nodes = nil
	}()
	s.fam.Build(b)
	if b.err != nil {
		return nil, b.err
	}
	g := &Graph{Nodes: make([]Node, len(b.nodes)), InputSize: s.fam.InputSize, Classes: s.fam.Classes,
		Stages: b.stages, feature: b.feature}
	names := make(map[string]bool, len(b.nodes))
	var madds float64 // a float cannot overflow
	for i := range b.nodes {
		n := b.nodes[i].at(choices)
		if err := n.check(&b.nodes[i], choices); err != nil {
			return nil, fmt.Errorf("searchspace: family %s: %w", s.fam.Name, err)
		}
		if names[n.Name] {
			return nil, fmt.Errorf("searchspace: family %s has two layers called %s, expected names of their own",
				s.fam.Name, n.Name)
		}
		names[n.Name] = true
		g.Nodes[i] = n
		madds += float64(n.In.C) * float64(n.Out.C) * float64(n.Out.H) * float64(n.Out.W) *
			float64(n.Kernel*n.Kernel)
	}
	if madds > maxMAdds {
		return nil, fmt.Errorf("searchspace: family %s: a network of about %.1g multiply-adds, expected at "+
			"most %.1g", s.fam.Name, madds, float64(maxMAdds))
	}
	last := len(g.Nodes) - 1
	if last < 0 || g.feature < 0 || g.Nodes[last].Op != OpLinear {
		return nil, fmt.Errorf("searchspace: family %s does not end in a classifier", s.fam.Name)
	}
	return g, nil
}

// check finds numbers no network can have: a family's own mistakes, and settings such as a
// vanishing width.
func (n *Node) check(c *ChoiceNode, choices []int) error {
	if n.Out.C < 1 || n.Out.C > maxWidth && n.Op != OpLinear {
		return fmt.Errorf("%s has %d channels, expected 1 to %d", n.Name, n.Out.C, maxWidth)
	}
	switch n.Op {
	case OpConv, OpShuffle:
		if n.Groups < 1 || n.In.C%n.Groups != 0 || n.Out.C%n.Groups != 0 {
			return fmt.Errorf("%s goes from %d to %d channels in %d groups, expected multiples of the groups",
				n.Name, n.In.C, n.Out.C, n.Groups)
		}
		if n.Op == OpConv && (n.Kernel < 1 || n.Kernel%2 == 0) {
			return fmt.Errorf("%s has kernel %d, expected an odd number", n.Name, n.Kernel)
		}
	case OpSlice:
		if n.Offset < 0 || n.Offset+n.Out.C > n.In.C {
			return fmt.Errorf("%s takes channels %d to %d of %d", n.Name, n.Offset, n.Offset+n.Out.C, n.In.C)
		}
	case OpAdd, OpMul:
		if other := c.sum.at(choices); other != n.In.C {
			return fmt.Errorf("%s joins %d and %d channels", n.Name, n.In.C, other)
		}
	}
	return nil
}
