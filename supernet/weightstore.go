package supernet

import (
	"context"
	"errors"
	"fmt"
	"sync"
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
// the order of the calls. A TrainEvaluator keeps them in order for a search.
//
// See Algorithm 2 and eqs. (4) and (5) of Fang et al., "EAT-NAS: Elastic Architecture Transfer for
// Accelerating Large-scale Neural Architecture Search", 2019, where one model is the source; Write
// to a new store, for every reader, is that form.
type WeightStore struct {
	mu  sync.Mutex
	now *stored
}

// NewWeightStore makes a store without weights.
func NewWeightStore() *WeightStore { return &WeightStore{now: &stored{}} }

// WeightVersion counts the writes.
func (s *WeightStore) WeightVersion() uint64 { return s.present().version }

// present is what the store holds at present.
func (s *WeightStore) present() *stored {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

// Read gives a model all weights of its slice that were ever written. The store stays as it is. A
// model of another family of spaces is an error, which wraps ErrWeights.
func (s *WeightStore) Read(ctx context.Context, m *Model) error {
	if m == nil {
		return errors.New("supernet: read from store: no model")
	}
	if err := s.present().fill(ctx, m); err != nil {
		return fmt.Errorf("supernet: read from store: %w", err)
	}
	return nil
}

// Write replaces the weights of a model's slice by the model's, running statistics included.
// Classes that the store does not know are added to it. Weights that are not finite are refused
// with ErrNotFinite; an error leaves the store as it was.
func (s *WeightStore) Write(ctx context.Context, m *Model) error {
	if m == nil {
		return errors.New("supernet: write to store: no model")
	}
	l, err := m.legacy(ctx)
	if err == nil {
		err = s.change(func(now *stored) (*stored, error) { return now.with(l) })
	}
	if err != nil {
		return fmt.Errorf("supernet: write to store: %w", err)
	}
	return nil
}

// change puts in place what f makes of what the store holds.
func (s *WeightStore) change(f func(now *stored) (*stored, error)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	next, err := f(s.now)
	if err != nil {
		return err
	}
	s.now = next
	return nil
}
