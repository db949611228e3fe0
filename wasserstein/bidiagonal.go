package wasserstein

// bidiagonalise overwrites a, at least as high as wide, and returns diagonal and superdiagonal of
// UᵀaV. The first column takes part in no reflection from the right. Like tridiagonalise, it
// applies reflections a panel at a time.
func (t *team) bidiagonalise(a matrix) (d, e []float64) {
	m, n := a.rows, a.cols
	d, e = make([]float64, n), make([]float64, max(0, n-1))
	// The rest of the matrix is a − vᵀy − xᵀu: reflections v from the left, u from the right.
	v, x := newMatrix(panel, m), newMatrix(panel, m)
	y, u := newMatrix(panel, n), newMatrix(panel, n)
	c1, c2 := make([]float64, panel), make([]float64, panel)
	column, product := make([]float64, m), make([]float64, max(m, n))
	for k0 := 0; k0 < n; k0 += panel {
		for _, z := range []matrix{v, x, y, u} {
			clear(z.data)
		}
		end := min(k0+panel, n)
		for k := k0; k < end; k++ {
			c := k - k0
			padded := (c + 3) &^ 3
			for i := k; i < m; i++ {
				column[i] = a.data[i*n+k]
			}
			for p := range padded {
				c1[p], c2[p] = -y.row(p)[k], -u.row(p)[k]
			}
			t.combine(column, v, padded, c1, k)
			t.combine(column, x, padded, c2, k)
			left := v.row(c)
			var tau float64
			if tau, d[k] = reflect(left[k:], column[k:]); tau == 0 {
				clear(left)
			}
			if k == n-1 {
				break
			}
			padded = (c + 4) &^ 3
			if tau != 0 {
				t.columns(product, a, left, k, k+1)
				t.dots(c1, v, padded, left, k)
				t.dots(c2, x, padded, left, k)
				c1[c] = 0 // v[c] is the reflection itself
				for p := range padded {
					c1[p], c2[p] = -c1[p], -c2[p]
				}
				t.combine(product[:n], y, padded, c1, k+1)
				t.combine(product[:n], u, padded, c2, k+1)
				for j := k + 1; j < n; j++ {
					y.row(c)[j] = tau * product[j]
				}
			}
			row := a.row(k)
			for p := range padded {
				c1[p], c2[p] = -v.row(p)[k], -x.row(p)[k]
			}
			t.combine(row, y, padded, c1, k+1)
			t.combine(row, u, padded, c2, k+1)
			right := u.row(c)
			if tau, e[k] = reflect(right[k+1:], row[k+1:]); tau == 0 {
				clear(right)
				continue
			}
			t.rowsTimes(product, a, right, k+1)
			t.dots(c1, y, padded, right, k+1)
			t.dots(c2, u, padded, right, k+1)
			c2[c] = 0
			for p := range padded {
				c1[p], c2[p] = -c1[p], -c2[p]
			}
			t.combine(product[:m], v, padded, c1, k+1)
			t.combine(product[:m], x, padded, c2, k+1)
			for i := k + 1; i < m; i++ {
				x.row(c)[i] = tau * product[i]
			}
		}
		if end < n {
			rest, c := a.whole().View(end, end, m-end, n-end), end-k0
			t.product(rest, -1, v.whole().View(0, end, c, m-end), y.whole().View(0, end, c, n-end), true,
				false, shape{})
			t.product(rest, -1, x.whole().View(0, end, c, m-end), u.whole().View(0, end, c, n-end), true,
				false, shape{})
		}
	}
	return d, e
}

// columns computes out[j] = Σ a[i][j]·x[i] over rows from top on, for columns from left on. Tasks
// own columns.
func (t *team) columns(out []float64, a matrix, x []float64, top, left int) {
	const width = 256
	m, n := a.rows, a.cols
	t.run((n-left+width-1)/width, func(_, task int) {
		from := left + task*width
		to := min(from+width, n)
		sum := out[from:to]
		clear(sum)
		i := top
		for ; i+4 <= m; i += 4 {
			t.path.Axpy64(a.rows4(i, from, to), sum, (*[4]float64)(x[i:]))
		}
		for ; i < m; i++ {
			for j, v := range a.row(i)[from:to] {
				sum[j] += x[i] * v
			}
		}
	})
}

// rowsTimes computes out[i] = Σ a[i][j]·x[j] over rows and columns from k on. Tasks own rows.
func (t *team) rowsTimes(out []float64, a matrix, x []float64, k int) {
	const height = 128
	m, n := a.rows, a.cols
	t.run((m-k+height-1)/height, func(_, task int) {
		i := k + task*height
		end := min(i+height, m)
		for ; i+4 <= end; i += 4 {
			var dots [4]float64
			t.path.Dot64(a.rows4(i, k, n), x[k:], &dots)
			copy(out[i:], dots[:])
		}
		for ; i < end; i++ {
			var s float64
			for j, v := range a.row(i)[k:n] {
				s += v * x[k+j]
			}
			out[i] = s
		}
	})
}
