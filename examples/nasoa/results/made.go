package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/tendril-nas/tendril/examples/internal/run/cells"
	"github.com/tendril-nas/tendril/examples/nasoa/internal/nasoa"
)

// Cells are made with a zoo that lies outside of the repository, and with the records of others.
// Every record says what it was made with (result.Made), so that a zoo that was built anew, or
// outcomes that were, are never mixed with what was made before.

// digest tells values apart by their JSON.
func digest(v any) (string, error) {
	text, err := json.Marshal(v)
	return nasoa.Digest(text), err
}

// madeWith is what a cell of a configuration would be made with now: the zoo of the zoo's record,
// and the outcomes and grids that it is told; "" where that needs nothing.
func (t tables) madeWith(config string) (string, error) {
	if config == zooCell || config == borrowed {
		return "", nil
	}
	zoo := t.Get(zooCell)
	if zoo == nil {
		return "", fmt.Errorf("%w %s", cells.ErrWaits, zooCell)
	}
	made := zoo.Result.Identity
	var told []any
	switch config {
	case taught, replay:
		told = []any{t.randomLog()}
	case regret:
		told = []any{t.randomLog()}
		for _, r := range t.Of(grid) {
			told = append(told, r.Result.Grid)
		}
	}
	if told == nil {
		return made, nil
	}
	sum, err := digest(told)
	return made + "+" + sum, err
}

// mixed are the finished cells that were made with another zoo, or told other outcomes, than the
// records there are now.
func (t tables) mixed() (names []string) {
	for _, config := range []string{random, grid, taught, cold, network, replay, regret} {
		made, err := t.madeWith(config)
		for _, r := range t.Of(config) {
			if err != nil || r.Result.Made != made {
				names = append(names, r.Name)
			}
		}
	}
	return names
}

// unmixed is an error where cells do not belong together.
func (t tables) unmixed() error {
	if names := t.mixed(); len(names) > 0 {
		return fmt.Errorf("made with another zoo, or told other outcomes, than the records of cells that are there "+
			"now: %s; run these cells again (-run '^(%s)$' -again)", strings.Join(names, ", "), strings.Join(names, "|"))
	}
	return nil
}

// warning says on the page what unmixed says.
func (t tables) warning() string {
	if err := t.unmixed(); err != nil {
		return "**What follows is not valid: cells were " + err.Error() + ".**\n\n"
	}
	return ""
}
