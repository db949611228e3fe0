package supernet

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/tendril-nas/tendril/internal/checkpoint"
	"github.com/tendril-nas/tendril/searchspace"
)

// Steps is the number of steps that Train makes of some epochs, at the present classes.
func (m *Mixture) Steps(epochs int) int {
	o := m.o.Train
	o.Epochs = epochs
	p, err := planOf(&o, m.part, m.net.Classes())
	if err != nil {
		return 0
	}
	return p.steps()
}

// Train trains the weights for some epochs on the present classes, each step with the rows that the
// source says, and returns the mean loss of every finished epoch. It is one Net.Train, with the
// present classes alone in the softmax; path is of the file that lets it go on after an
// interruption as TrainOptions.Checkpoint says, with what the source had learnt at that step: the
// file is all that there is to keep, and one that is finished gives weights and source back at
// once. "" keeps none.
//
// At the end the supernet has the weights of the last step.
func (m *Mixture) Train(ctx context.Context, epochs int, path string,
	rows RowSource) (losses []float64, err error) {
	if rows == nil || epochs < 1 {
		return nil, fmt.Errorf("supernet: mixture: %d epochs, expected at least 1, and a source of rows", epochs)
	}
	s := &rowSampler{source: rows, m: m, next: nextRows{Step: -1}}
	o := m.o.Train
	o.Epochs, o.Checkpoint = epochs, path
	o.Subnets = SubnetOptions{Sampler: s, StepsPerDraw: 1}
	if m.classes != nil {
		o.Masks = OnlyClasses(m.classes...)
	}
	before := o.Before
	o.Before = func(ctx context.Context, step int) error {
		if before != nil {
			if err := before(ctx, step); err != nil {
				return err
			}
		}
		return s.ask(ctx, step)
	}
	res, err := m.net.Train(ctx, m.part, &o)
	return res.Losses, err
}

// rowSampler makes the rows of a source passes.
type rowSampler struct {
	source RowSource
	m      *Mixture
	next   nextRows
}

// nextRows is what the source said last.
type nextRows struct {
	Step int
	Rows searchspace.Relaxed
}

// ask has the source give the rows of a step, once: also where the step failed afterwards and the
// training goes on from there.
func (s *rowSampler) ask(ctx context.Context, step int) error {
	if s.next.Step != step {
		rows, err := s.source.Rows(ctx, step)
		if err != nil {
			return err
		}
		if err := s.m.Space().CheckRelaxed(rows); err != nil {
			return err
		}
		s.next = nextRows{step, rows}
	}
	return s.m.fits(ctx, s.next.Rows, min(orInt(s.m.o.Train.BatchSize, defaultBatch), s.m.part.Len()))
}

func (s *rowSampler) Sample(int) ([]Pass, error) {
	return []Pass{{Relaxation: s.m.relax, Rows: s.next.Rows}}, nil
}

func (s *rowSampler) Identity() string {
	return fmt.Sprintf("mixture of %s, rows of %s", digest(s.m.Space()), s.source.Identity())
}

// rowState is a rowSampler in a checkpoint.
type rowState struct {
	Next   nextRows
	Source []byte
}

func (s *rowSampler) MarshalBinary() ([]byte, error) {
	source, err := s.source.MarshalBinary()
	if err != nil {
		return nil, err
	}
	return json.Marshal(rowState{s.next, source})
}

func (s *rowSampler) UnmarshalBinary(text []byte) error {
	var state rowState
	if err := json.Unmarshal(text, &state); err != nil {
		return fmt.Errorf("%w: rows of a mixture: %w", checkpoint.ErrCorrupt, err)
	}
	if state.Next.Step >= 0 {
		if err := s.m.Space().CheckRelaxed(state.Next.Rows); err != nil {
			return fmt.Errorf("%w: rows of step %d: %w", checkpoint.ErrCorrupt, state.Next.Step, err)
		}
	}
	if err := s.source.UnmarshalBinary(state.Source); err != nil {
		return err
	}
	s.next = state.Next
	return nil
}

// fits is an error if a step with rows, which were checked, on some images needs more memory than
// it may.
func (m *Mixture) fits(ctx context.Context, rows searchspace.Relaxed, images int) error {
	if m.o.MemoryLimit <= 0 {
		return nil
	}
	if err := m.net.acquire(ctx); err != nil {
		return err
	}
	defer m.net.release()
	bytes, err := m.relax.stepBytes(rows, images)
	if err == nil && bytes > m.o.MemoryLimit {
		err = fmt.Errorf("a step on %d images needs about %d bytes: %w of %d; smaller batches need less, and "+
			"rows with two entries a decision", images, bytes, ErrMemory, m.o.MemoryLimit)
	}
	return err
}

// Gradient is the mean loss of rows on some validation images, numbered as Labels lists them, and
// its gradient in the entries that are not 0: see RelaxedLoss.Gradient. An image of another class
// than the present ones is an error.
func (m *Mixture) Gradient(ctx context.Context, rows searchspace.Relaxed, images []int) (loss float64,
	grad searchspace.Relaxed, err error) {
	err = m.Space().CheckRelaxed(rows)
	if err == nil {
		err = m.fits(ctx, rows, max(len(images), 1))
	}
	if err != nil {
		return 0, nil, fmt.Errorf("supernet: gradient: %w", err)
	}
	return m.loss.Gradient(ctx, rows, images)
}

// Probabilities is what rows say about some validation images, numbered as Labels lists them: one
// row for each, with the probabilities of the present classes in the order that Narrow got them, or
// of all. See RelaxedLoss.Probabilities.
func (m *Mixture) Probabilities(ctx context.Context, rows searchspace.Relaxed,
	images []int) ([][]float64, error) {
	return m.loss.Probabilities(ctx, rows, images)
}

// StepBytes estimates the memory of a step on some images with rows: see Relaxation.StepBytes.
func (m *Mixture) StepBytes(rows searchspace.Relaxed, images int) (int64, error) {
	return m.relax.StepBytes(rows, images)
}
