package adjuster

import (
	"context"
	"errors"
	"fmt"

	"github.com/tendril-nas/tendril/internal/search"
	"github.com/tendril-nas/tendril/searchspace"
)

// ErrPending is returned by Adjust when another adjustment was interrupted and has been neither
// finished nor given up.
var ErrPending = errors.New("an interrupted adjustment is pending")

// Adjuster is the network architecture adjuster of section 3.2: a policy π(α' | α_{t−1}, d_t; θ)
// that is trained by REINFORCE on every snapshot that needs a new architecture, and keeps θ from
// one snapshot to the next.
//
// An Adjuster is for one goroutine.
type Adjuster struct {
	space   *searchspace.Space
	opts    Options
	policy  *policy
	runs    uint64 // adjustments finished or given up
	pending *run
	saver   func() error // saves what this adjuster is part of; nil: the adjuster alone
}

var errNoSpace = errors.New("adjuster: no space")

// New makes an adjuster for a space; o may be nil. Parameters are drawn from o.Seed.
func New(space *searchspace.Space, o *Options) (*Adjuster, error) {
	if space == nil {
		return nil, errNoSpace
	}
	if o == nil {
		o = &Options{}
	}
	opts, err := o.resolved()
	if err != nil {
		return nil, err
	}
	p, err := newPolicy(space, &opts)
	if err != nil {
		return nil, err
	}
	return &Adjuster{space: space, opts: opts, policy: p}, nil
}

// Space is the space that proposals come from.
func (a *Adjuster) Space() *searchspace.Space { return a.space }

// SetSpace changes the space, usually to the same one with more classes. Its decisions must be the
// ones that the policy was made for; restrictions may differ.
func (a *Adjuster) SetSpace(space *searchspace.Space) error {
	if space == nil {
		return errNoSpace
	}
	if a.pending != nil && !space.Spec().Equal(a.space.Spec()) {
		return fmt.Errorf("adjuster: change of space: %w", ErrPending)
	}
	if err := a.policy.fits(space); err != nil {
		return err
	}
	a.space = space
	return nil
}

// Options are those in use, with every default filled in.
func (a *Adjuster) Options() Options { return a.opts }

// SetOptions replaces the options from the next adjustment on. Hidden, HeadPerKind, GridStep and
// GridSize belong to the policy's parameters and must stay as they are (or zero).
func (a *Adjuster) SetOptions(o Options) error {
	if a.pending != nil {
		return fmt.Errorf("adjuster: change of options: %w", ErrPending)
	}
	o.Hidden, o.GridSize = orInt(o.Hidden, a.opts.Hidden), orInt(o.GridSize, a.opts.GridSize)
	opts, err := o.resolved()
	if err != nil {
		return err
	}
	if opts.Hidden != a.opts.Hidden || opts.GridSize != a.opts.GridSize || opts.GridStep != a.opts.GridStep ||
		opts.HeadPerKind != a.opts.HeadPerKind {
		return errors.New("adjuster: options would change the shape of the policy: hidden, grid or heads")
	}
	a.opts = opts
	return nil
}

// Pending reports an interrupted adjustment: its previous architecture, distance and finished
// iterations.
func (a *Adjuster) Pending() (prev searchspace.Arch, d float64, iterations int, ok bool) {
	if a.pending == nil {
		return searchspace.Arch{}, 0, 0, false
	}
	return a.pending.prev, a.pending.distance, a.pending.loop.Step(), true
}

// Abandon gives up an interrupted adjustment. The policy keeps what it has learnt.
func (a *Adjuster) Abandon() {
	if a.pending != nil {
		a.pending = nil
		a.runs++
	}
}

// Adjust is AdjustWith for two evaluators: of rewards, and of the final choice (nil: reward again).
func (a *Adjuster) Adjust(ctx context.Context, prev searchspace.Arch, d float64,
	reward, final Evaluator) (*Result, error) {
	return a.AdjustWith(ctx, prev, d, Judges{Reward: reward, Final: final})
}

// AdjustWith is Algorithm 2 from line 4 on: it trains the policy on the state [prev, d] with
// rewards from j.Reward, then draws candidates, judges them with j.Final, has the best tried by
// j.Trial if there is one, and returns the best. prev is α_{t−1}; the zero Arch searches from
// scratch, without previous accuracy and cost. d is d_t of eq. (1), finite and at least 0.
//
// When ctx ends or an evaluation keeps failing, AdjustWith returns the error together with what was
// found so far, and the adjustment stays pending: calling it again with the same prev and d, here
// or in another process after Save and Load, continues it to the same bits as if it had not been
// interrupted. No evaluation that was finished is repeated, those of blocks of images in race and
// trial included.
func (a *Adjuster) AdjustWith(ctx context.Context, prev searchspace.Arch, d float64,
	j Judges) (*Result, error) {
	if j.Space != nil {
		if err := a.SetSpace(j.Space); err != nil {
			return nil, err
		}
	}
	if j.Final == nil {
		j.Final = j.Reward
	}
	if err := a.opts.checkJudges(j); err != nil {
		return nil, err
	}
	if err := checkDistance(d); err != nil {
		return nil, err
	}
	if !prev.IsZero() {
		if err := a.space.Valid(prev); err != nil {
			return nil, fmt.Errorf("adjuster: previous architecture: %w", err)
		}
	}
	if a.saver == nil {
		if err := writable(a.opts.Checkpoint); err != nil {
			return nil, err
		}
	}
	r, err := a.begin(prev, d)
	if err != nil {
		return nil, err
	}
	r.judges = j
	if status, err := r.train(ctx); err != nil {
		res := r.result()
		res.Status = status
		return res, err
	}
	res, err := r.choose(ctx)
	if err != nil {
		return res, err
	}
	a.pending = nil
	a.runs++
	if a.saver != nil {
		// The owner must note the result and save both at once, or a crash between would repeat the
		// adjustment as another one.
		return res, nil
	}
	return res, a.autosave()
}

// checkJudges refuses evaluators that cannot do what the options ask for, before anything is
// trained.
func (o *Options) checkJudges(j Judges) error {
	if j.Reward == nil {
		return errors.New("adjuster: no evaluator")
	}
	if _, ok := j.Reward.(BatchEvaluator); o.FreshBatches && !ok {
		return fmt.Errorf("adjuster: fresh batches need a BatchEvaluator, got %T", j.Reward)
	}
	if _, ok := j.Final.(RangeEvaluator); o.Race != nil && !ok {
		return fmt.Errorf("adjuster: a race needs a RangeEvaluator, got %T", j.Final)
	}
	return nil
}

// begin continues the pending run when it is the one asked for, or starts one.
func (a *Adjuster) begin(prev searchspace.Arch, d float64) (*run, error) {
	if p := a.pending; p != nil {
		if p.prev != prev || p.distance != d {
			return nil, fmt.Errorf("adjuster: asked for architecture %v at distance %v, %w for %v at %v: "+
				"finish it or call Abandon", prev, d, ErrPending, p.prev, p.distance)
		}
		return p, nil
	}
	r, err := newRun(a, prev, d)
	if err != nil {
		return nil, err
	}
	a.pending = r
	return r, nil
}

func (a *Adjuster) autosave() error {
	if a.saver != nil {
		return a.saver()
	}
	if a.opts.Checkpoint == "" {
		return nil
	}
	return a.write(a.opts.Checkpoint)
}

var _ search.Strategy[note] = (*run)(nil)
