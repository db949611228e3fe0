package searchspace

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// Restriction narrows a space without changing its decisions, so that an Arch of the narrower space
// is the same value in the wider one. It can be written as JSON.
type Restriction struct {
	// Decisions are decision names, or patterns as of path.Match: "stage1.*", "*.kernel". Every
	// entry must match at least one decision.
	Decisions []string `json:"decisions"`
	// Keep lists the choice indices that stay in every named decision.
	Keep []int `json:"keep,omitempty"`
	// Values lists the numeric values that stay in every named decision, an alternative to Keep;
	// values a decision does not have are ignored.
	Values []int `json:"values,omitempty"`
	// Combinations lists the joint choices of the named decisions that stay, each with one choice
	// index per decision, in the order of Decisions (which are then names, not patterns). Choices
	// of inactive decisions are ignored.
	Combinations [][]int `json:"combinations,omitempty"`
}

// group is a set of decisions whose joint choices come from a list.
type group struct {
	decisions []int
	combos    [][]int
	// closed: whether a decision of the group is active depends on the group alone. Then combos are
	// canonical and different.
	closed bool
}

// canonicalise closes the group if it can be closed.
func (g *group) canonicalise(s *Space) {
	for _, d := range g.decisions {
		for _, dep := range unionDeps(s.activity[d]...) {
			if !slices.Contains(g.decisions, dep) {
				return
			}
		}
	}
	g.closed = true
	inOrder := make([]int, len(g.decisions)) // positions in the group by decision
	for k := range inOrder {
		inOrder[k] = k
	}
	slices.SortFunc(inOrder, func(a, b int) int { return g.decisions[a] - g.decisions[b] })
	seen := map[string]bool{}
	var unique [][]int
	for _, combo := range g.combos {
		choices := make([]int, len(s.decisions))
		for k, d := range g.decisions {
			choices[d] = combo[k]
		}
		for _, k := range inOrder {
			if d := g.decisions[k]; !s.active(d, choices) {
				choices[d], combo[k] = 0, 0
			}
		}
		if key := fmt.Sprint(combo); !seen[key] {
			seen[key] = true
			unique = append(unique, combo)
		}
	}
	g.combos = unique
}

// open reports whether some combination agrees with the first n choices.
func (g *group) open(s *Space, choices []int, n int) bool {
	for _, combo := range g.combos {
		if g.agrees(s, combo, choices, n) {
			return true
		}
	}
	return false
}

func (g *group) agrees(s *Space, combo, choices []int, n int) bool {
	for k, d := range g.decisions {
		if d < n && choices[d] != combo[k] && s.active(d, choices) {
			return false
		}
	}
	return true
}

func (g *group) text(s *Space, choices []int) string {
	parts := make([]string, len(g.decisions))
	for k, d := range g.decisions {
		parts[k] = s.decisions[d].Name + " " + s.decisions[d].Labels[choices[d]]
	}
	return strings.Join(parts, ", ")
}

// Restrict is the space with some choices removed. Restrictions add up: a choice stays if all of
// them keep it. Limits on costs stay. The error wraps ErrInfeasible when nothing is left, and says
// what the space would reach of what the family limits.
func (s *Space) Restrict(rs ...Restriction) (*Space, error) {
	out := s.free()
	for _, r := range rs {
		r = r.clone()
		if err := out.apply(r); err != nil {
			return nil, err
		}
		out.restrictions = append(out.restrictions, r)
	}
	if len(rs) > 0 {
		if n, err := out.count(); err == nil && n.Sign() == 0 {
			return nil, fmt.Errorf("searchspace: restrictions leave nothing of %s%s: %w", s.fam.Name, out.reaches(),
				ErrInfeasible)
		}
	}
	return out.Limit(s.costLimits()...)
}

// free is a copy of s without limits on costs.
func (s *Space) free() *Space {
	return &Space{fam: s.fam, decisions: s.Decisions(), activity: s.activity, index: s.index,
		opaque: s.opaque, lists: s.lists, encoding: s.encoding, limits: s.limits,
		groups: slices.Clone(s.groups), restrictions: slices.Clone(s.restrictions), nodes: s.nodes,
		readers: s.readers}
}

func (r Restriction) clone() Restriction {
	out := Restriction{Decisions: slices.Clone(r.Decisions), Keep: slices.Clone(r.Keep),
		Values: slices.Clone(r.Values)}
	if r.Combinations != nil {
		out.Combinations = make([][]int, len(r.Combinations))
	}
	for i, c := range r.Combinations {
		out.Combinations[i] = slices.Clone(c)
	}
	return out
}

func (s *Space) apply(r Restriction) error {
	if r.Combinations != nil {
		if r.Keep != nil || r.Values != nil {
			return fmt.Errorf("searchspace: restriction of %q has combinations as well as choices to keep, "+
				"expected one of them", r.Decisions)
		}
		return s.applyCombinations(r)
	}
	if (r.Keep == nil) == (r.Values == nil) {
		return fmt.Errorf("searchspace: restriction of %q needs either Keep or Values", r.Decisions)
	}
	for _, pattern := range r.Decisions {
		matched := false
		for i := range s.decisions {
			d := &s.decisions[i]
			ok, err := path.Match(pattern, d.Name)
			if err != nil {
				return fmt.Errorf("searchspace: restriction pattern %q: %w", pattern, err)
			}
			if !ok {
				continue
			}
			matched = true
			for _, c := range r.Keep {
				if c < 0 || c >= d.Len() {
					return fmt.Errorf("searchspace: restriction keeps choice %d of %s, expected 0 to %d", c,
						d.Name, d.Len()-1)
				}
			}
			d.Allowed = slices.DeleteFunc(d.Allowed, func(c int) bool {
				if r.Keep != nil {
					return !slices.Contains(r.Keep, c)
				}
				return !slices.Contains(r.Values, d.number(c))
			})
			if len(d.Allowed) == 0 {
				return fmt.Errorf("searchspace: restriction leaves no choice for %s: %w", d.Name,
					ErrInfeasible)
			}
		}
		if !matched {
			return fmt.Errorf("searchspace: restriction names decision %q, which does not exist", pattern)
		}
	}
	return nil
}

func (s *Space) applyCombinations(r Restriction) error {
	g := group{}
	for _, name := range r.Decisions {
		d, ok := s.index[name]
		if !ok {
			return fmt.Errorf("searchspace: restriction names decision %q, which does not exist", name)
		}
		if slices.Contains(g.decisions, d) {
			return fmt.Errorf("searchspace: restriction names decision %q twice", name)
		}
		g.decisions = append(g.decisions, d)
	}
	for _, combo := range r.Combinations {
		if len(combo) != len(g.decisions) {
			return fmt.Errorf("searchspace: combination of %d choices for %d decisions", len(combo),
				len(g.decisions))
		}
		for k, d := range g.decisions {
			if combo[k] < 0 || combo[k] >= s.decisions[d].Len() {
				return fmt.Errorf("searchspace: combination has choice %d of %s, expected 0 to %d", combo[k],
					s.decisions[d].Name, s.decisions[d].Len()-1)
			}
		}
		g.combos = append(g.combos, slices.Clone(combo))
	}
	if len(g.combos) == 0 || len(g.decisions) == 0 {
		return fmt.Errorf("searchspace: restriction without combinations: %w", ErrInfeasible)
	}
	g.canonicalise(s)
	s.groups = append(s.groups, g)
	return nil
}
