package zoo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
)

// Clock times a model. A nil function is not called.
type Clock struct {
	// Step measures a training step of batch images while the stages of frozen do not learn.
	Step func(ctx context.Context, batch int, frozen []int) (Timing, error)
	// Inference measures the classification of batch images.
	Inference func(ctx context.Context, batch int) (Timing, error)
}

// Sizes say what Measure measures. The zero value, or a nil pointer, is the default.
type Sizes struct {
	Batches []int // nil = 16, 32, 64
	Frozen  []int // numbers of frozen first stages; nil = 0 to 4 (of stem and four stages)
	// InputSize is that of the images, in pixels; 0 = the entry's. For another one the clock is
	// that of the same network for such images (searchspace.Space.WithInput).
	InputSize int
	Machine   string // what Timing.Machine says
}

// Measure fills in the times of an entry, one after the other: of every batch a training step for
// every number of frozen stages, and the classification. Who calls it sees to it that the machine
// does nothing else. Times of other machines and sizes stay; so do those measured before an error,
// or the end of the context.
//
// Memory, where the clock says nothing of it, is counted from searchspace.Cost: activations that a
// step keeps, as if no stage were frozen, and weights, gradients and momentum; or the activations
// that classification has at a time, and weights. It is what the network needs, not what a program
// takes. That of spaces which are not of package searchspace stays unknown.
func Measure(ctx context.Context, e *Entry, c Clock, s *Sizes) error {
	if e == nil {
		return errors.New("zoo: measure: no entry")
	}
	if s == nil {
		s = &Sizes{}
	}
	batches, frozen := s.Batches, s.Frozen
	if batches == nil {
		batches = []int{16, 32, 64}
	}
	if frozen == nil {
		frozen = []int{0, 1, 2, 3, 4}
	}
	size := cmp.Or(s.InputSize, e.Space.InputSize)
	count := e.counter(size)
	for _, batch := range batches {
		for _, k := range frozen {
			if c.Step == nil {
				break
			}
			t, err := c.Step(ctx, batch, Frozen(k))
			t.Batch, t.InputSize, t.Frozen, t.Machine = batch, size, k, s.Machine
			if err := usable(ctx, &t, err); err != nil {
				return fmt.Errorf("zoo: measure %q: a step of %d images: %w", e.Name, batch, err)
			}
			if count != nil {
				count(&t, true)
			}
			e.SetStep(t)
		}
		if c.Inference == nil {
			continue
		}
		t, err := c.Inference(ctx, batch)
		t.Batch, t.InputSize, t.Frozen, t.Machine = batch, size, 0, s.Machine
		if err := usable(ctx, &t, err); err != nil {
			return fmt.Errorf("zoo: measure %q: classifying %d images: %w", e.Name, batch, err)
		}
		if count != nil {
			count(&t, false)
		}
		e.SetInference(t)
	}
	return nil
}

// usable says why a time cannot be kept.
func usable(ctx context.Context, t *Timing, err error) error {
	if err == nil {
		err = ctx.Err()
	}
	if err == nil {
		err = t.check()
	}
	return err
}
