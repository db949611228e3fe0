package adjuster

import (
	"fmt"
	"log/slog"
	"math"

	"github.com/tendril-nas/tendril/searchspace"
)

// Options sets up an Adjuster. The zero value is the published method with eq. (5) as its reward.
// Where zero would be a useful value of its own, a negative number stands for it.
type Options struct {
	// Iterations is M of Algorithm 2, the number of proposals per adjustment; 0 = 10000.
	Iterations int `json:"iterations"`
	// LearningRate of Adam; 0 = 2e-4 × 10000/Iterations, between 2e-4 (published, for 10000
	// iterations) and 5e-3. With the published rate and only a few hundred iterations the policy
	// would stay where it started.
	LearningRate float64 `json:"learning_rate"`
	// Beta1 and Beta2 of Adam; 0 = 0.5 and 0.999.
	Beta1 float64 `json:"beta1"`
	Beta2 float64 `json:"beta2"`
	// WeightDecay is added to the gradient as weight × WeightDecay; 0 = 5e-4, negative = none.
	WeightDecay float64 `json:"weight_decay"`
	// Entropy is the weight of the entropy bonus, per nat; 0 = 2e-4, negative = none.
	Entropy float64 `json:"entropy"`
	// Baseline is the decay of a moving average of past rewards that is subtracted from each
	// reward, in [0, 1); 0 = no baseline, as published. 0.95 makes short runs learn much faster.
	Baseline float64 `json:"baseline"`
	// Hidden is the width of the LSTM and of all embeddings; 0 = 64.
	Hidden int `json:"hidden"`
	// HeadPerKind shares one softmax head and one value embedding among all decisions of the same
	// kind and number of choices, as the published code does. Default: every decision has its own.
	HeadPerKind bool `json:"head_per_kind"`
	// InitRange bounds the uniform distribution that parameters start from; 0 = 0.1.
	InitRange float64 `json:"init_range"`

	// Objective is what V of the reward is; default Accuracy.
	Objective Objective `json:"objective"`
	// Lambda of eq. (5), V (a fraction) per million multiply-adds; 0 = 2.5e-4, which is meant for
	// the space at 224 pixels, negative = none. Use ScaledLambda for other spaces. For PerDoubling
	// it is V per doubling of the cost, in any space; 0 = 0.01.
	Lambda float64 `json:"lambda"`
	// Form chooses between eq. (5), what the published code computes, and cost per doubling;
	// default Eq5.
	Form RewardForm `json:"form"`
	// DistanceFloor is the least d_t in λ/d_t of eq. (5), without which the reward for shrinking
	// grows without bound as d_t falls; 0 = 0.05, for PerDoubling 0.25, negative = none. The
	// published form has no floor.
	DistanceFloor float64 `json:"distance_floor"`
	// GridStep and GridSize describe the values of d_t that the policy tells apart: GridSize cells,
	// GridStep apart, the first at 0; 0 = 0.05 and 100. A larger d_t counts as the last cell, and a
	// warning is logged.
	GridStep float64 `json:"grid_step"`
	GridSize int     `json:"grid_size"`

	// Candidates is the number of architectures drawn from the trained policy for the final choice;
	// 0 = 10.
	Candidates int `json:"candidates"`
	// Elites adds that many of the best different proposals seen on the way to the final choice;
	// default none, as published.
	Elites int `json:"elites"`
	// KeepPrevious lets α_{t−1} take part in the final choice, and in the trial, so that the reward
	// of the choice is never below 0; default no, as published.
	KeepPrevious bool `json:"keep_previous"`
	// Race makes the final choice a race; nil = every candidate is judged on the whole validation
	// set, as published. Judges.Final must then be a RangeEvaluator (Judges.Reward where it is
	// nil).
	Race *Race `json:"race,omitempty"`
	// Finalists is how many of the best candidates Judges.Trial judges; 0 = 3. Where a race leaves
	// fewer, those that it dropped last follow.
	Finalists int `json:"finalists"`
	// FreshBatches draws a new validation batch for every proposal, as published, instead of
	// judging all of them on the same images. The evaluator must then be a BatchEvaluator.
	FreshBatches bool `json:"fresh_batches"`
	// Retries is how often a failed evaluation is tried again; 0 = 2, negative = never.
	Retries int `json:"retries"`
	// Seed of parameters and proposals.
	Seed uint64 `json:"seed"`

	// Cost is C of eq. (5), for a space with D_t's number of classes. Default: convolution and
	// linear multiply-adds, in millions. It must be a function of its arguments, and Lambda is per
	// unit of it (ScaledLambdaOf). Space.CostOf and LatencyTable.Cost are other choices.
	Cost func(*searchspace.Space, searchspace.Arch) (float64, error) `json:"-"`
	// Recorder, when set, receives every proposal.
	Recorder Recorder `json:"-"`
	// Checkpoint is a path that the state is saved to every CheckpointEvery iterations (0 = 500),
	// when an adjustment is interrupted and when it ends; "" = never. An Expert saves by itself and
	// ignores it.
	Checkpoint      string `json:"-"`
	CheckpointEvery int    `json:"-"`
	// Makers rebuild spaces of a program's own families when a saved state is loaded.
	Makers []searchspace.Maker `json:"-"`
	// Logger; nil = silent.
	Logger *slog.Logger `json:"-"`
}

// Race sets up the final choice as a race, ours: all candidates are judged on the first blocks of
// images, and again on twice as many as before, as long as more than one is left and images are.
// After each round a candidate is dropped when its reward is behind the leader's by more than
// Errors standard errors of their block-wise difference (see Candidate). Few images are spent on
// candidates that are clearly worse, and the best of ten on a small sample, which luck chose, does
// not win. With Judges.Trial it ends as soon as no more than Options.Finalists are left.
//
// A block is a range of images of the evaluator; which come first is drawn from Options.Seed. A
// block that is shorter, because blocks do not divide the images, counts with its number of them.
type Race struct {
	Block  int     // images of a block; 0 = 100
	First  int     // blocks of the first round; 0 = 5
	Errors float64 // standard errors behind the leader; 0 = 2, negative = 0, +Inf = nobody is dropped
}

func (r Race) resolved() Race {
	r.Block, r.First = orInt(r.Block, 100), orInt(r.First, 5)
	return r
}

// errors keeps its sign in the options, as the weights below do.
func (r Race) errors() float64 { return defaulted(r.Errors, 2) }

// Recorder watches an adjustment. An error stops it; what was done so far stays.
type Recorder interface {
	Record(Progress) error
}

// Progress is what a Recorder sees after each iteration.
type Progress struct {
	Iteration  int      `json:"iteration"` // from 1
	Iterations int      `json:"iterations"`
	Distinct   int      `json:"distinct"` // different architectures measured so far
	Proposal   Proposal `json:"proposal"`
}

const (
	publishedIterations   = 10000
	publishedLearningRate = 2e-4
	maxLearningRate       = 5e-3
)

func defaulted(v, def float64) float64 {
	switch {
	case v == 0:
		return def
	case v < 0:
		return 0
	}
	return v
}

func orInt(v, def int) int {
	if v == 0 {
		return def
	}
	return v
}

// resolved returns a copy in which every default is filled in, so that what is saved says what was
// run.
func (o Options) resolved() (Options, error) {
	o.Iterations = orInt(o.Iterations, publishedIterations)
	if o.LearningRate == 0 && o.Iterations > 0 {
		o.LearningRate = min(max(publishedLearningRate*publishedIterations/float64(o.Iterations),
			publishedLearningRate), maxLearningRate)
	}
	if o.Beta1 == 0 {
		o.Beta1 = 0.5
	}
	if o.Beta2 == 0 {
		o.Beta2 = 0.999
	}
	o.Hidden = orInt(o.Hidden, 64)
	o.GridSize = orInt(o.GridSize, 100)
	o.Candidates = orInt(o.Candidates, 10)
	o.CheckpointEvery = orInt(o.CheckpointEvery, 500)
	o.Finalists = orInt(o.Finalists, 3)
	if o.Race != nil {
		r := o.Race.resolved()
		o.Race = &r
	}
	if o.InitRange == 0 {
		o.InitRange = 0.1
	}
	if o.GridStep == 0 {
		o.GridStep = 0.05
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o, o.check()
}

// The weights that may be switched off keep their sign in Options, so that resolving twice changes
// nothing.
func (o *Options) weightDecay() float64 { return defaulted(o.WeightDecay, 5e-4) }
func (o *Options) entropy() float64     { return defaulted(o.Entropy, 2e-4) }

func (o *Options) reward() Reward {
	return Reward{Lambda: o.Lambda, Floor: o.DistanceFloor, Form: o.Form}
}

func (o *Options) check() error {
	race := Race{}.resolved()
	if o.Race != nil {
		race = *o.Race
	}
	for _, f := range []struct {
		name   string
		v      float64
		lo, hi float64
	}{
		{"learning rate", o.LearningRate, math.SmallestNonzeroFloat64, math.MaxFloat64},
		{"beta1", o.Beta1, 0, 1 - 1e-9},
		{"beta2", o.Beta2, 0, 1 - 1e-9},
		{"weight decay", o.WeightDecay, -math.MaxFloat64, math.MaxFloat64},
		{"entropy", o.Entropy, -math.MaxFloat64, math.MaxFloat64},
		{"baseline", o.Baseline, 0, 1 - 1e-9},
		{"init range", o.InitRange, 0, math.MaxFloat32},
		{"lambda", o.Lambda, -math.MaxFloat64, math.MaxFloat64},
		{"distance floor", o.DistanceFloor, -math.MaxFloat64, math.MaxFloat64},
		{"grid step", o.GridStep, math.SmallestNonzeroFloat64, math.MaxFloat64},
		{"iterations", float64(o.Iterations), 1, math.MaxInt32},
		{"hidden", float64(o.Hidden), 1, 1 << 16},
		{"grid size", float64(o.GridSize), 1, 1 << 20},
		{"candidates", float64(o.Candidates), 1, 1 << 20},
		{"elites", float64(o.Elites), 0, 1 << 20},
		{"checkpoint every", float64(o.CheckpointEvery), 1, math.MaxInt32},
		{"form", float64(o.Form), 0, float64(PerDoubling)},
		{"objective", float64(o.Objective), 0, float64(Likelihood)},
		{"finalists", float64(o.Finalists), 1, 1 << 20},
		{"images of a block", float64(race.Block), 1, math.MaxInt32},
		{"blocks of the first round", float64(race.First), 1, math.MaxInt32},
		{"standard errors", race.Errors, math.Inf(-1), math.Inf(1)},
	} {
		if !(f.v >= f.lo && f.v <= f.hi) {
			return fmt.Errorf("adjuster: %s is %v, expected %g to %g", f.name, f.v, f.lo, f.hi)
		}
	}
	return nil
}
