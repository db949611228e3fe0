package search

import (
	"errors"
	"fmt"
)

var (
	// ErrStale is wrapped when a measurement was made with other weights, or on another data stage,
	// than those before it in the same search: their accuracies cannot be compared. See
	// StalePolicy.
	ErrStale = errors.New("shared weights or data changed during the search")
	// ErrStop is what an Observer returns to end a search in good order: Run then returns
	// searchspace.StatusStopped and no error.
	ErrStop = errors.New("search stopped by an observer")
)

// StalePolicy says what happens when the data stage or the version of the shared weights moves
// during a search. Whatever it is, a measurement is reused only for the architecture, stage and
// weight version that it was made with.
type StalePolicy uint8

const (
	// StaleError ends the search with ErrStale.
	StaleError StalePolicy = iota
	// StaleForget forgets all measurements made before the move, and measures again what is not
	// told yet: results that are told together carry one stage and version.
	StaleForget
	// StaleKeep goes on: each measurement is kept under its stage and version, and what is told may
	// mix them. The strategy tells them apart by the stamps of the measurements.
	StaleKeep
)

// Options sets up a Loop. The zero value measures one generation after the other, one candidate at
// a time, until the strategy has nothing more to ask, without saving.
type Options struct {
	// Steps is the number of steps after which the search ends; 0 = when Ask returns nothing.
	Steps int
	// Workers bounds the evaluations in flight; 0 = 1.
	Workers int
	// Window is how many steps may be open, asked and not told; 0 = 1, generation by generation. In
	// a steady-state search it is at least Workers. The history depends on it.
	Window int
	// Unordered tells steps of a window in the order in which they complete, not in the order in
	// which they were asked. The history then depends on timing.
	Unordered bool
	// Retries is how often a failed evaluation is tried again before the candidate counts as
	// failed; 0 = 2, negative = never.
	Retries int
	// Failures is how many candidates in a row may fail, each of them a record; one more ends the
	// search with its error, and is tried again when the search goes on. 0 = 10, negative = none.
	// Candidates count in the order of asking; cached and refused ones do not count.
	Failures int
	// Repeat evaluates an architecture every time it is proposed, for evaluators that draw fresh
	// data.
	Repeat bool
	// Stale is what to do when stage or weight version move; default StaleError.
	Stale StalePolicy
	// At tells the stage and weight version that an evaluation beginning now would be made with. It
	// is called on the goroutine of Run. nil = those of the last measurement told, so that a move
	// shows with the next measurement.
	At func() Stamp
	// Quiet keeps evaluations that measure time apart from others; nil = the loop's own. One that
	// is shared by several loops keeps them apart from each other. See Alone.
	Quiet *Quiet
	// Save, when set, is called on the goroutine of Run after every SaveEvery results, and once
	// when Run returns. It saves Loop.State, and the strategy if Loop.Restore is to go on from
	// there.
	Save func() error
	// SaveEvery is in results, of all kinds; 0 = 1, negative = only when Run returns.
	SaveEvery int
}

// resolved returns a copy in which every default is filled in.
func (o Options) resolved() (Options, error) {
	if o.Steps < 0 || o.Workers < 0 || o.Window < 0 || o.Stale > StaleKeep {
		return o, fmt.Errorf("search: steps %d, workers %d, window %d, stale policy %d, "+
			"expected none below 0 and a policy up to %d", o.Steps, o.Workers, o.Window, o.Stale, StaleKeep)
	}
	const most = 1 << 16
	if o.Workers > most {
		return o, fmt.Errorf("search: %d workers, expected at most %d", o.Workers, most)
	}
	o.Workers, o.Window = max(o.Workers, 1), max(o.Window, 1)
	o.Retries, o.Failures = orDefault(o.Retries, 2), orDefault(o.Failures, 10)
	o.SaveEvery = orDefault(o.SaveEvery, 1)
	if o.Quiet == nil {
		o.Quiet = &Quiet{}
	}
	return o, nil
}

// orDefault reads an option whose zero is a default and whose negative values mean none.
func orDefault(v, def int) int {
	if v == 0 {
		return def
	}
	return max(v, 0)
}
