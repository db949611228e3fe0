package evolution

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"sync"

	"github.com/tendril-nas/tendril/internal/search"
	"github.com/tendril-nas/tendril/searchspace"
)

// Evaluator measures an architecture, as a supernet bound to data does. It is called on several
// goroutines when SearchOptions.Workers is above one; the context ends when the search does.
type Evaluator interface {
	Evaluate(ctx context.Context, a searchspace.Arch) (searchspace.Measurement, error)
}

// Alone runs do while no other evaluation of the search is at work: for an evaluator that measures
// time, with the context that it was called with. The error is that of do or of the context.
func Alone(ctx context.Context, do func(ctx context.Context) error) error {
	return search.Alone(ctx, do)
}

// Pause lets evaluations go first that wait to be Alone: for an evaluator that takes long, between
// its steps, with the context that it was called with. The error is that of the context.
func Pause(ctx context.Context) error { return search.Pause(ctx) }

// ErrStop is what a function handed to Search.Observe returns to end the search in good order.
var ErrStop = search.ErrStop

// PointEvaluator measures a genome of the caller's.
type PointEvaluator[G any] interface {
	Evaluate(ctx context.Context, g G) (Point, error)
}

// PointFunc makes a PointEvaluator of a function.
type PointFunc[G any] func(ctx context.Context, g G) (Point, error)

// Evaluate calls f.
func (f PointFunc[G]) Evaluate(ctx context.Context, g G) (Point, error) { return f(ctx, g) }

// Record is a line of a search's history.
type Record[G any] struct {
	Step int // of the search; candidates of a step are told together
	Outcome[G]
	Measurement searchspace.Measurement // zero unless architectures are searched
	Cached      bool                    // measured for an earlier proposal
	Attempts    int                     // calls of the evaluator; 0 when cached
	Failure     string                  // error text of the last attempt when all failed
}

// Search evaluates what a strategy proposes: several candidates at a time, none twice, again when
// an evaluation fails and as a failed record when it keeps failing; it saves itself after every
// result and goes on where it was interrupted. Its history depends on the strategy, the options and
// the measurements alone, neither on the number of workers nor on how long evaluations take.
//
// A Search is for one goroutine.
type Search[G any] struct {
	strategy Strategy[G]
	opts     SearchOptions
	loop     *search.Loop[struct{}]
	mutex    sync.RWMutex // of genomes, which evaluators read
	genomes  map[searchspace.Arch]G
	name     func(g G) (searchspace.Arch, error)
	point    func(r search.Result) (Point, error)
	budgets  []int // Evaluations of this run, after those of earlier ones that were used up
	asked    int
	open     map[int][]searchspace.Arch // steps asked and not told
	history  []Record[G]
	names    []searchspace.Arch // of the history's candidates
	observe  []func(records []Record[G]) error
	replay   bool                          // strategy is shown what was, the evaluator is not
	stepper  StepEvaluator                 // nil = evaluations are independent
	begun    map[int]bool                  // steps that it knows to be open
	ended    int                           // steps that it has ended
	width    int                           // bytes of a name
	format   func(searchspace.Arch) string // text of an architecture; nil for other genomes
}

// NewSearch searches architectures of a space: the strategy's candidates are measured by e, and of
// the measurement the objectives and constraints are taken.
func NewSearch(space *searchspace.Space, s Strategy[searchspace.Arch], e Evaluator, objectives []Objective,
	o *SearchOptions) (*Search[searchspace.Arch], error) {
	if space == nil || s == nil || e == nil || len(objectives) == 0 {
		return nil, errors.New("evolution: a search needs a space, a strategy, an evaluator and objectives")
	}
	x := &Search[searchspace.Arch]{strategy: s, width: len(space.Decisions()), format: space.Format}
	x.name = func(a searchspace.Arch) (searchspace.Arch, error) { return a, space.Valid(a) }
	constraints := o.constraints()
	if err := usable(slices.Concat(objectives, constraints)); err != nil {
		return nil, err
	}
	x.stepper, _ = e.(StepEvaluator)
	x.point = func(r search.Result) (Point, error) { return pointOf(r.Measurement, objectives, constraints) }
	return x, x.init(func(ctx context.Context, a searchspace.Arch) (searchspace.Measurement, []float64, error) {
		if x.stepper != nil {
			step, _ := search.StepOf(ctx)
			m, err := x.stepper.EvaluateStep(ctx, a, step)
			return m, nil, err
		}
		m, err := e.Evaluate(ctx, a)
		return m, nil, err
	}, o)
}

// NewSearchOf searches genomes of any kind.
func NewSearchOf[G any](
	genes Genes[G], s Strategy[G], e PointEvaluator[G], o *SearchOptions,
) (*Search[G], error) {
	if genes == nil || s == nil || e == nil {
		return nil, errors.New("evolution: a search needs genes, a strategy and an evaluator")
	}
	if len(o.constraints()) > 0 {
		return nil, errors.New("evolution: constraints belong to a search over architectures; a point has its own")
	}
	x := &Search[G]{strategy: s, width: sha256.Size}
	// The loop knows a genome by a digest of its key.
	x.name = func(g G) (a searchspace.Arch, err error) {
		sum := sha256.Sum256([]byte(genes.Key(g)))
		return a, a.UnmarshalText([]byte(hex.EncodeToString(sum[:])))
	}
	x.point = func(r search.Result) (Point, error) { return unpack(r.Values) }
	return x, x.init(func(ctx context.Context, a searchspace.Arch) (searchspace.Measurement, []float64, error) {
		p, err := e.Evaluate(ctx, x.genome(a))
		if err != nil {
			return searchspace.Measurement{}, nil, err
		}
		return searchspace.Measurement{Arch: a}, pack(p), nil
	}, o)
}
