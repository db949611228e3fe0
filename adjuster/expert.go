package adjuster

import (
	"context"
	"errors"
	"fmt"

	"github.com/tendril-nas/tendril/searchspace"
)

// Action is what was done about a snapshot.
type Action string

// Actions.
const (
	First    Action = "first"    // no model yet: supernet and α_1 were trained
	Kept     Action = "kept"     // H_t ≤ ε
	Adjusted Action = "adjusted" // H_t > ε
	Refused  Action = "refused"  // H_t > ε, but α_t did not beat α_{t−1}; see Comparer
)

// Phase is what comes next for the current snapshot.
type Phase string

// Phases, in their order: a snapshot is measured and then either kept, or its supernet fine-tuned,
// the adjuster trained and the new architecture retrained. A Comparer compares before.
const (
	PhaseMeasure  Phase = "measure"
	PhaseKeep     Phase = "keep"
	PhaseFineTune Phase = "fine-tune"
	PhaseAdjust   Phase = "adjust"
	PhaseCompare  Phase = "compare"
	PhaseRetrain  Phase = "retrain"
)

// Outcome is the record of one snapshot.
type Outcome struct {
	Step          int // t, from 1
	Action        Action
	Reading       Reading
	Decision      Decision
	Before, After searchspace.Arch // α_{t−1} and α_t; Before is zero for the first snapshot
	// BeforeText and AfterText are Before and After as Space.Format writes them.
	BeforeText, AfterText string
	// Search is what the adjuster found, every proposal included; nil unless Adjusted or Refused.
	Search *Result
	// Comparison is the contest of what it found with what serves; nil when there was none.
	Comparison *Comparison
	// Status says why the snapshot ended; other than StatusFinished it came with an error, and the
	// snapshot goes on where it ended.
	Status searchspace.Status
}

// ExpertOptions sets up an Expert; the zero value is the paper's Algorithm 1, starting before the
// first snapshot.
type ExpertOptions struct {
	// Condition decides when to adjust; zero = H_t > 1.0 percentage points.
	Condition Condition
	// Start is α_1; zero = the smallest architecture of the space.
	Start searchspace.Arch
	// Deployed says that α_1 is trained and serving already; the first snapshot is then measured
	// like any other.
	Deployed bool
	// Margin is what a contest needs to end with a swap. See Comparer.
	Margin Margin
	// Remember bounds the outcomes that are kept, and with them the file: of older ones only
	// Summary's counts stay. 0 = everything, negative = none.
	Remember int
	// Checkpoint is a path that the state is saved to after every phase, every
	// Options.CheckpointEvery iterations of the adjuster, and when a phase is interrupted; "" =
	// never.
	Checkpoint string
}

// Expert is Algorithm 1: it meets each snapshot of growing data with the architecture that serves,
// decides whether that still fits, and if not has the supernet fine-tuned, the adjuster trained,
// and the new architecture retrained, or compared with the old one first where the learner is a
// Comparer.
//
// An Expert is for one goroutine; the model goes on serving in others.
type Expert struct {
	adjuster *Adjuster
	opts     ExpertOptions
	arch     searchspace.Arch // serving, or to be trained first
	done     []Outcome        // the last ones
	earlier  Summary          // of those before
	phase    Phase
	current  Outcome // of the snapshot under way
	contest  heat    // of the snapshot under way
	stopped  bool    // the Recorder ended the last adjustment
}

var errNoLearner = errors.New("adjuster: no learner")

// NewExpert starts Algorithm 1 with an adjuster; o may be nil. The expert owns the adjuster from
// now on.
func NewExpert(a *Adjuster, o *ExpertOptions) (*Expert, error) {
	if a == nil || a.space == nil {
		return nil, errors.New("adjuster: no adjuster, expected one that New has made")
	}
	e := &Expert{adjuster: a, phase: PhaseMeasure}
	a.saver = e.autosave
	if o != nil {
		e.opts = *o
	}
	e.arch = e.opts.Start
	if e.arch.IsZero() {
		e.arch = a.space.Smallest()
	}
	if err := a.space.Valid(e.arch); err != nil {
		return nil, fmt.Errorf("adjuster: first architecture: %w", err)
	}
	if err := e.opts.Margin.check(); err != nil {
		return nil, err
	}
	return e, nil
}

// Adjuster is the policy that the expert trains.
func (e *Expert) Adjuster() *Adjuster { return e.adjuster }

// Arch is the architecture that serves: α_{t−1} until snapshot t is finished.
func (e *Expert) Arch() searchspace.Arch { return e.arch }

// Step is the number of snapshots finished.
func (e *Expert) Step() int { return e.earlier.Total() + len(e.done) }

// Phase is what comes next. Anything but PhaseMeasure means that a snapshot is under way.
func (e *Expert) Phase() Phase { return e.phase }

// Outcomes are the snapshots finished so far, the last ExpertOptions.Remember of them. The slice is
// the expert's own: read it only.
func (e *Expert) Outcomes() []Outcome { return e.done }

// Decide applies the adaptation condition. It changes nothing; a service may ask on every batch.
func (e *Expert) Decide(r Reading) (Decision, error) { return e.opts.Condition.Decide(r) }

// Advance is lines 3 to 12 of Algorithm 1 for the snapshot that the learner holds: measure, decide,
// then keep or adjust. When a phase fails or ctx ends it returns the error with what is known of
// the snapshot, nil if that is nothing; calling Advance again, here or in another process after
// LoadExpert, goes on with that phase.
func (e *Expert) Advance(ctx context.Context, l Learner) (*Outcome, error) {
	if l == nil {
		return nil, errNoLearner
	}
	if err := writable(e.opts.Checkpoint); err != nil {
		return nil, err
	}
	if e.phase == PhaseMeasure {
		if err := e.measure(ctx, l); err != nil {
			return nil, err
		}
	}
	return e.finish(ctx, l)
}

// Adjust is Advance for a service that has a reading already and made up its mind: it adjusts
// whatever the condition says.
func (e *Expert) Adjust(ctx context.Context, l Learner, r Reading) (*Outcome, error) {
	if l == nil {
		return nil, errNoLearner
	}
	if err := writable(e.opts.Checkpoint); err != nil {
		return nil, err
	}
	if e.phase == PhaseMeasure {
		if e.first() {
			return nil, errors.New("adjuster: no model serves yet: Advance trains the first one")
		}
		d, err := e.Decide(r)
		if err != nil {
			return nil, err
		}
		e.begin(Adjusted, r, d)
	}
	return e.finish(ctx, l)
}

// first reports that the snapshot to come has no model before it.
func (e *Expert) first() bool { return e.Step() == 0 && !e.opts.Deployed }

func (e *Expert) measure(ctx context.Context, l Learner) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if e.first() {
		e.begin(First, Reading{}, Decision{})
		return nil
	}
	r, err := l.Measure(ctx)
	if err != nil {
		return fmt.Errorf("adjuster: snapshot %d: measure: %w", e.Step()+1, err)
	}
	d, err := e.Decide(r)
	if err != nil {
		return err
	}
	action := Kept
	if d.Adjust {
		action = Adjusted
	}
	e.begin(action, r, d)
	return nil
}

// begin starts a snapshot once it is known what will be done about it.
func (e *Expert) begin(action Action, r Reading, d Decision) {
	text := e.adjuster.space.Format(e.arch)
	e.current = Outcome{
		Step:       e.Step() + 1,
		Action:     action,
		Reading:    r,
		Decision:   d,
		Before:     e.arch,
		After:      e.arch,
		BeforeText: text,
		AfterText:  text,
	}
	e.phase = PhaseFineTune
	switch action {
	case First:
		e.current.Before, e.current.BeforeText = searchspace.Arch{}, ""
	case Kept:
		e.phase = PhaseKeep
	}
}

// finish runs the phases that are left of the current snapshot. The state is saved between them.
func (e *Expert) finish(ctx context.Context, l Learner) (*Outcome, error) {
	for e.phase != PhaseMeasure {
		if err := e.autosave(); err != nil {
			return nil, err
		}
		e.adjuster.opts.Logger.Info("phase", "snapshot", e.current.Step, "phase", string(e.phase))
		next, err := e.do(ctx, l)
		if err != nil {
			partial := e.current
			partial.Status = e.whyEnded(ctx)
			return &partial, fmt.Errorf("adjuster: snapshot %d: %s: %w", partial.Step, e.phase, err)
		}
		e.phase = next
	}
	e.current.Status = searchspace.StatusFinished
	e.arch = e.current.After
	out := e.current
	e.current, e.contest = Outcome{}, heat{}
	e.remember(out)
	return &out, e.autosave()
}

// whyEnded is the status of a snapshot whose phase returned an error.
func (e *Expert) whyEnded(ctx context.Context) searchspace.Status {
	switch {
	case ctx.Err() != nil:
		return searchspace.StatusCancelled
	case e.phase == PhaseAdjust && e.stopped:
		return searchspace.StatusStopped
	}
	return searchspace.StatusFailed
}

// do runs one phase and says which comes next; PhaseMeasure means that the snapshot is finished.
func (e *Expert) do(ctx context.Context, l Learner) (Phase, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	switch e.phase {
	case PhaseKeep:
		if k, ok := l.(Keeper); ok {
			return PhaseMeasure, k.Keep(ctx)
		}
		return PhaseMeasure, nil
	case PhaseFineTune:
		if e.current.Action == First {
			return PhaseRetrain, l.FineTune(ctx)
		}
		return PhaseAdjust, l.FineTune(ctx)
	case PhaseAdjust:
		if err := e.search(ctx, l); err != nil {
			return "", err
		}
		if _, ok := l.(Comparer); ok && e.current.After != e.current.Before {
			return PhaseCompare, nil
		}
		return PhaseRetrain, nil
	case PhaseCompare:
		return PhaseRetrain, e.compare(ctx, l)
	case PhaseRetrain:
		return PhaseMeasure, l.Retrain(ctx, e.current.After)
	}
	return "", fmt.Errorf("unknown phase %q", e.phase)
}

func (e *Expert) search(ctx context.Context, l Learner) error {
	e.stopped = false
	j, err := l.Judges(ctx)
	if err != nil {
		return err
	}
	if j == nil {
		return errors.New("learner gave no judges")
	}
	res, err := e.adjuster.AdjustWith(ctx, e.current.Before, e.current.Reading.Distance, *j)
	e.stopped = res != nil && res.Status == searchspace.StatusStopped
	if err != nil {
		return err
	}
	e.current.Search, e.current.After, e.current.AfterText = res, res.Arch, res.Text
	return nil
}
