package wasserstein

import "math"

// tridiagonalise overwrites the symmetric matrix a, of which it reads the upper triangle, and
// returns diagonal and off-diagonal of QᵀaQ. See Dongarra, Sorensen and Hammarling, "Block
// reduction of matrices to condensed forms for eigenvalue computations", 1989: reflections are
// applied to the rest of the matrix a panel at a time, which leaves one product of the matrix with
// a vector per row as the only work that waits for memory.
func (t *team) tridiagonalise(a matrix) (d, e []float64) {
	n := a.rows
	d, e = make([]float64, n), make([]float64, max(0, n-1))
	// The rest of the matrix is a − vᵀw − wᵀv, one row of v and w per reflection of the panel.
	v, w := newMatrix(panel, n), newMatrix(panel, n)
	cv, cw := make([]float64, panel), make([]float64, panel)
	x := make([]float64, n)
	sums := newMatrix(maxSymvTasks, n)
	for k0 := 0; k0 < n-1; k0 += panel {
		clear(v.data)
		clear(w.data)
		end := min(k0+panel, n-1)
		for k := k0; k < end; k++ {
			c := k - k0
			padded := (c + 3) &^ 3 // rows not yet there are zero
			row := a.row(k)
			for p := range padded {
				cv[p], cw[p] = -w.row(p)[k], -v.row(p)[k]
			}
			t.combine(row, v, padded, cv, k)
			t.combine(row, w, padded, cw, k)
			d[k] = row[k]
			u := v.row(c)
			tau, beta := reflect(u[k+1:], row[k+1:])
			e[k] = beta
			if tau == 0 {
				clear(u)
				continue
			}
			t.symv(x, a, u, k+1, sums)
			padded = (c + 4) &^ 3
			t.dots(cv, w, padded, u, k+1)
			t.dots(cw, v, padded, u, k+1)
			for p := range padded {
				cv[p], cw[p] = -cv[p], -cw[p]
			}
			t.combine(x, v, padded, cv, k+1)
			t.combine(x, w, padded, cw, k+1)
			var dot float64
			for j := k + 1; j < n; j++ {
				x[j] *= tau
				dot += x[j] * u[j]
			}
			dot *= tau / 2
			y := w.row(c)
			for j := k + 1; j < n; j++ {
				y[j] = x[j] - dot*u[j]
			}
		}
		if c, m := end-k0, n-end; m > 0 {
			left, right := newMatrix(2*c, m), newMatrix(2*c, m)
			for p := range c {
				copy(left.row(p), v.row(p)[end:])
				copy(left.row(c+p), w.row(p)[end:])
				copy(right.row(p), w.row(p)[end:])
				copy(right.row(c+p), v.row(p)[end:])
			}
			t.product(a.whole().View(end, end, m, m), -1, left.whole(), right.whole(), true, false,
				shape{upper: true})
		}
	}
	if n > 0 {
		d[n-1] = a.row(n - 1)[n-1]
	}
	return d, e
}

// reflect writes to u the vector of the reflection I − tau·u·uᵀ, u[0] = 1, that sends x to (beta,
// 0, …, 0).
func reflect(u, x []float64) (tau, beta float64) {
	if len(x) == 0 {
		return 0, 0
	}
	var tail float64
	for _, v := range x[1:] {
		tail += v * v
	}
	if tail == 0 {
		return 0, x[0]
	}
	beta = -math.Copysign(math.Sqrt(x[0]*x[0]+tail), x[0])
	inverse := 1 / (x[0] - beta)
	u[0] = 1
	for i, v := range x[1:] {
		u[i+1] = v * inverse
	}
	return (beta - x[0]) / beta, beta
}

// maxSymvTasks is the largest number of parts that symv cuts a matrix into.
const maxSymvTasks = 8

// symv computes y[from:] = a[from:, from:]·u[from:], reading every element of the upper triangle
// once: a group of rows gives its dot products with u and adds to the entries of y behind it. Tasks
// own groups of rows and add to sums of their own.
func (t *team) symv(y []float64, a matrix, u []float64, from int, sums matrix) {
	n := a.rows
	m := n - from
	tasks := min(max(1, m/192), maxSymvTasks)
	bound := func(i int) int { // rows that leave i of tasks equal areas behind
		rest := math.Sqrt(float64(tasks-i) / float64(tasks))
		return n - int(float64(m)*rest+0.5)
	}
	t.run(tasks, func(_, i int) {
		first, last := bound(i), bound(i+1)
		sum := sums.row(i)
		clear(sum[first:])
		k := first
		for ; k+4 <= last && k+4 <= n; k += 4 {
			for p := range 4 {
				row := a.row(k + p)
				for q := p; q < 4; q++ {
					sum[k+p] += row[k+q] * u[k+q]
					if q > p {
						sum[k+q] += row[k+q] * u[k+p]
					}
				}
			}
			if k+4 < n {
				var dots [4]float64
				t.path.DotAxpy64(a.rows4(k, k+4, n), u[k+4:], &dots, sum[k+4:], (*[4]float64)(u[k:]))
				for p, v := range dots {
					sum[k+p] += v
				}
			}
		}
		for ; k < last; k++ {
			row := a.row(k)
			s, x := row[k]*u[k], u[k]
			for j := k + 1; j < n; j++ {
				s += row[j] * u[j]
				sum[j] += row[j] * x
			}
			sum[k] += s
		}
	})
	copy(y[from:], sums.row(0)[from:])
	for i := 1; i < tasks; i++ {
		first := bound(i)
		for j, v := range sums.row(i)[first:] {
			y[first+j] += v
		}
	}
}
