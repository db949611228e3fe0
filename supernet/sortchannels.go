package supernet

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/tendril-nas/tendril/searchspace"
)

// SortChannels puts the most important channels of an elastic supernet first wherever some
// sub-network has fewer of them than the largest, so that those which become narrower keep what
// counts. A channel counts the L1 norm of the weights that read it: of the projection, for the
// inner channels of an inverted residual; of the layer that expands again, for the hidden units of
// a squeeze-and-excitation. What makes and follows the channels (convolutions, batch normalisations
// with their statistics) moves along, and the largest network computes what it did.
//
// separated is a restriction of the space whose sub-networks are trained already: channels stay on
// their side of every width that they have there, so that none of these sub-networks changes
// either. Nil stands for the largest network alone.
//
// It is an error on a supernet that shares by SinglePath, whose candidates have channels of their
// own, in a space whose largest network does not have all weights, and during a training
// (ErrTraining).
//
// See Cai et al., "Once-for-All: Train One Network and Specialize it for Efficient Deployment",
// ICLR 2020, section 3.3, and the published code, which sorts so before its two phases of elastic
// width.
func (n *Net) SortChannels(ctx context.Context, separated *searchspace.Space) error {
	if err := n.sortChannels(ctx, separated); err != nil {
		return fmt.Errorf("supernet: sort channels: %w", err)
	}
	return nil
}

func (n *Net) sortChannels(ctx context.Context, separated *searchspace.Space) error {
	if err := n.acquireToChange(ctx); err != nil {
		return err
	}
	defer n.release()
	top, err := n.top()
	if err != nil {
		return err
	}
	apart := map[string][]int{}
	if separated != nil {
		space, err := n.restriction(separated)
		if err != nil {
			return err
		}
		if apart, err = widths(space); err != nil {
			return err
		}
		if err := addGlued(apart, space, top); err != nil {
			return err
		}
	}
	varies, err := widths(n.space)
	if err != nil {
		return err
	}
	least := make(map[string]int, len(varies))
	for site, all := range varies {
		least[site] = all[0]
	}
	weights, err := n.weightsOf(top)
	if err != nil {
		return err
	}
	all := prefix(top.Classes, top.Classes)
	way, err := sorting(top, all, ranks(top, least, apart, magnitude(top, weights, all)))
	if err != nil {
		return err
	}
	tensors, err := n.copies()
	if err != nil {
		return err
	}
	if err := way.write(tensors, n.store, weights, nil); err != nil {
		return err
	}
	return n.put(tensors)
}

// top is the largest network if it has all weights of a supernet that shares them elastically. The
// caller has the turn.
func (n *Net) top() (*searchspace.Graph, error) {
	if n.sharing != Elastic {
		return nil, fmt.Errorf("a supernet that shares by %s, expected %s", n.sharing, Elastic)
	}
	g, err := n.space.Lower(n.space.Largest())
	if err != nil {
		return nil, err
	}
	used := make(map[string]extent)
	for _, l := range links(g, n.store, g, own{}) {
		at := l.from
		used[at.key] = extent{at.kernel, at.in.to, at.out.to}
	}
	for _, s := range n.store.list {
		if used[s.key] != s.extent {
			return nil, fmt.Errorf("the largest network does not have all of %s", s.key)
		}
	}
	return g, nil
}

// weightsOf is copies of the weights of a network. The caller has the turn.
func (n *Net) weightsOf(g *searchspace.Graph) (arrays, error) {
	shared, err := n.copies()
	if err != nil {
		return nil, err
	}
	weights := make(arrays)
	for _, s := range specsOfGraph(g, own{}).list {
		weights[s.key] = &array{extent: s.extent, data: make([]float32, s.size())}
	}
	return weights, weights.take(shared, links(g, n.store, g, own{}))
}

// widths lists the numbers of output channels that every site with weights has in the networks of a
// space, in ascending order.
func widths(space *searchspace.Space) (map[string][]int, error) {
	g, err := space.LowerChoices()
	if err != nil {
		return nil, err
	}
	out := make(map[string][]int)
	err = eachUse(g, func(n *searchspace.Node, _, _ []int) {
		known := out[n.Site]
		if i, there := slices.BinarySearch(known, n.Out.C); !there {
			out[n.Site] = slices.Insert(known, i, n.Out.C)
		}
	})
	return out, err
}

// addGlued separates all channels of sites that some network of a space ties to others than the
// largest does: without the layer that expands, a depthwise convolution reads the channels of the
// layer before, and without the last layers of a plain stage the next one does. It looks at all
// networks that differ from the largest in one decision.
func addGlued(apart map[string][]int, space *searchspace.Space, top *searchspace.Graph) error {
	whole := newGluing(apart, top)
	largest := space.Largest().Choices()
	for d, decision := range space.Decisions() {
		for _, c := range decision.Allowed {
			choices := slices.Clone(largest)
			choices[d] = c
			a, err := space.New(choices)
			if errors.Is(err, searchspace.ErrInvalid) {
				continue
			} else if err != nil {
				return err
			}
			g, err := space.Lower(a)
			if err != nil {
				return err
			}
			whole.add(g)
		}
	}
	return nil
}

// gluing separates channels of the largest network.
type gluing struct {
	apart map[string][]int
	tied  map[string]int   // of every site with weights, see ties
	reads map[string]int   // what every site that mixes channels reads, by the same numbers
	sites map[int][]string // by the same numbers
}

// noTie is the channels of images, and what layers that go by numbers of channels make.
const noTie = -1

func newGluing(apart map[string][]int, top *searchspace.Graph) *gluing {
	w := &gluing{apart, make(map[string]int), make(map[string]int), make(map[int][]string)}
	tie := ties(top)
	for i := range top.Nodes {
		if n := &top.Nodes[i]; len(kindsOf(n)) > 0 {
			w.tied[n.Site] = tie[i]
			w.sites[tie[i]] = append(w.sites[tie[i]], n.Site)
		}
	}
	for n := range mixing(top) {
		w.reads[n.Site] = noTie
		if in := tie[n.Inputs[0]]; len(w.sites[in]) > 0 {
			w.reads[n.Site] = in
		}
	}
	return w
}

// mixing is the layers with weights that mix channels.
func mixing(g *searchspace.Graph) iter.Seq[*searchspace.Node] {
	return func(yield func(*searchspace.Node) bool) {
		for i := range g.Nodes {
			if n := &g.Nodes[i]; len(kindsOf(n)) > 0 && !channelwise(n) && !yield(n) {
				return
			}
		}
	}
}

// add separates what a network ties in another way.
func (w *gluing) add(g *searchspace.Graph) {
	tie := ties(g)
	first, glued := make(map[int]int), make(map[int]bool)
	for i := range g.Nodes {
		n := &g.Nodes[i]
		if len(kindsOf(n)) == 0 {
			continue
		}
		if before, ok := first[tie[i]]; ok && before != w.tied[n.Site] {
			glued[tie[i]] = true
		}
		first[tie[i]] = w.tied[n.Site]
	}
	for n := range mixing(g) {
		in := tie[n.Inputs[0]]
		reads, ok := first[in]
		if !ok {
			reads = noTie
		}
		if usual := w.reads[n.Site]; reads != usual {
			glued[in] = true
			for _, site := range w.sites[usual] {
				w.separate(site, n.In.C)
			}
		}
	}
	for i := range g.Nodes {
		if n := &g.Nodes[i]; glued[tie[i]] && len(kindsOf(n)) > 0 {
			w.separate(n.Site, n.Out.C)
		}
	}
}

// separate separates the first channels of a site from each other and from the rest.
func (w *gluing) separate(site string, channels int) {
	for c := range channels {
		if i, there := slices.BinarySearch(w.apart[site], c+1); !there {
			w.apart[site] = slices.Insert(w.apart[site], i, c+1)
		}
	}
}

var errNotSortable = errors.New("channels cannot be sorted")

// sorting is the way of channels that puts those of a network into an order by node, nil for nodes
// whose channels stay; what it computes stays the same.
func sorting(g *searchspace.Graph, classes []int, rank [][]int) (*channels, error) {
	c := follow(g, g, classes, func(m *searchspace.Node, n int) []int {
		if rank[m.ID] == nil {
			return prefix(n, n)
		}
		return rank[m.ID][:n]
	})
	if !c.preserved {
		return nil, errNotSortable
	}
	return c, nil
}
