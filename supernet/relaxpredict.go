package supernet

import (
	"context"
	"fmt"

	"github.com/tendril-nas/tendril/internal/tensor"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// Probabilities is what the relaxed architecture rows says about some images of the data, numbered
// from 0, as one batch: one row for each, of the probabilities of the classes that are asked about,
// RelaxOptions.Classes in their order or all. Labels have no influence. With statistics of the
// batch, an image's probabilities depend on the images beside it.
//
// It shows which classes are learnt already, and which are easy (entropies), before any
// architecture is chosen. The error wraps what those of Gradient do.
func (l *RelaxedLoss) Probabilities(ctx context.Context, rows searchspace.Relaxed,
	images []int) (probs [][]float64, err error) {
	err = l.with(ctx, rows, images, func(p *relaxedProgram, b *dataset.Batch) error {
		probs, err = l.probabilities(p.without(rows), b, rows, images)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("supernet: relaxed probabilities: %w", err)
	}
	return probs, nil
}

// probabilities is Probabilities for the holder of the turn, on a batch of the images.
func (l *RelaxedLoss) probabilities(p *relaxedProgram, b *dataset.Batch, rows searchspace.Relaxed,
	images []int) (probs [][]float64, err error) {
	defer tensor.Recover(&err)
	n := l.relax.net
	l.forward(p, b, rows, false)
	logits, err := n.runner.logits(p.program, b.N, p.graph.Classes)
	if err != nil {
		return nil, err
	}
	logits = l.data.classes.take(logits, p.graph.Classes)
	k := len(logits) / b.N
	probs = make([][]float64, b.N)
	for i := range probs {
		row := logits[i*k : (i+1)*k]
		if err := softmax(row); err != nil {
			return nil, fmt.Errorf("logits of image %d: %w", images[i], err)
		}
		probs[i] = make([]float64, k)
		for c, v := range row {
			probs[i][c] = float64(v)
		}
	}
	return probs, nil
}
