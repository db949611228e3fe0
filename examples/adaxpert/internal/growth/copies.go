package growth

import (
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// copies shows every image of a data set shifted by up to pad pixels, mirrored or not, always in
// the same way: new images without new content, the "small difference" of the paper's Table 3.
type copies struct {
	dataset.Dataset
	pad  int
	seed run.Seed
}

// Image implements dataset.Dataset.
func (c *copies) Image(i int, dst []uint8) error {
	n := c.Size()
	src := make([]uint8, n*n*3)
	if err := c.Dataset.Image(i, src); err != nil {
		return err
	}
	if len(dst) != len(src) {
		return c.Dataset.Image(i, dst) // says what is wrong with dst
	}
	r := c.seed.Stream("adaxpert.copies", i)
	dx, dy, mirror := r.IntN(2*c.pad+1)-c.pad, r.IntN(2*c.pad+1)-c.pad, r.IntN(2) == 1
	for y := range n {
		for x := range n {
			sx, sy := x+dx, y+dy
			if mirror {
				sx = n - 1 - sx
			}
			to := dst[3*(y*n+x) : 3*(y*n+x)+3]
			if sx < 0 || sy < 0 || sx >= n || sy >= n {
				clear(to)
				continue
			}
			copy(to, src[3*(sy*n+sx):])
		}
	}
	return nil
}

// WithCopies adds one last snapshot to a scenario: as many images as the snapshot before it, all of
// them shifted and mirrored copies of images already there.
func (s *Scenario) WithCopies(pad int, seed run.Seed) (*Scenario, error) {
	last := len(s.steps)
	var index []int
	for i, t := range s.arrives {
		if t > 0 {
			index = append(index, i)
		}
	}
	seen, err := dataset.Subset(s.pool, index)
	if err != nil {
		return nil, err
	}
	pool, err := dataset.Concat(s.pool, &copies{seen, pad, seed})
	if err != nil {
		return nil, err
	}
	n := *s
	n.pool = pool
	n.steps = append(append([]Step(nil), s.steps...), s.steps[last-1])
	n.arrives, n.judges = append([]int(nil), s.arrives...), append([]bool(nil), s.judges...)
	for _, i := range index {
		n.arrives = append(n.arrives, last+1)
		// A copy of a validation image may not train the supernet either.
		n.judges = append(n.judges, s.judges[i])
	}
	return &n, nil
}
