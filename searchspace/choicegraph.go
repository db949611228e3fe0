package searchspace

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// OpSelect is the choice node of a ChoiceGraph: its output is the input whose case equals the value
// of Select. It never appears in a Graph.
const OpSelect Op = 255

// ErrNoChoiceGraph is returned by LowerChoices for a space whose networks differ too much for one
// graph with choice nodes.
var ErrNoChoiceGraph = errors.New("space has no choice graph")

// ErrTooLarge is returned when a layer depends on so many decisions at once that its table over
// their joint choices would be too large.
var ErrTooLarge = errors.New("table over joint choices is too large")

// Largest tables: of one layer, of which a space has hundreds, and of one step when decisions are
// eliminated.
const (
	maxLayerTable = 1 << 14
	maxTable      = 1 << 20
)

// ChoiceShape is a shape whose number of channels may depend on decisions.
type ChoiceShape struct {
	C    Int
	H, W int
}

// At is the shape under choices. Errors are those of Int.At.
func (s ChoiceShape) At(choices []int) (Shape, error) {
	c, err := s.C.At(choices)
	return Shape{c, s.H, s.W}, err
}

func (s ChoiceShape) at(choices []int) Shape { return Shape{s.C.at(choices), s.H, s.W} }

// ChoiceNode is a Node before decisions are made: some of its numbers, and whether it exists,
// depend on decisions.
type ChoiceNode struct {
	ID     int
	Op     Op
	Name   string // equals Site in a graph with choices
	Site   string
	Block  string // site of the enclosing block, "" outside blocks
	Stage  int
	Inputs []int // of an OpSelect: one per case

	When   []Int // the node exists where all of these are not 0
	Select Int   // OpSelect: selects among Cases
	Cases  []int
	// Chain is set on the OpSelect of a Builder.Repeat, whose Select is the depth: Chain[i] is the
	// ID of the node whose output is that of the first i layers, Chain[0] the input of the first.
	// It goes up to the largest depth and has the depths in between that restrictions removed, too.
	Chain []int

	Kernel, Groups Int
	Stride, Offset int
	Bias           bool
	Act            Act
	Eps, Momentum  float64
	Rate           float64
	In, Out        ChoiceShape

	noPad   bool
	same    bool // see Conv.Same
	sum     Int  // channels of the second operand of an OpAdd or OpMul
	variant []tag
}

// Exists reports whether n is part of the network under choices. Errors are those of Int.At.
func (n *ChoiceNode) Exists(choices []int) (yes bool, err error) {
	defer outside(choices, &err)
	return n.exists(choices), nil
}

func (n *ChoiceNode) exists(choices []int) bool {
	for _, c := range n.When {
		if c.at(choices) == 0 {
			return false
		}
	}
	return true
}

// Decisions is the indices of all decisions n depends on, ascending.
func (n *ChoiceNode) Decisions() []int {
	xs := slices.Concat([]Int{n.Select, n.Kernel, n.Groups, n.In.C, n.Out.C, n.sum}, n.When)
	return withDeps(xs, n.VariantDecisions()...)
}

// VariantDecisions is the indices of the decisions that Node.Variant depends on, ascending: under
// single-path sharing every joint choice of them has weights of its own.
func (n *ChoiceNode) VariantDecisions() []int {
	xs := make([]Int, len(n.variant))
	for i, t := range n.variant {
		xs[i] = t.value
	}
	return unionDeps(xs...)
}

// Variant is Node.Variant under choices. Errors are those of Int.At.
func (n *ChoiceNode) Variant(choices []int) (key string, err error) {
	defer outside(choices, &err)
	return n.variantAt(choices), nil
}

func (n *ChoiceNode) variantAt(choices []int) string {
	var key strings.Builder
	for _, t := range n.variant {
		key.WriteString(t.label)
		key.WriteString(strconv.Itoa(t.value.at(choices)))
	}
	return key.String()
}

// At is the node under choices. Inputs keep the IDs of the choice graph. Errors are those of
// Int.At.
func (n *ChoiceNode) At(choices []int) (node Node, err error) {
	defer outside(choices, &err)
	return n.at(choices), nil
}

func (n *ChoiceNode) at(choices []int) Node {
	out := Node{
		ID: n.ID, Op: n.Op, Name: n.Name, Site: n.Site, Variant: n.variantAt(choices), Block: n.Block,
		Stage:  n.Stage,
		Inputs: n.Inputs, Kernel: n.Kernel.at(choices), Stride: n.Stride, Groups: n.Groups.at(choices),
		Offset: n.Offset, Bias: n.Bias, Act: n.Act, Eps: n.Eps, Momentum: n.Momentum, Rate: n.Rate,
		In: n.In.at(choices), Out: n.Out.at(choices),
	}
	out.Pad, out.PadExtra = n.Padding(out.Kernel)
	return out
}

// Padding is Node.Pad and Node.PadExtra of n with the given kernel size.
func (n *ChoiceNode) Padding(kernel int) (pad, extra int) {
	switch {
	case n.noPad:
		return 0, 0
	case n.same: // maps are square
		total := max((n.Out.H-1)*n.Stride+kernel-n.In.H, 0)
		return total / 2, total % 2
	}
	return kernel / 2, 0
}

// ChoiceGraph is the layer graph of a whole space: every node of every architecture, choices kept
// as OpSelect nodes and as numbers that depend on decisions. Nodes are in topological order.
type ChoiceGraph struct {
	Nodes     []ChoiceNode
	Decisions []Decision
	InputSize int
	Classes   int
	Stages    int
	space     *Space
}

// LowerChoices lowers the whole space. Branches that restrictions have removed are left out. Spaces
// of families with Builder.Resolved give ErrNoChoiceGraph.
func (s *Space) LowerChoices() (*ChoiceGraph, error) {
	if s.opaque {
		return nil, fmt.Errorf("searchspace: family %s: %w", s.fam.Name, ErrNoChoiceGraph)
	}
	if s.fam.Build == nil {
		return nil, errZeroSpace
	}
	b := newBuilder(&s.fam, s, nil)
	s.fam.Build(b)
	if b.err != nil {
		return nil, b.err
	}
	for i := range b.nodes {
		b.nodes[i].Name = b.nodes[i].Site
	}
	return &ChoiceGraph{Nodes: b.nodes, Decisions: s.Decisions(), InputSize: s.fam.InputSize,
		Classes: s.fam.Classes, Stages: b.stages, space: s}, nil
}

// Lower is the layer graph of one of the networks: that under choices, an allowed choice index per
// decision; those of inactive decisions are ignored. Unlike Space.Lower it does not ask whether
// limits and lists of combinations allow the choices together. The error wraps ErrInvalid for
// choices that are not allowed.
func (g *ChoiceGraph) Lower(choices []int) (*Graph, error) {
	if len(choices) != len(g.Decisions) {
		return nil, fmt.Errorf("searchspace: %d choices, expected %d: %w", len(choices), len(g.Decisions),
			ErrInvalid)
	}
	choices = g.space.canonical(choices)
	for i, c := range choices {
		d := &g.space.decisions[i]
		if !slices.Contains(d.Allowed, c) && (c != 0 || g.space.active(i, choices)) {
			return nil, fmt.Errorf("searchspace: choice %d of %s, expected %s: %w", c, d.Name, d.expected(),
				ErrInvalid)
		}
	}
	return g.space.lower(choices)
}

// each runs f for every joint choice of deps that restrictions allow.
func (g *ChoiceGraph) each(deps []int, f func(choices []int)) error {
	size := 1
	for _, d := range deps {
		if size *= len(g.Decisions[d].Allowed); size > maxLayerTable {
			return fmt.Errorf("searchspace: %d decisions: %w", len(deps), ErrTooLarge)
		}
	}
	assignments(len(g.Decisions), deps, func(d int) []int { return g.Decisions[d].Allowed },
		func(choices []int) bool {
			f(choices)
			return true
		})
	return nil
}
