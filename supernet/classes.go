package supernet

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/tendril-nas/tendril/supernet/dataset"
)

// classList is the names of a network's classes by number. Where nobody knows them all are empty.
type classList []string

// Unnamed is a list of n classes without names, as GrowClasses and WithClasses take it for networks
// that do not know the names of their classes: n empty strings, since no class may be called so. It
// is empty for n below 1.
func Unnamed(n int) []string { return make([]string, max(n, 0)) }

// check refuses lists that do not tell classes apart.
func (c classList) check() error {
	if len(c) == 0 {
		return fmt.Errorf("no classes, expected at least one")
	}
	seen := make(map[string]int, len(c))
	for i, name := range c {
		j, again := seen[name]
		switch {
		case (name == "") == c.named():
			return fmt.Errorf(
				"class %d is called %q and class 0 %q, expected names for all classes or for none",
				i, name, c[0])
		case again && name != "":
			return fmt.Errorf("classes %d and %d are both called %q", j, i, name)
		case !utf8.ValidString(name):
			return fmt.Errorf("name %q of class %d is not UTF-8", name, i)
		}
		seen[name] = i
	}
	if !c.named() {
		return nil
	}
	_, err := dataset.MergeClasses(c, nil) // names that print alike
	return err
}

// named reports whether the classes have names.
func (c classList) named() bool { return len(c) > 0 && c[0] != "" }

// like refuses to compare classes with names and classes without.
func (c classList) like(other classList) error {
	switch {
	case c.named() && !other.named():
		return fmt.Errorf(
			"%d classes without names for a network that knows the names of its %d; expected names",
			len(other), len(c))
	case !c.named() && other.named():
		return fmt.Errorf(
			"class %q for a network that does not know the names of its %d classes; expected Unnamed(n), "+
				"or SetClassNames before; PretrainedOptions.NewHead reads weights for classes of your own", other[0], len(c))
	}
	return nil
}

// grow is the list with other classes: known ones keep their numbers, new ones follow in their
// order.
func (c classList) grow(other classList) (classList, error) {
	if err := other.check(); err != nil {
		return nil, err
	}
	if err := c.like(other); err != nil {
		return nil, err
	}
	if !c.named() {
		if len(other) < len(c) {
			return nil, fmt.Errorf("grow to %d classes, expected at least the present %d; Model.WithClasses makes "+
				"a model of fewer, PretrainedOptions.NewHead one with a new head", len(other), len(c))
		}
		return other, nil
	}
	return dataset.MergeClasses(c, other)
}

// match says which class of the list every class of another one is: that of its name, or that of
// its number where there are no names; −1 for new ones.
func (c classList) match(other classList) ([]int, error) {
	if err := other.check(); err != nil {
		return nil, err
	}
	if err := c.like(other); err != nil {
		return nil, err
	}
	n, source := c.number(other), make([]int, len(other))
	for i := range source {
		source[i] = n.class(i)
	}
	return source, nil
}

// names is a copy of the list, nil if there are no names.
func (c classList) names() []string {
	if !c.named() {
		return nil
	}
	return slices.Clone(c)
}

// name is what a class is called, its number where nobody knows.
func (c classList) name(class int) string {
	if !c.named() {
		return strconv.Itoa(class)
	}
	return c[class]
}

// classList is the present classes. A list never changes; another one takes its place.
func (n *network) classList() classList {
	n.weights.RLock()
	defer n.weights.RUnlock()
	return n.classes
}

// setClassNames names all classes anew.
func (n *network) setClassNames(ctx context.Context, names classList) error {
	if err := names.check(); err != nil {
		return err
	}
	if err := n.acquireToChange(ctx); err != nil {
		return err
	}
	defer n.release()
	if len(names) != len(n.classes) {
		return fmt.Errorf("%d names, expected %d", len(names), len(n.classes))
	}
	n.rename(names)
	return nil
}

// rename puts other names in place. Measurements of before do not hold any more: labels of data may
// be other classes now. The caller has the turn.
func (n *network) rename(names classList) {
	n.weights.Lock()
	defer n.weights.Unlock()
	n.classes = slices.Clone(names)
	n.version.Add(1)
}

// ClassNames returns the names of the classes by number, nil if the supernet does not know them.
func (n *Net) ClassNames() []string { return n.classList().names() }

// SetClassNames names all classes, as many as there are, by number: for supernets made without
// Options.Classes, and to rename. Weights stay, but WeightVersion moves, since data may mean other
// classes now. Names that are empty or the same are an error; Unnamed forgets them.
func (n *Net) SetClassNames(ctx context.Context, names ...string) error {
	if err := n.setClassNames(ctx, names); err != nil {
		return fmt.Errorf("supernet: class names: %w", err)
	}
	return nil
}

// ClassNames returns the names of the classes by number, nil if the model does not know them.
func (m *Model) ClassNames() []string { return m.classList().names() }

// SetClassNames names all classes, as many as there are, by number: for models made without
// Options.Classes, and to rename. Weights stay, but WeightVersion moves, since data may mean other
// classes now. Names that are empty or the same are an error; Unnamed forgets them.
func (m *Model) SetClassNames(ctx context.Context, names ...string) error {
	if err := m.setClassNames(ctx, names); err != nil {
		return fmt.Errorf("supernet: class names: %w", err)
	}
	return nil
}
