package search

import (
	"context"

	"github.com/tendril-nas/tendril/searchspace"
)

// Strategy proposes architectures and learns from their measurements. T is what it has to say about each of them (a reward, a
// rank, parents); it is kept in the history and must survive a round trip through JSON if the history is to be saved.
type Strategy[T any] interface {
	// Ask returns the candidates of a step, numbered from 0. None ends the search. The zero Arch stands for a proposal that
	// the space refuses: it is not measured, but Tell and the history see it. Ask must not change what the strategy saves,
	// for it is asked again when the step is interrupted.
	Ask(ctx context.Context, step int) ([]searchspace.Arch, error)
	// Tell hands over the results in the order of Ask and returns one note for each.
	Tell(ctx context.Context, step int, results []Result) ([]T, error)
}

// Observer is a Strategy that wants to see the records of a step once the step is part of the history, the only moment inside a
// search at which loop and strategy agree and may be saved. An error stops the search behind that step.
type Observer[T any] interface {
	Observe(records []Record[T]) error
}

// Evaluate measures one architecture, as the method of the same name of a supernet bound to data does.
type Evaluate func(ctx context.Context, a searchspace.Arch) (searchspace.Measurement, error)

// Result is one proposal with its measurement.
type Result struct {
	Arch        searchspace.Arch // zero: refused by the space
	Measurement searchspace.Measurement
	Cached      bool // measured earlier in this search
	Attempts    int  // calls of Evaluate; 0 when cached or refused
}

// Record is a line of the history.
type Record[T any] struct {
	Step int
	Result
	Note T
}
