package generator

import (
	"math"

	"github.com/tendril-nas/tendril/internal/kernel"
)

// backprop is the memory of the gradient of one row.
type backprop struct {
	dLogits []float32 // [steps, outputs], the input
	dGates  []float32 // [steps, 4·hidden]
	dH      []float32 // [steps, hidden] of the outputs
	back    []float32 // [1, hidden] from the step behind
	dC      []float32 // [hidden]
	sum     []float32 // [1, 4·hidden] of dGates over steps
	query   []float32 // [2, embedding]: the inputs that are the same in all steps
	dQuery  []float32
	steps   []float32 // [steps, embedding]
	ws      kernel.Workspace
}

func newBackprop(p *params) *backprop {
	h, t := p.hidden, p.plan.steps
	return &backprop{dLogits: make([]float32, t*p.plan.outputs), dGates: make([]float32, t*4*h),
		dH: make([]float32, t*h), back: make([]float32, h), dC: make([]float32, h), sum: make([]float32, 4*h),
		query: make([]float32, 2*p.embedding), dQuery: make([]float32, 2*p.embedding),
		steps: make([]float32, t*p.embedding)}
}

// matrix views rows×cols numbers.
func matrix(data []float32, rows, cols int) kernel.Matrix {
	return kernel.Matrix{Data: data, Rows: rows, Cols: cols, Stride: cols}
}

// run computes the gradient in all parameters of a function whose gradient in the logits is
// dLogits, after a pass of the one row q that kept everything.
func (b *backprop) run(c *compiled, p *pass, q *query, flat, grad []float32) error {
	clear(grad)
	t, h, e, outs := c.plan.steps, c.hidden, c.embedding, c.plan.outputs
	weights := func(a array, data []float32) kernel.Matrix { return matrix(a.of(data), a.rows, a.cols) }
	dl := matrix(b.dLogits, t, outs)
	product := product{c: c, ws: &b.ws}
	product.of(weights(c.params.heads, grad), matrix(p.h, t, h), dl, true, false)
	addRows(c.headBiasOf(grad), b.dLogits)
	product.of(matrix(b.dH, t, h), dl, weights(c.params.heads, flat), false, true)

	clear(b.dC)
	for s := t - 1; s >= 0; s-- {
		dh := b.dH[s*h:][:h]
		if s < t-1 {
			product.of(matrix(b.back, 1, h), matrix(b.dGates[(s+1)*4*h:], 1, 4*h),
				weights(c.params.recurrent, flat), false, true)
			c.path.Axpy(1, b.back, dh)
		}
		b.cell(c, p, s, dh)
	}
	if t > 1 {
		product.of(weights(c.params.recurrent, grad), matrix(p.h, t-1, h), matrix(b.dGates[4*h:], t-1, 4*h),
			true,
			false)
	}
	clear(b.sum)
	addRows(b.sum, b.dGates)
	copy(c.bias.of(grad), b.sum)

	// Inputs: the rows of the input matrix for superclass, budget and step.
	part := func(data []float32, i, n int) kernel.Matrix {
		return matrix(c.input.of(data)[i*e*4*h:], n*e, 4*h)
	}
	b.mean(c, q, flat)
	product.of(part(grad, 0, 2), matrix(b.query, 1, 2*e), matrix(b.sum, 1, 4*h), true, false)
	product.of(matrix(b.dQuery, 1, 2*e), matrix(b.sum, 1, 4*h), part(flat, 0, 2), false, true)
	b.scatter(c, q, grad)
	product.of(part(grad, 2, 1), weights(c.params.step, flat), matrix(b.dGates, t, 4*h), true, false)
	product.of(weights(c.params.step, grad), matrix(b.dGates, t, 4*h), part(flat, 2, 1), false, true)
	return product.err
}

// product multiplies matrices and keeps the first error.
type product struct {
	c   *compiled
	ws  *kernel.Workspace
	err error
}

func (p *product) of(c, a, b kernel.Matrix, transA, transB bool) {
	if p.err == nil {
		p.err = p.c.path.MatMul(p.ws, c, a, b, transA, transB, false)
	}
}

// headBiasOf is the bias of the heads in a flat list.
func (c *compiled) headBiasOf(flat []float32) []float32 { return c.params.headBias.of(flat) }

// addRows adds all rows of data, in order, to sum.
func addRows(sum, data []float32) {
	for ; len(data) > 0; data = data[len(sum):] {
		for j := range sum {
			sum[j] += data[j]
		}
	}
}

// cell is the gradient of one step of the cells: dh is that of its output, dC that of its state,
// which becomes that of the state before.
func (b *backprop) cell(c *compiled, p *pass, step int, dh []float32) {
	h := c.hidden
	gates, dGates := p.gates[step*4*h:], b.dGates[step*4*h:]
	before, after := p.c[step*h:], p.c[(step+1)*h:]
	for j := range dh {
		pre := func(k int) float64 {
			at := k*h + j
			return float64(gates[at] + p.input[at] + c.step[step*4*h+at])
		}
		i, f, g, o := sigma(pre(0)), sigma(pre(1)), math.Tanh(pre(2)), sigma(pre(3))
		y, dy := math.Tanh(float64(after[j])), float64(dh[j])
		d := float64(b.dC[j]) + dy*o*(1-y*y)
		dGates[j] = float32(d * g * i * (1 - i))
		dGates[h+j] = float32(d * float64(before[j]) * f * (1 - f))
		dGates[2*h+j] = float32(d * i * (1 - g*g))
		dGates[3*h+j] = float32(dy * y * o * (1 - o))
		b.dC[j] = float32(d * f)
	}
}

// mean is the embeddings of a query, of superclass and budget.
func (b *backprop) mean(c *compiled, q *query, flat []float32) {
	e := c.embedding
	clear(b.query)
	b.each(c, q, func(half int, a array, row int, share float32) {
		c.path.Axpy(share, a.row(flat, row), b.query[half*e:][:e])
	})
}

// scatter adds dQuery to the gradient of the embeddings.
func (b *backprop) scatter(c *compiled, q *query, grad []float32) {
	e := c.embedding
	b.each(c, q, func(half int, a array, row int, share float32) {
		c.path.Axpy(share, b.dQuery[half*e:][:e], a.row(grad, row))
	})
}

// each goes through the embeddings that a query consists of.
func (b *backprop) each(c *compiled, q *query, f func(half int, a array, row int, share float32)) {
	for _, k := range q.superclasses {
		f(0, c.params.superclass, k, 1/float32(len(q.superclasses)))
	}
	f(1, c.params.budget, q.point, 1-q.share)
	if q.share > 0 {
		f(1, c.params.budget, q.point+1, q.share)
	}
}
