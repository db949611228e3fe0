package pruning

import (
	"math"
	"slices"

	"github.com/tendril-nas/tendril/searchspace"
)

// maxBatches is how many batch means are kept; then neighbours are joined, two and two.
const maxBatches = 32

// means are the mean probabilities over steps, in batches of equally many steps that follow each
// other. Steps are correlated, batches hardly: what a mean is worth is seen in how they differ.
type means struct {
	Size  int         // steps of a batch
	Count int         // steps in the last one
	Sums  [][]float64 // of every batch, all rows behind each other
}

// add takes the probabilities of one more step.
func (m *means) add(p searchspace.Relaxed) {
	flat := slices.Concat(p...)
	m.Size = max(m.Size, 1)
	if len(m.Sums) > 0 && m.Count < m.Size {
		addTo(m.Sums[len(m.Sums)-1], flat)
		m.Count++
		return
	}
	if len(m.Sums) == maxBatches {
		for b := range maxBatches / 2 {
			addTo(m.Sums[2*b], m.Sums[2*b+1])
			m.Sums[b] = m.Sums[2*b]
		}
		m.Sums, m.Size = m.Sums[:maxBatches/2], 2*m.Size
	}
	m.Sums, m.Count = append(m.Sums, flat), 1
}

func addTo(sum, x []float64) {
	for i, v := range x {
		sum[i] += v
	}
}

// full is the batches that are complete.
func (m *means) full() [][]float64 {
	if n := len(m.Sums); n > 0 && m.Count < m.Size {
		return m.Sums[:n-1]
	}
	return m.Sums
}

// mean is the mean probability of an entry; NaN where no batch is complete.
func (m *means) mean(entry int) float64 {
	var sum float64
	full := m.full()
	for _, b := range full {
		sum += b[entry]
	}
	return sum / float64(len(full)*m.Size)
}

// difference is the mean difference of two entries and its standard error; infinite with fewer than
// two batches.
func (m *means) difference(a, b int) (mean, standard float64) {
	full := m.full()
	n := float64(len(full))
	if n < 2 {
		return 0, math.Inf(1)
	}
	of := func(sums []float64) float64 { return (sums[a] - sums[b]) / float64(m.Size) }
	for _, sums := range full {
		mean += of(sums) / n
	}
	var squares float64
	for _, sums := range full {
		squares += (of(sums) - mean) * (of(sums) - mean)
	}
	return mean, math.Sqrt(squares / (n - 1) / n)
}

// clone shares nothing.
func (m *means) clone() means {
	out := *m
	out.Sums = make([][]float64, len(m.Sums))
	for i := range m.Sums {
		out.Sums[i] = slices.Clone(m.Sums[i])
	}
	return out
}

// sound is false for what add does not make.
func (m *means) sound() bool {
	ok := m.Size >= 0 && m.Count >= 0 && m.Count <= m.Size && len(m.Sums) <= maxBatches &&
		(m.Count > 0) == (len(m.Sums) > 0)
	for _, sums := range m.Sums {
		for _, v := range sums {
			ok = ok && finite(v)
		}
	}
	return ok
}

// course is the means of the batches in order, of rows as those of like; the last may be shorter.
func (m *means) course(like searchspace.Relaxed) []searchspace.Relaxed {
	var out []searchspace.Relaxed
	for b, sums := range m.Sums {
		n := m.Size
		if b == len(m.Sums)-1 {
			n = m.Count
		}
		rows := copyRows(like)
		for _, row := range rows {
			for c := range row {
				row[c] = sums[c] / float64(n)
			}
			sums = sums[len(row):]
		}
		out = append(out, rows)
	}
	return out
}
