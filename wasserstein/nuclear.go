package wasserstein

import (
	"errors"
	"math"

	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/lapack"
	"gonum.org/v1/gonum/lapack/lapack64"
)

// nuclearNorm is the sum of the singular values of m, which it overwrites.
func nuclearNorm(m matrix) (float64, error) {
	k := min(m.rows, m.cols)
	var largest float64
	for _, v := range m.data {
		largest = max(largest, math.Abs(v))
	}
	if k == 0 || largest == 0 {
		return 0, nil
	}
	_, e := math.Frexp(largest)
	scale := math.Ldexp(1, e)
	for i := range m.data {
		m.data[i] /= scale
	}
	values := make([]float64, k)
	var size [1]float64
	none := blas64.General{Stride: 1}
	lapack64.Gesvd(lapack.SVDNone, lapack.SVDNone, m.general(), none, none, values, size[:], -1)
	work := make([]float64, int(size[0]))
	if !lapack64.Gesvd(lapack.SVDNone, lapack.SVDNone, m.general(), none, none, values, work, len(work)) {
		return 0, errors.New("singular values did not converge")
	}
	var sum float64
	for i := k - 1; i >= 0; i-- { // smallest first
		sum += values[i]
	}
	return sum * scale, nil
}
