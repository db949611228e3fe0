package supernet

import (
	"context"

	"github.com/tendril-nas/tendril/searchspace"
)

// shift moves the running statistics of a morphed model, which are those of the old one where
// channels correspond, by what the morph has changed about the statistics of images: means by the
// difference, variances by the ratio. Channels that correspond to none get those of the images.
func (m *Model) shift(ctx context.Context, c *channels, old *Model, im *images) error {
	was, err := old.measured(ctx, im)
	if err != nil {
		return err
	}
	own, err := m.copies()
	if err != nil {
		return err
	}
	is, err := m.measured(ctx, im)
	if err != nil {
		return err
	}
	for _, n := range m.prog.norms {
		way := &c.matches[n.ID]
		mean, variance := m.store.place(n, kindMean).key, m.store.place(n, kindVar).key
		var before *searchspace.Node
		if way.old >= 0 {
			before = &c.old.Nodes[way.old]
		}
		for to := range n.Out.C {
			from := -1
			if before != nil && to < len(way.source) {
				from = way.source[to]
			}
			if from < 0 {
				own[mean].data[to], own[variance].data[to] = is[mean].data[to], is[variance].data[to]
				continue
			}
			eps := float32(n.Eps)
			own[mean].data[to] += is[mean].data[to] -
				was[old.store.place(before, kindMean).key].data[from]
			own[variance].data[to] *= (is[variance].data[to] + eps) /
				(was[old.store.place(before, kindVar).key].data[from] + eps)
		}
	}
	return m.put(own)
}

// measured are the tensors of a model, with the statistics of images, which it has afterwards.
func (m *Model) measured(ctx context.Context, im *images) (arrays, error) {
	if err := m.recalibrate(ctx, im); err != nil {
		return nil, err
	}
	return m.copies()
}
