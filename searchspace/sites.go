package searchspace

import (
	"fmt"
	"slices"
)

// Site is a place of weights in a space: all the weights that architectures may have there.
type Site struct {
	Name  string
	Op    Op // OpConv, OpBatchNorm or OpLinear
	Stage int
	Block string
	Bias  bool
	// Depthwise is set for convolutions with one channel per group.
	Depthwise bool
	// Kernel, In and Out are the largest of any architecture: the size of a tensor that all of them
	// can share slices of.
	Kernel, In, Out int
	// Variants are the candidates of the site with weights of their own under single-path sharing,
	// in the order of choices.
	Variants []SiteVariant
}

// SiteVariant is one candidate of a Site. Where an architecture's weights differ inside a variant
// (widths of neighbouring layers), it is the largest.
type SiteVariant struct {
	Key             string // Node.Variant
	Kernel, In, Out int
	Params          int64
}

// Sites lists the places of weights in network order. Spaces without a choice graph give
// ErrNoChoiceGraph.
func (s *Space) Sites() ([]Site, error) {
	g, err := s.LowerChoices()
	if err != nil {
		return nil, err
	}
	var out []Site
	index := map[string]int{}
	for i := range g.Nodes {
		c := &g.Nodes[i]
		if c.Op != OpConv && c.Op != OpBatchNorm && c.Op != OpLinear {
			continue
		}
		k, ok := index[c.Site]
		if !ok {
			k = len(out)
			index[c.Site] = k
			out = append(out, Site{Name: c.Site, Op: c.Op, Stage: c.Stage, Block: c.Block, Bias: c.Bias})
		}
		if out[k].Op != c.Op {
			return nil, fmt.Errorf("searchspace: family %s uses site %s for %v and %v", s.fam.Name, c.Site,
				out[k].Op, c.Op)
		}
		if err := g.each(c.Decisions(), func(choices []int) {
			if c.exists(choices) {
				n := c.at(choices)
				out[k].include(&n)
			}
		}); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// include makes the site large enough for n.
func (s *Site) include(n *Node) {
	s.Kernel, s.In, s.Out = max(s.Kernel, n.Kernel), max(s.In, n.In.C), max(s.Out, n.Out.C)
	s.Depthwise = s.Depthwise || n.Depthwise()
	k := slices.IndexFunc(s.Variants, func(v SiteVariant) bool { return v.Key == n.Variant })
	if k < 0 {
		k = len(s.Variants)
		s.Variants = append(s.Variants, SiteVariant{Key: n.Variant})
	}
	v := &s.Variants[k]
	v.Kernel, v.In, v.Out = max(v.Kernel, n.Kernel), max(v.In, n.In.C), max(v.Out, n.Out.C)
	v.Params = max(v.Params, n.Params())
}
