package wasserstein

// basisNode is a node of the spanning tree and the arc to its parent.
type basisNode struct {
	flow   float64
	parent int32
	size   int32 // of the subtree
	before int32 // previous sibling, or the parent when there is none
	up     bool  // the arc leaves the node; otherwise it enters it
}

// treeLinks are the first child and the next sibling of a node; −1 ends.
type treeLinks struct{ child, sibling int32 }

// hang makes v the first child of p.
func (s *simplex) hang(v, p int32) {
	x, first := &s.nodes[v], s.links[p].child
	x.parent, x.before = p, p
	s.links[v].sibling = first
	if first >= 0 {
		s.nodes[first].before = v
	}
	s.links[p].child = v
}

// cut takes v out of its parent's children.
func (s *simplex) cut(v int32) {
	x, next := &s.nodes[v], s.links[v].sibling
	if y := &s.links[x.before]; y.child == v && x.parent == x.before {
		y.child = next
	} else {
		y.sibling = next
	}
	if next >= 0 {
		s.nodes[next].before = x.before
	}
}

// label computes the potential of a node from its parent's: arcs of the tree have reduced cost
// zero.
func (s *simplex) label(v int) {
	x := &s.nodes[v]
	switch p := int(x.parent); {
	case p == s.n+s.m:
		s.potential[v] = s.base[v]
	case v < s.n:
		s.potential[v] = s.potential[p] - s.cost[v*s.m+p-s.n]
	default:
		s.potential[v] = s.potential[p] + s.cost[p*s.m+v-s.n]
	}
}

// labels computes all potentials.
func (s *simplex) labels() {
	s.potential[s.n+s.m] = 0
	for _, v := range s.order()[1:] {
		s.label(int(v))
	}
}

// shift adds to the potentials of a subtree, or takes from all others where those are fewer: only
// differences count.
func (s *simplex) shift(top int32, by float64) {
	links, potential, stack := s.links, s.potential, s.stack[:0]
	start, skip := top, int32(-1)
	if int(s.nodes[top].size) > len(links)/2 {
		start, skip, by = int32(len(links)-1), top, -by
	}
	potential[start] += by
	for v := links[start].child; v >= 0; {
		l := links[v]
		if v == skip {
			l.child = -1
		} else {
			potential[v] += by
		}
		switch {
		case l.child >= 0:
			if l.sibling >= 0 {
				stack = append(stack, l.sibling)
			}
			v = l.child
		case l.sibling >= 0 || len(stack) == 0:
			v = l.sibling
		default:
			v = stack[len(stack)-1]
			stack = stack[:len(stack)-1]
		}
	}
	s.stack = stack
}

// order lists the nodes, parents first.
func (s *simplex) order() []int32 {
	order := make([]int32, 1, len(s.nodes))
	order[0] = int32(s.n + s.m)
	for i := 0; i < len(order); i++ {
		for c := s.links[order[i]].child; c >= 0; c = s.links[c].sibling {
			order = append(order, c)
		}
	}
	return order
}
