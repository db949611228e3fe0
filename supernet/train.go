package supernet

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tendril-nas/tendril/internal/nn"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// job is what differs between training a Net and a Model.
type job struct {
	identity identity
	sampler  Sampler
	every    int                                           // steps per draw
	program  func(searchspace.Arch) (*program, error)      // of a sub-network
	validate func(ctx context.Context) (Validation, error) // nil: no validation
	judged   string                                        // identity of what validates; "" for nothing
	shared   bool                                          // frozen stages normalise with batch statistics
}

// training is one run of a job. Everything that its future depends on is in state and in the stored
// tensors.
type training struct {
	*network
	job
	plan    *plan
	data    dataset.Dataset
	labels  numbering // of data
	named   bool      // by data: the network had no names for its classes
	opts    *TrainOptions
	sgd     nn.SGD
	state   trainState
	best    map[string][]float32 // weights of state.Result.Best
	kept    map[string][]float32 // weights that come back when the training diverges
	how     pass
	began   time.Time
	resumed bool // from a checkpoint
	held    int  // tensors that are frozen or not, as the options say
	freezes bool // some of them are
	frozen  map[int]bool
	rates   map[string]float64 // by layer, as TrainOptions.Rate said
	done    int                // images since began

	tutor   *tutor // of passes without one of their own; nil: none
	tutors  map[*Teacher]*tutor
	draw    int // that passes belong to; −1: none
	passes  []passRun
	masks   []bool     // of the classes of the batch
	losses  []nn.Value // of the passes of the step under way
	rights  []nn.Value
	scalars []nn.Value // both
	numbers []float64  // that they hold
}

// trainState is where a training stands.
type trainState struct {
	Step      int
	First     float64 // loss of the first step
	LossSum   float64 // over the steps of the epoch under way
	Right     float64 // images of them that were right, means over the passes of a step
	Result    TrainResult
	HasBest   bool
	KeptEpoch int // of the weights that come back when the training diverges; 0: the first ones
}

// train runs a job. The caller has the turn.
func (n *network) train(ctx context.Context, train dataset.Dataset, o *TrainOptions,
	j job) (*TrainResult, error) {
	t := &training{network: n, job: j, data: train, opts: o, draw: -1}
	if n.busy {
		return unbegun(ctx, ErrTraining), ErrTraining
	}
	n.busy = true
	defer func() { n.busy = false }()
	defer t.forgetNames()
	if err := t.prepare(); err != nil {
		return unbegun(ctx, err), err
	}
	defer n.thaw()
	err := t.resume()
	if finished := t.state.Result.Status == searchspace.StatusFinished; err == nil && !finished {
		if err = t.writable(); err == nil {
			err = t.start()
		}
		if err == nil {
			err = t.loop(ctx)
		}
	}
	res := t.state.Result
	res.Steps, res.Epochs, res.Resumed = t.state.Step, len(res.Losses), t.resumed
	res.Status = statusOf(ctx, err)
	if err != nil {
		err = fmt.Errorf("training stopped at step %d of %d: %w", t.state.Step, t.plan.steps(), err)
	}
	return &res, err
}

// unbegun is the result of a training that an error kept from beginning.
func unbegun(ctx context.Context, err error) *TrainResult {
	return &TrainResult{Status: statusOf(ctx, err)}
}

// statusOf says why a training ended.
func statusOf(ctx context.Context, err error) searchspace.Status {
	switch {
	case err == nil:
		return searchspace.StatusFinished
	case errors.Is(err, ErrNotFinite):
		return searchspace.StatusDiverged
	case errors.Is(err, errStopped):
		return searchspace.StatusStopped
	case ctx.Err() != nil && errors.Is(err, ctx.Err()):
		return searchspace.StatusCancelled
	}
	return searchspace.StatusFailed
}

// errStopped marks the error of a Recorder or of TrainOptions.Before.
var errStopped = errors.New("stopped by the caller")

// loop trains to the end. See interrupt for what it leaves behind when it does not get there.
func (t *training) loop(ctx context.Context) (err error) {
	if t.kept == nil {
		if t.kept, err = t.finiteValues(); err != nil {
			return err
		}
	}
	t.began = time.Now()
	from := t.state.Step
	for {
		err := t.finishEpoch(ctx)
		if err == nil && t.state.Step == t.plan.steps() {
			return t.finish()
		}
		if err == nil {
			err = t.epoch(ctx)
		}
		if errors.Is(err, errPaced) {
			if err = t.cut(); err == nil {
				return t.finish()
			}
		}
		if err != nil {
			return t.interrupt(err, from)
		}
	}
}

// epoch trains on what is left of the epoch under way.
func (t *training) epoch(ctx context.Context) error {
	spe := t.plan.StepsPerEpoch
	loader := dataset.LoaderOptions{
		BatchSize: t.plan.BatchSize, Shuffle: !t.plan.NoShuffle, Seed: t.plan.Seed, Epoch: t.state.Step / spe,
		Skip:    t.state.Step % spe,
		Augment: t.plan.Augment, Normalization: t.norm, Workers: t.opts.LoaderWorkers, DropLast: true,
	}
	for b, err := range dataset.Batches(ctx, t.data, loader) {
		if err != nil {
			return err
		}
		t.labels.apply(b.Labels)
		if err := t.advance(ctx, b); err != nil {
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
func (t *training) advance(ctx context.Context, b *dataset.Batch) error {
	if err := t.before(ctx); err != nil {
		return err
	}
	if err := t.drawPasses(); err != nil {
		return err
	}
	if err := t.hold(); err != nil {
		return err
	}
	lr, err := t.pacedRate()
	if err != nil {
		return err
	}
	loss, right, err := t.step(b, t.passes, lr, t.state.Step)
	if err != nil {
		return err
	}
	epoch := t.state.Step / t.plan.StepsPerEpoch
	if t.state.Step == 0 {
		t.state.First = loss
	}
	t.state.Step++
	t.state.LossSum += loss
	t.state.Right += right
	t.done += b.N
	return t.report(Progress{Phase: PhaseTrain, Epoch: epoch, Arch: t.passes[0].program.arch,
		Passes: len(t.passes), Loss: loss,
		Accuracy: right / float64(b.N), LR: lr})
}

// before calls TrainOptions.Before with the turn free.
func (t *training) before(ctx context.Context) error {
	if t.opts.Before == nil {
		return nil
	}
	t.release()
	// The caller of train gives the turn back, so it is taken again whatever the context says, and
	// where Before panics.
	defer func() { t.turn <- struct{}{} }()
	if err := t.opts.Before(ctx, t.state.Step); err != nil {
		return fmt.Errorf("before: %w: %w", errStopped, err)
	}
	return nil
}

// drawPasses makes the passes of the next step.
func (t *training) drawPasses() error {
	draw := t.state.Step / t.every
	if draw == t.draw {
		return nil
	}
	list, err := t.sampler.Sample(draw)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return fmt.Errorf("draw %d has no passes, expected at least 1", draw)
	}
	t.passes = t.passes[:0]
	for _, pass := range list {
		r, err := t.bind(pass)
		if err != nil {
			return err
		}
		t.passes = append(t.passes, r)
	}
	t.draw = draw
	return arrange(t.passes)
}

func (t *training) report(p Progress) error {
	if t.opts.Recorder == nil {
		return nil
	}
	if !p.Arch.IsZero() {
		p.Text = t.space.Format(p.Arch)
	}
	p.Epochs, p.Step, p.Steps = t.plan.Epochs, t.state.Step, t.plan.steps()
	if s := time.Since(t.began).Seconds(); s > 0 {
		p.ImagesPerSecond = float64(t.done) / s
	}
	if err := t.opts.Recorder.Record(p); err != nil {
		return fmt.Errorf("recorder: %w: %w", errStopped, err)
	}
	return nil
}
