package pruning

import (
	"math"

	"github.com/tendril-nas/tendril/searchspace"
)

// pairs are two candidates of every decision that has two left, one of the others.
type pairs [][]int

// draw takes two candidates without replacement by p = softmax(a): the two largest of a + Gumbel
// noise are just that.
func (l *logits) draw(noise searchspace.Relaxed) pairs {
	out := make(pairs, len(l.allow))
	for i, allowed := range l.allow {
		first, second := -1, -1
		at := func(c int) float64 { return l.values[i][c] + noise[i][c] }
		for _, c := range allowed {
			switch {
			case first < 0 || at(c) > at(first):
				first, second = c, first
			case second < 0 || at(c) > at(second):
				second = c
			}
		}
		out[i] = []int{first}
		if second >= 0 {
			out[i] = []int{min(first, second), max(first, second)}
		}
	}
	return out
}

// rows writes the softmax over the candidates drawn to rows.
func (p pairs) rows(l *logits, rows searchspace.Relaxed) {
	for i, entries := range p {
		softmax(rows[i], entries, func(c int) float64 { return l.values[i][c] })
	}
}

// keep shifts the logits of the candidates drawn, so that together they are as probable as before:
// what the step moved it moved between them.
func (p pairs) keep(l *logits, before searchspace.Relaxed) {
	for i, entries := range p {
		shift := logSum(before[i], entries) - logSum(l.values[i], entries)
		for _, c := range entries {
			l.values[i][c] += shift
		}
	}
}

// logSum is ln Σ exp of some entries of a row.
func logSum(row []float64, entries []int) float64 {
	most := math.Inf(-1)
	for _, c := range entries {
		most = max(most, row[c])
	}
	var sum float64
	for _, c := range entries {
		sum += math.Exp(row[c] - most)
	}
	return most + math.Log(sum)
}
