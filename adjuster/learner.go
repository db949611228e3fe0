package adjuster

import (
	"context"

	"github.com/tendril-nas/tendril/searchspace"
)

// Learner is what Algorithm 1 needs from the owner of the data, the supernet and the serving model.
// All methods speak about the snapshot D_t that has most recently arrived; a method may be called
// again after an interruption and must then continue or return at once, and end in the same state.
type Learner interface {
	// Measure reads the serving model's accuracy and the distance d_t. It changes nothing.
	Measure(ctx context.Context) (Reading, error)
	// FineTune trains the supernet on the training part of D_t, from N_{t−1}.
	FineTune(ctx context.Context) error
	// Judges gives the space and the evaluators of the adjustment, bound to the fine-tuned
	// supernet.
	Judges(ctx context.Context) (*Judges, error)
	// Retrain trains a on D_t, makes it the serving model, and D_t the reference of later readings.
	Retrain(ctx context.Context, a searchspace.Arch) error
}

// Keeper is a Learner that wants to hear that the architecture was kept, for example to fine-tune
// its weights on D_t, which then makes D_t the reference.
type Keeper interface {
	Keep(ctx context.Context) error
}

// Judges is what an adjustment works with.
type Judges struct {
	Space  *searchspace.Space // with D_t's number of classes
	Reward Evaluator          // V of eq. (5), on a fixed part of the validation set
	Final  Evaluator          // V of the final choice, on the whole validation set; nil = Reward
}
