package supernet

import (
	"context"
	"fmt"
)

// GrowClasses adds classes. Those that the supernet knows by name keep their numbers and weights,
// in whatever order they are given; others get the next numbers and initial weights, those that
// they would have in a network made with them. So the classes of a data set can be passed as they
// are. Where nothing is new nothing changes, and no class is ever dropped: six new names make 1006
// classes of 1000. Other classes in the place of those are had by Model.WithClasses, or by
// PretrainedOptions.NewHead where published weights are read.
//
// A supernet without class names grows by number, to Unnamed(k) for k classes, at least the present
// ones. It does not take names, nor one with names Unnamed: nobody could say which classes are
// meant. A class list has one form everywhere, a name per class, all of them empty if nobody knows
// them; therefore one method does for both.
//
// Space and every later graph have the new number of classes; the Archs stay the same.
func (n *Net) GrowClasses(ctx context.Context, classes ...string) error {
	if err := n.growClasses(ctx, classes); err != nil {
		return fmt.Errorf("supernet: grow classes: %w", err)
	}
	return nil
}

func (n *Net) growClasses(ctx context.Context, classes classList) error {
	if err := n.acquireToChange(ctx); err != nil {
		return err
	}
	defer n.release()
	grown, err := n.classes.grow(classes)
	if err != nil || len(grown) == len(n.classes) {
		return err
	}
	space, err := n.space.WithClasses(len(grown))
	if err != nil {
		return err
	}
	scheme, err := n.sharing.scheme()
	if err != nil {
		return err
	}
	ss, err := specsOfSpace(space, scheme, n.store.archs...)
	if err != nil {
		return err
	}
	clear(n.programs)
	return n.grow(space, ss, grown)
}

// GrowClasses adds classes. Those that the model knows by name keep their numbers and weights, in
// whatever order they are given; others get the next numbers and initial weights. A model without
// class names grows by number, to Unnamed(k). See Net.GrowClasses; WithClasses also drops and
// reorders classes.
func (m *Model) GrowClasses(ctx context.Context, classes ...string) error {
	if err := m.growClasses(ctx, classes); err != nil {
		return fmt.Errorf("supernet: grow classes: %w", err)
	}
	return nil
}

func (m *Model) growClasses(ctx context.Context, classes classList) error {
	if err := m.acquireToChange(ctx); err != nil {
		return err
	}
	defer m.release()
	grown, err := m.classes.grow(classes)
	if err != nil || len(grown) == len(m.classes) {
		return err
	}
	space, err := m.space.WithClasses(len(grown))
	if err != nil {
		return err
	}
	g, err := space.Lower(m.arch)
	if err != nil {
		return err
	}
	if err := m.grow(space, specsOfGraph(g, own{}), grown); err != nil {
		return err
	}
	p, err := compile(m.arch, g, m.store)
	if err != nil {
		return err
	}
	m.weights.Lock()
	m.prog = p
	m.weights.Unlock()
	return nil
}

// WithClasses returns a model of the same architecture for other classes, fewer or more, in their
// order. What leads to the classifier is copied, running statistics included. The classifier gets
// weights and biases of classes of the same name, so that their logits stay the same; classes that
// the model does not know start with initial weights. The model itself stays as it is. Morph
// changes the architecture, too.
//
// A model without class names goes by number: of Unnamed(k) the first classes are those that it
// has. Names that are empty or the same are an error, and so are names for a model without: give it
// some by SetClassNames before.
func (m *Model) WithClasses(ctx context.Context, classes ...string) (*Model, error) {
	out, err := m.withClasses(ctx, classes)
	if err != nil {
		return nil, fmt.Errorf("supernet: with classes: %w", err)
	}
	return out, nil
}

func (m *Model) withClasses(ctx context.Context, classes classList) (*Model, error) {
	if err := classes.check(); err != nil {
		return nil, err
	}
	out, _, err := m.morph(ctx, m.arch, &MorphOptions{Classes: classes})
	return out, err
}
