package wasserstein

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// The potentials prove that a plan is optimal: no reduced cost is below zero, and the dual value is
// the cost. Few different weights and costs bring ties, and ties degenerate pivots.
func TestSimplexProvesItself(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 17))
		levels := rapid.SampledFrom([]int{1, 2, 5, 1 << 30}).Draw(t, "levels")
		n, m := 1+r.IntN(60), 1+r.IntN(60)
		cost, a, b := make([]float64, n*m), make([]float64, n), make([]float64, m)
		var largest float64
		for i := range cost {
			cost[i] = float64(r.IntN(levels)) - float64(levels/3)
			largest = max(largest, math.Abs(cost[i]))
		}
		for _, w := range [][]float64{a, b} {
			for i := range w {
				w[i] = float64(1 + r.IntN(levels))
			}
			total := sum(w)
			for i := range w {
				w[i] /= total
			}
		}
		s := newSimplex(cost, a, b)
		flows, err := s.solve(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		var primal, dual float64
		for _, f := range flows {
			primal += f.Mass * cost[f.From*m+f.To]
		}
		for i, w := range a {
			dual -= w * s.potential[i]
			for j := range b {
				if d := cost[i*m+j] + s.potential[i] - s.potential[n+j]; d < -1e-13*largest {
					t.Fatalf("reduced cost %g from %d to %d, costs up to %g", d, i, j, largest)
				}
			}
		}
		for j, w := range b {
			dual += w * s.potential[n+j]
		}
		if math.Abs(primal-dual) > 1e-12*largest {
			t.Fatalf("%d×%d: cost %g, dual value %g, costs up to %g", n, m, primal, dual, largest)
		}
		checkPlan(t, &Plan{Flows: flows}, n, m, a, b)
		s.checkBasis(t)
	})
}

// checkBasis holds the tree against what the pivots rely on.
func (s *simplex) checkBasis(t *rapid.T) {
	order := s.order()
	if len(order) != len(s.nodes) {
		t.Fatalf("%d of %d nodes in the tree", len(order), len(s.nodes))
	}
	size := make([]int32, len(s.nodes))
	for i := len(order) - 1; i >= 0; i-- {
		v := order[i]
		size[v]++
		if size[v] != s.nodes[v].size {
			t.Fatalf("node %d is said to have a subtree of %d, not %d", v, s.nodes[v].size, size[v])
		}
		if i > 0 {
			size[s.nodes[v].parent] += size[v]
			if s.nodes[v].flow == 0 && !s.nodes[v].up {
				t.Fatalf("node %d: an arc without flow leads away from the root", v)
			}
		}
	}
}
