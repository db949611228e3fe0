package supernet

import (
	"context"
	"fmt"

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
// present classes alone in the softmax; checkpoint, a path, lets it go on after an interruption as
// TrainOptions.Checkpoint says, with what the source had learnt at that step: the file is all that
// there is to keep, and one that is finished gives weights and source back at once. "" keeps none.
//
// At the end the supernet has the weights of the last step.
func (m *Mixture) Train(ctx context.Context, epochs int, checkpoint string,
	rows RowSource) (losses []float64, err error) {
	if rows == nil || epochs < 1 {
		return nil, fmt.Errorf("supernet: mixture: %d epochs, source of rows %v, expected at least 1 and a source",
			epochs, rows)
	}
	s := &rowSampler{RowSource: rows, m: m}
	o := m.o.Train
	o.Epochs, o.Checkpoint = epochs, checkpoint
	o.Subnets = SubnetOptions{Sampler: s, StepsPerDraw: 1}
	if m.classes != nil {
		o.Masks = OnlyClasses(m.classes...)
	}
	before := o.Before
	o.Before = func(ctx context.Context, step int) (err error) {
		if before != nil {
			if err := before(ctx, step); err != nil {
				return err
			}
		}
		s.rows, err = rows.Rows(ctx, step)
		return err
	}
	res, err := m.net.Train(ctx, m.part, &o)
	return res.Losses, err
}

// rowSampler makes the rows of a source passes.
type rowSampler struct {
	RowSource
	m    *Mixture
	rows searchspace.Relaxed // of the next step
}

func (s *rowSampler) Sample(int) ([]Pass, error) {
	images := min(orInt(s.m.o.Train.BatchSize, defaultBatch), s.m.part.Len())
	if err := s.m.relax.fits(s.rows, images, s.m.o.MemoryLimit); err != nil {
		return nil, err
	}
	return []Pass{{Relaxation: s.m.relax, Rows: s.rows}}, nil
}

func (s *rowSampler) Identity() string {
	return fmt.Sprintf("mixture of %s, rows of %s", digest(s.m.Space()), s.RowSource.Identity())
}

// Gradient is the mean loss of rows on some validation images, numbered as Labels lists them, and
// its gradient in the entries that are not 0: see RelaxedLoss.Gradient. An image of another class
// than the present ones is an error.
func (m *Mixture) Gradient(ctx context.Context, rows searchspace.Relaxed, images []int) (loss float64,
	grad searchspace.Relaxed, err error) {
	if m.o.MemoryLimit > 0 {
		if err := m.net.acquire(ctx); err != nil {
			return 0, nil, fmt.Errorf("supernet: gradient: %w", err)
		}
		err := m.relax.fits(rows, max(len(images), 1), m.o.MemoryLimit)
		m.net.release()
		if err != nil {
			return 0, nil, fmt.Errorf("supernet: gradient: %w", err)
		}
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
