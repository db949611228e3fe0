package wasserstein

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"gorgonia.org/tensor"
)

// ErrWeights is wrapped when weights are negative, not finite, all zero, or of the wrong number.
var ErrWeights = errors.New("invalid weights")

// Flow is mass moved from point From of the first distribution to point To of the second.
type Flow struct {
	From, To int
	Mass     float64 // a fraction of the whole, which is 1
}

// Plan is a way to turn one distribution into another.
type Plan struct {
	Cost  float64 // Σ mass × cost
	Flows []Flow  // with positive mass, by From and To; at most n+m−1
}

// Transport solves the optimal transport problem exactly: the cheapest way to move mass from n
// points to m points, where cost is an [n, m] tensor of float32 or float64 and a, b are the weights
// of the points, normalised by their sums; nil is uniform. Cost may be negative. The result is
// accurate to about 1e-13 × the largest cost: one that stands for what is not allowed should be no
// more than a million times the others. Time grows with some n·m·(n+m) at worst and memory with
// n·m. It stops with ctx's error when ctx ends.
//
// The error wraps ErrDim, ErrValue, ErrEmpty or ErrWeights when the arguments make no problem.
func Transport(ctx context.Context, cost *tensor.Dense, a, b []float64) (*Plan, error) {
	p, err := newProblem(cost, a, b)
	if err != nil {
		return nil, fmt.Errorf("transport: %w", err)
	}
	flows, err := p.solve(ctx)
	if err != nil {
		return nil, err
	}
	plan := &Plan{Flows: flows}
	slices.SortFunc(flows, func(x, y Flow) int { return cmp.Or(x.From-y.From, x.To-y.To) })
	var sum, carry float64
	for i, f := range flows {
		c := p.cost[f.From*len(p.b)+f.To]
		s, e := twoSum(sum, f.Mass*c)
		sum, carry = s, carry+e
		flows[i].From, flows[i].To = p.rows[f.From], p.columns[f.To]
	}
	plan.Cost = sum + carry
	return plan, nil
}

// EMD is the earth mover's distance between two weighted sets of points with Euclidean ground
// distance: tensors [n, d] and [m, d], weights as for [Transport].
func EMD(ctx context.Context, x, y *tensor.Dense, a, b []float64) (float64, error) {
	cost, err := Distances(x, y, Euclidean)
	if err != nil {
		return 0, fmt.Errorf("earth mover's distance: %w", err)
	}
	plan, err := Transport(ctx, cost, a, b)
	if err != nil {
		return 0, err
	}
	return plan.Cost, nil
}

// DefaultGamma is the scale of DomainSimilarity when none is given (Cui et al., 2018).
const DefaultGamma = 0.01

// DomainSimilarity is exp(−γ·EMD) between two data sets given by the mean features of their
// classes, [classes, d], and the number of images per class. See Cui et al., "Large scale
// fine-grained categorization and domain-specific transfer learning", CVPR 2018, eq. (5), and
// NASOA, section 3.2. gamma 0 is DefaultGamma.
func DomainSimilarity(ctx context.Context, source, target *tensor.Dense, sourceCounts, targetCounts []float64,
	gamma float64) (float64, error) {
	if gamma == 0 {
		gamma = DefaultGamma
	}
	if !(gamma > 0) || math.IsInf(gamma, 1) {
		return 0, fmt.Errorf("domain similarity: %w: gamma %g, expected a positive number", ErrValue, gamma)
	}
	d, err := EMD(ctx, source, target, sourceCounts, targetCounts)
	if err != nil {
		return 0, fmt.Errorf("domain similarity: %w", err)
	}
	return math.Exp(-gamma * d), nil
}

// mostCost is the largest cost: sums over the paths of a tree are finite. Distances is below.
const mostCost = 0x1p1000

// problem is a transport problem without points of zero weight.
type problem struct {
	cost          []float64
	a, b          []float64
	rows, columns []int // the points' original numbers
}

func newProblem(cost *tensor.Dense, a, b []float64) (*problem, error) {
	src, err := denseRows(cost)
	if err != nil {
		return nil, err
	}
	if src.n == 0 {
		return nil, fmt.Errorf("%w: costs of shape %v", ErrEmpty, cost.Shape())
	}
	if i, v, ok := src.beyond(mostCost); ok {
		return nil, fmt.Errorf("%w: the cost from %d to %d is %g, expected a finite number of at most %g", ErrValue,
			i/src.q, i%src.q, v, mostCost)
	}
	if src.bad != nil {
		return nil, src.bad
	}
	p := &problem{}
	if p.a, p.rows, err = normalise(a, src.n); err != nil {
		return nil, fmt.Errorf("first distribution: %w", err)
	}
	if p.b, p.columns, err = normalise(b, src.q); err != nil {
		return nil, fmt.Errorf("second distribution: %w", err)
	}
	if src.f64 != nil && len(p.rows) == src.n && len(p.columns) == src.q {
		p.cost = src.f64
		return p, nil
	}
	row := make([]float64, src.q)
	p.cost = make([]float64, 0, len(p.a)*len(p.b))
	for _, i := range p.rows {
		src.load(row, i)
		for _, j := range p.columns {
			p.cost = append(p.cost, row[j])
		}
	}
	return p, nil
}

// solve gives the flows of an optimal plan. The simplex reads costs row by row: where rows are
// short it is given the columns.
func (p *problem) solve(ctx context.Context) ([]Flow, error) {
	n, m := len(p.a), len(p.b)
	if n < 2*m {
		return newSimplex(p.cost, p.a, p.b).solve(ctx)
	}
	turned := make([]float64, n*m)
	for i := range n {
		for j, c := range p.cost[i*m:][:m] {
			turned[j*n+i] = c
		}
	}
	flows, err := newSimplex(turned, p.b, p.a).solve(ctx)
	for i, f := range flows {
		flows[i].From, flows[i].To = f.To, f.From
	}
	return flows, err
}

// normalise divides weights by their sum and drops zeros; kept are the indices of the others.
func normalise(w []float64, n int) (out []float64, kept []int, err error) {
	if w != nil && len(w) != n {
		return nil, nil, fmt.Errorf("%w: %d for %d points", ErrWeights, len(w), n)
	}
	var largest float64
	for i, v := range w {
		if !(v >= 0) || math.IsInf(v, 1) {
			return nil, nil, fmt.Errorf("%w: weight %d is %g", ErrWeights, i, v)
		}
		largest = max(largest, v)
	}
	if w != nil && largest == 0 {
		return nil, nil, fmt.Errorf("%w: all are zero", ErrWeights)
	}
	var sum, carry float64
	for i := range n {
		v := 1.0
		if w != nil {
			v = w[i] / largest // sums of huge weights overflow
		}
		if v == 0 {
			continue
		}
		out, kept = append(out, v), append(kept, i)
		s, e := twoSum(sum, v)
		sum, carry = s, carry+e
	}
	for i := range out {
		out[i] /= sum + carry
	}
	return out, kept, nil
}
