package search

import (
	"context"

	"github.com/tendril-nas/tendril/internal/stream"
	"github.com/tendril-nas/tendril/searchspace"
)

// Uniform is random search: each step proposes PerStep architectures drawn by the space, all
// different from step to step as chance has it. Its notes are empty. It is the baseline that any
// learned strategy has to beat.
type Uniform struct {
	Space   *searchspace.Space
	Seed    uint64
	PerStep int // 0 = 1
}

// Ask draws from the stream (Seed, "search.uniform", step).
func (u Uniform) Ask(_ context.Context, step int) ([]searchspace.Arch, error) {
	r := stream.New(u.Seed, "search.uniform", uint64(step))
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
func (Uniform) Tell(_ context.Context, _ int, results []Result) ([]struct{}, error) {
	return make([]struct{}, len(results)), nil
}
