package logistic

import (
	"math"
	"runtime"

	"github.com/tendril-nas/tendril/internal/kernel"
)

const (
	// mostParts bounds the parts that examples are summed in, and so the processors that are of
	// use. Every part has a gradient of its own.
	mostParts = 8
	// stripe is the examples that go through the products at once; of 1280 features 1.2 MB.
	stripe = 120
)

// part is what one part of the examples adds to loss and gradient, and scratch.
type part struct {
	loss  float64
	right int
	known int       // examples whose class is known
	grad  []float64 // as theta; nil if not wanted
	z     []float64 // [stripe][Features]
	g     []float64 // [stripe][Classes]: logits, then the gradient in them
	ws    kernel.Workspace64
}

// sums is loss and gradient over examples, not divided by their number.
type sums struct {
	loss         float64
	right, known int
}

// sum adds up the examples at theta, and their gradient if there is a place for it.
func (p *Problem) sum(rows []int, theta, grad []float64) (s sums) {
	stripes := (len(rows) + stripe - 1) / stripe
	n := min(len(p.parts), stripes)
	kernel.Share(n, runtime.GOMAXPROCS(0), func(_, i int) {
		from, to := i*stripes/n*stripe, min((i+1)*stripes/n*stripe, len(rows))
		p.parts[i].run(p, rows[from:to], theta, grad != nil)
	})
	clear(grad)
	for i := range p.parts[:n] {
		a := &p.parts[i]
		s.loss += a.loss
		s.right += a.right
		s.known += a.known
		for j := range grad {
			grad[j] += a.grad[j]
		}
	}
	return s
}

// run goes through the examples of one part, a stripe at a time.
func (a *part) run(p *Problem, rows []int, theta []float64, wantGrad bool) {
	q, k := p.data.Features, p.data.Classes
	a.loss, a.right, a.known = 0, 0, 0
	if a.z == nil {
		a.z, a.g = make([]float64, stripe*q), make([]float64, stripe*k)
	}
	if wantGrad {
		if a.grad == nil {
			a.grad = make([]float64, len(theta))
		}
		clear(a.grad)
	}
	for len(rows) > 0 {
		n := min(stripe, len(rows))
		a.stripe(p, rows[:n], theta, wantGrad)
		rows = rows[n:]
	}
}

// stripe adds some examples.
func (a *part) stripe(p *Problem, rows []int, theta []float64, wantGrad bool) {
	q, k := p.data.Features, p.data.Classes
	matrix := func(data []float64, rows, cols int) kernel.Matrix64 {
		return kernel.Matrix64{Data: data, Rows: rows, Cols: cols, Stride: cols}
	}
	z, g := matrix(a.z, len(rows), q), matrix(a.g, len(rows), k)
	for i, r := range rows {
		out := a.z[i*q:][:q]
		for j, v := range p.data.row(r) {
			out[j] = (float64(v) - p.mean[j]) * p.inv[j]
		}
		copy(a.g[i*k:(i+1)*k], theta[q*k:])
	}
	must(p.path.MatMul64(&a.ws, g, 1, z, matrix(theta, q, k), false, false))
	for i, r := range rows {
		a.softmax(a.g[i*k:(i+1)*k], p.data.Y[r])
	}
	if !wantGrad {
		return
	}
	must(p.path.MatMul64(&a.ws, matrix(a.grad, q, k), 1, z, g, true, false))
	for i := range rows {
		for c, v := range a.g[i*k : (i+1)*k] {
			a.grad[q*k+c] += v
		}
	}
}

// must is for products whose shapes are made to fit.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

// softmax adds the loss of one row of logits and makes it the loss's gradient in them.
func (a *part) softmax(row []float64, class int) {
	top, best := math.Inf(-1), 0
	for c, v := range row {
		if v > top {
			top, best = v, c
		}
	}
	if class < 0 {
		clear(row)
		return
	}
	a.known++
	if best == class {
		a.right++
	}
	own, total := row[class]-top, 0.0
	for c, v := range row {
		row[c] = math.Exp(v - top)
		total += row[c]
	}
	for c := range row {
		row[c] /= total
	}
	row[class]--
	a.loss += math.Log(total) - own
}
