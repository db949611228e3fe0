package supernet

import (
	"context"
	"fmt"
	"slices"

	"github.com/tendril-nas/tendril/internal/nn"
	"github.com/tendril-nas/tendril/internal/tensor"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// RelaxOptions configures Relaxation.On. The zero value, or a nil pointer, is the default.
type RelaxOptions struct {
	// Classes are the classes that the images can have, by their numbers in the network: the
	// softmax is over their logits alone, and an image of another class is an error. All classes by
	// default.
	Classes []int
	// LabelSmoothing s makes the targets (1−s)·label + s/K, K being the number of those classes; in
	// [0, 1), 0 by default.
	LabelSmoothing float64
	// Statistics says which statistics batch normalisation uses: those OfBatch, which are the
	// default (the zero value stands for them), or the Running ones of the supernet.
	Statistics Statistics
	// SkipZeros makes Gradient leave out what only entries of 0 lead to, which costs nothing then;
	// the gradient in these entries is 0. By default they have their own. A step on the
	// architecture that trains two paths of a layer sets it.
	SkipZeros bool
	// CacheBytes bounds the decoded images kept in memory; 256 MiB by default, none if negative.
	CacheBytes int64
}

// oneBatch is the largest batch of the loader: more images than any memory holds the activations
// of.
const oneBatch = 1 << 24

// RelaxedLoss is the loss of relaxed architectures on images of a data set. It is safe for
// concurrent use.
type RelaxedLoss struct {
	relax *Relaxation
	data  *images // in batches as large as asked for
	o     RelaxOptions
	mask  []bool // of the holder of the turn
}

// On binds data. Images are read without augmentation and normalised as the supernet's are; classes
// are matched as Net.On does.
func (r *Relaxation) On(ds dataset.Dataset, o *RelaxOptions) (*RelaxedLoss, error) {
	if o == nil {
		o = &RelaxOptions{}
	}
	if s := o.LabelSmoothing; !(s >= 0 && s < 1) {
		return nil, fmt.Errorf("supernet: relax: label smoothing %v, expected [0, 1)", s)
	}
	if s := o.Statistics; s < Recalibrated || s > OfBatch {
		return nil, fmt.Errorf("supernet: relax: statistics %d, expected OfBatch or Running", s)
	}
	data, err := r.net.images(ds, &EvalOptions{BatchSize: oneBatch, Classes: o.Classes,
		CacheBytes: o.CacheBytes})
	if err != nil {
		return nil, fmt.Errorf("supernet: relax: %w", err)
	}
	r.net.announce(ds)
	return &RelaxedLoss{relax: r, data: data, o: *o}, nil
}

// Len is the number of images.
func (l *RelaxedLoss) Len() int { return len(l.data.index) }

// Gradient is the mean cross-entropy, in nats, of the relaxed architecture rows on some images of
// the data, numbered from 0, as one batch, and its gradient, ∂loss/∂row, of rows' shape; entries of
// removed choices are 0. Neither weights nor running statistics change, and nothing is dropped out.
// Equal arguments give equal bits, whatever the number of workers.
//
// Who compares it with differences of losses needs small steps: the loss is computed in float32,
// has kinks (ReLU), and bends sharply in rows where batch statistics divide by small variances.
//
// The error wraps ErrData for images that do not fit, and ErrNotFinite when the loss or its
// gradient is not finite.
func (l *RelaxedLoss) Gradient(ctx context.Context, rows searchspace.Relaxed, images []int) (loss float64,
	grad searchspace.Relaxed, err error) {
	grad = l.relax.space.Zeros()
	if loss, err = l.run(ctx, rows, images, grad); err != nil {
		return loss, nil, fmt.Errorf("supernet: gradient: %w", err)
	}
	return loss, grad, nil
}

// Loss is the loss of Gradient alone, up to rounding.
func (l *RelaxedLoss) Loss(ctx context.Context, rows searchspace.Relaxed, images []int) (float64, error) {
	loss, err := l.run(ctx, rows, images, nil)
	if err != nil {
		return loss, fmt.Errorf("supernet: relaxed loss: %w", err)
	}
	return loss, nil
}

// run computes the loss and, where grad is not nil, adds its gradient to grad.
func (l *RelaxedLoss) run(ctx context.Context, rows searchspace.Relaxed, images []int,
	grad searchspace.Relaxed) (loss float64, err error) {
	err = l.with(ctx, rows, images, func(p *relaxedProgram, b *dataset.Batch) error {
		if grad == nil || l.o.SkipZeros {
			p = p.without(rows)
		}
		loss, err = l.batch(p, b, images, rows, grad)
		return err
	})
	return loss, err
}

// with calls f with the turn, on a batch of the images.
func (l *RelaxedLoss) with(ctx context.Context, rows searchspace.Relaxed, images []int,
	f func(p *relaxedProgram, b *dataset.Batch) error) error {
	if err := l.relax.space.CheckRelaxed(rows); err != nil {
		return err
	}
	if err := l.checkImages(images); err != nil {
		return err
	}
	if err := l.relax.net.acquire(ctx); err != nil {
		return err
	}
	defer l.relax.net.release()
	p, err := l.relax.program()
	if err != nil {
		return err
	}
	return l.data.part(images).labelled(ctx, l.relax.net.classes, func(b *dataset.Batch) error { return f(p, b) })
}

// batch is run for the holder of the turn, on a batch of the images.
func (l *RelaxedLoss) batch(p *relaxedProgram, b *dataset.Batch, images []int,
	rows, grad searchspace.Relaxed) (loss float64, err error) {
	defer tensor.Recover(&err)
	n := l.relax.net
	targets, err := l.targets(b, images, p.graph.Classes)
	if err != nil {
		return 0, err
	}
	defer n.freezeWeights()()
	l.forward(p, b, rows, grad != nil)
	tape := n.runner.tape
	mean := tape.Mean(tape.CrossEntropy(n.runner.slots[p.logits], tape.Goal(p.graph.Classes, targets)))
	if grad != nil {
		tape.Backward(mean)
		p.coef.gradient(tape.Stream(), rows, grad)
		if l.o.SkipZeros {
			skipZeros(rows, grad)
		}
	}
	loss = tape.Item(mean)
	if err := tape.Stream().Sync(); err != nil {
		return loss, err
	}
	return loss, checkFinite(loss, grad)
}

// forward runs a batch with rows, and remembers it where a gradient is wanted.
func (l *RelaxedLoss) forward(p *relaxedProgram, b *dataset.Batch, rows searchspace.Relaxed, grad bool) {
	n := l.relax.net
	step, how := nn.Step{Grad: grad}, pass{}
	if l.o.Statistics != Running {
		step.Norm, how.stats = nn.NormRecalibrate, n.ownStats(p.program)
	}
	tape := n.runner.tape
	tape.Begin(step)
	p.coef.write(tape.Stream(), rows, grad)
	p.run(n.runner, tape.Input(inputShape(b.N, b.Size), b.X), how)
}

// skipZeros clears the gradient in entries that are 0.
func skipZeros(rows, grad searchspace.Relaxed) {
	for d, row := range rows {
		for c, v := range row {
			if v == 0 {
				grad[d][c] = 0
			}
		}
	}
}

// checkImages looks whether the numbers of images can be those of a batch.
func (l *RelaxedLoss) checkImages(images []int) error {
	if len(images) == 0 {
		return fmt.Errorf("%w: no images", ErrData)
	}
	for _, i := range images {
		if known := len(l.data.index); i < 0 || i >= known {
			return fmt.Errorf("%w: image %d, expected 0 to %d", ErrData, i, known-1)
		}
	}
	return nil
}

// targets is the labels of a batch and the classes that count, of those the network has.
func (l *RelaxedLoss) targets(b *dataset.Batch, images []int, classes int) (nn.Targets, error) {
	t := nn.Targets{Labels: b.Labels, Smoothing: l.o.LabelSmoothing}
	subset, known := l.data.classes, classes
	if subset != nil {
		known = len(subset.list)
	}
	for k, label := range b.Labels {
		if subset.columnOf(label, classes) < 0 {
			return t, fmt.Errorf("%w: image %d is of %s, expected one of the %d classes", ErrData, images[k],
				className(label), known)
		}
	}
	if subset == nil {
		return t, nil
	}
	l.mask = slices.Grow(l.mask[:0], b.N*classes)[:b.N*classes]
	clear(l.mask)
	for k := range b.N {
		for _, c := range subset.list {
			l.mask[k*classes+c] = true
		}
	}
	t.Mask = l.mask
	return t, nil
}

// checkFinite is an error if the loss or a number of its gradient is not finite.
func checkFinite(loss float64, grad searchspace.Relaxed) error {
	if !finite(loss) {
		return fmt.Errorf("loss %v: %w", loss, ErrNotFinite)
	}
	for d, row := range grad {
		for c, v := range row {
			if !finite(v) {
				return fmt.Errorf("gradient of choice %d of decision %d is %v: %w", c, d, v, ErrNotFinite)
			}
		}
	}
	return nil
}

// freezeWeights freezes all weights until the function that it returns is called.
func (n *network) freezeWeights() (release func()) {
	var held []*nn.Param
	for _, p := range n.store.set.All() {
		if !p.Frozen() {
			p.SetFrozen(true)
			held = append(held, p)
		}
	}
	return func() {
		for _, p := range held {
			p.SetFrozen(false)
		}
	}
}
