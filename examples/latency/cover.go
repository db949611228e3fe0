package main

import (
	"context"
	"fmt"

	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/searchspace"
)

// Streams of the seed.
const (
	streamLayers  = "latency.layers" // architectures to measure layers in
	streamCheck   = "latency.check"  // architectures to check
	streamWeights = "latency.images"
)

// patience is the number of architectures without a new layer after which
// sampling ends.
const patience = 300

// candidate is an architecture and its layers, by number.
type candidate struct {
	arch   searchspace.Arch
	layers []int
}

// layerSet is the layers that samples of a space have.
type layerSet struct {
	layers     []searchspace.LatencyLayer
	number     map[searchspace.LatencyLayer]int
	candidates []candidate
}

// explore samples architectures until they show nothing new: the smallest, the
// largest, and random ones, at most as many as given. An architecture for
// which skip holds is left out.
func explore(ctx context.Context, space *searchspace.Space, most int, seed run.Seed, skip func(searchspace.Arch) bool) (*layerSet, error) {
	s := &layerSet{number: map[searchspace.LatencyLayer]int{}}
	seen := map[searchspace.Arch]bool{}
	r := seed.Stream(streamLayers)
	for i, idle := 0, 0; i < most && idle < patience; i++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		var a searchspace.Arch
		switch i {
		case 0:
			a = space.Smallest()
		case 1:
			a = space.Largest()
		default:
			var err error
			if a, err = space.Sample(r); err != nil {
				return nil, err
			}
		}
		idle++
		if seen[a] || skip(a) {
			continue
		}
		seen[a] = true
		before := len(s.layers)
		if err := s.add(space, a); err != nil {
			return nil, err
		}
		if len(s.layers) > before {
			idle = 0
		}
	}
	return s, nil
}

// add takes in the layers of an architecture.
func (s *layerSet) add(space *searchspace.Space, a searchspace.Arch) error {
	g, err := space.Lower(a)
	if err != nil {
		return fmt.Errorf("%s: %w", space.Format(a), err)
	}
	c := candidate{arch: a}
	has := map[int]bool{}
	for _, l := range g.Latencies() {
		n, ok := s.number[l]
		if !ok {
			n = len(s.layers)
			s.number[l] = n
			s.layers = append(s.layers, l)
		}
		if !has[n] {
			has[n] = true
			c.layers = append(c.layers, n)
		}
	}
	s.candidates = append(s.candidates, c)
	return nil
}

// cover chooses architectures that together have every layer that is wanted,
// each in as many of them as views says where there are so many: again and
// again the one with the most of what is still wanted, at most as many as
// given. It returns the wanted layers that none of them has as well.
func (s *layerSet) cover(wanted func(searchspace.LatencyLayer) bool, views, most int) (chosen []searchspace.Arch, left []searchspace.LatencyLayer) {
	need := make([]int, len(s.layers))
	for n, l := range s.layers {
		if wanted(l) {
			need[n] = views
		}
	}
	found := make([]bool, len(s.layers))
	used := make([]bool, len(s.candidates))
	for len(chosen) < most {
		best, gain := -1, 0
		for i, c := range s.candidates {
			if used[i] {
				continue
			}
			now := 0
			for _, n := range c.layers {
				now += max(need[n], 0)
			}
			if now > gain {
				best, gain = i, now
			}
		}
		if best < 0 {
			break
		}
		used[best] = true
		chosen = append(chosen, s.candidates[best].arch)
		for _, n := range s.candidates[best].layers {
			found[n] = true
			need[n]--
		}
	}
	for n, l := range s.layers {
		if wanted(l) && !found[n] {
			left = append(left, l)
		}
	}
	return chosen, left
}

// random draws different architectures, those left out for which skip holds.
func random(space *searchspace.Space, count int, seed run.Seed, skip func(searchspace.Arch) bool) ([]searchspace.Arch, error) {
	r := seed.Stream(streamCheck)
	seen := map[searchspace.Arch]bool{}
	var out []searchspace.Arch
	for tries := 0; len(out) < count; tries++ {
		if tries == 50*count {
			return nil, fmt.Errorf("%d different architectures within the limit of parameters in %d samples, expected %d", len(out), tries, count)
		}
		a, err := space.Sample(r)
		if err != nil {
			return nil, err
		}
		if !seen[a] && !skip(a) {
			seen[a] = true
			out = append(out, a)
		}
	}
	return out, nil
}
