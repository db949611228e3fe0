package supernet

import (
	"fmt"
	"strings"

	"github.com/tendril-nas/tendril/searchspace"
)

// MorphChange says what became of a layer with weights when a model was morphed.
type MorphChange string

// Changes of a layer.
const (
	MorphKept     MorphChange = "kept"           // the same weights
	MorphGrown    MorphChange = "grown"          // all old weights, and more channels or a larger kernel
	MorphShrunk   MorphChange = "shrunk"         // some of the old weights
	MorphReshaped MorphChange = "reshaped"       // grown in one way and shrunk in another
	MorphStarted  MorphChange = "started"        // part of a new layer that is the identity at first
	MorphUnlike   MorphChange = "no counterpart" // other weights: the old network has no such layer
	MorphDropped  MorphChange = "dropped"        // the new network has no such layer
)

// MorphReport is what a morph does, or would do.
type MorphReport struct {
	From, To MorphEnd
	// Nodes are the layers with weights of the new network in its order, and after them the dropped
	// ones of the old.
	Nodes []MorphNode
	// Preserved is set if logits of classes that both networks know stay what they were, whatever
	// weights and images are. It is decided by rule, without looking at weights.
	Preserved bool
	// Recalibrated is set if running statistics are gathered anew, on MorphOptions.Calibration. If
	// neither it nor Preserved is set, call Model.Recalibrate, or train, before judging the model.
	Recalibrated bool
}

// MorphEnd is one of the two networks of a morph.
type MorphEnd struct {
	Arch    searchspace.Arch
	Text    string // Space.Format of it
	Classes int
	Cost    searchspace.Cost
}

// MorphNode is what happens to one layer with weights.
type MorphNode struct {
	Site string // searchspace.Node.Site
	Op   string // "Conv2d", "BatchNorm2d" or "Linear"
	// Change is what happens. Classes count as channels of the classifier.
	Change MorphChange
	// From and To are the sizes in the two networks; zero in the one that has no such layer.
	From, To MorphSize
}

// MorphSize is the size of a layer; Kernel is 0 except for convolutions.
type MorphSize struct{ Kernel, In, Out int }

// sizeOf is the size of a layer with weights.
func sizeOf(n *searchspace.Node) MorphSize { return MorphSize{n.Kernel, n.In.C, n.Out.C} }

// nodes lists what happens to all layers.
func (c *channels) nodes() []MorphNode {
	var out []MorphNode
	kept := make(map[string]bool)
	for i := range c.new.Nodes {
		n := &c.new.Nodes[i]
		if len(kindsOf(n)) == 0 {
			continue
		}
		node := MorphNode{Site: n.Site, Op: n.Op.String(), Change: c.change(n), To: sizeOf(n)}
		if m := c.sites[n.Site]; m != nil {
			node.From = sizeOf(m)
			kept[n.Site] = true
		}
		out = append(out, node)
	}
	for i := range c.old.Nodes {
		if m := &c.old.Nodes[i]; len(kindsOf(m)) > 0 && !kept[m.Site] {
			out = append(out, MorphNode{Site: m.Site, Op: m.Op.String(), Change: MorphDropped,
				From: sizeOf(m)})
		}
	}
	return out
}

// change is what happens to one layer of the new network.
func (c *channels) change(n *searchspace.Node) MorphChange {
	way := &c.matches[n.ID]
	switch {
	case c.started[n.ID]:
		return MorphStarted
	case way.old < 0:
		return MorphUnlike
	}
	m := &c.old.Nodes[way.old]
	in, out := carried(way.in), carried(way.source)
	grown := n.Kernel > m.Kernel || n.In.C > in || n.Out.C > out
	shrunk := n.Kernel < m.Kernel || m.In.C > in || m.Out.C > out
	switch {
	case grown && shrunk:
		return MorphReshaped
	case grown:
		return MorphGrown
	case shrunk:
		return MorphShrunk
	}
	return MorphKept
}

// Count is the number of layers with a change.
func (r *MorphReport) Count(change MorphChange) int {
	n := 0
	for i := range r.Nodes {
		if r.Nodes[i].Change == change {
			n++
		}
	}
	return n
}

// String is a summary of three lines: both networks with their costs, and how many layers changed
// in which way.
func (r *MorphReport) String() string {
	var b strings.Builder
	for _, end := range []struct {
		name string
		*MorphEnd
	}{{"from", &r.From}, {"to", &r.To}} {
		fmt.Fprintf(&b, "%-4s %s, %d classes: %.2f M MAdds, %.2f M parameters\n", end.name, end.Text,
			end.Classes, float64(end.Cost.MAdds)/1e6, float64(end.Cost.Params)/1e6)
	}
	var parts []string
	for _, change := range []MorphChange{MorphKept, MorphGrown, MorphShrunk, MorphReshaped, MorphStarted,
		MorphUnlike, MorphDropped} {
		if n := r.Count(change); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, change))
		}
	}
	fmt.Fprintf(&b, "layers: %s; ", strings.Join(parts, ", "))
	switch {
	case r.Preserved:
		b.WriteString("the function stays")
	case r.Recalibrated:
		b.WriteString("the function changes, statistics are gathered anew")
	default:
		b.WriteString("the function changes, statistics are to be gathered anew")
	}
	return b.String()
}
