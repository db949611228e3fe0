package generator

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/tendril-nas/tendril/internal/stream"
)

// array is one array of parameters: a part of a flat list of numbers.
type array struct {
	name       string
	at         int
	rows, cols int
}

// shape is the sizes of a generator.
type shape struct {
	superclasses, budgets, embedding, hidden int
	plan                                     *plan
}

// params is where the arrays of a generator lie in its flat list of parameters.
type params struct {
	shape
	superclass, budget, step array // embeddings, a row each
	input, recurrent, bias   array // of the LSTM: 3·embedding, hidden and 1 rows of 4·hidden
	heads                    array // all heads side by side: [hidden, outputs]
	headBias                 array
	all                      []array
	size                     int
}

// layout places the arrays.
func (s shape) layout() *params {
	p := &params{shape: s}
	add := func(name string, rows, cols int) array {
		a := array{name: name, at: p.size, rows: rows, cols: cols}
		p.size += rows * cols
		p.all = append(p.all, a)
		return a
	}
	p.superclass = add("embedding.superclass", s.superclasses, s.embedding)
	p.budget = add("embedding.budget", s.budgets, s.embedding)
	p.step = add("embedding.step", s.plan.steps, s.embedding)
	p.input = add("lstm.input", 3*s.embedding, 4*s.hidden)
	p.recurrent = add("lstm.recurrent", s.hidden, 4*s.hidden)
	p.bias = add("lstm.bias", 1, 4*s.hidden)
	p.heads = add("heads.weight", s.hidden, s.plan.outputs)
	p.headBias = add("heads.bias", 1, s.plan.outputs)
	return p
}

// of is the numbers of an array in a flat list.
func (a array) of(flat []float32) []float32 { return flat[a.at:][:a.rows*a.cols] }

// row is a row of it.
func (a array) row(flat []float32, i int) []float32 { return flat[a.at+i*a.cols:][:a.cols] }

// initial draws parameters as PyTorch does: embeddings normal with deviation 1, layers uniform up
// to 1/√hidden, biases 0.
func (p *params) initial(seed uint64) []float32 {
	flat := make([]float32, p.size)
	draw := func(a array, next func(*rand.Rand) float64) {
		r := stream.New(seed, "generator.initial."+a.name)
		for i := range a.of(flat) {
			flat[a.at+i] = float32(next(r))
		}
	}
	for _, a := range []array{p.superclass, p.budget, p.step} {
		draw(a, (*rand.Rand).NormFloat64)
	}
	bound := 1 / math.Sqrt(float64(p.hidden))
	for _, a := range []array{p.input, p.recurrent, p.heads} {
		draw(a, func(r *rand.Rand) float64 { return bound * (2*r.Float64() - 1) })
	}
	return flat
}

// finite is an error that names an array with a number that is not finite.
func (p *params) finite(flat []float32) error {
	for _, a := range p.all {
		for _, v := range a.of(flat) {
			if v-v != 0 {
				return fmt.Errorf("%s holds %v: %w", a.name, v, ErrNotFinite)
			}
		}
	}
	return nil
}
