package wasserstein

// lostScatter is the share of a feature's scatter below which what a subtraction leaves is taken
// for zero. Scatters are known to some 2⁻⁴⁶ of themselves; above the threshold a rest is therefore
// a covariance up to less than covSlack, and below it no more than √lostScatter of the feature's
// deviation is given up.
const lostScatter = 0x1p-23

// without is the moments of those vectors that m has seen and part has not, where m has seen all of
// part's. Features that hardly vary over the rest lose digits, see lostScatter.
func (m *Moments) without(part *Moments) *Moments {
	rest := m.Clone()
	if part.count == 0 {
		return rest
	}
	rest.count -= part.count
	if rest.count == 0 {
		return &Moments{version: m.version, dim: m.dim, hi: make([]float64, m.dim),
			lo: make([]float64, m.dim), scatter: newMatrix(m.dim, m.dim)}
	}
	for j := range rest.hi {
		rest.hi[j], rest.lo[j] = ddAdd(m.hi[j], m.lo[j], -part.hi[j], -part.lo[j])
	}
	bridge := make([]float64, m.dim)
	meanDifference(bridge, rest.hi, rest.lo, rest.count, part.hi, part.lo, part.count)
	weight := bridgeWeight(rest.count, part.count)
	var lost []int
	for i, b := range bridge {
		row, taken, c := rest.scatter.row(i), part.scatter.row(i), weight*b
		all := row[i]
		for j := i; j < m.dim; j++ {
			row[j] -= taken[j] + c*bridge[j]
		}
		if row[i] <= lostScatter*all {
			lost = append(lost, i)
		}
	}
	for _, i := range lost {
		for j := range i {
			rest.scatter.row(j)[i] = 0
		}
		clear(rest.scatter.row(i)[i:])
	}
	return rest
}
