package evolution

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/tendril-nas/tendril/searchspace"
)

// Architectures makes genomes of the architectures of a space. Whatever it draws is valid there.
type Architectures struct {
	// Space is where architectures come from. Required.
	Space *searchspace.Space
	// Mutation is how Mutate changes an architecture; zero = exactly one decision, or one
	// restricted group of them.
	Mutation searchspace.MutateOptions
	// Crossing is, by kind of decision, the probability that Cross exchanges one; kinds that are
	// not listed have ½.
	Crossing map[searchspace.Kind]float64
}

// Random draws an architecture as Space.Sample does.
func (x Architectures) Random(r *rand.Rand) (searchspace.Arch, error) {
	if x.Space == nil {
		return searchspace.Arch{}, errors.New("evolution: Architectures without a space")
	}
	return x.Space.Sample(r)
}

// Mutate is Space.Mutate.
func (x Architectures) Mutate(a searchspace.Arch, r *rand.Rand) (searchspace.Arch, error) {
	if x.Space == nil {
		return a, errors.New("evolution: Architectures without a space")
	}
	return x.Space.Mutate(a, r, x.Mutation)
}

// Cross is uniform crossover: each decision of the first child comes from one parent or the other,
// with equal chances or those of Crossing, the second child gets the opposite, and decisions that a
// restriction ties together go together, with the chances of the first of them. A child that the
// space refuses is drawn again, at most 1000 times; then the parent stands in for it.
func (x Architectures) Cross(a, b searchspace.Arch, r *rand.Rand) (c, d searchspace.Arch, err error) {
	if x.Space == nil || r == nil {
		return a, b, errors.New("evolution: cross: no space or no random numbers")
	}
	for _, p := range [...]searchspace.Arch{a, b} {
		if err := x.Space.Valid(p); err != nil {
			return a, b, fmt.Errorf("evolution: cross: %w", err)
		}
	}
	decisions := x.Space.Decisions()
	for kind, p := range x.Crossing {
		if !(p >= 0 && p <= 1) {
			return a, b, fmt.Errorf("evolution: cross: probability %g of kind %v, expected 0 to 1", p, kind)
		}
	}
	ties := x.ties(len(decisions))
	p, q := a.Choices(), b.Choices()
	u, v := make([]int, len(p)), make([]int, len(p))
	swap := make([]bool, len(p))
	foundC, foundD := false, false
	c, d = a, b
	for range maxDraws {
		for i := range p {
			if chance, ok := x.Crossing[decisions[i].Kind]; ok {
				swap[i] = r.Float64() < chance
			} else {
				swap[i] = r.Uint64()>>63 == 1
			}
			if ties[i] != i {
				swap[i] = swap[ties[i]]
			}
			if u[i], v[i] = p[i], q[i]; swap[i] {
				u[i], v[i] = q[i], p[i]
			}
		}
		if !foundC {
			if z, err := x.Space.New(u); err == nil {
				c, foundC = z, true
			}
		}
		if !foundD {
			if z, err := x.Space.New(v); err == nil {
				d, foundD = z, true
			}
		}
		if foundC && foundD {
			break
		}
	}
	return c, d, nil
}

// ties gives for every decision the first one that it goes together with.
func (x Architectures) ties(decisions int) []int {
	ties := make([]int, decisions)
	for i := range ties {
		ties[i] = i
	}
	root := func(i int) int {
		for ties[i] != i {
			i = ties[i]
		}
		return i
	}
	for _, r := range x.Space.Spec().Restrictions {
		if len(r.Combinations) == 0 {
			continue
		}
		for _, name := range r.Decisions[1:] {
			i, j := root(x.Space.DecisionIndex(r.Decisions[0])), root(x.Space.DecisionIndex(name))
			ties[max(i, j)] = min(i, j)
		}
	}
	for i := range ties {
		ties[i] = root(i)
	}
	return ties
}

// Neighbours are those of Space.Neighbours.
func (x Architectures) Neighbours(a searchspace.Arch) ([]searchspace.Arch, error) {
	if err := x.fits(a); err != nil {
		return nil, err
	}
	return slices.Collect(x.Space.Neighbours(a)), nil
}

// fits refuses what is not an architecture of the space.
func (x Architectures) fits(a searchspace.Arch) error {
	if x.Space == nil {
		return errors.New("evolution: Architectures without a space")
	}
	if err := x.Space.Valid(a); err != nil {
		return fmt.Errorf("evolution: %w", err)
	}
	return nil
}

// Encode is Space.OneHot.
func (x Architectures) Encode(a searchspace.Arch) []float64 {
	if x.Space == nil {
		return nil
	}
	return x.Space.OneHot(a)
}

// Key is the hexadecimal form of the choices.
func (x Architectures) Key(a searchspace.Arch) string { return a.String() }
