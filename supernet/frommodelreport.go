package supernet

import (
	"fmt"
	"strings"

	"github.com/tendril-nas/tendril/searchspace"
)

// InheritReport is what Net.Inherit did. Its names in JSON stay.
type InheritReport struct {
	// Model is the network that gave its weights, for images of the supernet's size.
	Model MorphEnd `json:"model"`
	// Largest is the supernet's sub-network with the most multiply-adds.
	Largest MorphEnd `json:"largest"`
	// Arch is the model's architecture in the supernet's space, whose lists of choices may be
	// others; the zero Arch if it has no such sub-network.
	Arch searchspace.Arch `json:"choices"`
	// Sites are the places of weights of the supernet in its order, with SinglePath one for every
	// candidate; after them the layers of the model for which it has no site.
	Sites []InheritSite `json:"sites"`
	// Exact is set if Arch gives the model's logits of the classes that both know, up to rounding,
	// with the shared running statistics (EvalOptions.Statistics Running) as with those of a batch;
	// Preserved, if Largest does. Both are decided by rule, without looking at weights. In a space
	// of both, MorphReport.Preserved of Model.PlanMorph says it of the other sub-networks (of those
	// that were there before, if the space has no choice graph).
	Exact     bool `json:"exact"`
	Preserved bool `json:"preserved"`
}

// InheritSite is what happened to the weights of one site: From is the model's layer, To the
// largest that the site has, Change what became of the weights for it. Those of MorphUnlike stayed
// as they were.
type InheritSite struct {
	MorphNode
	// Candidate tells the candidates of a site apart, as Node.Variant does; empty where all share
	// one tensor.
	Candidate string `json:"candidate,omitempty"`
}

// inheritance gathers what happens to the tensors of a store while networks are written to it.
type inheritance struct {
	keys  []string
	byKey map[string]InheritSite
	sites map[string]bool
}

func newInheritance() *inheritance {
	return &inheritance{byKey: make(map[string]InheritSite), sites: make(map[string]bool)}
}

// add notes what the wanted nodes of one network bring. The largest use of a tensor that brings
// something counts.
func (h *inheritance) add(c *channels, by placer, wanted func(*searchspace.Node) bool) {
	for i := range c.new.Nodes {
		n := &c.new.Nodes[i]
		if !wanted(n) {
			continue
		}
		kind := kindsOf(n)[0]
		at := by.place(n, kind)
		site := InheritSite{MorphNode: c.node(n)}
		_, site.Candidate, _ = strings.Cut(strings.TrimSuffix(at.key, kind.suffix()), "@")
		known, ok := h.byKey[at.key]
		if !ok {
			h.keys = append(h.keys, at.key)
		}
		if !ok || site.better(&known) {
			h.byKey[at.key] = site
		}
		h.sites[n.Site] = true
	}
}

// better reports whether a use of a tensor says more about it than another.
func (s *InheritSite) better(other *InheritSite) bool {
	if (s.Change == MorphUnlike) != (other.Change == MorphUnlike) {
		return other.Change == MorphUnlike
	}
	size := func(m MorphSize) extent { return extent{max(m.Kernel, 1), m.In, m.Out} }
	return size(s.To).size() > size(other.To).size()
}

// list is the sites of the supernet, and the layers of the model that it does not have.
func (h *inheritance) list(old *searchspace.Graph) []InheritSite {
	var out []InheritSite
	for _, key := range h.keys {
		out = append(out, h.byKey[key])
	}
	for _, n := range dropped(old, h.sites) {
		out = append(out, InheritSite{MorphNode: n})
	}
	return out
}

// Count is the number of sites with a change, candidates counted one by one.
func (r *InheritReport) Count(change MorphChange) int {
	n := 0
	for i := range r.Sites {
		if r.Sites[i].Change == change {
			n++
		}
	}
	return n
}

// String is a summary of three lines: the model and the largest sub-network with their costs, and
// how many sites changed in which way.
func (r *InheritReport) String() string {
	var b strings.Builder
	r.Model.print(&b, "from")
	r.Largest.print(&b, "up to")
	fmt.Fprintf(&b, "sites: %s; ", changes(r.Count))
	switch {
	case r.Exact && r.Preserved:
		b.WriteString("the model's architecture and the largest one have its function")
	case r.Exact:
		b.WriteString("the model's architecture has its function")
	case r.Preserved:
		b.WriteString("the largest architecture has the model's function")
	default:
		b.WriteString("no architecture is sure to have the model's function")
	}
	return b.String()
}
