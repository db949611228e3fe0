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
	// A Comparer has trained a for the contest, where there was one.
	Retrain(ctx context.Context, a searchspace.Arch) error
}

// Keeper is a Learner that wants to hear that the architecture was kept, for example to fine-tune
// its weights on D_t, which then makes D_t the reference.
type Keeper interface {
	Keep(ctx context.Context) error
}

// Comparer is a Learner that has an adapted architecture compared with the serving one before it
// may take its place, so that adapting is never worse than keeping. It is asked after an adjustment
// that found another architecture than the serving one.
//
// The evaluator is asked about α_{t−1} and α_t, both trained on D_t with the same steps from the
// weights that serve, and judges them on held-out images. It trains each of them before it judges
// it for the first time, or finds it trained. Learner.Retrain is then called for the winner, and
// only puts the one that was trained for the contest into service. After an interruption both may
// be asked again. The measurements of an architecture must then still be of the same weights; where
// they are not, that is an error, and another call holds the contest anew.
type Comparer interface {
	Contest(ctx context.Context) (RangeEvaluator, error)
}

// Judges is what an adjustment works with.
type Judges struct {
	Space  *searchspace.Space // with D_t's number of classes; nil = the adjuster's
	Reward Evaluator          // V of eq. (5), on a fixed part of the validation set
	Final  Evaluator          // V of the final choice, on the whole validation set; nil = Reward
	// Trial, when set, has the last word: weights of a descendant of the serving network that was
	// trained for the same few steps whatever the architecture, since inherited weights do not rank
	// well. The best Options.Finalists candidates and α_{t−1} are judged by it on all images. Its
	// measurements may carry a weight version of their own for every architecture.
	Trial RangeEvaluator
}
