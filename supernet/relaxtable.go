package supernet

import (
	"fmt"
	"slices"

	"github.com/tendril-nas/tendril/searchspace"
)

// maxRelaxed bounds the joint choices that one layer of a relaxed network may depend on, and
// maxRelaxedLayers its layers.
const (
	maxRelaxed       = 1 << 12
	maxRelaxedLayers = 1 << 16
)

// scope is a place in a relaxed network: inside a candidate of a block, where single-path sharing
// fixes some decisions, or outside, where all are open.
type scope struct {
	block   string
	fixed   product
	choices []int // the fixed ones, and an allowed choice of the others
}

// fixes reports whether decision d is fixed.
func (s *scope) fixes(d int) bool {
	return slices.ContainsFunc(s.fixed, func(e entry) bool { return e.decision == d })
}

// with is the scope with further choices fixed.
func (s *scope) with(block string, p product) *scope {
	out := &scope{block: block, fixed: slices.Concat(s.fixed, p), choices: slices.Clone(s.choices)}
	for _, e := range p {
		out.choices[e.decision] = e.choice
	}
	return out
}

// key tells apart the scopes in which a node that depends on some decisions differs.
func (s *scope) key(decisions []int) string {
	var on product
	for _, e := range s.fixed {
		if slices.Contains(decisions, e.decision) {
			on = append(on, e)
		}
	}
	if len(on) == 0 {
		return ""
	}
	return fmt.Sprint(on)
}

// table is the values of some numbers of a choice graph under every joint choice of the decisions
// that they depend on, as far as restrictions allow it and a scope leaves it open.
type table struct {
	joint  []product
	values [][]int // of number k under joint choice j: values[k][j]
}

// tabulate makes the table of some numbers.
func tabulate(g *searchspace.ChoiceGraph, sc *scope, xs ...searchspace.Int) (*table, error) {
	var open []int
	for _, x := range xs {
		for _, d := range x.Decisions() {
			if !sc.fixes(d) {
				open = append(open, d)
			}
		}
	}
	slices.Sort(open)
	open = slices.Compact(open)
	joint, err := jointChoices(g, open)
	if err != nil {
		return nil, err
	}
	t := &table{joint: joint, values: make([][]int, len(xs))}
	choices := slices.Clone(sc.choices)
	for _, p := range joint {
		for _, e := range p {
			choices[e.decision] = e.choice
		}
		for k, x := range xs {
			v, err := x.At(choices)
			if err != nil {
				return nil, err
			}
			t.values[k] = append(t.values[k], v)
		}
	}
	return t, nil
}

// jointChoices lists the allowed joint choices of decisions, the last one moving fastest.
func jointChoices(g *searchspace.ChoiceGraph, decisions []int) ([]product, error) {
	out := []product{nil}
	for _, d := range decisions {
		allowed := g.Decisions[d].Allowed
		if len(out)*len(allowed) > maxRelaxed {
			return nil, fmt.Errorf("%d decisions with more than %d joint choices: %w",
				len(decisions), maxRelaxed, searchspace.ErrTooLarge)
		}
		next := make([]product, 0, len(out)*len(allowed))
		for _, p := range out {
			for _, c := range allowed {
				next = append(next, append(slices.Clip(p), entry{d, c}))
			}
		}
		out = next
	}
	return out, nil
}

// constant reports whether nothing is open.
func (t *table) constant() bool { return len(t.joint) == 1 && len(t.joint[0]) == 0 }

// where lists the joint choices under which number k is as wanted.
func (t *table) where(k int, want func(v int) bool) []product {
	var out []product
	for j, v := range t.values[k] {
		if want(v) {
			out = append(out, t.joint[j])
		}
	}
	return out
}

// distinct lists the different values of number k, ascending.
func (t *table) distinct(k int) []int {
	v := slices.Sorted(slices.Values(t.values[k]))
	return slices.Compact(v)
}

// top is the largest value of number k.
func (t *table) top(k int) int { return slices.Max(t.values[k]) }

// same reports whether numbers k and l are equal under every joint choice.
func (t *table) same(k, l int) bool { return slices.Equal(t.values[k], t.values[l]) }
