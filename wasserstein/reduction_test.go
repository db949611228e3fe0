package wasserstein

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tendril-nas/tendril/internal/kernel"
	"gonum.org/v1/gonum/mat"
)

// onEveryPath runs a test on each family of kernels.
func onEveryPath(t *testing.T, f func(t *testing.T, w *team)) {
	for _, p := range kernel.Available() {
		t.Run(p.String(), func(t *testing.T) {
			w := newTeam()
			w.path = p
			f(t, w)
		})
	}
}

func randomMatrix(r *rand.Rand, rows, cols int) matrix {
	m := newMatrix(rows, cols)
	for i := range m.data {
		m.data[i] = r.NormFloat64()
	}
	return m
}

func (m matrix) clone() matrix { return matrix{rows: m.rows, cols: m.cols, data: slices.Clone(m.data)} }

func (m matrix) dense() *mat.Dense { return mat.NewDense(m.rows, m.cols, slices.Clone(m.data)) }

func singularValues(t *testing.T, m mat.Matrix) []float64 {
	t.Helper()
	var svd mat.SVD
	if !svd.Factorize(m, mat.SVDNone) {
		t.Fatal("no singular values")
	}
	return svd.Values(nil)
}

func sum(x []float64) (s float64) {
	for _, v := range x {
		s += v
	}
	return s
}

// bidiagonal and tridiagonal put condensed forms back into matrices.
func bidiagonal(d, e []float64) *mat.Dense {
	b := mat.NewDense(len(d), len(d), nil)
	for i, v := range d {
		b.Set(i, i, v)
		if i < len(e) {
			b.Set(i, i+1, e[i])
		}
	}
	return b
}

var reductionSizes = []int{1, 2, 3, 4, 5, 8, 31, 32, 33, 34, 65, 100}

func TestTridiagonaliseKeepsEigenvalues(t *testing.T) {
	onEveryPath(t, func(t *testing.T, w *team) {
		r := rand.New(rand.NewPCG(8, 1))
		for _, n := range reductionSizes {
			a := randomMatrix(r, n, n)
			if n == 33 {
				clear(a.data[5*n:]) // reflections of nothing
			}
			sym := mat.NewSymDense(n, nil)
			for i := range n {
				for j := i; j < n; j++ {
					sym.SetSym(i, j, a.row(i)[j])
				}
			}
			d, e := w.tridiagonalise(a)
			tri := mat.NewSymDense(n, nil)
			for i, v := range d {
				tri.SetSym(i, i, v)
				if i < len(e) {
					tri.SetSym(i, i+1, e[i])
				}
			}
			var before, after mat.EigenSym
			before.Factorize(sym, false)
			after.Factorize(tri, false)
			want := before.Values(nil)
			for i, v := range after.Values(nil) {
				if math.Abs(v-want[i]) > 1e-14*float64(n+10) {
					t.Fatalf("size %d: eigenvalue %d is %g, expected %g", n, i, v, want[i])
				}
			}
		}
	})
}

func TestBidiagonaliseKeepsSingularValues(t *testing.T) {
	onEveryPath(t, func(t *testing.T, w *team) {
		r := rand.New(rand.NewPCG(8, 2))
		for _, n := range reductionSizes {
			for _, extra := range []int{0, 1, 37} {
				a := randomMatrix(r, n+extra, n)
				if n == 33 {
					clear(a.data[5*n:])
				}
				want := singularValues(t, a.dense())
				first := mat.Norm(a.dense().ColView(0), 2)
				d, e := w.bidiagonalise(a.clone())
				for i, v := range singularValues(t, bidiagonal(d, e)) {
					if math.Abs(v-want[i]) > 1e-14*float64(n+10) {
						t.Fatalf("%d×%d: singular value %d is %g, expected %g", n+extra, n, i, v, want[i])
					}
				}
				if math.Abs(math.Abs(d[0])-first) > 1e-13 {
					t.Fatalf("%d×%d: first entry %g, first column has norm %g", n+extra, n, d[0], first)
				}
			}
		}
	})
}

func TestNuclearNorm(t *testing.T) {
	onEveryPath(t, func(t *testing.T, w *team) {
		r := rand.New(rand.NewPCG(8, 3))
		for _, size := range [][2]int{{1, 1}, {3, 7}, {smallNorm, smallNorm + 1}, {smallNorm + 1, 60}, {70, 60}, {130, 130}} {
			m := randomMatrix(r, size[0], size[1])
			want := sum(singularValues(t, m.dense()))
			got, err := w.nuclearNorm(m.clone(), want)
			if err != nil {
				t.Fatal(err)
			}
			closeTo(t, "random", got, want, 2e-14, want)
			// Half of the rows repeat: half of the singular values are zero, and the short way must
			// not be taken.
			for i := range size[0] / 2 {
				copy(m.row(2*i+1), m.row(2*i))
			}
			want = sum(singularValues(t, m.dense()))
			got, err = w.nuclearNorm(m.clone(), want)
			if err != nil {
				t.Fatal(err)
			}
			closeTo(t, "half rank", got, want, 2e-14, want)
		}
		if got, err := w.nuclearNorm(newMatrix(3, 2), 0); got != 0 || err != nil {
			t.Errorf("norm of zero: %g, %v", got, err)
		}
	})
}

// A matrix whose small singular values drown in the rounding errors of its Gram matrix.
func TestRootSumRefuses(t *testing.T) {
	w := newTeam()
	a := newMatrix(60, 60)
	for i := range 60 {
		a.row(i)[i] = math.Pow(10, -float64(i)/4)
	}
	if s, ok := w.rootSum(a.clone(), 2e-13); ok {
		t.Errorf("sum %g was accepted", s)
	}
	for i := range 60 {
		a.row(i)[i] = 1 + float64(i)
	}
	if _, ok := w.rootSum(a, 2e-13*60); !ok {
		t.Error("a well conditioned matrix was refused")
	}
}

func TestFactorise(t *testing.T) {
	onEveryPath(t, func(t *testing.T, w *team) {
		r := rand.New(rand.NewPCG(8, 4))
		for _, q := range reductionSizes {
			for _, rank := range []int{0, 1, q / 2, q, 2*q + 3} {
				g := randomGaussian(r, q, rank, 1)
				units := make([]float64, q)
				for i := range units {
					units[i] = math.Pow(10, float64(r.IntN(9)-4))
				}
				for i := range q {
					for j := range q {
						g.Cov[i*q+j] *= units[i] * units[j]
					}
				}
				f, err := w.factorise(g.Cov, q, distanceTol(q))
				if err != nil {
					t.Fatal(err)
				}
				if f.rows.rows != min(rank, q) {
					t.Fatalf("dimension %d: rank %d, expected %d", q, f.rows.rows, min(rank, q))
				}
				for i := range q {
					for j := range q {
						var s float64
						for k := range f.rows.rows {
							s += f.rows.row(k)[i] * f.rows.row(k)[j]
						}
						dev := math.Sqrt(g.Cov[i*q+i] * g.Cov[j*q+j])
						if math.Abs(s-g.Cov[i*q+j]) > 1e-14*float64(q+10)*dev {
							t.Fatalf("dimension %d, rank %d: entry %d, %d is %g, expected %g", q, rank, i, j, s, g.Cov[i*q+j])
						}
					}
				}
				for k := range f.rows.rows {
					for _, dim := range f.pivot[:k] {
						if f.rows.row(k)[dim] != 0 {
							t.Fatalf("dimension %d, rank %d: row %d is not zero at pivot %d", q, rank, k, dim)
						}
					}
				}
			}
		}
	})
}

// Sizes at which every step is cut into several tasks: same bits for any number of workers.
func TestWorkersDoNotMatter(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 5))
	a := randomMatrix(r, 420, 420)
	var want []float64
	for _, workers := range []int{1, 2, 8} {
		w := &team{path: kernel.Default(), ws: make([]kernel.Workspace64, workers)}
		d, e := w.tridiagonalise(a.clone())
		f, g := w.bidiagonalise(a.clone())
		c := newMatrix(420, 420)
		w.accumulate(c, a)
		p, err := w.factorise(c.data, 420, distanceTol(420))
		if err != nil {
			t.Fatal(err)
		}
		got := slices.Concat(d, e, f, g, p.rows.data)
		if want == nil {
			want = got
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%d workers: other bits than with one", workers)
		}
	}
}
