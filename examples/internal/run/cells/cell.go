package cells

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/tendril-nas/tendril/examples/internal/run"
)

// Cell is one experiment. R is what its record holds.
type Cell[R any] struct {
	Name string   // unique, the name of its file; "ours-3" is seed 3 of "ours"
	Data string   // the data set that it needs, by its name in Page.Data; "" = none
	Flag string   // of the command, for that data set; "" = data
	Args []string // its settings, as flags
	// More are further settings, behind Args, which follow from the records of other cells. The
	// cell waits until those are there, which Results.Need tells. nil = none.
	More func(r *Results[R]) ([]string, error)
	// Command, with the settings behind it, repeats the cell by hand: "go run ./examples/adaxpert";
	// "" = the page's program.
	Command string
	// Run does it with these settings: what it has finished is kept in the job, where the next try
	// finds it. place is where the data set lies.
	Run func(ctx context.Context, j *run.Job, args []string, place string) (R, error)
}

// ErrWaits is part of what Cell.More says when the cell cannot run yet, as Results.Need does about
// a cell without a record.
var ErrWaits = errors.New("waits for")

// Need is Get for Cell.More: without the record the cell waits.
func (r *Results[R]) Need(name string) (*Record[R], error) {
	if one := r.Get(name); one != nil {
		return one, nil
	}
	return nil, fmt.Errorf("%w %s", ErrWaits, name)
}

// settings are Args and More.
func (c *Cell[R]) settings(r *Results[R]) ([]string, error) {
	if c.More == nil {
		return c.Args, nil
	}
	more, err := c.More(r)
	if err != nil {
		return nil, err
	}
	return slices.Concat(c.Args, more), nil
}

// Seeded is the name of a configuration's cell with one seed.
func Seeded(config string, seed int) string { return fmt.Sprintf("%s-%d", config, seed) }

// OnClock is what do finds, with the seconds of processors that it took where cpu says; 0 if not
// all of it was done in this start.
func OnClock[R any](j *run.Job, cpu func(r *R) *float64, do func() (R, error)) (r R, err error) {
	seconds, err := run.CPUSeconds(j.Path(""), func() error {
		r, err = do()
		return err
	})
	*cpu(&r) = seconds
	return r, err
}
