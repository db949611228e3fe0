package search

import (
	"context"

	"github.com/tendril-nas/tendril/searchspace"
)

// Strategy proposes architectures and learns from their measurements. T is what it has to say about
// each of them (a reward, a rank, parents); it is kept in the history as the record's note.
type Strategy[T any] interface {
	// Ask returns the candidates of a step, numbered from 0. None ends the search: it is not asked
	// again, steps that are open are still told. The zero Arch stands for a proposal that the space
	// refuses: it is not measured, but Tell and the history see it. With a window of one Ask must
	// not change what the strategy saves, for a step that was interrupted is asked again and must
	// then have the same candidates.
	Ask(ctx context.Context, step int) ([]searchspace.Arch, error)
	// Tell hands over the results of a step in the order of Ask, failures included, and returns one
	// note for each. Tell must leave the strategy as it was when it returns an error: the step is
	// told again when the search goes on.
	Tell(ctx context.Context, step int, results []Result) ([]T, error)
}

// Observer sees the records of a step once the step is part of the history, the only moment inside
// a search at which loop and strategy agree and a strategy may be saved. An error stops the search
// behind that step; ErrStop does so without being an error of the search.
//
// A Strategy that is an Observer is called first, then what Loop.Observe added.
type Observer[T any] interface {
	Observe(records []Record[T]) error
}

// Evaluate measures one architecture, as the method of the same name of a supernet bound to data
// does. It is called on several goroutines at once when Options.Workers is above one.
type Evaluate func(ctx context.Context, a searchspace.Arch) (searchspace.Measurement, error)

// EvaluateValues is an Evaluate that finds further numbers: a step time, a peak of memory. Their
// number is the same for every architecture of a search.
type EvaluateValues func(ctx context.Context, a searchspace.Arch) (searchspace.Measurement, []float64, error)

// Result is what became of one proposal.
type Result struct {
	Arch        searchspace.Arch        // zero: refused by the space
	Measurement searchspace.Measurement // zero unless measured
	Values      []float64               // further numbers of the evaluator; read only
	Cached      bool                    // measured for an earlier proposal
	Attempts    int                     // calls of the evaluator; 0 when cached or refused
	Failure     string                  // error text of the last attempt when all failed, else ""
}

// Measured reports that the result holds a measurement: the proposal was neither refused by the
// space nor failed.
func (r Result) Measured() bool { return !r.Arch.IsZero() && r.Failure == "" }

// Record is a line of the history.
type Record[T any] struct {
	Step int
	Result
	Note T
}
