package supernet

import (
	"context"

	"github.com/tendril-nas/tendril/internal/nn"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// pooled is statistics of the normalisations of a program over several batches: for every channel
// the mean, and the sum of squares of what differs from it, over all values seen. They are joined
// as Chan, Golub and LeVeque do ("Algorithms for Computing the Sample Variance", 1983).
type pooled struct {
	images        int
	mean, squares []float64 // per channel, one normalisation after the other
}

// add joins the statistics of a batch, as readStats gives them.
func (s *pooled) add(p *program, images int, values []float32) {
	c := 0
	for _, norm := range p.norms {
		per := float64(norm.Out.H * norm.Out.W)
		before, own := per*float64(s.images), per*float64(images)
		all := before + own
		means, variances := values[:norm.Out.C], values[norm.Out.C:2*norm.Out.C]
		for i, mean := range means {
			d := float64(mean) - s.mean[c]
			s.mean[c] += d * own / all
			s.squares[c] += float64(variances[i])*(own-1) + d*d*before*own/all
			c++
		}
		values = values[2*norm.Out.C:]
	}
	s.images += images
}

// values are mean and unbiased variance of every channel, as writeStats takes them.
func (s *pooled) values(p *program) []float32 {
	out := make([]float32, 0, 2*len(s.mean))
	c := 0
	for _, norm := range p.norms {
		rest := max(float64(s.images*norm.Out.H*norm.Out.W)-1, 1)
		for i := range norm.Out.C {
			out = append(out, float32(s.mean[c+i]))
		}
		for i := range norm.Out.C {
			out = append(out, float32(s.squares[c+i]/rest))
		}
		c += norm.Out.C
	}
	return out
}

// gather makes stats those of all values that the normalisations of a program see while images run
// through it in batches. Nothing but stats changes.
func (n *network) gather(ctx context.Context, p *program, im *images, stats []*nn.Stats) error {
	channels := 0
	for _, norm := range p.norms {
		channels += norm.Out.C
	}
	all := pooled{mean: make([]float64, channels), squares: make([]float64, channels)}
	err := im.each(ctx, func(b *dataset.Batch) error {
		if err := p.enough(b.N, func(*searchspace.Node) bool { return true }); err != nil {
			return err
		}
		if err := n.runner.forward(p, b, nn.Recalibrating(), pass{stats: stats, limit: p.gauge}); err != nil {
			return err
		}
		values, err := n.readStats(p, stats)
		if err != nil {
			return err
		}
		all.add(p, b.N, values)
		return nil
	})
	if err != nil {
		return err
	}
	return n.writeStats(p, stats, all.values(p))
}
