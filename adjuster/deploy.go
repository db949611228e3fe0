package adjuster

import (
	"errors"
	"fmt"

	"github.com/tendril-nas/tendril/searchspace"
)

// Deploy tells the expert that another model serves than it thinks: the previous one was put back,
// say. a is its architecture, α_{t−1} of the next snapshot. A snapshot under way is given up, and
// the next Advance measures it anew; the adjuster keeps what it has learnt. The state is saved to
// ExpertOptions.Checkpoint. Before a first model was trained it is an error.
//
// Like all of an Expert it is for the goroutine that calls Advance, and not to be called meanwhile.
func (e *Expert) Deploy(a searchspace.Arch) error {
	if e.first() {
		return errors.New("adjuster: deploy: no model serves yet: Advance trains the first one")
	}
	if err := e.adjuster.space.Valid(a); err != nil {
		return fmt.Errorf("adjuster: deploy: %w", err)
	}
	e.adjuster.Abandon()
	e.arch, e.phase, e.current, e.contest = a, PhaseMeasure, Outcome{}, heat{}
	return e.autosave()
}
