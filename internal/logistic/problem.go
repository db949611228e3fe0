package logistic

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/tendril-nas/tendril/internal/kernel"
)

// ErrNotFinite reports features, or losses, that are NaN or infinite.
var ErrNotFinite = errors.New("not finite")

// Data is examples: rows of features, and the class of each.
type Data struct {
	X []float32 // [rows][Features]
	// Y is the class by row, in [0, Classes); rows that are only judged may have −1, a class that
	// the others do not have.
	Y                 []int
	Features, Classes int
}

// row is the features of one example.
func (d *Data) row(i int) []float32 { return d.X[i*d.Features : (i+1)*d.Features] }

// check reports data that are none.
func (d *Data) check() error {
	switch {
	case d.Features < 1 || d.Classes < 2:
		return fmt.Errorf("%d features and %d classes, expected at least 1 and 2", d.Features, d.Classes)
	case len(d.X) != len(d.Y)*d.Features:
		return fmt.Errorf("%d numbers for %d examples of %d features", len(d.X), len(d.Y), d.Features)
	}
	return nil
}

// Problem is the regression on some examples. It serves one call at a time.
type Problem struct {
	data      *Data
	rows      []int
	mean, inv []float64 // inv is 1/deviation, 0 for features that do not vary
	path      kernel.Path
	parts     []part
}

// New is the regression on the examples with these numbers. Every class must have some: the bias of
// another one would fall for ever.
func New(d *Data, rows []int) (*Problem, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, errors.New("no examples")
	}
	count := make([]int, d.Classes)
	for _, r := range rows {
		if r < 0 || r >= len(d.Y) || d.Y[r] < 0 || d.Y[r] >= d.Classes {
			return nil, fmt.Errorf("example %d is none of %d, or not of one of %d classes", r, len(d.Y),
				d.Classes)
		}
		count[d.Y[r]]++
	}
	if c := slices.Index(count, 0); c >= 0 {
		return nil, fmt.Errorf("no examples of class %d of %d", c, d.Classes)
	}
	if err := kernel.CheckDefault(); err != nil {
		return nil, err
	}
	p := &Problem{data: d, rows: rows, path: kernel.Default(), parts: make([]part, mostParts)}
	return p, p.standardise()
}

// varies is the least deviation of a feature that counts, in units of its mean: below it float32
// holds noise.
const varies = 1e-6

// standardise finds means and deviations of the features.
func (p *Problem) standardise() error {
	q, n := p.data.Features, float64(len(p.rows))
	p.mean, p.inv = make([]float64, q), make([]float64, q)
	for _, r := range p.rows {
		for j, v := range p.data.row(r) {
			p.mean[j] += float64(v)
		}
	}
	for j := range p.mean {
		if p.mean[j] /= n; p.mean[j]-p.mean[j] != 0 {
			return fmt.Errorf("feature %d: %w", j, ErrNotFinite)
		}
	}
	for _, r := range p.rows {
		for j, v := range p.data.row(r) {
			d := float64(v) - p.mean[j]
			p.inv[j] += d * d
		}
	}
	for j, sum := range p.inv {
		p.inv[j] = 0
		if dev := math.Sqrt(sum / n); dev > varies*math.Abs(p.mean[j]) {
			p.inv[j] = 1 / dev
		}
	}
	return nil
}

// Weights is a fit for features as they came: weights [Features][Classes] and biases [Classes].
func (p *Problem) Weights(f *Fit) (w, b []float64) {
	q, k := p.data.Features, p.data.Classes
	w = make([]float64, q*k)
	b = append([]float64(nil), f.theta[q*k:]...)
	for j := range q {
		for c := range k {
			v := f.theta[j*k+c] * p.inv[j]
			w[j*k+c] = v
			b[c] -= v * p.mean[j]
		}
	}
	return w, b
}
