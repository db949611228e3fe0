package supernet

import (
	"fmt"
	"slices"

	"github.com/tendril-nas/tendril/internal/nn"
	"github.com/tendril-nas/tendril/internal/stream"
	"github.com/tendril-nas/tendril/internal/tensor"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// stepping is what the passes of one step have in common, on the tape.
type stepping struct {
	number int
	batch  *dataset.Batch
	x      nn.Value
	goal   nn.Goal
	first  nn.Value // logits of the first pass
}

// step is one update: every pass runs forward and backward on the batch, the gradients add up. It
// returns the sum of the losses, and how many images were answered right, as a mean over the
// passes.
func (t *training) step(b *dataset.Batch, passes []passRun, lr float64,
	number int) (loss, right float64, err error) {
	defer tensor.Recover(&err)
	if err := t.mask(b, number); err != nil {
		return 0, 0, err
	}
	if err := t.consult(b, passes, number); err != nil {
		return 0, 0, err
	}
	t.weights.Lock()
	defer t.weights.Unlock()
	tape := t.runner.tape
	t.store.set.BeginStep()
	t.losses, t.rights = t.losses[:0], t.rights[:0]
	s := stepping{number: number, batch: b}
	for k := range passes {
		mode := nn.Training(stream.Seed(t.plan.Seed, "supernet.dropout", uint64(number), uint64(k)))
		if k == 0 {
			tape.Begin(mode)
			s.x = tape.Input(inputShape(b.N, b.Size), b.X)
			s.goal = tape.Goal(t.space.Classes(), nn.Targets{Labels: b.Labels,
				Smoothing: t.plan.LabelSmoothing, Mask: t.masks})
		} else {
			tape.Next(mode)
		}
		logits, err := t.pass(&passes[k], &s)
		if err != nil {
			return 0, 0, err
		}
		if k == 0 {
			s.first = logits
		}
	}
	t.scalars = append(append(t.scalars[:0], t.losses...), t.rights...)
	t.numbers = slices.Grow(t.numbers[:0], len(t.scalars))[:len(t.scalars)]
	for i, v := range tape.ReadScalars(t.numbers, t.scalars...) {
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

// consult has the teachers answer while no weights are locked: two models that teach each other
// while both are trained would else wait for each other for ever.
func (t *training) consult(b *dataset.Batch, passes []passRun, number int) error {
	for i := range passes {
		u := passes[i].teacher
		if u == nil || u.inPlace() {
			continue
		}
		if err := u.answer(b, number, t.space.Classes()); err != nil {
			return fmt.Errorf("teacher: %w", err)
		}
	}
	return nil
}

// pass runs one pass forward and backward and returns its logits, which stay readable in the passes
// after it.
func (t *training) pass(p *passRun, s *stepping) (nn.Value, error) {
	r, tape := t.runner, t.runner.tape
	how := t.how
	if t.shared && t.freezes {
		how.frozenStats = t.ownStats(p.program)
	}
	if p.coef != nil {
		p.coef.write(tape.Stream(), p.rows, false)
	}
	p.program.run(r, s.x, how)
	logits := r.slots[p.program.logits]
	tape.Pin(logits)
	before := len(t.losses)
	images := float64(s.batch.N)
	if p.labels > 0 {
		t.losses = append(t.losses, tape.Sum(tape.CrossEntropy(logits, s.goal), p.weight*p.labels/images))
	}
	if u := p.teacher; u != nil {
		answer, mask := t.lesson(u, s)
		t.losses = append(t.losses, tape.Sum(tape.Distill(logits, answer, u.temperature, mask),
			p.weight*u.weight/images))
	}
	right := tape.Sum(tape.Correct(logits, s.goal), 1)
	tape.Pin(right)
	t.rights = append(t.rights, right)
	tape.Backward(t.losses[before:]...)
	return logits, nil
}

// lesson is the logits of a teacher and the classes that it teaches on, for every image of the
// step.
func (t *training) lesson(u *tutor, s *stepping) (answer nn.Value, mask nn.Mask) {
	tape, classes := t.runner.tape, t.space.Classes()
	answer, mask = s.first, s.goal.Mask
	if !u.inPlace() {
		answer = tape.Input(tensor.Vector(s.batch.N, classes), u.logits)
	}
	if u.keep != nil {
		mask = tape.Mask(classes, u.maskOf(t.masks, s.batch.Labels, classes))
	}
	return answer, mask
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
			return fmt.Errorf("class masks: class %d of sample %d does not count, expected every label to",
				label, i)
		}
	}
	return nil
}
