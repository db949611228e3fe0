package wasserstein

import (
	"context"
	"errors"
	"math"

	"github.com/tendril-nas/tendril/internal/kernel"
)

// simplex is the primal network simplex method for the transport problem: sources 0 … n−1, sinks n
// … n+m−1, and a root to which arcs without cost or capacity lead from the sources, so that every
// basis is a spanning tree. The tree is kept strongly feasible (arcs without flow point to the
// root), so that degenerate pivots cannot cycle. See Ahuja, Magnanti and Orlin, "Network Flows",
// 1993, chapter 11, and Cunningham, "A network simplex method", 1976.
//
// Nothing flows into the root, because nothing leaves it: arcs to it only say where the potential
// of a part of the tree begins, and once they have left the tree they are not looked at again.
type simplex struct {
	n, m   int
	cost   []float64 // n×m
	supply []float64 // of sources, demand of sinks
	tol    float64

	nodes     []basisNode
	links     []treeLinks // apart, because walks over subtrees look at nothing else
	potential []float64   // cost + potential of the source − potential of the sink is the reduced cost
	base      []float64   // of a source that hangs from the root, its potential

	path  kernel.Path
	next  int // arc at which the search for an entering arc goes on
	stack []int32
}

// entering finds an arc whose use lowers the cost: the best one of the first block of arcs that has
// any. The search goes on where the last one ended.
func (s *simplex) entering() (source, sink int, ok bool) {
	arcs := s.n * s.m
	block := max(32, int(math.Sqrt(float64(arcs))))
	best := -s.tol
	i, j := s.next/s.m, s.next%s.m
	sinks := s.potential[s.n : s.n+s.m]
	for scanned := 0; scanned < arcs; {
		for left := min(block, arcs-scanned); left > 0; {
			count := min(left, s.m-j)
			least, q := s.path.LeastDifference64(s.cost[i*s.m+j:][:count], sinks[j:])
			if r := least + s.potential[i]; r < best {
				source, sink, ok, best = i, s.n+j+q, true, r
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
func (s *simplex) pivot(source, sink int32) {
	nodes := s.nodes
	join, other := source, sink
	for join != other {
		if nodes[join].size <= nodes[other].size {
			join = nodes[join].parent
		} else {
			other = nodes[other].parent
		}
	}
	// The last arc of the cycle, from the join along the entering arc's direction, that runs empty
	// first leaves the tree.
	delta, leaving, sourceSide := math.Inf(1), int32(-1), false
	for v := source; v != join; v = nodes[v].parent {
		if x := &nodes[v]; x.up && x.flow < delta {
			delta, leaving, sourceSide = x.flow, v, true
		}
	}
	for v := sink; v != join; v = nodes[v].parent {
		if x := &nodes[v]; !x.up && x.flow <= delta {
			delta, leaving, sourceSide = x.flow, v, false
		}
	}
	if delta != 0 {
		for v := source; v != join; v = nodes[v].parent {
			if x := &nodes[v]; x.up {
				x.flow -= delta
			} else {
				x.flow += delta
			}
		}
		for v := sink; v != join; v = nodes[v].parent {
			if x := &nodes[v]; x.up {
				x.flow += delta
			} else {
				x.flow -= delta
			}
		}
	}
	// The subtree below the leaving arc moves: the path from the entering arc's end to its top is
	// turned upside down.
	moved := nodes[leaving].size
	for v := nodes[leaving].parent; v != join; v = nodes[v].parent {
		nodes[v].size -= moved
	}
	v, p, up, flow := sink, source, false, delta
	if sourceSide {
		v, p, up = source, sink, true
	}
	for u := p; u != join; u = nodes[u].parent {
		nodes[u].size += moved
	}
	shift := s.cost[int(source)*s.m+int(sink)-s.n] + s.potential[source] - s.potential[sink]
	if sourceSide {
		shift = -shift
	}
	top, below := v, int32(0)
	for {
		x := &nodes[v]
		oldParent, oldUp, oldFlow, oldSize := x.parent, x.up, x.flow, x.size
		s.cut(v)
		s.hang(v, p)
		x.up, x.flow = up, flow
		x.size = moved - below
		if v == leaving {
			break
		}
		below = oldSize
		v, p, up, flow = oldParent, v, !oldUp, oldFlow
	}
	s.shift(top, shift)
}

// solve pivots to the optimum and gives the flows of the arcs in the tree. Potentials are computed
// anew now and then, and before the end, so that rounding errors do not add up.
func (s *simplex) solve(ctx context.Context) ([]Flow, error) {
	limit := 1000 + 100*(s.n+s.m)*(s.n+s.m)
	age := 0 // pivots since then
	for i := 0; ; {
		if i%256 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		source, sink, ok := s.entering()
		switch {
		case !ok && age == 0:
			return s.flows(), nil
		case i == limit:
			return nil, errors.New("transport: too many pivots")
		case ok:
			s.pivot(int32(source), int32(sink))
			i, age = i+1, age+1
		}
		if !ok || age > s.n+s.m {
			s.labels()
			age = 0
		}
	}
}

// flows computes the flows of the tree's arcs from the weights alone, leaves first, so that no
// rounding errors of the pivots remain.
func (s *simplex) flows() []Flow {
	root := s.n + s.m
	order := s.order()
	net := make([]float64, root+1)
	for v := range root {
		net[v] = s.supply[v]
		if v >= s.n {
			net[v] = -net[v]
		}
	}
	var flows []Flow
	for i := len(order) - 1; i > 0; i-- {
		v := int(order[i])
		x := &s.nodes[v]
		p := int(x.parent)
		net[p] += net[v]
		mass, source, sink := net[v], v, p
		if !x.up {
			mass, source, sink = -net[v], p, v
		}
		if p == root || mass <= 0 {
			continue
		}
		flows = append(flows, Flow{From: source, To: sink - s.n, Mass: mass})
	}
	return flows
}
