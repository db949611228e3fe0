package generator

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/tendril-nas/tendril/internal/kernel"
)

// reference is the network as the paper has it, in float64 and written from the definition: every
// input is the embeddings side by side, every step multiplies it.
func reference(p *params, flat []float64, q *query) (logits []float64) {
	row := func(a array, i int) []float64 { return flat[a.at+i*a.cols:][:a.cols] }
	e, h := p.embedding, p.hidden
	hidden, cell := make([]float64, h), make([]float64, h)
	for t := range p.plan.steps {
		x := make([]float64, 3*e)
		for j := range e {
			for _, k := range q.superclasses {
				x[j] += row(p.superclass, k)[j] / float64(len(q.superclasses))
			}
			x[e+j] = (1 - float64(q.share)) * row(p.budget, q.point)[j]
			if q.share > 0 {
				x[e+j] += float64(q.share) * row(p.budget, q.point+1)[j]
			}
			x[2*e+j] = row(p.step, t)[j]
		}
		gates := append([]float64(nil), row(p.bias, 0)...)
		for k := range gates {
			for j, v := range x {
				gates[k] += v * row(p.input, j)[k]
			}
			for j, v := range hidden {
				gates[k] += v * row(p.recurrent, j)[k]
			}
		}
		for j := range h {
			cell[j] = sigma(gates[h+j])*cell[j] + sigma(gates[j])*math.Tanh(gates[2*h+j])
			hidden[j] = sigma(gates[3*h+j]) * math.Tanh(cell[j])
		}
		out := append([]float64(nil), row(p.headBias, 0)...)
		for k := range out {
			for j, v := range hidden {
				out[k] += v * row(p.heads, j)[k]
			}
		}
		logits = append(logits, out...)
	}
	return logits
}

func wide(x []float32) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = float64(v)
	}
	return out
}

// The network gives what the definition does, and its gradient is that of the definition, found by
// differences.
func TestNetwork(t *testing.T) {
	for _, path := range kernel.Available() {
		for _, q := range []query{{superclasses: []int{1}, point: 2, share: 0.25}, {superclasses: []int{0},
			point: 3},
			{superclasses: []int{0, 2}, point: 0, share: 0.5}} {
			plan := must[*plan](t)(newPlan(small(t), false))
			p := shape{superclasses: 3, budgets: 5, embedding: 6, hidden: 16, plan: plan}.layout()
			flat := p.initial(3)
			r := rand.New(rand.NewPCG(1, 2))
			for _, a := range []array{p.bias, p.headBias} {
				for i := range a.of(flat) {
					a.of(flat)[i] = float32(r.NormFloat64())
				}
			}
			c := newCompiled(p, path)
			if err := c.update(flat); err != nil {
				t.Fatal(err)
			}
			x := pass{keep: true}
			x.resize(c, 1)
			x.row(c, 0, &q)
			x.run(c)
			want := reference(p, wide(flat), &q)
			b := newBackprop(p)
			for s := range plan.steps {
				for k, v := range x.outputs(c, s, 0) {
					at := s*plan.outputs + k
					if math.Abs(float64(v)-want[at]) > 1e-5 {
						t.Fatalf("%v: logit %d of step %d is %v, expected %v", path, k, s, v, want[at])
					}
					b.dLogits[at] = float32(r.NormFloat64())
				}
			}
			grad := make([]float32, p.size)
			if err := b.run(c, &x, &q, flat, grad); err != nil {
				t.Fatal(err)
			}
			f := func(flat []float64) (sum float64) {
				for i, v := range reference(p, flat, &q) {
					sum += v * float64(b.dLogits[i])
				}
				return sum
			}
			for _, a := range p.all {
				for i := range a.of(flat) {
					if i%101 > 0 && len(a.of(flat)) > 60 {
						continue
					}
					const eps = 1e-5
					up, down := wide(flat), wide(flat)
					up[a.at+i] += eps
					down[a.at+i] -= eps
					want := (f(up) - f(down)) / (2 * eps)
					if got := float64(grad[a.at+i]); math.Abs(got-want) > 2e-5*(1+math.Abs(want)) {
						t.Fatalf("%v: gradient in %s[%d] is %v, expected %v", path, a.name, i, got, want)
					}
				}
			}
		}
	}
}

// A row of a batch has the bits that it has alone, whatever the pass keeps.
func TestBatchDoesNotMatter(t *testing.T) {
	g := newTrained(t, paper(t), 3, 0, false)
	c := must[*compiled](t)(g.current())
	queries := make([]query, 53)
	for i := range queries {
		queries[i] = query{superclasses: []int{i % 3}, point: i % 9, share: float32(i%4) / 4}
	}
	var all pass
	all.resize(c, len(queries))
	for i := range queries {
		all.row(c, i, &queries[i])
	}
	all.run(c)
	for i := range queries {
		one := pass{keep: i%2 == 0}
		one.resize(c, 1)
		one.row(c, 0, &queries[i])
		one.run(c)
		for s := range c.plan.steps {
			for k, v := range one.outputs(c, s, 0) {
				if got := all.outputs(c, s, i)[k]; got != v {
					t.Fatalf("row %d step %d output %d: %v in a batch, %v alone", i, s, k, got, v)
				}
			}
		}
	}
}
