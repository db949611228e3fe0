package adjuster

import (
	"fmt"
	"math"

	"github.com/tendril-nas/tendril/searchspace"
)

// RewardForm says how costs enter the reward.
type RewardForm uint8

const (
	// Eq5 is the reward of the paper: a cheaper architecture gains what a dearer one loses.
	Eq5 RewardForm = iota
	// Published is what the authors' code computes: only added cost counts, and none at all when
	// d_t is 0.
	Published
)

// String is "eq5" or "published".
func (f RewardForm) String() string {
	switch f {
	case Eq5:
		return "eq5"
	case Published:
		return "published"
	}
	return fmt.Sprintf("RewardForm(%d)", uint8(f))
}

// Reward is eq. (5): R(α') = V(α') − V(α_{t−1}) − (λ/d_t)·(C(α') − C(α_{t−1})).
type Reward struct {
	Lambda float64 // accuracy (a fraction) per million; 0 = 2.5e-4, negative = none
	Floor  float64 // least d_t for Eq5; 0 = 0.05, negative = none
	Form   RewardForm
}

// Value is the reward of an architecture with accuracy v (a fraction) and cost c (millions) beside
// the previous one's, at distance d. A search from scratch has neither previous accuracy nor cost:
// V − λ/d·C. See eq. (5) of "AdaXpert: Adapting Neural Architecture for Growing Data".
func (r Reward) Value(v, previousV, c, previousC, d float64) float64 {
	lambda := defaulted(r.Lambda, 2.5e-4)
	gain, extra := v-previousV, c-previousC
	if r.Form == Published {
		if d == 0 {
			return gain
		}
		return gain - lambda/d*max(0, extra)
	}
	if lambda == 0 {
		return gain
	}
	return gain - lambda/max(d, defaulted(r.Floor, 0.05))*extra
}

// paperLargest is the cost of the largest architecture of the published space, 224 pixels and 1000
// classes, in millions.
const paperLargest = 566.17

// ScaledLambda is the published λ = 2.5e-4 carried over to another space, in inverse proportion to
// the cost of its largest architecture, so that going from nothing to everything costs the same
// reward.
func ScaledLambda(space *searchspace.Space) (float64, error) {
	c, err := MAdds(space, space.Largest())
	if err != nil {
		return 0, err
	}
	if c <= 0 {
		return 0, fmt.Errorf("adjuster: largest architecture of space %q costs %v million multiply-adds, "+
			"expected more than 0", space.Name(), c)
	}
	return 2.5e-4 * paperLargest / c, nil
}

// MAdds is the default cost: multiply-adds of convolutions and linear layers, in millions.
func MAdds(space *searchspace.Space, a searchspace.Arch) (float64, error) {
	c, err := space.Cost(a)
	if err != nil {
		return 0, fmt.Errorf("adjuster: cost of architecture %v: %w", a, err)
	}
	return float64(c.MAdds) / 1e6, nil
}

// gridCell is the index of the grid value nearest to d, and whether d lies beyond the grid.
func gridCell(d, step float64, size int) (cell int, beyond bool) {
	x := math.Round(d / step)
	if x > float64(size-1) {
		return size - 1, d > step*(float64(size)-0.5)
	}
	return int(x), false
}
