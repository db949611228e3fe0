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
	// Classes are the classes whose logits are kept: the softmax is over them, and images of others
	// are an error. Nil keeps all.
	Classes []int
	// LabelSmoothing s makes the targets (1−s)·label + s/K, K being the number of kept classes; in
	// [0, 1), 0 by default.
	LabelSmoothing float64
	// Statistics says which statistics batch normalisation uses: those OfBatch, which are the default
	// (the zero value stands for them), or the Running ones of the supernet.
	Statistics Statistics
}

// RelaxedLoss is the loss of relaxed architectures on a data set. It is safe for concurrent use.
type RelaxedLoss struct {
	relax *Relaxation
	ds    dataset.Dataset
	o     RelaxOptions

	// Of the holder of the turn: the batch.
	x      []float32
	pixels []uint8
	labels []int
	mask   []bool
}

// On binds data, which are read without augmentation and normalised as the supernet's are.
func (r *Relaxation) On(ds dataset.Dataset, o *RelaxOptions) (*RelaxedLoss, error) {
	if o == nil {
		o = &RelaxOptions{}
	}
	l := &RelaxedLoss{relax: r, ds: ds, o: *o}
	l.o.Classes = slices.Clone(o.Classes)
	if err := l.check(); err != nil {
		return nil, fmt.Errorf("supernet: relax: %w", err)
	}
	return l, nil
}

func (l *RelaxedLoss) check() error {
	space := l.relax.net.Space()
	if err := checkData(l.ds, space.InputSize()); err != nil {
		return err
	}
	if err := checkLabels(l.ds, space.Classes()); err != nil {
		return err
	}
	if s := l.o.LabelSmoothing; !(s >= 0 && s < 1) {
		return fmt.Errorf("label smoothing %v, expected [0, 1)", s)
	}
	if s := l.o.Statistics; s < Recalibrated || s > OfBatch {
		return fmt.Errorf("statistics %d, expected OfBatch or Running", s)
	}
	if l.o.Classes == nil {
		return nil
	}
	for _, c := range l.o.Classes {
		if c < 0 || c >= space.Classes() {
			return fmt.Errorf("%w: class %d is kept, the network has %d", ErrData, c, space.Classes())
		}
	}
	for i := range l.ds.Len() {
		if c := l.ds.Label(i); !slices.Contains(l.o.Classes, c) {
			return fmt.Errorf("%w: image %d has label %d, which is not among the %d classes kept", ErrData, i, c, len(l.o.Classes))
		}
	}
	return nil
}

// Gradient is the mean cross-entropy, in nats, of the relaxed architecture rows on some images of the
// data, numbered from 0, and its gradient, ∂loss/∂row, of rows' shape; entries of removed choices are
// 0. Neither weights nor running statistics change, and there is no dropout. Equal arguments give
// equal bits, whatever the number of workers.
//
// The error wraps ErrNotFinite when the loss or the gradient is not finite.
func (l *RelaxedLoss) Gradient(ctx context.Context, rows searchspace.Relaxed, images []int) (loss float64,
	grad searchspace.Relaxed, err error) {
	grad = l.relax.space.Zeros()
	if loss, err = l.run(ctx, rows, images, grad); err != nil {
		return loss, nil, fmt.Errorf("supernet: gradient: %w", err)
	}
	return loss, grad, nil
}

// Loss is the loss of Gradient alone, up to rounding, in about a third of the time.
func (l *RelaxedLoss) Loss(ctx context.Context, rows searchspace.Relaxed, images []int) (float64, error) {
	loss, err := l.run(ctx, rows, images, nil)
	if err != nil {
		return loss, fmt.Errorf("supernet: relaxed loss: %w", err)
	}
	return loss, nil
}

// run computes the loss and, where grad is not nil, adds its gradient to grad.
func (l *RelaxedLoss) run(ctx context.Context, rows searchspace.Relaxed, images []int, grad searchspace.Relaxed) (loss float64, err error) {
	if err := l.relax.space.CheckRelaxed(rows); err != nil {
		return 0, err
	}
	n := l.relax.net
	if err := n.acquire(ctx); err != nil {
		return 0, err
	}
	defer n.release()
	defer tensor.Recover(&err)
	p, err := l.relax.program()
	if err != nil {
		return 0, err
	}
	if err := l.load(images, p.graph.Classes); err != nil {
		return 0, err
	}
	defer n.freezeWeights()()

	step, how := nn.Step{Grad: grad != nil}, pass{}
	if l.o.Statistics != Running {
		step.Norm, how.stats = nn.NormRecalibrate, n.ownStats(p.program)
	}
	r, tape := n.runner, n.runner.tape
	tape.Begin(step)
	p.coef.write(tape.Stream(), rows, grad != nil)
	p.run(r, tape.Input(inputShape(len(images), p.graph.InputSize), l.x), how)
	goal := tape.Goal(p.graph.Classes, nn.Targets{Labels: l.labels, Smoothing: l.o.LabelSmoothing, Mask: l.mask})
	mean := tape.Mean(tape.CrossEntropy(r.slots[p.logits], goal))
	if grad != nil {
		tape.Backward(mean)
		p.coef.gradient(tape.Stream(), rows, grad)
	}
	loss = tape.Item(mean)
	if err := tape.Stream().Sync(); err != nil {
		return loss, err
	}
	return loss, checkFinite(loss, grad)
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

// load prepares a batch.
func (l *RelaxedLoss) load(images []int, classes int) error {
	if len(images) == 0 {
		return fmt.Errorf("%w: no images", ErrData)
	}
	per := l.ds.Size() * l.ds.Size() * 3
	l.x = slices.Grow(l.x[:0], len(images)*per)[:len(images)*per]
	l.pixels = slices.Grow(l.pixels[:0], per)[:per]
	l.labels = l.labels[:0]
	for k, i := range images {
		if i < 0 || i >= l.ds.Len() {
			return fmt.Errorf("%w: image %d of a set of %d", ErrData, i, l.ds.Len())
		}
		if err := l.ds.Image(i, l.pixels); err != nil {
			return fmt.Errorf("image %d: %w", i, err)
		}
		if err := l.relax.net.norm.Apply(l.x[k*per:(k+1)*per], l.pixels); err != nil {
			return err
		}
		l.labels = append(l.labels, l.ds.Label(i))
	}
	if l.o.Classes == nil {
		return nil
	}
	l.mask = slices.Grow(l.mask[:0], len(images)*classes)[:len(images)*classes]
	clear(l.mask)
	for k := range images {
		for _, c := range l.o.Classes {
			l.mask[k*classes+c] = true
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
