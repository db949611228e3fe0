package search

import (
	"context"
	"fmt"
	"slices"

	"github.com/tendril-nas/tendril/searchspace"
)

// Replay puts a new loop where the one was that wrote s, together with a strategy that has not been
// asked anything: the strategy is asked and told everything once more, in the same order, and
// nothing is measured. So a strategy whose Ask and Tell are cheap needs no saved state of its own.
// Notes are those of s. Observers see nothing; a strategy that calls Loop.Measure finds what it
// measured in s.
//
// The options must be those of the loop that wrote s; the error says where the strategy proposes
// something else than it did.
func (l *Loop[T]) Replay(ctx context.Context, s State[T]) error {
	fresh, err := l.rebuild(s)
	if err != nil {
		return err
	}
	blank := *l
	*l = *fresh // before anything is told, for a Tell that calls Measure
	if err := l.replay(ctx, s); err != nil {
		*l = blank
		return fmt.Errorf("search: replay: %w", err)
	}
	return nil
}

func (l *Loop[T]) replay(ctx context.Context, s State[T]) error {
	total := l.told + len(l.open)
	groups := s.groups()
	proposals := make(map[int][]searchspace.Arch, total)
	for _, g := range groups {
		for _, r := range g {
			proposals[r.Step] = append(proposals[r.Step], r.Arch)
		}
	}
	for _, st := range l.open {
		proposals[st.number] = st.archs()
	}
	asked := 0
	ask := func(told, until int) error {
		for ; asked < min(until, total); asked++ {
			if told < asked && slices.Contains(s.Barriers, asked) {
				return nil
			}
			archs, err := l.strategy.Ask(ctx, asked)
			if err != nil {
				return fmt.Errorf("step %d: ask: %w", asked, err)
			}
			if !slices.Equal(archs, proposals[asked]) {
				return fmt.Errorf("step %d: the strategy proposes %v, %v before",
					asked, archs, proposals[asked])
			}
		}
		return nil
	}
	for told, g := range groups {
		if err := ask(told, told+l.opts.Window); err != nil {
			return err
		}
		results := make([]Result, len(g))
		for i, r := range g {
			results[i] = r.Result
		}
		notes, err := l.strategy.Tell(ctx, g[0].Step, results)
		if err != nil {
			return fmt.Errorf("step %d: tell: %w", g[0].Step, err)
		}
		if len(notes) != len(g) {
			return fmt.Errorf("step %d: %d notes for %d results", g[0].Step, len(notes), len(g))
		}
	}
	return ask(len(groups), len(groups)+l.opts.Window)
}

// groups are the records of each step, in the order of telling.
func (s State[T]) groups() [][]Record[T] {
	var out [][]Record[T]
	for i := 0; i < len(s.Records); {
		j := i + 1
		for j < len(s.Records) && s.Records[j].Step == s.Records[i].Step {
			j++
		}
		out = append(out, s.Records[i:j])
		i = j
	}
	return out
}
