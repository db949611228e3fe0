package pruning

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/tendril-nas/tendril/searchspace"
)

// search is a search that runs.
type search struct {
	space   *searchspace.Space // whole
	net     Supernet
	opts    *Options
	plan    *plan
	cost    *searchspace.CostModel
	madds   *searchspace.CostModel
	res     *Result
	phase   int
	left    [][]int // of every decision
	walk    *walk
	saved   map[int]*walk // by update: where the supernet may go on from
	begun   int           // steps on the architecture before this phase
	updates int           // of this phase
	images  int           // for validation, in this phase
	noise   searchspace.Relaxed
}

// errStopped marks an error of a Recorder.
var errStopped = errors.New("stopped by the caller")

// Search trains the weights of net and, beside them, the probabilities a of the candidates of a
// space, phase after phase, and removes candidates; see the package. The space may have
// restrictions, and must have a choice graph.
//
// Before every update the rows of the weights are drawn anew, and before some the architecture
// makes a step, see Options. Decisions that lose a candidate have one less in all that follows.
//
// When ctx ends, the supernet fails or the Recorder returns an error, Search returns that error and
// what was done. The error wraps searchspace.ErrInfeasible, and gives the range, where the space
// has nothing around the target, and ErrNotFinite for losses and gradients that are not finite.
func Search(ctx context.Context, space *searchspace.Space, net Supernet, o *Options) (*Result, error) {
	if o == nil {
		o = &Options{}
	}
	if v := reflect.ValueOf(net); space == nil || net == nil || v.Kind() == reflect.Pointer && v.IsNil() {
		return nil, errors.New("pruning: no space or no supernet")
	}
	if o.CheckpointEvery < 0 {
		return nil, fmt.Errorf("pruning: a checkpoint every %d updates, expected at least 1", o.CheckpointEvery)
	}
	p, err := o.plan()
	if err != nil {
		return nil, err
	}
	s := &search{space: space, net: net, opts: o, plan: p, noise: space.Zeros(), res: &Result{}}
	if s.cost, err = space.CostModel(p.Cost); err != nil {
		return nil, fmt.Errorf("pruning: %w", err)
	}
	if s.madds, err = space.CostModel(searchspace.CostLimit{Of: searchspace.CostMAdds}); err != nil {
		return nil, fmt.Errorf("pruning: %w", err)
	}
	for _, d := range space.Decisions() {
		s.left = append(s.left, d.Allowed)
	}
	whole, err := s.narrowed(s.left)
	if err != nil {
		return nil, err
	}
	s.walk = newWalk(whole, p.LR)
	s.saved = map[int]*walk{0: s.walk.clone()}
	err = s.resume()
	if err == nil && s.res.Status != searchspace.StatusFinished {
		err = s.run(ctx)
	}
	s.report(ctx, err)
	return s.res, err
}

// run makes the phases that are left.
func (s *search) run(ctx context.Context) error {
	if err := s.save(); err != nil {
		return err
	}
	for s.phase < len(s.plan.Phases) {
		name := s.plan.Phases[s.phase].Name
		if err := s.train(ctx); err != nil {
			return errors.Join(fmt.Errorf("pruning: %s: update %d: %w", name, s.walk.update, err), s.save())
		}
		if err := s.finish(); err != nil {
			return errors.Join(fmt.Errorf("pruning: end of %s: %w", name, err), s.save())
		}
	}
	if err := s.choose(); err != nil {
		return err
	}
	return s.save()
}

// finish ends a phase: it prunes, and makes the next one ready.
func (s *search) finish() error {
	end, err := s.end(s.walk.steps - s.begun)
	if err != nil {
		return err
	}
	name := s.plan.Phases[s.phase].Name
	left, space := s.left, s.walk.space
	var proposed []removal
	if s.plan.Phases[s.phase].Prune {
		proposed = s.walk.propose(s.plan)
		if left, space, err = s.remove(proposed); err != nil {
			return err
		}
		for _, r := range proposed {
			end.Removed = append(end.Removed, r.Removal)
		}
	}
	s.res.Phases = append(s.res.Phases, *end)
	s.phase, s.left, s.begun = s.phase+1, left, s.walk.steps
	s.walk.update = 0
	if s.plan.Phases[s.phase-1].Prune {
		s.walk.means = means{}
		s.walk.narrow(space)
	}
	s.saved = map[int]*walk{0: s.walk.clone()}
	if err := s.save(); err != nil {
		return err
	}
	return s.record(Progress{Phase: s.phase - 1, Name: name, Update: end.Updates, Updates: end.Updates, End: end})
}

// record tells the Recorder.
func (s *search) record(p Progress) error {
	if s.opts.Recorder == nil {
		return nil
	}
	if err := s.opts.Recorder.Record(p); err != nil {
		return fmt.Errorf("%w: %w", errStopped, err)
	}
	return nil
}

// report fills in what a result says at any time.
func (s *search) report(ctx context.Context, err error) {
	r := s.res
	r.Steps, r.Left, r.Space = s.walk.steps, s.left, s.walk.space
	r.Probabilities = s.space.Zeros()
	s.walk.softmax(r.Probabilities, nil, 1)
	switch {
	case err == nil:
		r.Status = searchspace.StatusFinished
	case errors.Is(err, errStopped):
		r.Status = searchspace.StatusStopped
	case errors.Is(err, ErrNotFinite):
		r.Status = searchspace.StatusDiverged
	case ctx.Err() != nil:
		r.Status = searchspace.StatusCancelled
	default:
		r.Status = searchspace.StatusFailed
	}
}
