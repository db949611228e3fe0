package supernet

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/tendril-nas/tendril/internal/stream"
	"github.com/tendril-nas/tendril/searchspace"
)

// Sampler says what a Net runs in its training steps.
type Sampler interface {
	// Sample returns the passes of draw number i, counted from 0: those of one step, or of several
	// that follow each other, see SubnetOptions.StepsPerDraw. It must be a function of i alone, so
	// that an interrupted training can go on where it was, or of i and of what the sampler has
	// learnt, see StatefulSampler. The caller may change the slice.
	Sample(i int) ([]Pass, error)
	// Identity describes everything that Sample depends on. It is part of a training checkpoint: a
	// training with another sampler does not go on from it.
	Identity() string
}

// NewSampler makes a function a Sampler. The identity must change with everything that the function
// depends on.
func NewSampler(identity string, sample func(i int) ([]Pass, error)) Sampler {
	if sample == nil {
		return noSampler("sampler: no function")
	}
	return funcSampler{identity, sample}
}

// noSampler is what becomes of a mistake in the making of a sampler: the first draw reports it.
func noSampler(what string) Sampler {
	return funcSampler{what, func(int) ([]Pass, error) { return nil, errors.New(what) }}
}

type funcSampler struct {
	identity string
	sample   func(i int) ([]Pass, error)
}

func (s funcSampler) Sample(i int) ([]Pass, error) { return s.sample(i) }
func (s funcSampler) Identity() string             { return s.identity }

// Uniform draws every decision uniformly: one sub-network a draw, each from a stream of its own.
// The space may be a restriction of the one that the Net was made for.
func Uniform(space *searchspace.Space, seed uint64) Sampler {
	if space == nil {
		return noSampler("uniform sampler: no space")
	}
	return NewSampler(fmt.Sprintf("uniform, seed %d, %s", seed, digest(space)), func(i int) ([]Pass, error) {
		a, err := drawn(space, seed, "supernet.sampler", uint64(i))
		return []Pass{{Arch: a}}, err
	})
}

// Sandwich draws the largest and the smallest sub-network of a space and k random ones for every
// step. The largest learns from labels, the others from its answers (in-place distillation at
// temperature 1). See Yu and Huang, "Universally Slimmable Networks and Improved Training
// Techniques", ICCV 2019, sections 3.2 and 3.3.
func Sandwich(space *searchspace.Space, k int, seed uint64) Sampler {
	if space == nil {
		return noSampler("sandwich sampler: no space")
	}
	fromLargest := &Teacher{}
	return NewSampler(fmt.Sprintf("sandwich, %d random, seed %d, %s", k, seed, digest(space)),
		func(i int) ([]Pass, error) {
			if k < 0 {
				return nil, fmt.Errorf("sandwich sampler: %d random sub-networks, expected 0 or more", k)
			}
			smallest := Pass{Arch: space.Smallest(), Labels: -1, Teacher: fromLargest}
			passes := []Pass{{Arch: space.Largest()}, smallest}
			if passes[0].Arch == passes[1].Arch {
				return passes[:1], nil
			}
			for j := range k {
				a, err := drawn(space, seed, "supernet.sandwich", uint64(i), uint64(j))
				if err != nil {
					return nil, err
				}
				p := Pass{Arch: a, Labels: -1, Teacher: fromLargest}
				if a == passes[0].Arch {
					p = Pass{Arch: a} // the largest once more has nobody to learn from
				}
				passes = append(passes, p)
			}
			return passes, nil
		})
}

// drawn draws an architecture from a stream of its own.
func drawn(space *searchspace.Space, seed uint64, purpose string, index ...uint64) (searchspace.Arch, error) {
	a, err := space.Sample(stream.New(seed, purpose, index...))
	if err != nil {
		return a, fmt.Errorf("%s: draw %v: %w", strings.TrimPrefix(purpose, "supernet."), index, err)
	}
	return a, nil
}

// Cycle returns the given sub-networks in turn.
func Cycle(archs ...searchspace.Arch) Sampler {
	return NewSampler(fmt.Sprintf("cycle of %v", archs), func(i int) ([]Pass, error) {
		if len(archs) == 0 {
			return nil, errors.New("cycle sampler: no architectures")
		}
		return []Pass{{Arch: archs[i%len(archs)]}}, nil
	})
}

// Several joins n draws of a sampler to one step, as Once-for-all does in its later phases: their
// gradients add up.
func Several(n int, s Sampler) Sampler {
	if s == nil {
		return noSampler("several draws: no sampler")
	}
	return NewSampler(fmt.Sprintf("%d of %s", n, s.Identity()), func(i int) ([]Pass, error) {
		if n < 1 {
			return nil, fmt.Errorf("%d draws in a step, expected at least 1", n)
		}
		var passes []Pass
		for j := range n {
			more, err := s.Sample(i*n + j)
			if err != nil {
				return nil, err
			}
			passes = append(passes, more...)
		}
		return passes, nil
	})
}

// digest names a space in identities: equal spaces have equal digests.
func digest(space *searchspace.Space) string {
	text, err := json.Marshal(space.Spec())
	if err != nil {
		return err.Error()
	}
	sum := sha256.Sum256(text)
	return fmt.Sprintf("%s %x", space.Name(), sum[:8])
}
