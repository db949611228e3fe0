package supernet

import (
	"fmt"
	"strings"

	"github.com/tendril-nas/tendril/searchspace"
)

// MorphChange says what became of a layer with weights when a model was morphed, or a supernet
// inherited.
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

// MorphReport is what a morph does, or would do. Its names in JSON stay; as elsewhere an
// architecture is "arch" for people and "choices" for programs.
type MorphReport struct {
	From MorphEnd `json:"from"`
	To   MorphEnd `json:"to"`
	// Nodes are the layers with weights of the new network in its order, and after them the dropped
	// ones of the old.
	Nodes []MorphNode `json:"nodes"`
	// Preserved is set if logits of classes that both networks know stay what they were, whatever
	// weights and images are. It is decided by rule, without looking at weights.
	Preserved bool `json:"preserved"`
	// Recalibrated is set if running statistics are gathered anew, on MorphOptions.Calibration. If
	// neither it nor Preserved is set, call Model.Recalibrate, or train, before judging the model.
	Recalibrated bool `json:"recalibrated"`
}

// MorphEnd is one of the two networks of a morph.
type MorphEnd struct {
	Arch    searchspace.Arch `json:"choices"`
	Text    string           `json:"arch"` // Space.Format of it
	Classes int              `json:"classes"`
	Cost    searchspace.Cost `json:"cost"`
}

// MorphNode is what happens to one layer with weights.
type MorphNode struct {
	Site string `json:"site"` // searchspace.Node.Site
	Op   string `json:"op"`   // "Conv2d", "BatchNorm2d" or "Linear"
	// Change is what happens. Classes count as channels of the classifier.
	Change MorphChange `json:"change"`
	// From and To are the sizes in the two networks; zero in the one that has no such layer.
	From MorphSize `json:"from"`
	To   MorphSize `json:"to"`
	// Inherited is the share of the new layer's weights (scales, of a batch normalisation) that are
	// those of the old network, in [0, 1]. The zeros around an old kernel and beside old channels
	// are new.
	Inherited float64 `json:"inherited"`
}

// MorphSize is the size of a layer.
type MorphSize struct {
	Kernel int `json:"kernel"` // pixels; 0 except for convolutions
	In     int `json:"in"`     // channels
	Out    int `json:"out"`    // channels
}

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
		out = append(out, c.node(n))
		kept[n.Site] = true
	}
	return append(out, dropped(c.old, kept)...)
}

// node is what happens to one layer of the new network.
func (c *channels) node(n *searchspace.Node) MorphNode {
	node := MorphNode{Site: n.Site, Op: n.Op.String(), Change: c.change(n), To: sizeOf(n)}
	if m := c.sites[n.Site]; m != nil {
		node.From, node.Inherited = sizeOf(m), c.inherited(n)
	}
	return node
}

// dropped lists the layers of an old network that are not at the sites that a new one has.
func dropped(old *searchspace.Graph, kept map[string]bool) []MorphNode {
	var out []MorphNode
	for i := range old.Nodes {
		if m := &old.Nodes[i]; len(kindsOf(m)) > 0 && !kept[m.Site] {
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

// inherited is the share of a layer's weights that come from the old network.
func (c *channels) inherited(n *searchspace.Node) float64 {
	way := &c.matches[n.ID]
	if way.old < 0 {
		return 0
	}
	share := float64(carried(way.source)) / float64(n.Out.C)
	if n.Op == searchspace.OpBatchNorm {
		return share
	}
	if n.Groups <= 1 { // the inputs of groups are those of the groups themselves
		share *= float64(carried(way.in)) / float64(n.In.C)
	}
	if k := c.old.Nodes[way.old].Kernel; k < n.Kernel {
		share *= float64(k*k) / float64(n.Kernel*n.Kernel)
	}
	return share
}

// Rate is a TrainOptions.Rate for training the new model: 1 for layers that are new, which is where
// more than half of the weights are (MorphNode.Inherited), and smaller factors for the others, with
// one of their own for batch normalisations. inherited 0 trains new layers alone; norms 0 keeps
// inherited normalisations with their running statistics, see PretrainedReport.Rate.
func (r *MorphReport) Rate(inherited, norms float64) func(n *searchspace.Node) float64 {
	old := make(map[string]bool)
	for i := range r.Nodes {
		if n := &r.Nodes[i]; n.Inherited >= 0.5 {
			old[n.Site] = true
		}
	}
	return rates(func(n *searchspace.Node) bool { return old[n.Site] }, inherited, norms)
}

// rates gives layers that are old their factors, and others 1.
func rates(old func(*searchspace.Node) bool, inherited, norms float64) func(n *searchspace.Node) float64 {
	return func(n *searchspace.Node) float64 {
		switch {
		case !old(n):
			return 1
		case n.Op == searchspace.OpBatchNorm:
			return norms
		}
		return inherited
	}
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
	r.From.print(&b, "from")
	r.To.print(&b, "to")
	fmt.Fprintf(&b, "layers: %s; ", changes(r.Count))
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

// print writes a line about the network.
func (e *MorphEnd) print(b *strings.Builder, name string) {
	fmt.Fprintf(b, "%-4s %s, %d classes: %.2f M MAdds, %.2f M parameters\n", name, e.Text, e.Classes,
		float64(e.Cost.MAdds)/1e6, float64(e.Cost.Params)/1e6)
}

// changes lists the changes that there are, each with its number.
func changes(count func(MorphChange) int) string {
	var parts []string
	for _, change := range []MorphChange{MorphKept, MorphGrown, MorphShrunk, MorphReshaped, MorphStarted,
		MorphUnlike, MorphDropped} {
		if n := count(change); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, change))
		}
	}
	return strings.Join(parts, ", ")
}
