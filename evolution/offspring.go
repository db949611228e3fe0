package evolution

import (
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/tendril-nas/tendril/searchspace"
)

// Offspring makes n different architectures of a space by changing a basic one, as Algorithm 3 of
// EAT-NAS does: the population that a search on a large task begins with, out of what a search on a
// small one has found. Out of a random architecture they are the control of such a transfer: any
// population of relatives is better on average than one of strangers. The basic architecture needs
// the decisions of the space, but not keep its limits, and is not among the results. They are as
// near to it as can be: one change is tried first, and where 50 draws in a row find nothing new,
// one change more, up to 20. o says what a change is; its Steps are not used.
//
// The error wraps searchspace.ErrInfeasible where there are fewer, and comes with those found.
func Offspring(space *searchspace.Space, basic searchspace.Arch, n int, o searchspace.MutateOptions,
	r *rand.Rand) ([]searchspace.Arch, error) {
	const most, misses = 20, 50
	if space == nil || n < 0 {
		return nil, fmt.Errorf("evolution: %d offspring, expected a space and at least 0", n)
	}
	seen := map[searchspace.Arch]bool{basic: true}
	var out []searchspace.Arch
	var last error
	for o.Steps = 1; o.Steps <= most && len(out) < n; o.Steps++ {
		for missed := 0; missed < misses && len(out) < n; missed++ {
			a, err := space.Mutate(basic, r, o)
			if errors.Is(err, searchspace.ErrInfeasible) {
				last = err
				break
			}
			if err != nil {
				return nil, err
			}
			if !seen[a] {
				seen[a] = true
				out = append(out, a)
				missed = -1
			}
		}
	}
	if len(out) < n {
		if last == nil {
			last = searchspace.ErrInfeasible
		}
		return out, fmt.Errorf("evolution: %d of %d offspring within %d changes: %w", len(out), n, most, last)
	}
	return out, nil
}
