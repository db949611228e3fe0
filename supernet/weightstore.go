package supernet

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/tendril-nas/tendril/internal/tensor"
)

// WeightStore is weights that models of a family of spaces leave to those after them. For every
// layer position, operation and kernel size (the keys of SinglePath) it holds one tensor, as large
// as the largest model that wrote to it. A model reads and writes its slice: the first input and
// output channels, and the first layers of a stage, batch norms with their statistics included.
// Cells that nobody has written are not read, so that they keep the model's own initial weights.
// Classes are matched by name. In ET-NAS an operation is one with its channels.
//
// Unlike a Net it takes no memory for what no model has, and so serves spaces whose widths multiply
// (EATNASOptions.Chain). It is safe for concurrent use; what reads and writes then see depends on
// the order of the calls.
//
// See Algorithm 2 and eqs. (4) and (5) of Fang et al., "EAT-NAS: Elastic Architecture Transfer for
// Accelerating Large-scale Neural Architecture Search", 2019, where one model is the source; Write
// to a new store, for every reader, is that form.
type WeightStore struct {
	mu      sync.Mutex
	family  string // name of the spaces; "" before the first write
	classes classList
	tensors arrays
	version uint64
}

// NewWeightStore makes a store without weights.
func NewWeightStore() *WeightStore { return &WeightStore{tensors: make(arrays)} }

// WeightVersion counts the writes.
func (s *WeightStore) WeightVersion() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.version
}

// Read gives a model all weights of its slice that were ever written. The store stays as it is. A
// model of another family of spaces is an error, which wraps ErrWeights.
func (s *WeightStore) Read(ctx context.Context, m *Model) error {
	if err := s.read(ctx, m); err != nil {
		return fmt.Errorf("supernet: read from store: %w", err)
	}
	return nil
}

func (s *WeightStore) read(ctx context.Context, m *Model) error {
	if m == nil {
		return errors.New("no model")
	}
	if err := m.acquireToChange(ctx); err != nil {
		return err
	}
	defer m.release()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.family == "" {
		return nil
	}
	if err := s.suits(m); err != nil {
		return err
	}
	source, err := s.classes.match(m.classes)
	if err != nil {
		return err
	}
	g := m.prog.graph
	ls := links(g, singlePath{}, g, m.store)
	renumber(ls, m.prog.logits, axisOf(source))
	return m.take(s.tensors, s.tensors.clip(ls))
}

// Write replaces the weights of a model's slice by the model's, running statistics included.
// Classes that the store does not know are added to it. Weights that are not finite are refused
// with ErrNotFinite; an error leaves the store as it was.
func (s *WeightStore) Write(ctx context.Context, m *Model) error {
	if err := s.write(ctx, m); err != nil {
		return fmt.Errorf("supernet: write to store: %w", err)
	}
	return nil
}

func (s *WeightStore) write(ctx context.Context, m *Model) (err error) {
	defer tensor.Recover(&err)
	if m == nil {
		return errors.New("no model")
	}
	if err := m.acquire(ctx); err != nil {
		return err
	}
	defer m.release()
	if _, err := m.finiteValues(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	classes := m.classes
	if s.family != "" {
		if err := s.suits(m); err != nil {
			return err
		}
		if !m.classes.named() && len(m.classes) < len(s.classes) {
			classes = s.classes
		}
		if classes, err = s.classes.grow(classes); err != nil {
			return err
		}
	}
	dest, err := m.classes.match(classes) // class of the model by class of the store
	if err != nil {
		return err
	}
	g := m.prog.graph
	ss := specsOfGraph(g, singlePath{})
	ls := links(g, m.store, g, singlePath{})
	for i := range ls {
		if l := &ls[i]; l.node.ID == m.prog.logits {
			l.to.out.to = len(classes)
			ss.byKey[l.to.key].out = len(classes)
		}
	}
	renumber(ls, m.prog.logits, axisOf(dest))
	if err := s.tensors.hold(ss); err != nil {
		return err
	}
	if err := m.give(s.tensors, ls); err != nil {
		return err
	}
	s.family, s.classes = m.space.Name(), classes
	s.version++
	return nil
}

// suits refuses models of other families, whose sites mean other layers.
func (s *WeightStore) suits(m *Model) error {
	if name := m.space.Name(); name != s.family {
		return fmt.Errorf("%w: a model of space %s, the store has weights of %s", ErrWeights, name, s.family)
	}
	return nil
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
