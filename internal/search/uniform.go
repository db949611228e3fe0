package search

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/tendril-nas/tendril/searchspace"
)

// Uniform is random search: each step proposes PerStep architectures drawn by the space, all different from step to step as
// chance has it. Its notes are empty. It is the baseline that any learned strategy has to beat.
type Uniform struct {
	Space   *searchspace.Space
	Seed    uint64
	PerStep int // 0 = 1
}

// Ask draws from the generator PCG(Seed, step).
func (u Uniform) Ask(_ context.Context, step int) ([]searchspace.Arch, error) {
	r := rand.New(rand.NewPCG(u.Seed, uint64(step)))
	out := make([]searchspace.Arch, max(u.PerStep, 1))
	for i := range out {
		a, err := u.Space.Sample(r)
		if err != nil {
			return nil, err
		}
		out[i] = a
	}
	return out, nil
}

// Tell learns nothing.
func (u Uniform) Tell(_ context.Context, _ int, results []Result) ([]struct{}, error) {
	return make([]struct{}, len(results)), nil
}

func sortByArch(ms []searchspace.Measurement) {
	slices.SortFunc(ms, func(a, b searchspace.Measurement) int { return strings.Compare(a.Arch.String(), b.Arch.String()) })
}
