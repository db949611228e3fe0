package searchspace

import (
	"errors"
	"fmt"
	"slices"
	"sync"
)

// ErrInfeasible is returned when a space has no valid architecture, or none was found within the
// allowed number of draws.
var ErrInfeasible = errors.New("no valid architecture found")

// ErrInvalid is wrapped by the errors of Valid and New.
var ErrInvalid = errors.New("invalid architecture")

// Space is a set of architectures: decisions, the networks they stand for and the limits they obey.
// It is immutable and safe for concurrent use.
type Space struct {
	fam          Family
	decisions    []Decision
	activity     [][]Int // decision i is active where all of activity[i] are not 0
	index        map[string]int
	opaque       bool
	lists        []textList
	encoding     []int
	limits       []limit
	groups       []group
	restrictions []Restriction
	costs        []costLimit
	witness      Arch         // an architecture within the limits on costs; zero without such limits
	nodes        []ChoiceNode // as Build wrote them, all choices included
	readers      [][]int      // the nodes that depend on each decision

	extremes  sync.Once
	low, high Arch

	scratch sync.Pool // of *[]ChoiceNode, empty: where lower builds
}

// Name is the name of the family.
func (s *Space) Name() string { return s.fam.Name }

// Classes is the number of classes of the space's networks.
func (s *Space) Classes() int { return s.fam.Classes }

// InputSize is the height and width of the images, in pixels.
func (s *Space) InputSize() int { return s.fam.InputSize }

// WithClasses is the same space with networks for n classes. Limits on costs hold for those
// networks.
func (s *Space) WithClasses(n int) (*Space, error) {
	f := s.fam
	f.Classes = n
	return s.rebuild(f)
}

// WithInput is the same space with networks for size×size images. Limits on costs hold for those
// networks.
func (s *Space) WithInput(size int) (*Space, error) {
	f := s.fam
	f.InputSize = size
	return s.rebuild(f)
}

func (s *Space) rebuild(f Family) (*Space, error) {
	out, err := NewSpace(f)
	if err != nil {
		return nil, err
	}
	if out, err = out.Restrict(s.restrictions...); err != nil {
		return nil, err
	}
	return out.Limit(s.costLimits()...)
}

// Decisions is a copy of the decisions in order: a decision comes after all those that its activity
// depends on.
func (s *Space) Decisions() []Decision {
	out := slices.Clone(s.decisions)
	for i := range out {
		out[i].Values = slices.Clone(out[i].Values)
		out[i].Labels = slices.Clone(out[i].Labels)
		out[i].Allowed = slices.Clone(out[i].Allowed)
		out[i].Weights = slices.Clone(out[i].Weights)
	}
	return out
}

// DecisionIndex is the index of the decision called name, or -1.
func (s *Space) DecisionIndex(name string) int {
	if i, ok := s.index[name]; ok {
		return i
	}
	return -1
}

// active reports whether decision i has an effect; only earlier choices are read.
func (s *Space) active(i int, choices []int) bool {
	for _, c := range s.activity[i] {
		if c.at(choices) == 0 {
			return false
		}
	}
	return true
}

// Active says for every decision of a whether it has an effect. It is nil for an Arch of another
// space.
func (s *Space) Active(a Arch) []bool {
	if a.Len() != len(s.decisions) || s.inRange(a) != nil {
		return nil
	}
	choices := a.Choices()
	out := make([]bool, len(choices))
	for i := range out {
		out[i] = s.active(i, choices)
	}
	return out
}

// New is the architecture with the given choice index per decision. Choices of inactive decisions
// are ignored. The error wraps ErrInvalid.
func (s *Space) New(choices []int) (Arch, error) {
	if len(choices) != len(s.decisions) {
		return Arch{}, fmt.Errorf("searchspace: %d choices, expected %d: %w", len(choices), len(s.decisions),
			ErrInvalid)
	}
	canon := s.canonical(choices)
	for i, c := range canon {
		if c < 0 || c >= s.decisions[i].Len() {
			return Arch{}, fmt.Errorf("searchspace: choice %d of decision %s, expected 0 to %d: %w", c,
				s.decisions[i].Name, s.decisions[i].Len()-1, ErrInvalid)
		}
	}
	if err := s.obeys(canon); err != nil {
		return Arch{}, err
	}
	return newArch(canon), nil
}

// canonical is choices with 0 for inactive decisions. Out-of-range choices stay and make what
// depends on them count as active.
func (s *Space) canonical(choices []int) []int {
	out := make([]int, len(choices))
	for i, c := range choices {
		if !s.inDomain(i, out) || s.active(i, out) {
			out[i] = c
		}
	}
	return out
}

// inDomain reports whether the choices that decision i's activity reads exist.
func (s *Space) inDomain(i int, choices []int) bool {
	for _, cond := range s.activity[i] {
		for _, d := range unionDeps(cond) {
			if choices[d] < 0 || choices[d] >= s.decisions[d].Len() {
				return false
			}
		}
	}
	return true
}

func (s *Space) inRange(a Arch) error {
	for i := range s.decisions {
		if c, n := a.At(i), s.decisions[i].Len(); c >= n {
			return fmt.Errorf("searchspace: choice %d of decision %s, expected 0 to %d: %w", c,
				s.decisions[i].Name, n-1, ErrInvalid)
		}
	}
	return nil
}

// Valid says whether a is an architecture of s: made for its decisions, canonical, and within
// restrictions and limits. The error wraps ErrInvalid.
func (s *Space) Valid(a Arch) error {
	if a.Len() != len(s.decisions) {
		return fmt.Errorf("searchspace: architecture with %d choices, expected %d: %w", a.Len(),
			len(s.decisions), ErrInvalid)
	}
	if err := s.inRange(a); err != nil {
		return err
	}
	choices := a.Choices()
	for i := range choices {
		if choices[i] != 0 && !s.active(i, choices) {
			return fmt.Errorf("searchspace: inactive decision %s holds choice %d, expected 0: %w",
				s.decisions[i].Name, choices[i], ErrInvalid)
		}
	}
	return s.obeys(choices)
}

// obeys checks canonical, in-range choices against restrictions and limits.
func (s *Space) obeys(choices []int) error {
	if err := s.rules(choices); err != nil {
		return err
	}
	for i := range s.costs {
		if err := s.costs[i].check(choices); err != nil {
			return err
		}
	}
	return nil
}

// rules is obeys without the limits on costs.
func (s *Space) rules(choices []int) error {
	for i := range s.decisions {
		d := &s.decisions[i]
		if len(d.Allowed) < d.Len() && s.active(i, choices) && !slices.Contains(d.Allowed, choices[i]) {
			return fmt.Errorf("searchspace: %s is %s, expected %s: %w", d.Name, d.Labels[choices[i]],
				d.expected(), ErrInvalid)
		}
	}
	for g := range s.groups {
		if !s.groups[g].open(s, choices, len(choices)) {
			return fmt.Errorf("searchspace: %s is not one of the %d allowed combinations: %w",
				s.groups[g].text(s, choices), len(s.groups[g].combos), ErrInvalid)
		}
	}
	for i := range s.limits {
		l := &s.limits[i]
		if err := l.check(s.values(l.decisions, choices)); err != nil {
			return fmt.Errorf("searchspace: %w: %w", err, ErrInvalid)
		}
	}
	return nil
}

// values is the numeric values of some decisions.
func (s *Space) values(decisions, choices []int) []int {
	out := make([]int, len(decisions))
	for i, d := range decisions {
		out[i] = s.decisions[d].number(choices[d])
	}
	return out
}
