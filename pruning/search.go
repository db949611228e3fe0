package pruning

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"

	"github.com/tendril-nas/tendril/searchspace"
)

// search is a search that runs.
type search struct {
	space *searchspace.Space // whole
	net   Supernet
	opts  *Options
	plan  *plan
	cost  *searchspace.CostModel
	madds *searchspace.CostModel
	res   *Result
	left  [][]int // choices of every decision
	walk  *walk
	// identity is space and plan as they were at the beginning.
	identity string
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
	p, err := o.plan()
	if err != nil {
		return nil, err
	}
	s := &search{space: space, net: net, opts: o, plan: p, res: &Result{}}
	if s.cost, err = space.CostModel(p.Cost); err != nil {
		return nil, fmt.Errorf("pruning: %w", err)
	}
	if s.madds, err = space.CostModel(searchspace.CostLimit{Of: searchspace.CostMAdds}); err != nil {
		return nil, fmt.Errorf("pruning: %w", err)
	}
	text, err := json.Marshal(struct {
		Space searchspace.Spec `json:"space"`
		Plan  *plan            `json:"plan"`
	}{space.Spec(), p})
	if err != nil {
		return nil, fmt.Errorf("pruning: %w", err)
	}
	s.identity = string(text)
	for _, d := range space.Decisions() {
		s.left = append(s.left, d.Allowed)
	}
	whole, err := s.narrowed(ctx, s.left)
	if err != nil {
		return nil, err
	}
	s.walk = newWalk(whole, p.LR)
	err = s.run(ctx)
	s.report(ctx, err)
	return s.res, err
}

// run makes all phases; those that are finished already the supernet gives back at once.
func (s *search) run(ctx context.Context) error {
	for number, phase := range s.plan.Phases {
		p, losses, err := s.train(ctx, number)
		if err != nil {
			return fmt.Errorf("pruning: %s: update %d: %w", phase.Name, s.walk.update, err)
		}
		if err := s.finish(ctx, p, losses); err != nil {
			return fmt.Errorf("pruning: end of %s: %w", phase.Name, err)
		}
	}
	return s.choose(ctx)
}

// finish ends a phase: it prunes.
func (s *search) finish(ctx context.Context, p *phase, losses []float64) error {
	end, err := p.end(losses)
	if err != nil {
		return err
	}
	if p.Prune {
		proposed := s.walk.propose(s.plan)
		left, space, err := s.remove(ctx, proposed)
		if err != nil {
			return err
		}
		for _, r := range proposed {
			end.Removed = append(end.Removed, r.Removal)
		}
		s.left, s.walk.means = left, means{}
		s.walk.narrow(space)
	}
	s.res.Phases = append(s.res.Phases, *end)
	return s.record(Progress{Phase: p.number, Name: p.Name, Update: p.updates, Updates: p.updates, End: end})
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
