package supernet

import (
	"slices"

	"github.com/tendril-nas/tendril/searchspace"
)

// trimmed is a relaxed program without what only zeros of some rows lead to.
type trimmed struct {
	dead    []bool // by sum of coefficients
	program *relaxedProgram
}

// without is the program without the layers that only entries of 0 lead to: their part in the
// output is nothing, and so are the gradients of their weights and, in the entries that are not 0,
// of the rows. It shares weights, slots and statistics with the whole one, and its coefficients'
// memory. The last one is remembered.
func (p *relaxedProgram) without(rows searchspace.Relaxed) *relaxedProgram {
	dead := p.coef.dead(rows)
	if !slices.Contains(dead, true) {
		return p
	}
	if p.last.program != nil && slices.Equal(p.last.dead, dead) {
		return p.last.program
	}
	small := *p.program
	coef := *p.coef
	coef.at = slices.Clone(coef.at)
	small.code = make([]instr, len(p.code))
	first := len(p.code) // of the instructions that stay, which are filled in from the end
	needed := make([]bool, len(p.graph.Nodes))
	needed[p.logits] = true
	for i := range slices.Backward(p.code) {
		if !needed[p.code[i].out] {
			continue
		}
		first--
		in := &small.code[first]
		*in = p.code[i]
		if in.op == runMix || in.op == runMixNorm {
			in.many = coef.gather(in.bias.V.Off, in.many, dead)
			in.a, in.bias = in.many[0], in.bias.First(len(in.many))
		}
		needed[in.a] = true
		for _, s := range in.operands() {
			needed[s] = true
		}
		in.free = nil
	}
	small.code = small.code[first:]
	small.lifetimes()
	p.last = trimmed{dead, &relaxedProgram{program: &small, coef: &coef, specs: p.specs}}
	return p.last.program
}

// dead says which sums have a factor of 0 in all their products.
func (c *coefficients) dead(rows searchspace.Relaxed) []bool {
	out := make([]bool, len(c.sums))
	for i, s := range c.sums {
		out[i] = !slices.ContainsFunc(s, func(p product) bool {
			return !slices.ContainsFunc(p, func(e entry) bool { return rows[e.decision][e.choice] == 0 })
		})
	}
	return out
}

// gather moves the coefficients of the operands of a mix that are not dead to the front, and lists
// these operands. Where all are dead the first one stays: it gives the zeros their shape.
func (c *coefficients) gather(start int, operands []int, dead []bool) []int {
	var live, rest, kept []int
	for i, id := range operands {
		if sum := c.at[start+i]; dead[sum] {
			rest = append(rest, sum)
		} else {
			live, kept = append(live, sum), append(kept, id)
		}
	}
	if len(kept) == 0 {
		kept = operands[:1]
	}
	copy(c.at[start:], append(live, rest...))
	return kept
}
