package evolution

import (
	"context"
	"fmt"
	"slices"

	"github.com/tendril-nas/tendril/internal/checkpoint"
	"github.com/tendril-nas/tendril/internal/search"
)

// kind of a search's file.
const (
	searchKind    = "evolution-search"
	searchVersion = 1
)

// searchMeta is what a search must agree with its file in.
type searchMeta struct {
	Window int `json:"window"`
	Width  int `json:"width"` // of a candidate's name
	// Budgets need not agree; they say where generations were cut.
	Budgets []int `json:"budgets"`
	// Barriers are steps at which a search had come to an end and went on with more evaluations.
	Barriers []int `json:"barriers,omitempty"`
}

func (x *Search[G]) codec() search.Codec[struct{}] {
	return search.Codec[struct{}]{Decisions: x.width, Format: x.format}
}

func (x *Search[G]) save() error {
	if x.opts.SaveFirst != nil {
		if err := x.opts.SaveFirst(); err != nil {
			return err
		}
	}
	tensors := map[string]checkpoint.Tensor{}
	state := x.loop.State()
	x.codec().PutState(tensors, "search", state)
	meta := searchMeta{x.opts.Window, x.width, x.budgets, state.Barriers}
	return checkpoint.Write(x.opts.Checkpoint, searchKind, searchVersion, meta, tensors)
}

// Resume goes back to where the search was that wrote SearchOptions.Checkpoint, or another file of
// the same kind. The search and its strategy must be new, and made with the same options, of which
// Evaluations, Workers and those of failures and files may differ: the strategy is asked and told
// everything once more, and nothing that was measured is measured again. The error wraps
// fs.ErrNotExist when there is no file, and says where the strategy proposes something else than it
// did. After an error search and strategy are of no more use.
func (x *Search[G]) Resume(ctx context.Context, path string) error {
	var meta searchMeta
	tensors, err := checkpoint.Read(path, searchKind, searchVersion, &meta)
	if err != nil {
		return err
	}
	if meta.Window != x.opts.Window || meta.Width != x.width {
		return fmt.Errorf("evolution: %s is of a search with window %d over genomes of %d bytes, "+
			"expected %d and %d", path, meta.Window, meta.Width, x.opts.Window, x.width)
	}
	state, err := x.codec().GetState(tensors, "search")
	if err != nil {
		return fmt.Errorf("evolution: %s: %w", path, err)
	}
	if n := len(meta.Budgets); n == 0 || meta.Budgets[n-1] != x.opts.Evaluations {
		state.Exhausted = false // there may be more to ask now
		if n > 0 && meta.Budgets[n-1] > 0 && len(state.Records)+len(state.Open) >= meta.Budgets[n-1] {
			meta.Barriers = append(meta.Barriers, state.Steps())
		}
	}
	state.Barriers = meta.Barriers
	x.replay, x.budgets = true, meta.Budgets
	err = x.loop.Replay(ctx, state)
	x.replay = false
	x.budgets = slices.DeleteFunc(x.budgets, func(b int) bool { return b == 0 || b > x.asked })
	x.budgets = append(x.budgets, x.opts.Evaluations)
	for step := x.loop.Step(); err == nil && x.open[step] != nil; step++ {
		err = x.begin(step)
	}
	if err != nil {
		return fmt.Errorf("evolution: %s: %w", path, err)
	}
	return nil
}
