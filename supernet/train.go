package supernet

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/tendril-nas/tendril/internal/nn"
	"github.com/tendril-nas/tendril/internal/stream"
	"github.com/tendril-nas/tendril/internal/tensor"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// job is what differs between training a Net and a Model.
type job struct {
	identity identity
	pick     func(step int) (*program, error)              // the program of a step
	validate func(ctx context.Context) (Validation, error) // nil: no validation
	shared   bool                                          // frozen stages normalise with batch statistics
}

// training is one run of a job. Everything that its future depends on is in state and in the stored tensors.
type training struct {
	*network
	job
	plan    *plan
	data    dataset.Dataset
	opts    *TrainOptions
	sgd     nn.SGD
	state   trainState
	best    map[string][]float32 // weights of state.Result.Best
	how     pass
	began   time.Time
	resumed bool // from a checkpoint
	held    int  // tensors that are frozen or not, as the options say
	done    int  // images since began
}

// trainState is where a training stands.
type trainState struct {
	Step    int
	LossSum float64 // over the steps of the epoch under way
	Right   int     // images of them that were right
	Result  TrainResult
	HasBest bool
}

// train runs a job. The caller has the turn.
func (n *network) train(ctx context.Context, train dataset.Dataset, o *TrainOptions, j job) (*TrainResult, error) {
	t := &training{network: n, job: j, data: train, opts: o}
	if err := t.prepare(); err != nil {
		return &TrainResult{}, err
	}
	defer n.thaw()
	err := t.resume()
	if err == nil && !t.state.Result.Finished {
		err = t.loop(ctx)
	}
	res := t.state.Result
	res.Steps, res.Epochs, res.Resumed = t.state.Step, len(res.Losses), t.resumed
	if err != nil {
		err = fmt.Errorf("training stopped at step %d of %d: %w", t.state.Step, t.plan.steps(), err)
	}
	return &res, err
}

// prepare checks options and data, and starts the optimiser afresh.
func (t *training) prepare() (err error) {
	if t.plan, err = planOf(t.opts, t.data, t.space.Classes()); err != nil {
		return err
	}
	if err := checkData(t.data, t.space.InputSize()); err != nil {
		return err
	}
	if err := checkLabels(t.data, t.space.Classes()); err != nil {
		return err
	}
	t.sgd = nn.SGD{Momentum: t.plan.Momentum, WeightDecay: t.plan.WeightDecay, Nesterov: t.plan.Nesterov, ClipNorm: t.plan.ClipNorm}
	t.identity.Plan = *t.plan
	t.store.set.ResetOptimizer()
	return t.freeze()
}

// freeze stops the weights of frozen stages.
func (t *training) freeze() error {
	t.how.frozen = make(map[int]bool)
	known := make(map[int]bool)
	for _, s := range t.store.list {
		known[s.stage] = true
	}
	for _, s := range t.plan.FrozenStages {
		if !known[s] && !t.store.open() {
			return fmt.Errorf("frozen stage %d does not exist", s)
		}
		t.how.frozen[s] = true
	}
	t.hold()
	return nil
}

// hold freezes tensors, those too that came with a network since the last call.
func (t *training) hold() {
	for _, s := range t.store.list[t.held:] {
		t.store.set.Lookup(s.key).SetFrozen(t.how.frozen[s.stage])
	}
	t.held = len(t.store.list)
}

// thaw ends what a training changed beside weights.
func (n *network) thaw() {
	for _, p := range n.store.set.All() {
		p.SetFrozen(false)
	}
	n.store.set.ResetOptimizer()
}

// loop trains to the end. When it fails or is cancelled, a checkpoint is left behind.
func (t *training) loop(ctx context.Context) error {
	t.began = time.Now()
	for {
		err := t.finishEpoch(ctx)
		if err == nil && t.state.Step == t.plan.steps() {
			return t.finish()
		}
		if err == nil {
			err = t.epoch(ctx)
		}
		if err != nil {
			if errors.Is(err, ErrNotFinite) || errors.Is(err, errNotSaved) {
				return err
			}
			return errors.Join(err, t.save())
		}
	}
}

// epoch trains on what is left of the epoch under way.
func (t *training) epoch(ctx context.Context) error {
	spe := t.plan.StepsPerEpoch
	loader := dataset.LoaderOptions{
		BatchSize: t.plan.BatchSize, Shuffle: !t.plan.NoShuffle, Seed: t.plan.Seed, Epoch: t.state.Step / spe, Skip: t.state.Step % spe,
		Augment: t.plan.Augment, Normalization: t.norm, Workers: t.opts.LoaderWorkers, DropLast: true,
	}
	for b, err := range dataset.Batches(ctx, t.data, loader) {
		if err != nil {
			return err
		}
		if err := t.advance(b); err != nil {
			return err
		}
		every := t.opts.CheckpointEvery
		if every > 0 && t.state.Step%every == 0 && t.state.Step%spe != 0 {
			if err := t.save(); err != nil {
				return err
			}
		}
	}
	return nil
}

// advance trains one step and reports it.
func (t *training) advance(b *dataset.Batch) error {
	p, err := t.pick(t.state.Step)
	if err != nil {
		return err
	}
	t.hold()
	lr := t.plan.rate(t.state.Step)
	loss, right, err := t.step(b, p, lr, stream.Seed(t.plan.Seed, "supernet.dropout", uint64(t.state.Step)))
	if err != nil {
		return err
	}
	epoch := t.state.Step / t.plan.StepsPerEpoch
	t.state.Step++
	t.state.LossSum += loss
	t.state.Right += right
	t.done += b.N
	return t.report(Progress{Phase: PhaseTrain, Epoch: epoch, Arch: p.arch, Loss: loss,
		Accuracy: float64(right) / float64(b.N), LR: lr})
}

func (t *training) report(p Progress) error {
	if t.opts.Recorder == nil {
		return nil
	}
	p.Epochs, p.Step, p.Steps = t.plan.Epochs, t.state.Step, t.plan.steps()
	if s := time.Since(t.began).Seconds(); s > 0 {
		p.ImagesPerSecond = float64(t.done) / s
	}
	if err := t.opts.Recorder.Record(p); err != nil {
		return fmt.Errorf("recorder: %w", err)
	}
	return nil
}

// step is one update of the weights that a program uses.
func (t *training) step(b *dataset.Batch, p *program, lr float64, seed uint64) (loss float64, right int, err error) {
	defer tensor.Recover(&err)
	t.weights.Lock()
	defer t.weights.Unlock()
	r, tape := t.runner, t.runner.tape
	how := t.how
	if t.shared && len(how.frozen) > 0 {
		how.frozenStats = t.ownStats(p)
	}
	t.store.set.BeginStep()
	tape.Begin(nn.Training(seed))
	p.run(r, tape.Input(inputShape(b.N, b.Size), b.X), how)
	logits := r.slots[p.logits]
	tape.Pin(logits)
	mean := tape.Mean(tape.CrossEntropy(logits, nn.Targets{Labels: b.Labels, Smoothing: t.plan.LabelSmoothing}))
	tape.Backward(mean)
	if loss = tape.Item(mean); math.IsNaN(loss) || math.IsInf(loss, 0) {
		return loss, 0, fmt.Errorf("loss %v: %w; a lower learning rate may help", loss, ErrNotFinite)
	}
	t.sgd.Step(tape.Stream(), t.store.set, lr)
	t.version.Add(1)
	classes := p.graph.Classes
	rows, err := r.logits(p, b.N, classes)
	if err != nil {
		return loss, 0, err
	}
	for i, label := range b.Labels {
		if argmax(rows[i*classes:(i+1)*classes]) == label {
			right++
		}
	}
	return loss, right, tape.Stream().Sync()
}

// finishEpoch closes an epoch whose steps are done, at most once: judges, keeps the best weights, writes the checkpoint.
func (t *training) finishEpoch(ctx context.Context) error {
	spe := t.plan.StepsPerEpoch
	epochs := t.state.Step / spe
	if t.state.Step%spe != 0 || len(t.state.Result.Losses) == epochs {
		return nil
	}
	var v Validation
	due := t.validate != nil && (epochs%t.plan.ValidateEvery == 0 || epochs == t.plan.Epochs)
	if due {
		var err error
		if v, err = t.validate(ctx); err != nil {
			return fmt.Errorf("validation: %w", err)
		}
		v.Epoch = epochs
	}
	res := &t.state.Result
	res.Losses = append(res.Losses, t.state.LossSum/float64(spe))
	res.Accuracies = append(res.Accuracies, float64(t.state.Right)/float64(spe*t.plan.BatchSize))
	t.state.LossSum, t.state.Right = 0, 0
	var reported error
	if due {
		better := !t.state.HasBest || v.Accuracy > res.Best.Accuracy || v.Accuracy == res.Best.Accuracy && v.Loss < res.Best.Loss
		res.Validations = append(res.Validations, v)
		if better {
			res.Best, t.state.HasBest, t.best = v, true, t.values()
		}
		reported = t.report(Progress{Phase: PhaseValidate, Epoch: epochs, Loss: v.Loss, Accuracy: v.Accuracy, Best: better})
	}
	if epochs == t.plan.Epochs || t.opts.CheckpointEvery > 0 && t.state.Step%t.opts.CheckpointEvery != 0 {
		return reported
	}
	return errors.Join(reported, t.save())
}

// finish ends a training that ran all its steps: the best weights come back, and the checkpoint says that nothing is left to do.
func (t *training) finish() (err error) {
	defer tensor.Recover(&err)
	if t.state.HasBest && t.state.Result.Best.Epoch != t.plan.Epochs {
		if err := t.setValues(t.best); err != nil {
			return err
		}
		t.version.Add(1)
	}
	t.state.Result.Finished = true
	t.best = nil
	t.store.set.ResetOptimizer()
	return t.save()
}
