package wasserstein

import (
	"fmt"
	"math"
	"slices"

	"gorgonia.org/tensor"
)

// Moments gathers count, mean and covariance of feature vectors from batches, without keeping the
// vectors. Batches may come in any number and size, and two Moments merge as if one had seen all
// data (Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample
// variances", 1982). Sums of features are kept in twice the working precision, so that neither
// large offsets nor long streams cost digits.
//
// A Moments belongs to one version of a feature extractor; merging or comparing across versions is
// ErrVersion. Memory: 8·dim² bytes. Not safe for concurrent use while it changes.
type Moments struct {
	version string
	dim     int
	count   int
	hi, lo  []float64 // sum of the vectors is hi + lo
	scatter matrix    // upper triangle of Σ (x−μ)(x−μ)ᵀ; nothing below it is maintained
}

// maxDim bounds the dimension of Moments: 8·dim² bytes must be addressable, and damaged files must
// not ask for more.
const maxDim = 1 << 15

// NewMoments makes empty moments of vectors of length dim (1 to 32768) seen through the named
// version of a feature extractor. Any string is a version; the empty one is equal to itself only.
func NewMoments(dim int, version string) (*Moments, error) {
	if dim < 1 || dim > maxDim {
		return nil, fmt.Errorf("%w: moments of dimension %d, expected 1 to %d", ErrDim, dim, maxDim)
	}
	return &Moments{
		version: version, dim: dim,
		hi: make([]float64, dim), lo: make([]float64, dim), scatter: newMatrix(dim, dim),
	}, nil
}

// Dim is the length of the vectors.
func (m *Moments) Dim() int { return m.dim }

// Count is the number of vectors added so far.
func (m *Moments) Count() int { return m.count }

// Version is the name given to NewMoments.
func (m *Moments) Version() string { return m.version }

// Add takes a batch of n vectors: a tensor of shape [n, dim], float32 or float64. When it is
// refused (ErrDim, ErrValue) the moments are unchanged.
func (m *Moments) Add(batch *tensor.Dense) error {
	src, err := denseRows(batch)
	if err != nil {
		return fmt.Errorf("add to moments: %w", err)
	}
	return m.add(src)
}

// AddFloat32 is Add for vectors one after the other in a slice.
func (m *Moments) AddFloat32(rows []float32) error { return m.add(flatRows(rows, m.dim)) }

// AddFloat64 is Add for vectors one after the other in a slice.
func (m *Moments) AddFloat64(rows []float64) error { return m.add(flatRows(rows, m.dim)) }

func (m *Moments) add(src rows) error {
	if err := src.checkFor(m.dim); err != nil {
		return fmt.Errorf("add to moments: %w", err)
	}
	// Blocks bound the memory for the centred copy. Their size is part of the result's last bits,
	// so it is a constant.
	const block = 1024
	t, err := checkedTeam()
	if err != nil {
		return fmt.Errorf("add to moments: %w", err)
	}
	for from := 0; from < src.n; from += block {
		n := min(block, src.n-from)
		hi, lo := src.sums(from, n)
		centred := newMatrix(n+1, m.dim)
		src.centre(centred, from, n, hi, lo)
		bridge := centred.row(n)
		weight := math.Sqrt(m.join(n, hi, lo, bridge))
		for j := range bridge {
			bridge[j] *= weight
		}
		t.accumulate(m.scatter, centred)
	}
	return nil
}

// join adds n vectors with the given sum to count and sum. It writes to bridge the distance between
// the two means; the scatter gains the bridge's outer product times the weight returned.
func (m *Moments) join(n int, hi, lo, bridge []float64) (weight float64) {
	if m.count > 0 {
		weight = bridgeWeight(m.count, n)
		meanDifference(bridge, hi, lo, n, m.hi, m.lo, m.count)
	}
	for j := range hi {
		m.hi[j], m.lo[j] = ddAdd(m.hi[j], m.lo[j], hi[j], lo[j])
	}
	m.count += n
	return weight
}

// bridgeWeight is what the outer product of the distance between the means of a and b vectors
// counts in the scatter of both together.
func bridgeWeight(a, b int) float64 {
	return float64(a) * float64(b) / (float64(a) + float64(b))
}

// meanDifference writes to dst the mean of n vectors with sum ah+al minus that of k with sum bh+bl.
func meanDifference(dst, ah, al []float64, n int, bh, bl []float64, k int) {
	for j := range dst {
		xh, xl := ddDiv(ah[j], al[j], float64(n))
		yh, yl := ddDiv(bh[j], bl[j], float64(k))
		dst[j] = ddDiff(xh, xl, yh, yl)
	}
}

// Merge adds what other has seen. other is not changed. A refused merge (ErrVersion, ErrDim)
// changes nothing.
func (m *Moments) Merge(other *Moments) error {
	if other == nil {
		return fmt.Errorf("merge moments: %w: nil", ErrDim)
	}
	if err := checkVersions(m.version, other.version); err != nil {
		return fmt.Errorf("merge moments: %w", err)
	}
	if m.dim != other.dim {
		return fmt.Errorf("merge moments: %w: %d and %d dimensions", ErrDim, m.dim, other.dim)
	}
	if other.count == 0 {
		return nil
	}
	if m.count > math.MaxInt-other.count {
		return fmt.Errorf("merge moments: %w: %d + %d vectors", ErrValue, m.count, other.count)
	}
	bridge := newMatrix(1, m.dim)
	scatter := other.scatter.data
	if m == other {
		scatter = slices.Clone(scatter)
	}
	weight := m.join(other.count, slices.Clone(other.hi), slices.Clone(other.lo), bridge.data)
	for i := range m.dim {
		dst, src, c := m.scatter.row(i), scatter[i*m.dim:], weight*bridge.data[i]
		for j := i; j < m.dim; j++ {
			dst[j] += src[j] + c*bridge.data[j]
		}
	}
	return nil
}

// Clone returns an independent copy.
func (m *Moments) Clone() *Moments {
	c := *m
	c.hi, c.lo = slices.Clone(m.hi), slices.Clone(m.lo)
	c.scatter.data = slices.Clone(m.scatter.data)
	return &c
}

// Mean is the average of the vectors, nil when there are none.
func (m *Moments) Mean() []float64 {
	if m.count == 0 {
		return nil
	}
	mean := make([]float64, m.dim)
	for j := range mean {
		mean[j], _ = ddDiv(m.hi[j], m.lo[j], float64(m.count))
	}
	return mean
}

// Covariance is the covariance of the vectors, divided by n, row by row: dim² numbers; nil when
// there are no vectors.
func (m *Moments) Covariance() []float64 {
	if m.count == 0 {
		return nil
	}
	q, n := m.dim, float64(m.count)
	cov := make([]float64, q*q)
	for i := range q {
		row := m.scatter.row(i)
		for j := i; j < q; j++ {
			v := row[j] / n
			cov[i*q+j], cov[j*q+i] = v, v
		}
	}
	return cov
}

// Gaussian is the normal distribution with these moments: the fit of maximum likelihood. ErrEmpty
// without vectors.
func (m *Moments) Gaussian() (Gaussian, error) {
	if m.count == 0 {
		return Gaussian{}, fmt.Errorf("gaussian of moments: %w", ErrEmpty)
	}
	return Gaussian{Mean: m.Mean(), Cov: m.Covariance(), Version: m.version}, nil
}

// Squared is the squared 2-Wasserstein distance between the Gaussians fitted to two sets of
// vectors. See eq. (1) of the paper. The error wraps ErrVersion, ErrDim or ErrEmpty when the two
// cannot be compared.
func Squared(a, b *Moments) (float64, error) {
	if a == nil || b == nil || a.count == 0 || b.count == 0 {
		return 0, fmt.Errorf("distance of moments: %w", ErrEmpty)
	}
	if err := checkVersions(a.version, b.version); err != nil {
		return 0, fmt.Errorf("distance of moments: %w", err)
	}
	if a.dim != b.dim {
		return 0, fmt.Errorf("distance of moments: %w: %d and %d dimensions", ErrDim, a.dim, b.dim)
	}
	delta := make([]float64, a.dim)
	meanDifference(delta, a.hi, a.lo, a.count, b.hi, b.lo, b.count)
	c, d := covariance{cov: a.Covariance(), q: a.dim}, covariance{cov: b.Covariance(), q: a.dim}
	if slices.Compare(c.cov, d.cov) > 0 {
		c, d = d, c
	}
	return squared(delta, c, d)
}
