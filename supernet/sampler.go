package supernet

import (
	"errors"
	"fmt"

	"github.com/tendril-nas/tendril/internal/stream"
	"github.com/tendril-nas/tendril/searchspace"
)

// Sampler chooses the sub-networks that a Net is trained with. Sample must be a function of its argument, the number of
// sub-networks drawn before, so that an interrupted training can go on where it was.
type Sampler interface {
	Sample(step int) (searchspace.Arch, error)
}

// SamplerFunc makes a function a Sampler.
type SamplerFunc func(step int) (searchspace.Arch, error)

// Sample calls f.
func (f SamplerFunc) Sample(step int) (searchspace.Arch, error) { return f(step) }

// Uniform draws every decision uniformly: sub-network number step comes from a stream of its own. The space may
// be a restriction of the one that the Net was made for.
func Uniform(space *searchspace.Space, seed uint64) Sampler {
	return SamplerFunc(func(step int) (searchspace.Arch, error) {
		a, err := space.Sample(stream.New(seed, "supernet.sampler", uint64(step)))
		if err != nil {
			return a, fmt.Errorf("uniform sampler: sub-network %d: %w", step, err)
		}
		return a, nil
	})
}

// Cycle returns the given sub-networks in turn.
func Cycle(archs ...searchspace.Arch) Sampler {
	return SamplerFunc(func(step int) (searchspace.Arch, error) {
		if len(archs) == 0 {
			return searchspace.Arch{}, errors.New("cycle sampler: no architectures")
		}
		return archs[step%len(archs)], nil
	})
}
