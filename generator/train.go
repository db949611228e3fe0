package generator

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/tendril-nas/tendril/internal/kernel"
	"github.com/tendril-nas/tendril/internal/stream"
	"github.com/tendril-nas/tendril/searchspace"
)

// trainState is where a training is.
type trainState struct {
	Plan trainPlan `json:"plan"`
	Step int       `json:"step"` // finished
}

// trainer runs a training.
type trainer struct {
	g        *Generator
	plan     *trainPlan
	learners []Learner
	net      *compiled
	pass     pass
	back     *backprop
	relaxed  *relaxed
	query    query
	logits   []float32 // [steps, outputs]
	grad     []float32
	random   rand.PCG
	images   []int
}

// errStopped marks an error of a Recorder.
var errStopped = errors.New("stopped by the caller")

// Train trains the generator and the embeddings, the supernet being as it is, with one learner for
// every superclass in the order of Superclasses. A step takes a superclass, each once in a round, a
// budget drawn between Low and High, and a batch of images, draws an architecture from the
// probabilities and lowers L = L_val + λ·L_C, eq. (4).
//
// When ctx ends, a learner fails or the Recorder returns an error, Train returns that error and
// what was done. Training with the same options and learners then goes on where it stopped, here
// or, with a Checkpoint or after Save and Load, in another process; with others it begins anew from
// the parameters that are there.
//
// The error wraps ErrNotFinite for a loss or gradient that is not finite: the step is not made.
func (g *Generator) Train(ctx context.Context, learners []Learner, o *TrainOptions) (*TrainResult, error) {
	if err := g.made(); err != nil {
		return nil, err
	}
	if o == nil {
		o = &TrainOptions{}
	}
	if o.CheckpointEvery < 0 {
		return nil, fmt.Errorf("generator: a checkpoint every %d steps, expected at least 1",
			o.CheckpointEvery)
	}
	plan, err := o.plan(learners, len(g.opts.Superclasses))
	if err != nil {
		return nil, err
	}
	if err := g.begin(); err != nil {
		return nil, err
	}
	defer g.end()
	res, err := g.resume(plan, o.Checkpoint)
	if err != nil {
		return nil, err
	}
	if res.Status == searchspace.StatusFinished {
		return res, nil
	}
	t := &trainer{g: g, plan: plan, learners: learners, net: newCompiled(g.params, kernel.Default()),
		pass: pass{keep: true}, back: newBackprop(g.params), relaxed: newRelaxed(g.plan, g.space,
			plan.Temperature),
		logits: make([]float32, g.plan.steps*g.plan.outputs), grad: make([]float32, g.params.size)}
	err = t.run(ctx, o, res)
	return res, err
}

// begin lets only one training run.
func (g *Generator) begin() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.running {
		return ErrTraining
	}
	g.running = true
	return nil
}

func (g *Generator) end() {
	g.mu.Lock()
	g.running = false
	g.mu.Unlock()
}

// run makes the steps that are left.
func (t *trainer) run(ctx context.Context, o *TrainOptions, res *TrainResult) error {
	save := func() error {
		if o.Checkpoint == "" {
			return nil
		}
		return t.g.write(o.Checkpoint)
	}
	if err := save(); err != nil {
		res.Status = searchspace.StatusFailed
		return err
	}
	for res.Steps < t.plan.Steps {
		p, err := t.step(ctx, res.Steps)
		if err == nil {
			res.Steps++
			if o.Recorder != nil {
				if err = o.Recorder.Record(p); err != nil {
					err = fmt.Errorf("%w: %w", errStopped, err)
				}
			}
		}
		if err != nil {
			res.Status = statusOf(ctx, err)
			return errors.Join(fmt.Errorf("generator: step %d: %w", res.Steps, err), save())
		}
		if res.Steps%or(o.CheckpointEvery, saveEvery) == 0 && res.Steps < t.plan.Steps {
			if err := save(); err != nil {
				res.Status = searchspace.StatusFailed
				return err
			}
		}
	}
	res.Status = searchspace.StatusFinished
	return save()
}

// statusOf says why a training ended.
func statusOf(ctx context.Context, err error) searchspace.Status {
	switch {
	case errors.Is(err, errStopped):
		return searchspace.StatusStopped
	case ctx.Err() != nil:
		return searchspace.StatusCancelled
	case errors.Is(err, ErrNotFinite):
		return searchspace.StatusDiverged
	}
	return searchspace.StatusFailed
}

// step makes step number n, from 0.
func (t *trainer) step(ctx context.Context, n int) (Progress, error) {
	p := Progress{Step: n + 1, Steps: t.plan.Steps}
	if err := ctx.Err(); err != nil {
		return p, err
	}
	k := t.ask(n, &p)
	if err := t.net.update(t.g.flat); err != nil {
		return p, err
	}
	t.pass.resize(t.net, 1)
	t.pass.row(t.net, 0, &t.query)
	t.pass.run(t.net)
	outs := t.net.plan.outputs
	for s := range t.net.plan.steps {
		copy(t.logits[s*outs:][:outs], t.pass.outputs(t.net, s, 0))
	}
	t.seed("generator.gates", n)
	t.relaxed.forward(t.logits, t.uniform)
	if err := t.losses(ctx, n, k, &p); err != nil {
		return p, err
	}
	if err := t.back.run(t.net, &t.pass, &t.query, t.g.flat, t.grad); err != nil {
		return p, err
	}
	t.update(n + 1)
	return p, nil
}

// ask draws the superclass and the budget of a step.
func (t *trainer) ask(n int, p *Progress) (superclass int) {
	o := &t.g.opts
	names := len(o.Superclasses)
	r := stream.New(t.plan.Seed, "generator.superclass", uint64(n/names))
	superclass = r.Perm(names)[n%names]
	t.seed("generator.budget", n)
	p.Superclass = o.Superclasses[superclass]
	p.Budget = o.Low + t.uniform()*(o.High-o.Low)
	t.query.superclasses = append(t.query.superclasses[:0], superclass)
	t.query.point, t.query.share = between(p.Budget, o.Low, o.High, o.Budgets)
	return superclass
}

// losses computes both terms for the rows drawn, and the gradient in the logits.
func (t *trainer) losses(ctx context.Context, n, superclass int, p *Progress) error {
	loss, grad, err := t.learners[superclass].Gradient(ctx, t.relaxed.rows, t.batch(n, superclass))
	if err != nil {
		return err
	}
	cost, dCost, err := t.g.cost.model.Expected(t.relaxed.rows)
	if err != nil {
		return err
	}
	if err := sameShape(grad, dCost); err != nil {
		return err
	}
	aim := t.plan.Aim * p.Budget
	off := cost/aim - 1
	p.Loss, p.Cost, p.CostLoss = loss, cost, off*off
	gain := t.plan.Lambda * 2 * off / aim
	for i, row := range grad {
		for c, v := range row {
			v += gain * dCost[i][c]
			if v-v != 0 {
				return fmt.Errorf("gradient of choice %d of decision %d is %v: %w", c, i, v, ErrNotFinite)
			}
			dCost[i][c] = v
		}
	}
	if loss-loss != 0 {
		return fmt.Errorf("loss %v: %w", loss, ErrNotFinite)
	}
	t.relaxed.backward(dCost, t.back.dLogits)
	return nil
}

// sameShape is an error for a gradient that is not that of rows.
func sameShape(got, want searchspace.Relaxed) error {
	same := slices.EqualFunc(got, want, func(a, b []float64) bool { return len(a) == len(b) })
	if !same {
		return fmt.Errorf("gradient of a learner has another shape than the rows it was given")
	}
	return nil
}

// batch draws the images of a step, ascending.
func (t *trainer) batch(n, superclass int) []int {
	images := t.plan.Images[superclass]
	t.images = slices.Grow(t.images[:0], images)[:images]
	for i := range t.images {
		t.images[i] = i
	}
	if t.plan.BatchSize >= images {
		return t.images
	}
	r := stream.New(t.plan.Seed, "generator.images", uint64(n))
	for i := range t.plan.BatchSize {
		j := i + r.IntN(images-i)
		t.images[i], t.images[j] = t.images[j], t.images[i]
	}
	batch := t.images[:t.plan.BatchSize]
	slices.Sort(batch)
	return batch
}

// seed begins a stream of a step.
func (t *trainer) seed(purpose string, n int) {
	t.random.Seed(stream.Key(t.plan.Seed, purpose, uint64(n)))
}

// uniform is a number above 0 and below 1.
func (t *trainer) uniform() float64 { return (float64(t.random.Uint64()>>12) + 0.5) / (1 << 52) }

// update is step number n, from 1, of Adam.
func (t *trainer) update(n int) {
	g := t.g
	o := kernel.Adam{Rate: float32(t.plan.LR / (1 - math.Pow(beta1, float64(n)))),
		Root:  float32(1 / math.Sqrt(1-math.Pow(beta2, float64(n)))),
		Beta1: beta1, Beta2: beta2, Gain1: float32(1 - beta1), Gain2: float32(1 - beta2), Eps: adamEps,
		GradScale: 1}
	g.mu.Lock()
	t.net.path.Adam(g.flat, t.grad, g.moments[0], g.moments[1], &o)
	g.training.Step = n
	g.compiled = nil
	g.mu.Unlock()
}
