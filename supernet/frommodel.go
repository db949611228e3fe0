package supernet

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/tendril-nas/tendril/internal/tensor"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// InheritOptions configures Net.Inherit. The zero value, or a nil pointer, is the default.
type InheritOptions struct {
	// KeepOrder leaves channels in the model's order. By default the most important ones come first
	// wherever some sub-network has fewer of them than the model, so that it has what counts. Set
	// it for a supernet that has trained and a model that was extracted from it: the weights that
	// the supernet keeps know the channels by their old places.
	KeepOrder bool
}

// Inherit gives the supernet the weights of a trained model of the same family, running statistics
// included. The spaces may differ in restrictions, lists of choices, whether they are for layers or
// for whole stages, classes and image size. The model stays as it is; it can teach the training
// that follows (TrainOptions.Teacher).
//
// Every sub-network then begins much as Model.Morph would make it of the model, with this supernet
// to fill what is new: that of the model's architecture has the model's logits, larger ones have
// them where Morph keeps the function, smaller ones are near. InheritReport says which. Layers
// correspond by site, classes by name:
//
//   - Kernels lie in the centre of larger ones, whose rings are 0; smaller ones are the centre.
//   - The first channels are the model's, the most important first (InheritOptions.KeepOrder says
//     where) by the L1 norm of the weights that read them times |γ| of the batch normalisation that
//     they come from. Weights from new channels into those of the model are 0; those into new
//     channels, and depthwise kernels, biases and batch normalisations of new channels, stay as
//     they are.
//   - Residual layers that the model does not have are the identity at first, as with Morph. Where
//     skip connections are a choice (EAT-NAS), that is so in stages in which the model has them.
//   - With SinglePath every candidate of a site gets its part. Where a space has no choice graph
//     (ETNAS), candidates get it that came into being before, and the model's own; later ones start
//     with initial weights.
//   - Sites without counterpart in the model, and the classifier's rows of classes that it does not
//     know, keep the weights that they had.
//
// A supernet without class names takes those of the model, if they are as many as its classes.
//
// On a supernet that has trained it does the same. What that knew of layers and channels that the
// model has is gone, and what it knew of others has no effect at first. That is how a supernet
// catches up with the model that has served and learnt meanwhile, when new data come: GrowClasses
// for new classes, Inherit, and training on all data.
//
// The error wraps ErrTraining during a training of the supernet. An error leaves all weights as
// they were.
//
// Larger networks get the weights as Model.Morph gives them, which names sources and differences.
// Channels are sorted before they are shared as in Cai et al., "Once-for-All: Train One Network and
// Specialize it for Efficient Deployment", ICLR 2020, section 3.3; there by the L1 norm alone.
func (n *Net) Inherit(ctx context.Context, m *Model, o *InheritOptions) (*InheritReport, error) {
	if o == nil {
		o = &InheritOptions{}
	}
	report, err := n.inheritFrom(ctx, m, o)
	if err != nil {
		return nil, fmt.Errorf("supernet: inherit: %w", err)
	}
	return report, nil
}

func (n *Net) inheritFrom(ctx context.Context, m *Model, o *InheritOptions) (*InheritReport, error) {
	if m == nil || m.network == nil {
		return nil, errors.New("no model")
	}
	e, err := m.bequeath(ctx)
	if err != nil {
		return nil, err
	}
	if err := n.acquireToChange(ctx); err != nil {
		return nil, err
	}
	defer n.release()
	classes := n.classes
	if !classes.named() && e.classes.named() && len(classes) == len(e.classes) {
		classes = e.classes
	}
	if err := e.suit(n, classes); err != nil {
		return nil, err
	}
	tensors, report, err := n.heir(e, !o.KeepOrder)
	if err != nil {
		return nil, err
	}
	if err := n.put(tensors); err != nil {
		return nil, err
	}
	if !slices.Equal(classes, n.classes) {
		n.rename(classes)
	}
	n.weights.Lock()
	n.fit = cmp.Or(n.fit, e.fit)
	n.weights.Unlock()
	return report, nil
}

// estate is what a model leaves.
type estate struct {
	space   *searchspace.Space
	arch    searchspace.Arch
	graph   *searchspace.Graph
	classes classList
	norm    dataset.Normalization
	fit     dataset.Fit
	weights arrays
	matched []int // class of the model by class of the heir, −1 for new ones
}

// bequeath copies what is needed of a model. It has the turn no longer than that.
func (m *Model) bequeath(ctx context.Context) (*estate, error) {
	if err := m.acquire(ctx); err != nil {
		return nil, err
	}
	defer m.release()
	weights, err := m.copies()
	return &estate{space: m.space, arch: m.arch, classes: m.classes, norm: m.norm,
		fit: m.fit, weights: weights}, err
}

// suit makes an estate fit for a supernet with these classes: the layers are those for its images.
func (e *estate) suit(n *Net, classes classList) (err error) {
	if e.space.Name() != n.space.Name() {
		return fmt.Errorf("a model of space %s, expected %s", e.space.Name(), n.space.Name())
	}
	if e.norm != n.norm {
		return fmt.Errorf("the model normalises images by %v, expected %v", e.norm, n.norm)
	}
	if e.matched, err = e.classes.match(classes); err != nil {
		return err
	}
	if e.space, err = e.space.WithInput(n.space.InputSize()); err != nil {
		return err
	}
	e.graph, err = e.space.Lower(e.arch)
	return err
}

// heir is all tensors of the supernet as they are when it has inherited. The caller has the turn.
func (n *Net) heir(e *estate, sorted bool) (tensors arrays, r *InheritReport, err error) {
	defer tensor.Recover(&err)
	own, g, err := n.counterpart(e)
	if err != nil {
		return nil, nil, err
	}
	nets, u, err := cover(n.space, n.store.specs, n.likeliest(e))
	if err != nil {
		return nil, nil, err
	}
	if g != nil {
		if err := n.admit(own, g); err != nil {
			return nil, nil, err
		}
		nets = append(nets, part{Graph: g}) // the last, so that nothing comes over it
	}
	if sorted {
		if err := e.sort(u.least); err != nil {
			return nil, nil, err
		}
	}
	if tensors, err = n.copies(); err != nil {
		return nil, nil, err
	}
	rec := newInheritance()
	var last *channels
	for _, p := range nets {
		last = follow(e.graph, p.Graph, e.matched, nil)
		wanted := func(node *searchspace.Node) bool { return p.has(node, n.store) }
		if err := last.write(tensors, n.store, e.weights, wanted); err != nil {
			return nil, nil, err
		}
		rec.add(last, n.store, wanted)
	}
	largest := n.space.Largest()
	top, err := n.space.Lower(largest)
	if err != nil {
		return nil, nil, err
	}
	r = &InheritReport{Arch: own, Sites: rec.list(e.graph),
		Model:   MorphEnd{e.arch, e.space.Format(e.arch), len(e.classes), e.graph.Cost()},
		Largest: MorphEnd{largest, n.space.Format(largest), len(e.matched), top.Cost()},
		Exact:   g != nil && last.preserved, Preserved: follow(e.graph, top, e.matched, nil).preserved}
	if n.store.openEnded && !slices.Contains(n.store.archs, largest) {
		r.Preserved = false // it may have tensors that are not there yet
	}
	return tensors, r, nil
}

// sort puts the most important channels first wherever a network has fewer of them than the model;
// least is the least number of channels of a site. What the model computes stays the same.
func (e *estate) sort(least map[string]int) error {
	rank := ranks(e.graph, least, nil, importance(e.graph, e.weights, e.matched))
	c, err := sorting(e.graph, prefix(len(e.classes), len(e.classes)), rank)
	if err != nil {
		return fmt.Errorf("%s: %w; InheritOptions.KeepOrder leaves them as they are", e.space.Format(e.arch), err)
	}
	sorted := maps.Clone(e.weights)
	for key, a := range sorted {
		sorted[key] = &array{extent: a.extent, data: slices.Clone(a.data)}
	}
	err = c.write(sorted, own{}, e.weights, nil)
	e.weights = sorted
	return err
}

// likeliest is choices for what the weights of a site do not depend on: the largest ones, but skip
// connections and operations as the model has them. It decides which new layers are residual, and
// start as the identity.
func (n *Net) likeliest(e *estate) []int {
	decisions, choices := n.space.Decisions(), n.space.Largest().Choices()
	for i, c := range n.translate(e) {
		switch decisions[i].Kind {
		case searchspace.KindDepth, searchspace.KindKernel, searchspace.KindExpand, searchspace.KindWidth:
		default:
			choices[i] = c
		}
	}
	return choices
}

// translate is the model's choices in the supernet's space, by what decisions and choices are
// called; an allowed one where it has none of that name. Where one of the spaces decides for whole
// stages and the other for layers, what a stage has is taken for all of its layers, or what its
// first layer has for the stage.
func (n *Net) translate(e *estate) []int {
	theirs, decisions := e.space.Decisions(), n.space.Decisions()
	choices := make([]int, len(decisions))
	for i := range decisions {
		d := &decisions[i]
		choices[i] = d.Allowed[0]
		j := e.space.DecisionIndex(d.Name)
		if j < 0 {
			j = slices.IndexFunc(theirs, func(other searchspace.Decision) bool {
				return other.Kind == d.Kind && other.Stage == d.Stage &&
					(other.Layer < 0 || d.Layer < 0 && other.Layer == 0)
			})
		}
		if j >= 0 {
			c := slices.Index(d.Labels, theirs[j].Labels[e.arch.At(j)])
			if slices.Contains(d.Allowed, c) {
				choices[i] = c
			}
		}
	}
	return choices
}

// counterpart is the sub-network with the layers of the model, classes aside; nil if the space has
// none.
func (n *Net) counterpart(e *estate) (searchspace.Arch, *searchspace.Graph, error) {
	a, err := n.space.New(n.translate(e))
	if errors.Is(err, searchspace.ErrInvalid) {
		return searchspace.Arch{}, nil, nil
	} else if err != nil {
		return searchspace.Arch{}, nil, err
	}
	g, err := n.space.Lower(a)
	if err != nil || !sameLayers(g, e.graph) {
		return searchspace.Arch{}, nil, err
	}
	return a, g, nil
}

// sameLayers reports whether two networks are the same but for their numbers of classes and the
// names of their layers, which restrictions may change.
func sameLayers(a, b *searchspace.Graph) bool {
	if len(a.Nodes) != len(b.Nodes) {
		return false
	}
	for i := range a.Nodes {
		x, y := a.Nodes[i], b.Nodes[i]
		x.Name = y.Name
		if i == a.Output() {
			x.Out = y.Out
		}
		if !reflect.DeepEqual(x, y) {
			return false
		}
	}
	return true
}
