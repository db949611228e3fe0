package supernet

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/tendril-nas/tendril/searchspace"
)

// ShrinkPhase is one training of progressive shrinking, see Net.Shrink.
type ShrinkPhase struct {
	// Name says what becomes elastic: "full", "kernel", "depth 1", "depth 2", "width 1", "width 2".
	Name string
	// Space is the restriction whose sub-networks train.
	Space *searchspace.Space
	// Share of TrainOptions.Epochs. A phase has at least one epoch.
	Share float64
	// Subnets is how many sub-networks a step draws, whose gradients add up; 0 means 1.
	Subnets int
	// LR is the peak learning rate in units of TrainOptions.LR; 0 means 1.
	LR float64
	// Warmup is the part of the phase's steps over which the rate rises linearly from 0; in [0, 1).
	Warmup float64
	// Teaches marks a phase that learns from labels alone and on all classes, without teacher and
	// masks; the largest network of its Space, as it is then, teaches in the phases that follow.
	Teaches bool
	// Sort has Net.SortChannels put the most important channels first before the phase, within the
	// widths of the phase before it.
	Sort bool
}

// What the phases of progressive shrinking have; the comments of ShrinkPhases say where it is from.
const (
	kernelShare = 0.30
	shortShare  = 0.06 // first parts
	depthShare  = 0.30
	widthShare  = 0.28

	teacherRate = 10
	shortRate   = 1.0 / 12
	laterRate   = 1.0 / 4

	shrinkWarmup = 5.0 / 120
)

// ShrinkPhases is the phases of progressive shrinking for a space: the full network, which then
// teaches; all kernels; the two largest depths, all depths; the two largest widths, all widths. Of
// width are decisions of the kinds KindExpand and KindWidth. "Largest" is what the space's largest
// network has, then by value. What a space does not decide has no phase, and where the first of two
// parts would leave nothing to the second there is one part, "depth" or "width", with the shares of
// both. Decisions of other kinds are free but in the full network.
//
// The full network trains for as long as the other phases together, whose shares are 0.3; 0.06,
// 0.3; 0.06, 0.28 (of the published 120; 25, 120; 25, 120 epochs, and scaled to a sum of 1 where
// some are missing), with 1; 2, 2; 4, 4 sub-networks a step and learning rates of 1; 1/12, 1/4;
// 1/12, 1/4 of the base, that of the full network being 10. All but the full network and the first
// parts warm up over 5/120 of their steps.
//
// Rates, sub-networks, published epochs and warm-up are those of the code published with Cai et
// al., "Once-for-All: Train One Network and Specialize it for Efficient Deployment", ICLR 2020; the
// full network's rate is that of EAS; the shares are ours. Whoever wants others changes what is
// returned.
func ShrinkPhases(space *searchspace.Space) ([]ShrinkPhase, error) {
	if space == nil {
		return nil, errors.New("supernet: shrink phases: no space")
	}
	s := shrinking{space: space, free: make([]int, len(space.Decisions()))}
	full, err := s.now()
	if err != nil {
		return nil, fmt.Errorf("supernet: shrink phases: %w", err)
	}
	phases := []ShrinkPhase{{Name: "full", Space: full, Share: 1, Subnets: 1, LR: teacherRate, Teaches: true}}
	for _, part := range []struct {
		name  string
		kinds []searchspace.Kind
		parts []ShrinkPhase
	}{
		{"kernel", []searchspace.Kind{searchspace.KindKernel},
			[]ShrinkPhase{{Share: kernelShare, Subnets: 1, LR: 1, Warmup: shrinkWarmup}}},
		{"depth", []searchspace.Kind{searchspace.KindDepth},
			[]ShrinkPhase{{Share: shortShare, Subnets: 2, LR: shortRate},
				{Share: depthShare, Subnets: 2, LR: laterRate, Warmup: shrinkWarmup}}},
		{"width", []searchspace.Kind{searchspace.KindExpand, searchspace.KindWidth},
			[]ShrinkPhase{{Share: shortShare, Subnets: 4, LR: shortRate, Sort: true},
				{Share: widthShare, Subnets: 4, LR: laterRate, Warmup: shrinkWarmup, Sort: true}}},
	} {
		more, err := s.widen(part.name, part.kinds, part.parts)
		if err != nil {
			return nil, fmt.Errorf("supernet: shrink phases: %w", err)
		}
		phases = append(phases, more...)
	}
	if len(phases) == 1 {
		return nil, fmt.Errorf("supernet: shrink phases: space %s decides neither kernels nor depths nor widths",
			space.Name())
	}
	return normalised(phases), nil
}

// normalised gives the phases after the first shares that add up to 1.
func normalised(phases []ShrinkPhase) []ShrinkPhase {
	sum := 0.0
	for _, p := range phases[1:] {
		sum += p.Share
	}
	for i := range phases[1:] {
		phases[1+i].Share /= sum
	}
	return phases
}

// shrinking is how many choices of every decision are free already: 0 is the largest network's
// alone.
type shrinking struct {
	space *searchspace.Space
	free  []int
}

// widen is the phases in which decisions of some kinds become free, in the given parts.
func (s *shrinking) widen(name string, kinds []searchspace.Kind, parts []ShrinkPhase) ([]ShrinkPhase, error) {
	decisions := s.space.Decisions()
	most := 0
	for i := range decisions {
		if slices.Contains(kinds, decisions[i].Kind) {
			most = max(most, len(decisions[i].Allowed))
		}
	}
	if most < 2 {
		return nil, nil
	}
	if len(parts) == 2 && most == 2 {
		parts[1].Share += parts[0].Share
		parts = parts[1:]
	}
	for k := range parts {
		p := &parts[k]
		p.Name = name
		if len(parts) > 1 {
			p.Name = fmt.Sprintf("%s %d", name, k+1)
		}
		for i := range decisions {
			switch d := &decisions[i]; {
			case !slices.Contains(kinds, d.Kind):
			case k < len(parts)-1:
				s.free[i] = 2
			default:
				s.free[i] = len(d.Allowed)
			}
		}
		var err error
		if p.Space, err = s.now(); err != nil {
			return nil, err
		}
	}
	return parts, nil
}

// now is the restriction to the choices that are free.
func (s *shrinking) now() (*searchspace.Space, error) {
	largest := s.space.Largest()
	active := s.space.Active(largest)
	full := slices.Max(s.free) == 0
	var rs []searchspace.Restriction
	for i, d := range s.space.Decisions() {
		n := max(s.free[i], 1)
		switch d.Kind {
		case searchspace.KindKernel, searchspace.KindDepth, searchspace.KindExpand, searchspace.KindWidth:
		default:
			if !full {
				continue
			}
		}
		first := -1
		if active[i] {
			first = largest.At(i)
		}
		if keep := downward(&d, first); n < len(keep) {
			rs = append(rs, searchspace.Restriction{Decisions: []string{d.Name}, Keep: keep[:n]})
		}
	}
	return s.space.Restrict(rs...)
}

// downward is the allowed choices of a decision from large values to small ones, after that of the
// largest network, if it has one.
func downward(d *searchspace.Decision, largest int) []int {
	value := func(c int) int {
		if d.Values == nil {
			return c
		}
		return d.Values[c]
	}
	keep := slices.Clone(d.Allowed)
	slices.SortStableFunc(keep, func(a, b int) int {
		if (a == largest) != (b == largest) {
			if a == largest {
				return -1
			}
			return 1
		}
		return cmp.Compare(value(b), value(a))
	})
	return keep
}

// ShrinkEpochs is the epochs of every phase where TrainOptions.Epochs is epochs: shares rounded, at
// least 1, so that the phases that do not teach add up to their part of the epochs. Too few for one
// each are an error that says how many are needed, and so are 2³¹ or more.
func ShrinkEpochs(phases []ShrinkPhase, epochs int) ([]int, error) {
	const most = 1 << 31
	out := make([]int, len(phases))
	var later []int
	sum := 0.0
	for i, p := range phases {
		if !(p.Share > 0) || !finite(p.Share) {
			return nil, fmt.Errorf("supernet: phase %q with a share of %v, expected more than 0", p.Name, p.Share)
		}
		if !(p.Share*float64(epochs) < most) {
			return nil, fmt.Errorf("supernet: phase %q with a share of %v of %d epochs, expected less than %d", p.Name,
				p.Share, epochs, int64(most))
		}
		if p.Teaches {
			out[i] = max(1, int(math.Round(p.Share*float64(epochs))))
		} else {
			later = append(later, i)
			sum += p.Share
		}
	}
	if !(sum*float64(epochs) < most) {
		return nil, fmt.Errorf("supernet: phases with shares of %.3g in all of %d epochs, expected less than %d", sum,
			epochs, int64(most))
	}
	total := int(math.Round(sum * float64(epochs)))
	if total < len(later) {
		return nil, fmt.Errorf("supernet: %d epochs for %d phases with shares of %.3g in all, expected at "+
			"least %.0f", epochs, len(later), sum, math.Ceil((float64(len(later))-0.5)/sum))
	}
	for _, i := range later {
		out[i] = max(1, int(phases[i].Share*float64(epochs)))
		total -= out[i]
	}
	above := func(i int) float64 { return float64(out[i]) - phases[i].Share*float64(epochs) }
	order := func(a, b int) int { return cmp.Compare(above(a), above(b)) }
	for ; total > 0; total-- {
		out[slices.MinFunc(later, order)]++
	}
	for ; total < 0; total++ {
		more := slices.DeleteFunc(slices.Clone(later), func(i int) bool { return out[i] == 1 })
		out[slices.MaxFunc(more, order)]--
	}
	return out, nil
}
