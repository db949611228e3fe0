package wasserstein

import (
	"context"
	"errors"
	"math"
)

// simplex is the primal network simplex method for the transport problem: sources 0 … n−1, sinks n
// … n+m−1, and a root that an artificial arc joins to every node at the start. The basis is a
// spanning tree, kept strongly feasible (arcs without flow point to the root), so that degenerate
// pivots cannot cycle. See Ahuja, Magnanti and Orlin, "Network Flows", 1993, chapter 11, and
// Cunningham, "A network simplex method", 1976.
//
// An artificial arc costs more than any sum of real ones. Instead of a large number, which would
// swallow digits of the potentials, costs and potentials are pairs (artificial, real) compared in
// that order.
type simplex struct {
	n, m   int
	cost   []float64 // n×m
	supply []float64 // of sources, demand of sinks
	tol    float64

	parent         []int
	up             []bool    // the arc to the parent leaves the node; otherwise it enters it
	flow           []float64 // of the arc to the parent
	depth          []int
	child, sibling []int // first child, next sibling; −1 ends
	before         []int // previous sibling, or the parent when there is none
	real           []float64
	artificial     []int

	next  int // arc at which the search for an entering arc goes on
	stack []int
}

func newSimplex(cost, a, b []float64) *simplex {
	n, m := len(a), len(b)
	nodes := n + m + 1
	s := &simplex{
		n: n, m: m, cost: cost, supply: append(append([]float64(nil), a...), b...),
		parent: make([]int, nodes), up: make([]bool, nodes), flow: make([]float64, nodes),
		depth: make([]int, nodes),
		child: make([]int, nodes), sibling: make([]int, nodes), before: make([]int, nodes),
		real: make([]float64, nodes), artificial: make([]int, nodes),
	}
	var largest float64
	for _, c := range cost {
		largest = max(largest, math.Abs(c))
	}
	s.tol = 1e-14 * largest
	root := nodes - 1
	for v := range nodes {
		s.child[v] = -1
	}
	s.parent[root], s.sibling[root], s.before[root] = -1, -1, -1
	for v := range root {
		s.flow[v] = s.supply[v]
		s.up[v] = v < n
		s.hang(v, root)
		s.relabel(v)
	}
	return s
}

// hang makes v the first child of p.
func (s *simplex) hang(v, p int) {
	s.parent[v] = p
	s.sibling[v], s.before[v] = s.child[p], p
	if c := s.child[p]; c >= 0 {
		s.before[c] = v
	}
	s.child[p] = v
}

// cut takes v out of its parent's children.
func (s *simplex) cut(v int) {
	next, previous := s.sibling[v], s.before[v]
	if s.child[previous] == v && s.parent[v] == previous {
		s.child[previous] = next
	} else {
		s.sibling[previous] = next
	}
	if next >= 0 {
		s.before[next] = previous
	}
}

// relabel computes depth and potential of a node from its parent's: arcs of the tree have reduced
// cost zero.
func (s *simplex) relabel(v int) {
	p := s.parent[v]
	s.depth[v] = s.depth[p] + 1
	var c float64
	k := 0
	switch root := s.n + s.m; {
	case p == root || v == root:
		k = 1
	case s.up[v]:
		c = s.cost[v*s.m+p-s.n]
	default:
		c = s.cost[p*s.m+v-s.n]
	}
	if s.up[v] {
		c, k = -c, -k
	}
	s.real[v], s.artificial[v] = s.real[p]+c, s.artificial[p]+k
}

// entering finds an arc whose use lowers the cost: the best one of the first block of arcs that has
// any. The search goes on where the last one ended.
func (s *simplex) entering() (source, sink int, ok bool) {
	arcs := s.n * s.m
	block := max(32, int(math.Sqrt(float64(arcs))))
	best, bestArtificial := -s.tol, 0
	i, j := s.next/s.m, s.next%s.m
	artificial, real := s.artificial[s.n:], s.real[s.n:]
	for scanned := 0; scanned < arcs; {
		for left := min(block, arcs-scanned); left > 0; {
			count := min(left, s.m-j)
			from, potential := s.artificial[i], s.real[i]
			for q, c := range s.cost[i*s.m+j:][:count] {
				k := from - artificial[j+q]
				if k > bestArtificial {
					continue
				}
				if r := c + potential - real[j+q]; k < bestArtificial || r < best {
					source, sink, ok, best, bestArtificial = i, s.n+j+q, true, r, k
				}
			}
			scanned, left = scanned+count, left-count
			if j += count; j == s.m {
				i, j = i+1, 0
				if i == s.n {
					i = 0
				}
			}
		}
		if ok {
			s.next = i*s.m + j
			return source, sink, true
		}
	}
	return 0, 0, false
}

// pivot brings the arc from source to sink into the tree.
func (s *simplex) pivot(source, sink int) {
	join, other := source, sink
	for join != other {
		if s.depth[join] >= s.depth[other] {
			join = s.parent[join]
		} else {
			other = s.parent[other]
		}
	}
	// The last arc of the cycle, from the join along the entering arc's direction, that runs empty
	// first leaves the tree.
	delta, leaving, sourceSide := math.Inf(1), -1, false
	for v := source; v != join; v = s.parent[v] {
		if s.up[v] && s.flow[v] < delta {
			delta, leaving, sourceSide = s.flow[v], v, true
		}
	}
	for v := sink; v != join; v = s.parent[v] {
		if !s.up[v] && s.flow[v] <= delta {
			delta, leaving, sourceSide = s.flow[v], v, false
		}
	}
	shift := func(v int, raise bool) {
		if raise {
			s.flow[v] += delta
		} else {
			s.flow[v] -= delta
		}
	}
	for v := source; v != join; v = s.parent[v] {
		shift(v, !s.up[v])
	}
	for v := sink; v != join; v = s.parent[v] {
		shift(v, s.up[v])
	}
	// Turn the path from the entering arc's end to the leaving arc upside down.
	v, p, up, flow := sink, source, false, delta
	if sourceSide {
		v, p, up = source, sink, true
	}
	top := v
	for {
		oldParent, oldUp, oldFlow := s.parent[v], s.up[v], s.flow[v]
		s.cut(v)
		s.hang(v, p)
		s.up[v], s.flow[v] = up, flow
		if v == leaving {
			break
		}
		v, p, up, flow = oldParent, v, !oldUp, oldFlow
	}
	s.stack = append(s.stack[:0], top)
	for len(s.stack) > 0 {
		v := s.stack[len(s.stack)-1]
		s.stack = s.stack[:len(s.stack)-1]
		s.relabel(v)
		for c := s.child[v]; c >= 0; c = s.sibling[c] {
			s.stack = append(s.stack, c)
		}
	}
}

// solve pivots to the optimum and gives the flows of the arcs in the tree.
func (s *simplex) solve(ctx context.Context) ([]Flow, error) {
	limit := 1000 + 100*(s.n+s.m)*(s.n+s.m)
	for i := 0; ; i++ {
		if i%256 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		source, sink, ok := s.entering()
		if !ok {
			break
		}
		if i == limit {
			return nil, errors.New("transport: too many pivots")
		}
		s.pivot(source, sink)
	}
	return s.flows(), nil
}

// flows computes the flows of the tree's arcs from the weights alone, leaves first, so that no
// rounding errors of the pivots remain.
func (s *simplex) flows() []Flow {
	root := s.n + s.m
	order := make([]int, 0, root+1)
	order = append(order, root)
	for i := 0; i < len(order); i++ {
		for c := s.child[order[i]]; c >= 0; c = s.sibling[c] {
			order = append(order, c)
		}
	}
	net := make([]float64, root+1)
	for v := range root {
		net[v] = s.supply[v]
		if v >= s.n {
			net[v] = -net[v]
		}
	}
	var flows []Flow
	for i := len(order) - 1; i > 0; i-- {
		v := order[i]
		p := s.parent[v]
		net[p] += net[v]
		mass, source, sink := net[v], v, p
		if !s.up[v] {
			mass, source, sink = -net[v], p, v
		}
		if p == root || mass <= 0 {
			continue
		}
		flows = append(flows, Flow{From: source, To: sink - s.n, Mass: mass})
	}
	return flows
}
