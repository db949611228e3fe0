package pruning

import (
	"math"
	"math/rand/v2"

	"github.com/tendril-nas/tendril/searchspace"
)

// logits are the architecture weights a: a row per decision, a number per choice. Entries of
// removed choices are 0 and have no meaning.
type logits struct {
	space  *searchspace.Space
	allow  [][]int // choices that are left
	values searchspace.Relaxed
}

// newLogits is a = 0 for a space.
func newLogits(space *searchspace.Space) *logits {
	l := &logits{values: space.Zeros()}
	l.narrow(space)
	return l
}

// narrow goes on with a restriction of the space.
func (l *logits) narrow(space *searchspace.Space) {
	l.space, l.allow = space, nil
	for i, d := range space.Decisions() {
		l.allow = append(l.allow, d.Allowed)
		kept := make([]float64, d.Len())
		for _, c := range d.Allowed {
			kept[c] = l.values[i][c]
		}
		l.values[i] = kept
	}
}

// softmax writes softmax((a + noise)/temperature) to rows; noise may be nil.
func (l *logits) softmax(rows, noise searchspace.Relaxed, temperature float64) {
	for i, allowed := range l.allow {
		at := func(c int) float64 {
			v := l.values[i][c]
			if noise != nil {
				v += noise[i][c]
			}
			return v / temperature
		}
		softmax(rows[i], allowed, at)
	}
}

// softmax writes the softmax of values at some entries to row, and 0 to the others.
func softmax(row []float64, entries []int, at func(c int) float64) {
	clear(row)
	most := math.Inf(-1)
	for _, c := range entries {
		most = max(most, at(c))
	}
	var sum float64
	for _, c := range entries {
		row[c] = math.Exp(at(c) - most)
		sum += row[c]
	}
	for _, c := range entries {
		row[c] /= sum
	}
}

// backward adds to grad the gradient in a of a function whose gradient in rows = softmax(a/τ + …)
// is slope: grad_c += p_c·(s_c − Σ p·s)·scale/τ. Entries that are 0 in rows have no part.
func backward(grad, rows, slope searchspace.Relaxed, scale, temperature float64) {
	for i, row := range rows {
		var mean float64
		for c, p := range row {
			if p != 0 {
				mean += p * slope[i][c]
			}
		}
		for c, p := range row {
			if p != 0 {
				grad[i][c] += p * (slope[i][c] - mean) * scale / temperature
			}
		}
	}
}

// gumbel fills noise with −ln(−ln u), for all choices, so that what is drawn for one does not
// depend on which others are left.
func gumbel(noise searchspace.Relaxed, r *rand.Rand) {
	for _, row := range noise {
		for c := range row {
			u := r.Float64()
			for u == 0 {
				u = r.Float64()
			}
			row[c] = -math.Log(-math.Log(u))
		}
	}
}

// best is the choice of the largest value of row among entries, the first of equal ones.
func best(row []float64, entries []int) int {
	out := entries[0]
	for _, c := range entries[1:] {
		if row[c] > row[out] {
			out = c
		}
	}
	return out
}

// argMax is the most probable choice of every decision as rows of 0 and 1.
func (l *logits) argMax() (rows searchspace.Relaxed, choices []int) {
	rows = l.space.Zeros()
	choices = make([]int, len(rows))
	for i, allowed := range l.allow {
		choices[i] = best(l.values[i], allowed)
		rows[i][choices[i]] = 1
	}
	return rows, choices
}

// copyRows is a copy that shares nothing.
func copyRows(r searchspace.Relaxed) searchspace.Relaxed {
	out := make(searchspace.Relaxed, len(r))
	for i := range r {
		out[i] = append([]float64(nil), r[i]...)
	}
	return out
}
