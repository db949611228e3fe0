package wasserstein

import (
	"math"

	"github.com/tendril-nas/tendril/internal/kernel"
)

// newSimplex makes a first basis: potentials u and v with u + v at most the cost, then a plan that
// goes by the reduced costs. A start from arcs to the root alone takes as many pivots more as there
// are points.
func newSimplex(cost, a, b []float64) *simplex {
	n, m := len(a), len(b)
	nodes := n + m + 1
	s := &simplex{n: n, m: m, cost: cost, supply: append(append([]float64(nil), a...), b...),
		nodes: make([]basisNode, nodes), links: make([]treeLinks, nodes), potential: make([]float64, nodes),
		base: make([]float64, n), path: kernel.Default()}
	var largest float64
	for _, c := range cost {
		if c = math.Abs(c); c > largest {
			largest = c
		}
	}
	s.tol = 1e-14 * largest
	v := append([]float64(nil), cost[:m]...)
	for i := 1; i < n; i++ {
		for j, c := range cost[i*m:][:m] {
			if c < v[j] {
				v[j] = c
			}
		}
	}
	for i := range n {
		u, _ := s.path.LeastDifference64(cost[i*m:][:m], v)
		s.base[i] = -u
	}
	s.plant(s.allot(v))
	return s
}

// allot gives a first plan: for every source, as often as it has mass left, the sink with demand
// left at the lowest reduced cost. It is a forest, because every flow uses up a source or a sink. A
// sink to which rounding errors of the sums have left nothing gets its demand from the first
// source.
func (s *simplex) allot(v []float64) []Flow {
	left := append([]float64(nil), s.supply...)
	open := make([]int32, s.m)
	for j := range open {
		open[j] = int32(j)
	}
	served := make([]bool, s.m)
	flows := make([]Flow, 0, s.n+s.m)
	for i := range s.n {
		row := s.cost[i*s.m:][:s.m]
		for left[i] > 0 && len(open) > 0 {
			best, at := math.Inf(1), 0
			for k, j := range open {
				if r := row[j] - v[j]; r < best {
					best, at = r, k
				}
			}
			j := int(open[at])
			mass := min(left[i], left[s.n+j])
			flows = append(flows, Flow{i, j, mass})
			served[j] = true
			left[i] -= mass
			if left[s.n+j] -= mass; left[s.n+j] == 0 {
				open[at] = open[len(open)-1]
				open = open[:len(open)-1]
			}
		}
	}
	for _, j := range open {
		if !served[j] {
			flows = append(flows, Flow{0, int(j), left[s.n+int(j)]})
		}
	}
	return flows
}

// plant makes the basis of a plan that is a forest: every tree of it hangs from the root at its
// first source. All arcs but those to the root have flow.
func (s *simplex) plant(flows []Flow) {
	root := int32(s.n + s.m)
	for v := range s.nodes {
		s.links[v], s.nodes[v].parent, s.nodes[v].size = treeLinks{-1, -1}, -1, 1
	}
	s.nodes[root].before = -1
	// The arcs of every node, as lists of arc ends: 2k is the source's and 2k+1 the sink's end of
	// flow k.
	first, next := make([]int32, root), make([]int32, 2*len(flows))
	for v := range first {
		first[v] = -1
	}
	for k, f := range flows {
		for end, v := range [2]int{f.From, s.n + f.To} {
			next[2*k+end], first[v] = first[v], int32(2*k+end)
		}
	}
	order := make([]int32, 0, root)
	for i := range int32(s.n) {
		if s.nodes[i].parent >= 0 {
			continue
		}
		s.nodes[i].up = true
		s.hang(i, root)
		order = append(order, i)
		for k := len(order) - 1; k < len(order); k++ {
			v := order[k]
			for e := first[v]; e >= 0; e = next[e] {
				f := &flows[e/2]
				w := int32(f.From)
				if e%2 == 0 {
					w = int32(s.n + f.To)
				}
				if w == s.nodes[v].parent {
					continue
				}
				s.nodes[w].up, s.nodes[w].flow = e%2 == 1, f.Mass
				s.hang(w, v)
				order = append(order, w)
			}
		}
	}
	for k := len(order) - 1; k >= 0; k-- {
		x := &s.nodes[order[k]]
		s.nodes[x.parent].size += x.size
	}
	s.labels()
}
