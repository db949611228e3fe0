package generator

import (
	"github.com/tendril-nas/tendril/internal/kernel"
)

// compiled is the network made ready to run: what the inputs give before the recurrence is computed
// once, a table for each embedding, and weights are packed for the kernels. An input of the network
// is a sum of rows of the tables.
type compiled struct {
	*params
	path       kernel.Path
	superclass []float32 // [superclasses, 4·hidden]
	budget     []float32 // [budgets, 4·hidden]
	step       []float32 // [steps, 4·hidden], the bias of the LSTM included
	recurrent  packed
	heads      packed
	headBias   []float32 // padded to whole blocks
	ws         kernel.Workspace
}

// packed is a matrix in blocks of columns.
type packed struct {
	data []float32
	k, n int
}

func (m *packed) pack(path kernel.Path, data []float32, k, n int) {
	if m.data == nil {
		m.data = kernel.AlignedFloats(kernel.PackedSize(k, n))
	}
	m.k, m.n = k, n
	path.PackB(m.data, data, k, n, n)
}

// times computes c += a·m for rows rows of a; rows of c have whole blocks of columns.
func (m *packed) times(path kernel.Path, t *kernel.Tile, c, a []float32, rows int, acc bool) {
	if rows == 0 {
		return
	}
	blocks := padded(m.n) / kernel.Block
	step := path.MaxBlocks()
	for j := 0; j < blocks; j += step {
		*t = kernel.Tile{
			A: kernel.PtrAt(a, 0), ARow: m.k, AStep: 1, KIn: m.k, KOut: 1,
			B: kernel.PtrAt(m.data, j*kernel.Block*m.k), BStep: kernel.Block, BNext: m.k * kernel.Block,
			C: kernel.PtrAt(c, j*kernel.Block), CRow: padded(m.n), CNext: kernel.Block, Cols: kernel.Block,
			Acc: acc,
		}
		path.Tile(t, rows, min(step, blocks-j))
	}
}

// padded is n rounded up to whole blocks.
func padded(n int) int { return (n + kernel.Block - 1) / kernel.Block * kernel.Block }

func newCompiled(p *params, path kernel.Path) *compiled {
	h := 4 * p.hidden
	return &compiled{params: p, path: path,
		superclass: kernel.AlignedFloats(p.superclasses * h),
		budget:     kernel.AlignedFloats(p.budgets * h),
		step:       kernel.AlignedFloats(p.plan.steps * h),
		headBias:   kernel.AlignedFloats(padded(p.plan.outputs)),
	}
}

// update computes the tables for parameters.
func (c *compiled) update(flat []float32) error {
	h := 4 * c.hidden
	for i, table := range []struct {
		dst       []float32
		embedding array
	}{{c.superclass, c.params.superclass}, {c.budget, c.params.budget}, {c.step, c.params.step}} {
		e := table.embedding
		if err := c.path.MatMul(&c.ws,
			kernel.Matrix{Data: table.dst, Rows: e.rows, Cols: h, Stride: h},
			kernel.Matrix{Data: e.of(flat), Rows: e.rows, Cols: e.cols, Stride: e.cols},
			kernel.Matrix{Data: c.input.of(flat)[i*e.cols*h:], Rows: e.cols, Cols: h, Stride: h}, false,
			false,
			false); err != nil {
			return err
		}
	}
	for t := range c.plan.steps {
		c.path.Axpy(1, c.bias.of(flat), c.step[t*h:][:h])
	}
	c.recurrent.pack(c.path, c.params.recurrent.of(flat), c.hidden, h)
	c.heads.pack(c.path, c.params.heads.of(flat), c.hidden, c.plan.outputs)
	copy(c.headBias, c.params.headBias.of(flat))
	return nil
}

// query is what one row of a pass is asked: a mean of superclasses, at a budget between two points.
type query struct {
	superclasses []int
	point        int     // budgets point and point+1
	share        float32 // of the second
}

// between finds the points around a budget, of n evenly spaced from low to high.
func between(budget, low, high float64, n int) (point int, share float32) {
	if high <= low || n < 2 {
		return 0, 0
	}
	x := (budget - low) / (high - low) * float64(n-1)
	point = min(max(int(x), 0), n-2)
	return point, float32(min(max(x-float64(point), 0), 1))
}

// pass is the memory of a run of the network over some rows.
type pass struct {
	rows   int
	gates  []float32 // [rows, 4·hidden] or, where all are kept, [steps, rows, 4·hidden]
	input  []float32 // [rows, 4·hidden]
	h      []float32 // [steps, rows, hidden]
	c      []float32 // [rows, hidden] or [steps+1, rows, hidden]
	logits []float32 // [steps, rows, padded outputs]

	tile kernel.Tile
	keep bool // gates and cells of all steps, for the gradient
}

func grown(x []float32, n int) []float32 {
	if cap(x) < n {
		return kernel.AlignedFloats(n + n/4)[:n]
	}
	return x[:n]
}

// resize makes room for n rows.
func (p *pass) resize(c *compiled, n int) {
	cells, gates := 1, 1
	if p.keep {
		cells, gates = c.plan.steps+1, c.plan.steps
	}
	p.rows = n
	p.gates = grown(p.gates, gates*n*4*c.hidden)
	p.input = grown(p.input, n*4*c.hidden)
	p.h = grown(p.h, c.plan.steps*n*c.hidden)
	p.c = grown(p.c, cells*n*c.hidden)
	p.logits = grown(p.logits, c.plan.steps*n*padded(c.plan.outputs))
}

// row sets the input of a row.
func (p *pass) row(c *compiled, i int, q *query) {
	h := 4 * c.hidden
	x := p.input[i*h:][:h]
	if len(q.superclasses) == 1 {
		copy(x, c.superclass[q.superclasses[0]*h:])
	} else {
		clear(x)
		share := 1 / float32(len(q.superclasses))
		for _, k := range q.superclasses {
			c.path.Axpy(share, c.superclass[k*h:][:h], x)
		}
	}
	c.path.Axpy(1-q.share, c.budget[q.point*h:][:h], x)
	if q.share > 0 {
		c.path.Axpy(q.share, c.budget[(q.point+1)*h:][:h], x)
	}
}

// run computes the logits of all rows.
func (p *pass) run(c *compiled) {
	n, h := p.rows, c.hidden
	if n == 0 {
		return
	}
	gates, cell := p.gates, p.c[:n*h]
	clear(cell)
	clear(gates[:n*4*h]) // the first step has nothing behind it
	for t := range c.plan.steps {
		if p.keep {
			gates = p.gates[t*n*4*h:][:n*4*h]
			cell = p.c[(t+1)*n*h:][:n*h]
			copy(cell, p.c[t*n*h:])
		}
		if t > 0 {
			c.recurrent.times(c.path, &p.tile, gates, p.h[(t-1)*n*h:], n, false)
		}
		c.path.LSTM(gates[:n*4*h], p.input, c.step[t*4*h:], cell, p.h[t*n*h:][:n*h], h)
	}
	for i := 0; i < len(p.logits); i += len(c.headBias) {
		copy(p.logits[i:], c.headBias)
	}
	c.heads.times(c.path, &p.tile, p.logits, p.h, n*c.plan.steps, true)
}

// outputs is the logits of a row at a step.
func (p *pass) outputs(c *compiled, step, row int) []float32 {
	n := padded(c.plan.outputs)
	return p.logits[(step*p.rows+row)*n:][:c.plan.outputs]
}

// probabilities turns logits into rows of probabilities, of all decisions one after the other.
type probabilities struct {
	sigmoid []float32 // of all logits
	scratch []float64
}

// of writes the probabilities of a row.
func (b *probabilities) of(c *compiled, p *pass, row int, out []float32) {
	n := padded(c.plan.outputs)
	for k := range c.plan.decisions {
		d := &c.plan.decisions[k]
		at := (d.step*p.rows+row)*n + d.output
		dst := out[d.row:][:len(d.candidates)]
		if !d.mixed {
			gatesToRow(b.sigmoid[at:at+len(dst)-1], dst)
			continue
		}
		b.mixture(p.logits[at:at+len(dst)], dst)
	}
}

// ready computes what all rows need.
func (b *probabilities) ready(c *compiled, p *pass) {
	b.sigmoid = grown(b.sigmoid, len(p.logits))
	copy(b.sigmoid, p.logits)
	c.path.Sigmoid(b.sigmoid)
}

func (b *probabilities) mixture(logits, dst []float32) {
	if cap(b.scratch) < len(dst) {
		b.scratch = make([]float64, len(dst))
	}
	z := b.scratch[:len(dst)]
	for j, v := range logits {
		z[j] = float64(v)
	}
	softmaxTo(z, z, 1)
	for j, v := range z {
		dst[j] = float32(v)
	}
}
