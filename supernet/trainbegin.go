package supernet

import (
	"fmt"

	"github.com/tendril-nas/tendril/internal/nn"
	"github.com/tendril-nas/tendril/internal/tensor"
)

// prepare checks options and data, and starts the optimiser afresh.
func (t *training) prepare() (err error) {
	defer tensor.Recover(&err)
	if t.plan, err = planOf(t.opts, t.data, t.space.Classes()); err != nil {
		return err
	}
	if err := checkData(t.data, t.space.InputSize()); err != nil {
		return err
	}
	if err := t.matchClasses(); err != nil {
		return err
	}
	t.sgd = nn.SGD{Momentum: t.plan.Momentum, WeightDecay: t.plan.WeightDecay, Nesterov: t.plan.Nesterov,
		ClipNorm: t.plan.ClipNorm}
	t.plan.Sampler, t.plan.StepsPerDraw, t.plan.Validation = t.sampler.Identity(), t.every, t.judged
	t.plan.ClassNames, t.plan.Normalization = t.classes.names(), t.norm
	if t.opts.Checkpoint != "" { // reads all weights of a teacher
		t.plan.Teacher = t.opts.Teacher.identity()
	}
	if err := t.fingerprint(); err != nil {
		return err
	}
	t.identity.Plan = *t.plan
	if t.opts.Teacher != nil {
		if t.tutor, err = t.tutorOf(t.opts.Teacher); err != nil {
			return err
		}
	}
	t.store.set.ResetOptimizer()
	return t.freeze()
}

// freeze stops the weights of frozen stages.
func (t *training) freeze() error {
	t.how.held, t.frozen = true, make(map[int]bool)
	known := make(map[int]bool)
	for _, s := range t.store.list {
		known[s.node.Stage] = true
	}
	for _, s := range t.plan.FrozenStages {
		if !known[s] && !t.store.openEnded {
			return fmt.Errorf("frozen stage %d does not exist", s)
		}
		t.frozen[s] = true
	}
	return t.hold()
}

// hold freezes tensors, sets their rates and exempts them from weight decay, those too that came
// with a network since the last call.
func (t *training) hold() error {
	if err := t.askRates(); err != nil {
		return err
	}
	for _, s := range t.store.list[t.held:] {
		p, rate := t.store.set.Lookup(s.key), t.rateOf(s.layer())
		p.SetRate(rate)
		p.SetFrozen(rate == 0 || t.frozen[s.node.Stage])
		p.SetNoDecay(t.plan.DecayWeightsOnly && s.kind != kindWeight)
		t.freezes = t.freezes || p.Frozen() && !p.IsState()
	}
	t.held = len(t.store.list)
	return nil
}

// thaw ends what a training changed beside weights.
func (n *network) thaw() {
	for _, p := range n.store.set.All() {
		p.SetFrozen(false)
		p.SetRate(1)
		p.SetNoDecay(false)
	}
	n.store.set.ResetOptimizer()
}

// judging describes what chooses the best weights of a training, for its checkpoint.
func judging(o *TrainOptions) string {
	e := EvalOptions{}
	if o.ValidationOptions != nil {
		e = *o.ValidationOptions
	}
	calibration := 0
	if e.Calibration != nil {
		calibration = e.Calibration.Len()
	}
	text := fmt.Sprintf("%d images, classes %v, statistics %d of %d of %d images, seed %d, sub-networks %v",
		o.Validation.Len(), e.Classes, e.Statistics, e.CalibrationImages, calibration, e.Seed,
		o.Subnets.Validation)
	if e.CalibrationBatch != 0 {
		text += fmt.Sprintf(", calibration batches of %d", e.CalibrationBatch)
	}
	return text
}
