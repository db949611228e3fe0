package generator

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tendril-nas/tendril/searchspace"
)

// Gates stand for rows as the paper has it for kernels 3, 5, 7 and depths 2, 3, 4.
func TestGatesToRow(t *testing.T) {
	row := make([]float64, 3)
	gatesToRow([]float64{0.3, 0.6}, row)
	if d := cmp.Diff(row, []float64{1 - 0.3, 0.3 * (1 - 0.6), 0.3 * 0.6}); d != "" {
		t.Error(d)
	}
	for i, gates := range [][]float64{{0, 0}, {1, 0}, {1, 1}, {0, 1}} {
		gatesToRow(gates, row)
		want := make([]float64, 3)
		want[i%3] = 1
		if d := cmp.Diff(row, want); d != "" {
			t.Errorf("gates %v: %s", gates, d)
		}
	}
}

// The chain rule through the products passes finite differences, for any number of gates and at
// hard gates too.
func TestGatesBackward(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for n := 1; n < 7; n++ {
		for _, hard := range []bool{false, true} {
			gates, weights := make([]float64, n), make([]float64, n+1)
			for j := range gates {
				gates[j] = r.Float64()
				if hard {
					gates[j] = math.Round(gates[j])
				}
			}
			for j := range weights {
				weights[j] = r.NormFloat64()
			}
			f := func() (sum float64) {
				row := make([]float64, n+1)
				gatesToRow(gates, row)
				for j, v := range row {
					sum += v * weights[j]
				}
				return sum
			}
			got := make([]float64, n)
			gatesBackward(gates, weights, got)
			for j := range gates {
				const eps = 1e-6
				at := gates[j]
				gates[j] = at + eps
				up := f()
				gates[j] = at - eps
				down := f()
				gates[j] = at
				if want := (up - down) / (2 * eps); math.Abs(got[j]-want) > 1e-8 {
					t.Errorf("%d gates %v: derivative in gate %d is %v, expected %v", n, gates, j, got[j],
						want)
				}
			}
		}
	}
}

// What is passed through the hard choices is the derivative of the soft ones: the gradient in the
// logits is that of the rows at the hard gates times the slope of ĝ, eqs. (9) and (10).
func TestStraightThrough(t *testing.T) {
	for _, multiPath := range []bool{false, true} {
		space := chain(t, true, []int{3, 5, 7, 9}, []int{3, 5})
		p := must[*plan](t)(newPlan(space, multiPath))
		const temperature = 0.7
		x := newRelaxed(p, space, temperature)
		r := rand.New(rand.NewPCG(5, 1))
		logits := make([]float32, p.steps*p.outputs)
		for i := range logits {
			logits[i] = float32(r.NormFloat64())
		}
		noise := rand.New(rand.NewPCG(7, 1))
		x.forward(logits, noise.Float64)
		if err := space.CheckRelaxed(x.rows); err != nil {
			t.Fatal(err)
		}
		grad := space.Zeros()
		for i := range grad {
			sum := 0.0
			for c := range grad[i] {
				grad[i][c] = r.NormFloat64()
				sum += x.rows[i][c]
			}
			if sum != 1 {
				t.Fatalf("row %d sums to %v", i, sum)
			}
		}
		got := make([]float32, len(logits))
		x.backward(grad, got)
		// The same by definition: f(hard + soft(z) − soft(z0)).
		for k := range p.decisions {
			d := &p.decisions[k]
			at, n := d.step*p.outputs+d.output, d.outputs()
			for j := range n {
				slope := 0.0
				const eps = 1e-3
				for _, sign := range []float64{1, -1} {
					moved := append([]float32(nil), logits...)
					moved[at+j] += float32(sign * eps)
					y := newRelaxed(p, space, temperature)
					y.forward(moved, rand.New(rand.NewPCG(7, 1)).Float64)
					row := make([]float64, len(d.candidates))
					through := make([]float64, n)
					for i := range through {
						through[i] = x.hard[at+i] + y.soft[at+i] - x.soft[at+i]
					}
					if d.mixed {
						copy(row, through)
					} else {
						gatesToRow(through, row)
					}
					for i, c := range d.candidates {
						slope += sign * row[i] * grad[d.index][c] / (2 * eps)
					}
				}
				if math.Abs(float64(got[at+j])-slope) > 1e-3 {
					t.Errorf("multi-path %v: derivative in logit %d of decision %d is %v, expected %v",
						multiPath, j, d.index,
						got[at+j], slope)
				}
			}
		}
	}
}

// Draws have the probabilities that the generator says.
func TestDrawsFollowProbabilities(t *testing.T) {
	for _, multiPath := range []bool{false, true} {
		space := chain(t, true, []int{3, 5, 7}, []int{3, 5})
		g := must[*Generator](t)(New(space, &Options{Superclasses: []string{"a"}, MultiPath: multiPath,
			Seed: 4}))
		s := Scenario{Superclasses: []string{"a"}, Budget: g.opts.High}
		want := must[searchspace.Relaxed](t)(g.Probabilities(s))
		c := must[*compiled](t)(g.current())
		x := g.inference()
		if err := x.forward(c, []Scenario{s}, 0); err != nil {
			t.Fatal(err)
		}
		x.probs.of(c, &x.pass, 0, x.rows)
		x.takeEnds()
		trained := newRelaxed(g.plan, space, 1)
		logits := make([]float32, g.plan.steps*g.plan.outputs)
		for k := range g.plan.steps {
			copy(logits[k*g.plan.outputs:], x.pass.outputs(c, k, 0))
		}
		const draws = 20000
		byDraw, byGates := space.Zeros(), space.Zeros()
		r := rand.New(rand.NewPCG(1, 9))
		for range draws {
			x.draw()
			trained.forward(logits, r.Float64)
			for i := range want {
				byDraw[i][x.drawn[i]] += 1.0 / draws
				for c, v := range trained.rows[i] {
					byGates[i][c] += v / draws
				}
			}
		}
		for i := range want {
			for c, p := range want[i] {
				if math.Abs(byDraw[i][c]-p) > 0.02 || math.Abs(byGates[i][c]-p) > 0.02 {
					t.Errorf("multi-path %v: decision %d choice %d: drawn %.3f, in training %.3f, probability %.3f",
						multiPath, i,
						c, byDraw[i][c], byGates[i][c], p)
				}
			}
		}
	}
}
