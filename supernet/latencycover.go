package supernet

import (
	"context"
	"fmt"
	"slices"

	"github.com/tendril-nas/tendril/internal/stream"
	"github.com/tendril-nas/tendril/searchspace"
)

// patience is the number of architectures without a new layer after which sampling ends. It goes on
// beyond the last layer so that there is a choice of networks to measure them in.
const patience = 300

// layerSet is the layers that are wanted, and architectures that have them.
type layerSet struct {
	layers     []searchspace.LatencyLayer
	number     map[searchspace.LatencyLayer]int
	candidates []layeredArch
}

// layeredArch is an architecture and its layers, by number.
type layeredArch struct {
	arch   searchspace.Arch
	layers []int
}

func newLayerSet() *layerSet { return &layerSet{number: make(map[searchspace.LatencyLayer]int)} }

// exploreLayers samples architectures until they have every layer of the space, where it can list
// them, and show nothing new: the smallest, the largest, and random ones, at most as many as given.
// An architecture for which skip holds is left out.
func exploreLayers(ctx context.Context, space *searchspace.Space, most int, seed uint64,
	skip func(searchspace.Arch) bool) (*layerSet, error) {
	s := newLayerSet()
	if g, err := space.LowerChoices(); err == nil {
		// A space that cannot list its layers has those that its samples show.
		if all, err := g.Latencies(); err == nil {
			for _, l := range all {
				s.want(l)
			}
		}
	}
	found := make(map[int]bool)
	seen := make(map[searchspace.Arch]bool)
	r := stream.New(seed, "supernet.latency")
	for i, idle := 0, 0; i < most && (idle < patience || len(found) < len(s.layers)); i++ {
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
		before := len(found)
		if err := s.add(space, a); err != nil {
			return nil, err
		}
		for _, n := range s.candidates[len(s.candidates)-1].layers {
			found[n] = true
		}
		if len(found) > before {
			idle = 0
		}
	}
	return s, nil
}

// layersOf is the layers of some architectures. One for which skip holds has its layers wanted, but
// not measured in it.
func layersOf(space *searchspace.Space, archs []searchspace.Arch,
	skip func(searchspace.Arch) bool) (*layerSet, error) {
	s := newLayerSet()
	for _, a := range archs {
		if err := s.add(space, a); err != nil {
			return nil, err
		}
		if skip(a) {
			s.candidates = s.candidates[:len(s.candidates)-1]
		}
	}
	return s, nil
}

// want returns the number of a layer.
func (s *layerSet) want(l searchspace.LatencyLayer) int {
	n, ok := s.number[l]
	if !ok {
		n = len(s.layers)
		s.number[l] = n
		s.layers = append(s.layers, l)
	}
	return n
}

// has reports whether a layer is wanted.
func (s *layerSet) has(l searchspace.LatencyLayer) bool {
	_, ok := s.number[l]
	return ok
}

// add takes in an architecture and its layers.
func (s *layerSet) add(space *searchspace.Space, a searchspace.Arch) error {
	g, err := space.Lower(a)
	if err != nil {
		return fmt.Errorf("%s: %w", space.Format(a), err)
	}
	c := layeredArch{arch: a}
	for _, l := range g.Latencies() {
		if n := s.want(l); !slices.Contains(c.layers, n) {
			c.layers = append(c.layers, n)
		}
	}
	s.candidates = append(s.candidates, c)
	return nil
}

// cover chooses architectures that together have every layer that is not known, each in as many of
// them as views says where there are so many: again and again the one with the most of what is
// still missing, at most as many as given.
func (s *layerSet) cover(known map[searchspace.LatencyLayer]bool,
	views, most int) (chosen []searchspace.Arch) {
	need := make([]int, len(s.layers))
	for n, l := range s.layers {
		if !known[l] {
			need[n] = views
		}
	}
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
			need[n]--
		}
	}
	return chosen
}
