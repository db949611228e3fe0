package generator

import (
	"math"

	"github.com/tendril-nas/tendril/searchspace"
)

// A decision with n ordered candidates has n−1 gates g_1 … g_{n−1}. Candidate j is chosen by g_1 =
// … = g_j = 1 and g_{j+1} = 0: its entry of the row is g_1·…·g_j·(1 − g_{j+1}), and that of the
// last g_1·…·g_{n−1}. For kernels 3, 5, 7 that is (1−g5, g5(1−g7), g5·g7).

// gatesToRow writes the row that gates stand for.
func gatesToRow[T float32 | float64](gates, row []T) {
	open := T(1)
	for j, g := range gates {
		row[j] = open * (1 - g)
		open *= g
	}
	row[len(gates)] = open
}

// gatesBackward is the gradient in the gates of a function with gradient dRow in the row, exact for
// any gates. It goes backwards: behind is the derivative in the product of the gates so far.
func gatesBackward(gates, dRow, dGates []float64) {
	behind := dRow[len(gates)]
	open := 1.0
	for j := range gates {
		dGates[j] = open // the product of the gates before
		open *= gates[j]
	}
	for j := len(gates) - 1; j >= 0; j-- {
		dGates[j] *= behind - dRow[j]
		behind = gates[j]*behind + (1-gates[j])*dRow[j]
	}
}

// softmaxTo writes the softmax of logits divided by temperature.
func softmaxTo(logits, out []float64, temperature float64) {
	top := math.Inf(-1)
	for _, z := range logits {
		top = max(top, z)
	}
	sum := 0.0
	for j, z := range logits {
		out[j] = math.Exp((z - top) / temperature)
		sum += out[j]
	}
	for j := range out {
		out[j] /= sum
	}
}

// relaxed is a draw of hard choices with what the gradient passes through: eqs. (9) and (10).
type relaxed struct {
	plan        *plan
	temperature float64
	soft        []float64 // ĝ of every gate, or the softmax, by step and output
	hard        []float64 // the same, 0 or 1
	rows        searchspace.Relaxed
	scratch     []float64
}

func newRelaxed(p *plan, space *searchspace.Space, temperature float64) *relaxed {
	r := &relaxed{plan: p, temperature: temperature, soft: make([]float64, p.steps*p.outputs),
		hard: make([]float64, p.steps*p.outputs), rows: space.Zeros(), scratch: make([]float64,
			2*p.outputs+2)}
	for i, c := range p.choices {
		r.rows[i][c] = 1
	}
	return r
}

// logitOf is log u − log(1 − u).
func logitOf(u float64) float64 { return math.Log(u) - math.Log1p(-u) }

// forward draws gates from logits, by step and output, with uniform numbers from next, and sets
// rows. Since log p − log(1−p) is the logit z, ĝ = σ((z + log u − log(1−u))/τ). Candidates without
// gates get Gumbel noise and a softmax.
func (r *relaxed) forward(logits []float32, next func() float64) {
	for k := range r.plan.decisions {
		d := &r.plan.decisions[k]
		at, n := d.step*r.plan.outputs+d.output, d.outputs()
		soft, hard := r.soft[at:at+n], r.hard[at:at+n]
		row := r.scratch[:len(d.candidates)]
		if d.mixed {
			for j := range n {
				soft[j] = float64(logits[at+j]) - math.Log(-math.Log(next()))
			}
			softmaxTo(soft, soft, r.temperature)
			best := 0
			for j, v := range soft {
				if v > soft[best] {
					best = j
				}
			}
			clear(hard)
			hard[best] = 1
			copy(row, hard)
		} else {
			for j := range n {
				soft[j] = sigma((float64(logits[at+j]) + logitOf(next())) / r.temperature)
				hard[j] = 0
				if soft[j] > 0.5 {
					hard[j] = 1
				}
			}
			gatesToRow(hard, row)
		}
		for j, c := range d.candidates {
			r.rows[d.index][c] = row[j]
		}
	}
}

// backward is the gradient in the logits of a function with gradient grad in rows: straight through
// from the hard gates to the soft ones.
func (r *relaxed) backward(grad searchspace.Relaxed, dLogits []float32) {
	clear(dLogits)
	for k := range r.plan.decisions {
		d := &r.plan.decisions[k]
		at, n := d.step*r.plan.outputs+d.output, d.outputs()
		soft, hard := r.soft[at:at+n], r.hard[at:at+n]
		dRow, dGates := r.scratch[:len(d.candidates)], r.scratch[r.plan.outputs+1:][:n]
		for j, c := range d.candidates {
			dRow[j] = grad[d.index][c]
		}
		if d.mixed {
			mean := 0.0
			for j, v := range soft {
				mean += v * dRow[j]
			}
			for j, v := range soft {
				dLogits[at+j] = float32(v * (dRow[j] - mean) / r.temperature)
			}
			continue
		}
		gatesBackward(hard, dRow, dGates)
		for j, v := range soft {
			dLogits[at+j] = float32(dGates[j] * v * (1 - v) / r.temperature)
		}
	}
}

func sigma(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
