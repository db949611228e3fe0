package wasserstein

// gatherRows is the number of vectors that a gather hands over at a time.
const gatherRows = 256

// gather hands vectors to moments in blocks of one size, whatever batches they come in: the bits of
// the moments depend on the vectors and their order only.
type gather struct {
	moments *Moments
	rows    []float64 // taken and not yet handed over
}

func newGather(dim int, version string) (*gather, error) {
	m, err := NewMoments(dim, version)
	return &gather{moments: m}, err
}

// count is the number of vectors taken.
func (g *gather) count() int { return g.moments.count + len(g.rows)/g.moments.dim }

// take adds one vector, which rows.check has accepted.
func (g *gather) take(x []float64) error {
	g.rows = append(g.rows, x...)
	if len(g.rows) < gatherRows*g.moments.dim {
		return nil
	}
	return g.flush()
}

// flush hands over what was taken.
func (g *gather) flush() error {
	err := g.moments.AddFloat64(g.rows)
	g.rows = g.rows[:0]
	return err
}

// flush hands over what is left at the end of a pass.
func flush(gathers []*gather) error {
	for _, g := range gathers {
		if err := g.flush(); err != nil {
			return err
		}
	}
	return nil
}
