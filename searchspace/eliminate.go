package searchspace

import (
	"fmt"
	"slices"
)

// A factor is a table over the joint choices of a few decisions. Sums of factors describe costs,
// products of 0/1 factors describe which choices go together; both can be combined over all
// decisions by eliminating one decision after another, which is exact and fast as long as few
// decisions meet in one table.
//
//	U. Bertelè, F. Brioschi: Nonserial Dynamic Programming, 1972.
type factor[T any] struct {
	vars  []int // ascending decision indices
	table []T   // the last decision moves fastest
}

// semiring says how factors combine and how a decision is eliminated.
type semiring[T any] struct {
	one    T
	times  func(a, b T) T
	reduce func(values []T) (T, int) // and which value was chosen, for optima
}

// network is the elimination problem: domains[d] lists the choices of d.
type network[T any] struct {
	ring    semiring[T]
	domains [][]int
	factors []factor[T]
}

// add tabulates f over the joint choices of vars.
func (n *network[T]) add(vars []int, f func(choices []int) T) error {
	size, err := n.size(vars)
	if err != nil {
		return err
	}
	table := make([]T, 0, size)
	assignments(len(n.domains), vars, func(d int) []int { return n.domains[d] }, func(choices []int) bool {
		table = append(table, f(choices))
		return true
	})
	n.factors = append(n.factors, factor[T]{slices.Clone(vars), table})
	return nil
}

func (n *network[T]) size(vars []int) (int, error) {
	size := 1
	for _, d := range vars {
		if size *= len(n.domains[d]); size > maxTable {
			return 0, fmt.Errorf("searchspace: joint choices of %d decisions: %w", len(vars), ErrTooLarge)
		}
	}
	return size, nil
}

// solve eliminates every decision and returns the combined value and, for optima, the choices that
// reach it.
func (n *network[T]) solve() (T, []int, error) {
	type step struct {
		d    int
		rest []int
		best []int // position in the domain of d, per joint choice of rest
	}
	var steps []step
	left := make([]int, len(n.domains))
	for d := range left {
		left[d] = d
	}
	factors := slices.Clone(n.factors)
	for len(left) > 0 {
		d, scope, err := n.cheapest(left, factors)
		if err != nil {
			return n.ring.one, nil, err
		}
		var joined, others []factor[T]
		for _, f := range factors {
			if slices.Contains(f.vars, d) {
				joined = append(joined, f)
			} else {
				others = append(others, f)
			}
		}
		rest := slices.DeleteFunc(slices.Clone(scope), func(v int) bool { return v == d })
		out := factor[T]{vars: rest}
		st := step{d: d, rest: rest}
		values := make([]T, len(n.domains[d]))
		assignments(len(n.domains), rest, func(v int) []int { return n.domains[v] },
			func(choices []int) bool {
				for k, c := range n.domains[d] {
					choices[d] = c
					v := n.ring.one
					for _, f := range joined {
						v = n.ring.times(v, f.table[n.at(f.vars, choices)])
					}
					values[k] = v
				}
				v, k := n.ring.reduce(values)
				out.table = append(out.table, v)
				st.best = append(st.best, k)
				return true
			})
		factors = append(others, out)
		steps = append(steps, st)
		left = slices.DeleteFunc(left, func(v int) bool { return v == d })
	}
	value := n.ring.one
	for _, f := range factors {
		value = n.ring.times(value, f.table[0])
	}
	choices := make([]int, len(n.domains))
	for _, st := range slices.Backward(steps) {
		choices[st.d] = n.domains[st.d][st.best[n.at(st.rest, choices)]]
	}
	return value, choices, nil
}

// at is the table index of choices in a table over vars.
func (n *network[T]) at(vars, choices []int) int {
	i := 0
	for _, d := range vars {
		i = i*len(n.domains[d]) + slices.Index(n.domains[d], choices[d])
	}
	return i
}

// cheapest is the decision whose elimination makes the smallest table, and the decisions of that
// table with it.
func (n *network[T]) cheapest(left []int, factors []factor[T]) (int, []int, error) {
	scopes := make([][]int, len(n.domains))
	for _, f := range factors {
		for _, d := range f.vars {
			scopes[d] = append(scopes[d], f.vars...)
		}
	}
	best, bestSize := -1, 0
	var bestScope []int
	var last error
	for _, d := range left {
		scope := append(scopes[d], d)
		slices.Sort(scope)
		scope = slices.Compact(scope)
		size, err := n.size(scope)
		if err != nil {
			last = err
			continue
		}
		if best < 0 || size < bestSize {
			best, bestSize, bestScope = d, size, scope
		}
	}
	if best < 0 {
		return 0, nil, last
	}
	return best, bestScope, nil
}

// constrain adds the 0/1 factors of the space: activity, restrictions, limits. yes and no are the
// values of allowed and forbidden joint choices.
func constrain[T any](s *Space, n *network[T], yes, no T) error {
	pick := func(ok bool) T {
		if ok {
			return yes
		}
		return no
	}
	for i := range s.decisions {
		if len(s.activity[i]) == 0 {
			continue // the domain says it all
		}
		vars := withDeps(s.activity[i], i)
		if err := n.add(vars, func(choices []int) T {
			if s.active(i, choices) {
				return pick(slices.Contains(s.decisions[i].Allowed, choices[i]))
			}
			return pick(choices[i] == 0)
		}); err != nil {
			return err
		}
	}
	for g := range s.groups {
		grp := &s.groups[g]
		if grp.closed {
			if err := constrainGroup(n, grp, pick); err != nil {
				return err
			}
			continue
		}
		var conditions []Int
		for _, d := range grp.decisions {
			conditions = append(conditions, s.activity[d]...)
		}
		if err := n.add(withDeps(conditions, grp.decisions...),
			func(choices []int) T { return pick(grp.open(s, choices, len(choices))) }); err != nil {
			return err
		}
	}
	for i := range s.limits {
		l := &s.limits[i]
		if l.Add != nil {
			if err := constrainSum(s, n, l, pick); err != nil {
				return err
			}
			continue
		}
		if err := n.add(withDeps(nil, l.decisions...), func(choices []int) T {
			return pick(l.check(s.values(l.decisions, choices)) == nil)
		}); err != nil {
			return err
		}
	}
	return nil
}

// withDeps is the decisions of conditions and some more, ascending.
func withDeps(conditions []Int, decisions ...int) []int {
	out := append(unionDeps(conditions...), decisions...)
	slices.Sort(out)
	return slices.Compact(out)
}

// constrainGroup states a closed group with one more variable, the combination.
func constrainGroup[T any](n *network[T], g *group, pick func(ok bool) T) error {
	which := make([]int, len(g.combos))
	for i := range which {
		which[i] = i
	}
	combo := len(n.domains)
	n.domains = append(n.domains, which)
	for k, d := range g.decisions {
		if err := n.add([]int{d, combo},
			func(choices []int) T { return pick(choices[d] == g.combos[choices[combo]][k]) }); err != nil {
			return err
		}
	}
	return nil
}

// constrainSum states a limit on a sum with one more variable per decision, the sum so far, so that
// no table joins more than three variables.
func constrainSum[T any](s *Space, n *network[T], l *limit, pick func(ok bool) T) error {
	sums := make([]int, l.Max+1)
	for i := range sums {
		sums[i] = i
	}
	before := -1
	for k, d := range l.decisions {
		sum := len(n.domains)
		n.domains = append(n.domains, sums)
		vars := []int{d, sum}
		if before >= 0 {
			vars = []int{d, before, sum}
		}
		if err := n.add(vars, func(choices []int) T {
			v := l.Add(k, s.decisions[d].number(choices[d]))
			if before >= 0 {
				v += choices[before]
			}
			return pick(v == choices[sum] && (k < len(l.decisions)-1 || v >= l.Min))
		}); err != nil {
			return err
		}
		before = sum
	}
	return nil
}

// domains lists for every decision the allowed choices, and 0 for decisions that can be inactive.
func (s *Space) domains() [][]int {
	out := make([][]int, len(s.decisions))
	for i := range s.decisions {
		out[i] = slices.Clone(s.decisions[i].Allowed)
		if len(s.activity[i]) > 0 && out[i][0] != 0 {
			out[i] = slices.Insert(out[i], 0, 0)
		}
	}
	return out
}
