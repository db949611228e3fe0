package wasserstein

import (
	"context"
	"fmt"
	"math"

	"gorgonia.org/tensor"
)

// SinkhornOptions says how Sinkhorn works; nil or the zero value takes every default.
type SinkhornOptions struct {
	// Reg is the weight of the entropy, in units of the cost. Default 0.1.
	Reg float64
	// Tolerance ends the iteration when the rows' marginals are off by less, summed up. Default
	// 1e-9.
	Tolerance float64
	// Iterations is the largest number of iterations. Default 100000.
	Iterations int
}

// SinkhornResult is a regularised plan.
type SinkhornResult struct {
	Cost       float64   // Σ plan × cost, without the entropy term
	Plan       []float64 // n×m, row by row; columns have their exact marginals
	Error      float64   // Σ over rows of |marginal − weight|
	Iterations int
	Converged  bool // Error is at most the tolerance
}

// Sinkhorn solves the transport problem with entropic regularisation, min ⟨P, C⟩ + reg·Σ P(log P −
// 1), by alternating scaling in the logarithmic domain, which neither overflows nor underflows for
// small reg. See Cuturi, "Sinkhorn distances", NIPS 2013, and Peyré and Cuturi, "Computational
// Optimal Transport", 2019, section 4.4. Arguments and errors are those of [Transport]; points of
// zero weight are legal. Reaching the largest number of iterations is not an error: see Converged.
// When ctx ends, the result so far comes with its error.
func Sinkhorn(ctx context.Context, cost *tensor.Dense, a, b []float64,
	o *SinkhornOptions) (*SinkhornResult, error) {
	var opt SinkhornOptions
	if o != nil {
		opt = *o
	}
	if opt.Reg == 0 {
		opt.Reg = 0.1
	}
	if opt.Tolerance == 0 {
		opt.Tolerance = 1e-9
	}
	if opt.Iterations == 0 {
		opt.Iterations = 100000
	}
	if !(opt.Reg > 0) || math.IsInf(opt.Reg, 1) || !(opt.Tolerance > 0) || opt.Iterations < 0 {
		return nil, fmt.Errorf("sinkhorn: %w: options %+v, expected positive numbers", ErrValue, opt)
	}
	p, err := newProblem(cost, a, b)
	if err != nil {
		return nil, fmt.Errorf("sinkhorn: %w", err)
	}
	shape := cost.Shape()
	return p.sinkhorn(ctx, opt, shape[0], shape[1])
}

func (p *problem) sinkhorn(ctx context.Context, o SinkhornOptions, n, m int) (*SinkhornResult, error) {
	rows, cols := len(p.a), len(p.b)
	k := make([]float64, len(p.cost)) // −C/reg
	for i, c := range p.cost {
		if k[i] = -c / o.Reg; !(math.Abs(k[i]) <= mostCost) {
			return nil, fmt.Errorf("sinkhorn: %w: a cost of %g, %g times the weight of the entropy", ErrValue, c, -k[i])
		}
	}
	// The plan is exp(f_i + k_ij + g_j); logs of the row sums serve both for the error and for the
	// next f.
	f, g := make([]float64, rows), make([]float64, cols)
	logRows := make([]float64, rows)
	top, sum := make([]float64, cols), make([]float64, cols)
	res := &SinkhornResult{}
	var ctxErr error
	for {
		for i := range rows {
			row := k[i*cols : (i+1)*cols]
			largest := math.Inf(-1)
			for j, v := range row {
				largest = max(largest, v+g[j])
			}
			var s float64
			for j, v := range row {
				s += math.Exp(v + g[j] - largest)
			}
			logRows[i] = largest + math.Log(s)
		}
		if res.Iterations > 0 {
			res.Error = 0
			for i, l := range logRows {
				res.Error += math.Abs(math.Exp(f[i]+l) - p.a[i])
			}
			res.Converged = res.Error <= o.Tolerance
		}
		if ctxErr = ctx.Err(); res.Converged || ctxErr != nil || res.Iterations == o.Iterations {
			break
		}
		for i, l := range logRows {
			f[i] = math.Log(p.a[i]) - l
		}
		for j := range cols {
			top[j], sum[j] = math.Inf(-1), 0
		}
		for i := range rows {
			for j, v := range k[i*cols : (i+1)*cols] {
				top[j] = max(top[j], v+f[i])
			}
		}
		for i := range rows {
			for j, v := range k[i*cols : (i+1)*cols] {
				sum[j] += math.Exp(v + f[i] - top[j])
			}
		}
		for j := range cols {
			g[j] = math.Log(p.b[j]) - top[j] - math.Log(sum[j])
		}
		res.Iterations++
	}
	res.Plan = make([]float64, n*m)
	for i := range rows {
		for j := range cols {
			mass := math.Exp(f[i] + k[i*cols+j] + g[j])
			res.Plan[p.rows[i]*m+p.columns[j]] = mass
			res.Cost += mass * p.cost[i*cols+j]
		}
	}
	return res, ctxErr
}
