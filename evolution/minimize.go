package evolution

import (
	"context"
	"fmt"
)

// MinimizeOptions bounds Minimize.
type MinimizeOptions struct {
	// Evaluations is how often the function is called; 0 = until the strategy has nothing more to
	// ask, which is never with one that proposes again what it has dropped, as NSGA2 does without
	// Mutants.
	Evaluations int
	// Batch is how many candidates are told at once; 0 = a generation.
	Batch int
}

// Minimize drives a strategy with a function that is fast: one call after the other, nothing saved,
// next to nothing added. A function that takes longer than a millisecond is better served by a
// Search, which has several evaluations in flight, tries again and saves.
//
// An error of f makes the candidate a failed one, unless the context has ended. The result is the
// front of the strategy's population, with the context's error when that ended, or ErrNothing when
// the front is empty.
func Minimize[G any](ctx context.Context, s Strategy[G], f func(ctx context.Context, g G) (Point, error),
	o *MinimizeOptions) ([]Outcome[G], error) {
	if s == nil || f == nil {
		return nil, fmt.Errorf("evolution: Minimize needs a strategy and a function")
	}
	var opts MinimizeOptions
	if o != nil {
		opts = *o
	}
	if opts.Evaluations < 0 || opts.Batch < 0 {
		return nil, fmt.Errorf("evolution: %d evaluations in batches of %d, expected none below 0",
			opts.Evaluations, opts.Batch)
	}
	var outcomes []Outcome[G]
	for done := 0; opts.Evaluations == 0 || done < opts.Evaluations; done += len(outcomes) {
		n := opts.Batch
		if left := opts.Evaluations - done; opts.Evaluations > 0 && (n == 0 || n > left) {
			n = left
		}
		candidates, err := s.Ask(n)
		if err != nil {
			return Front(s.Population()), err
		}
		if len(candidates) == 0 {
			break
		}
		outcomes = outcomes[:0]
		for _, g := range candidates {
			if err := ctx.Err(); err != nil {
				return Front(s.Population()), err
			}
			p, err := f(ctx, g)
			if err != nil && ctx.Err() != nil {
				return Front(s.Population()), ctx.Err()
			}
			outcomes = append(outcomes, Outcome[G]{Genome: g, Point: p, Failed: err != nil})
		}
		if err := s.Tell(outcomes...); err != nil {
			return Front(s.Population()), err
		}
	}
	front := Front(s.Population())
	if len(front) == 0 {
		return nil, fmt.Errorf("evolution: %w", ErrNothing)
	}
	return front, nil
}
