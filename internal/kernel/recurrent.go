package kernel

import "math"

func sigmoidGo(x []float32) {
	for i, v := range x {
		x[i] = float32(logistic(float64(v)))
	}
}

// logistic is 1/(1 + e^−x); the assembly keeps e^x within the normal numbers, too.
func logistic(x float64) float64 { return 1 / (1 + math.Exp(-max(min(x, 87), -87))) }

// lstmGo is one row.
func lstmGo(gates, row, step, c, h []float32) {
	units := len(c)
	for j := range c {
		pre := func(k int) float64 {
			at := k*units + j
			return float64(gates[at] + row[at] + step[at])
		}
		v := logistic(pre(1))*float64(c[j]) + logistic(pre(0))*math.Tanh(pre(2))
		c[j] = float32(v)
		h[j] = float32(logistic(pre(3)) * math.Tanh(v))
	}
}

// Sigmoid replaces x by 1/(1 + e^−x), to a relative error of 4e-7. What is beyond ±87 counts as
// ±87, so that results are above 0. NaN stays NaN.
func (p Path) Sigmoid(x []float32) {
	writeAll(x)
	p.sigmoid(x)
}

// LSTM is the elementwise part of one step of LSTM cells. units is a multiple of [Block]; each of
// the len(c)/units rows has its cell state in c, which is replaced, and gets its output in h. The
// pre-activations of the gates are gates + row + step, in blocks of units in the order input,
// forget, cell, output: gates and row have 4·units numbers per row, step has as many for all rows.
//
//	c' = σ(f)·c + σ(i)·tanh(g)
//	h  = σ(o)·tanh(c')
//
// Errors of c and h are below 1e-6.
func (p Path) LSTM(gates, row, step, c, h []float32, units int) {
	for _, x := range [][]float32{gates, row, step} {
		readAll(x)
	}
	writeAll(c)
	writeAll(h)
	for at := 0; at < len(c); at += units {
		g := 4 * at
		p.lstm(gates[g:][:4*units], row[g:][:4*units], step[:4*units], c[at:][:units], h[at:][:units])
	}
}
