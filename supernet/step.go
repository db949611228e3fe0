package supernet

import (
	"fmt"
	"slices"

	"github.com/tendril-nas/tendril/internal/nn"
	"github.com/tendril-nas/tendril/internal/stream"
	"github.com/tendril-nas/tendril/internal/tensor"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// step is one update: every pass runs forward and backward on the batch, the gradients add up. It returns the sum of the losses, and
// how many images were answered right, as a mean over the passes.
func (t *training) step(b *dataset.Batch, passes []passRun, lr float64, number int) (loss, right float64, err error) {
	defer tensor.Recover(&err)
	if err := t.mask(b, number); err != nil {
		return 0, 0, err
	}
	t.weights.Lock()
	defer t.weights.Unlock()
	tape := t.runner.tape
	t.store.set.BeginStep()
	t.losses, t.rights = t.losses[:0], t.rights[:0]
	var x, first nn.Value
	for k := range passes {
		mode := nn.Training(stream.Seed(t.plan.Seed, "supernet.dropout", uint64(number), uint64(k)))
		if k == 0 {
			tape.Begin(mode)
			x = tape.Input(inputShape(b.N, b.Size), b.X)
		} else {
			tape.Next(mode)
		}
		logits, err := t.pass(&passes[k], b, x, first, number)
		if err != nil {
			return 0, 0, err
		}
		if k == 0 {
			first = logits
		}
	}
	t.numbers = tape.ReadScalars(t.numbers[:0], append(t.losses, t.rights...)...)
	for i, v := range t.numbers {
		if i < len(t.losses) {
			loss += v
		} else {
			right += v / float64(len(passes))
		}
	}
	if !finite(loss) {
		return loss, 0, fmt.Errorf("loss %v: %w; a lower learning rate may help", loss, ErrNotFinite)
	}
	t.sgd.Step(tape.Stream(), t.store.set, lr)
	t.version.Add(1)
	return loss, right, tape.Stream().Sync()
}

// pass runs one pass forward and backward and returns its logits, which stay readable in the passes after it; first is those of the
// first pass.
func (t *training) pass(p *passRun, b *dataset.Batch, x, first nn.Value, number int) (nn.Value, error) {
	r, tape := t.runner, t.runner.tape
	how := t.how
	if t.shared && len(how.frozen) > 0 {
		how.frozenStats = t.ownStats(p.program)
	}
	p.program.run(r, x, how)
	logits := r.slots[p.program.logits]
	tape.Pin(logits)
	targets := tape.Targets(logits, nn.Targets{Labels: b.Labels, Smoothing: t.plan.LabelSmoothing, Mask: t.masks})
	before := len(t.losses)
	if p.labels > 0 {
		t.losses = append(t.losses, tape.Sum(tape.CrossEntropy(logits, targets), p.weight*p.labels/float64(b.N)))
	}
	if u := p.teacher; u != nil {
		answer := first
		if !u.inPlace() {
			rows, err := u.answer(b, number, p.program.graph.Classes)
			if err != nil {
				return logits, fmt.Errorf("teacher: %w", err)
			}
			answer = tape.Input(tape.Shape(logits), rows)
		}
		kl := tape.Distill(logits, answer, u.temperature, u.maskOf(t.masks, b.Labels, p.program.graph.Classes))
		t.losses = append(t.losses, tape.Sum(kl, p.weight*u.weight/float64(b.N)))
	}
	t.rights = append(t.rights, tape.Sum(tape.Correct(logits, targets), 1))
	tape.Backward(t.losses[before:]...)
	return logits, nil
}

// mask asks for the classes that count in the batch.
func (t *training) mask(b *dataset.Batch, number int) error {
	if t.opts == nil || t.opts.Masks == nil {
		return nil
	}
	classes := t.space.Classes()
	t.masks = slices.Grow(t.masks[:0], b.N*classes)[:b.N*classes]
	for i := range t.masks {
		t.masks[i] = true
	}
	if err := t.opts.Masks.Mask(number, b.Labels, t.masks); err != nil {
		return fmt.Errorf("class masks: %w", err)
	}
	for i, label := range b.Labels {
		if !t.masks[i*classes+label] {
			return fmt.Errorf("class masks: class %d of sample %d does not count, expected every label to", label, i)
		}
	}
	return nil
}
