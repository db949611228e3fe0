package supernet

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/tendril-nas/tendril/searchspace"
)

// stored is the weights of a store at one time. It never changes, nor do its tensors: what is
// written makes another one, which shares the tensors that stay. So those who began with it can go
// on reading it.
type stored struct {
	family  string // name of the spaces; "" before the first write
	classes classList
	tensors arrays
	version uint64 // writes so far
}

// suits refuses models of other families, whose sites mean other layers.
func (w *stored) suits(family string) error {
	if w.family != "" && family != w.family {
		return fmt.Errorf("%w: a model of space %s, the store has weights of %s", ErrWeights, family, w.family)
	}
	return nil
}

// fill gives a model what there is of its weights.
func (w *stored) fill(ctx context.Context, m *Model) error {
	if err := m.acquireToChange(ctx); err != nil {
		return err
	}
	defer m.release()
	if w.family == "" {
		return nil
	}
	if err := w.suits(m.space.Name()); err != nil {
		return err
	}
	source, err := w.classes.match(m.classes)
	if err != nil {
		return err
	}
	g := m.prog.graph
	ls := links(g, singlePath{}, g, m.store)
	renumber(ls, m.prog.logits, axisOf(source))
	return m.take(w.tensors, w.tensors.clip(ls))
}

// legacy is what a model leaves to those after it: its weights, by its own names.
type legacy struct {
	family  string
	graph   *searchspace.Graph
	classes classList
	tensors arrays
}

// legacy copies the weights of a model. Those that are not finite are an error.
func (m *Model) legacy(ctx context.Context) (*legacy, error) {
	if err := m.acquire(ctx); err != nil {
		return nil, err
	}
	defer m.release()
	values, err := m.finiteValues()
	if err != nil {
		return nil, err
	}
	return &legacy{m.space.Name(), m.prog.graph, m.classes, m.store.arrays(values)}, nil
}

// arrays gives values their extents.
func (ss *specs) arrays(values map[string][]float32) arrays {
	out := make(arrays, len(values))
	for key, data := range values {
		out[key] = &array{extent: ss.byKey[key].extent, data: data}
	}
	return out
}

// with is the weights after a model's have been written over them.
func (w *stored) with(l *legacy) (*stored, error) {
	if err := w.suits(l.family); err != nil {
		return nil, err
	}
	classes := l.classes
	if w.family != "" {
		if !l.classes.named() && len(l.classes) < len(w.classes) {
			classes = w.classes
		}
		var err error
		if classes, err = w.classes.grow(classes); err != nil {
			return nil, err
		}
	}
	dest, err := l.classes.match(classes) // class of the model by class of the store
	if err != nil {
		return nil, err
	}
	ss := specsOfGraph(l.graph, singlePath{})
	ls := links(l.graph, own{}, l.graph, singlePath{})
	logits := l.graph.Output()
	for i := range ls {
		if l := &ls[i]; l.node.ID == logits {
			l.to.out.to = len(classes)
			ss.byKey[l.to.key].out = len(classes)
		}
	}
	renumber(ls, logits, axisOf(dest))
	next := &stored{l.family, classes, make(arrays, len(w.tensors)), w.version + 1}
	maps.Copy(next.tensors, w.tensors)
	if err := next.tensors.hold(ss); err != nil {
		return nil, err
	}
	for _, s := range ss.list {
		if a := next.tensors[s.key]; a == w.tensors[s.key] {
			next.tensors[s.key] = a.clone()
		}
	}
	return next, next.tensors.take(l.tensors, ls)
}

// clone copies a tensor.
func (a *array) clone() *array {
	return &array{a.extent, slices.Clone(a.data), slices.Clone(a.written)}
}

// clip keeps of links what their source has: tensors that are there, as far as they reach.
func (a arrays) clip(ls []link) []link {
	var out []link
	for _, l := range ls {
		t := a[l.from.key]
		if t == nil {
			continue
		}
		l.from.kernel = min(l.from.kernel, t.kernel)
		l.from.in.to, l.from.out.to = min(l.from.in.to, t.in), min(l.from.out.to, t.out)
		if l.out != nil { // classes: the tensor has all of the store
			l.from.out.to = t.out
		}
		out = append(out, l)
	}
	return out
}
