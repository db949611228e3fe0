package adjuster

import (
	"errors"
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
	// PerDoubling counts costs in doublings, x = log2(C(α')/C(α_{t−1})), ours: one λ suits spaces
	// of any size. Growth costs λ/d_t·x, with a floor under d_t; shrinking earns λ·|x| whatever
	// d_t, for with λ/d_t both ways a small distance would pay more for halving a network than any
	// accuracy is worth.
	PerDoubling
)

// String is "eq5", "published" or "doubling".
func (f RewardForm) String() string {
	switch f {
	case Eq5:
		return "eq5"
	case Published:
		return "published"
	case PerDoubling:
		return "doubling"
	}
	return fmt.Sprintf("RewardForm(%d)", uint8(f))
}

// Reward is eq. (5): R(α') = V(α') − V(α_{t−1}) − (λ/d_t)·(C(α') − C(α_{t−1})), or another form of
// its last term.
type Reward struct {
	// Lambda is V (a fraction) per million, 0 = 2.5e-4; for PerDoubling per doubling, 0 = 0.01.
	// Negative = none.
	Lambda float64
	// Floor is the least d_t for Eq5, 0 = 0.05, and for PerDoubling, 0 = 0.25. Negative = none.
	Floor float64
	Form  RewardForm
}

// Value is the reward of an architecture with V of v (a fraction) and cost c (millions) beside the
// previous one's, at distance d. A search from scratch has neither previous V nor cost, both 0: V −
// λ/d·C, or per doubling V − λ/d·log2 C. Costs are above 0 for PerDoubling. See eq. (5) of
// "AdaXpert: Adapting Neural Architecture for Growing Data".
func (r Reward) Value(v, previousV, c, previousC, d float64) float64 {
	return v - previousV - r.charge(c, previousC, d)
}

// charge is what costs take away from the reward.
func (r Reward) charge(c, previousC, d float64) float64 {
	if r.Form == PerDoubling {
		return r.chargeDoublings(c, previousC, d)
	}
	lambda, extra := defaulted(r.Lambda, 2.5e-4), c-previousC
	switch {
	case lambda == 0 || extra == 0:
		return 0
	case r.Form == Eq5:
		return lambda / max(d, defaulted(r.Floor, 0.05)) * extra
	case d == 0 || extra < 0:
		return 0
	}
	return lambda / d * extra
}

func (r Reward) chargeDoublings(c, previousC, d float64) float64 {
	scratch := previousC == 0
	if scratch {
		previousC = 1
	}
	lambda, x := defaulted(r.Lambda, 0.01), math.Log2(c/previousC)
	switch {
	case lambda == 0 || x == 0:
		return 0
	case x < 0 && !scratch:
		return lambda * x
	}
	return lambda / max(d, defaulted(r.Floor, 0.25)) * x
}

// paperLargest is the cost of the largest architecture of the published space, 224 pixels and 1000
// classes, in millions.
const paperLargest = 566.17

// ScaledLambda is the published λ = 2.5e-4 carried over to another space, in inverse proportion to
// the cost of its largest architecture, so that going from nothing to everything costs the same
// reward.
func ScaledLambda(space *searchspace.Space) (float64, error) {
	return ScaledLambdaOf(space, MAdds)
}

// ScaledLambdaOf is ScaledLambda for another cost than multiply-adds, the one in Options.Cost: λ in
// inverse proportion to that cost of the space's largest architecture, which is the one with the
// most multiply-adds.
func ScaledLambdaOf(space *searchspace.Space,
	cost func(*searchspace.Space, searchspace.Arch) (float64, error)) (float64, error) {
	switch {
	case space == nil:
		return 0, errNoSpace
	case cost == nil:
		return 0, errors.New("adjuster: scaled λ needs a cost")
	}
	c, err := cost(space, space.Largest())
	if err != nil {
		return 0, err
	}
	if !(c > 0) || math.IsInf(c, 0) {
		return 0, fmt.Errorf("adjuster: largest architecture of space %q costs %v, expected a finite number "+
			"above 0", space.Name(), c)
	}
	return 2.5e-4 * paperLargest / c, nil
}

// MAdds is the default cost: multiply-adds of convolutions and linear layers, in millions.
func MAdds(space *searchspace.Space, a searchspace.Arch) (float64, error) {
	if space == nil {
		return 0, errNoSpace
	}
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
