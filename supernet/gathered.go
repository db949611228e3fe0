package supernet

import (
	"context"

	"github.com/tendril-nas/tendril/internal/nn"
	"github.com/tendril-nas/tendril/internal/tensor"
	"github.com/tendril-nas/tendril/searchspace"
)

// keptStatistics bounds the sub-networks whose statistics are remembered.
const keptStatistics = 64

// gathered remembers the batch-norm statistics that were gathered for the last sub-networks under
// the present weights. They are kept on the host, mean and variance of one normalisation after the
// other. The holder of the turn uses it.
type gathered struct {
	version uint64
	kept    map[searchspace.Arch][]float32
	order   []searchspace.Arch // the one used last at the end
}

// of returns statistics of a program, gathered on images unless they are remembered. They are valid
// until the next call.
func (g *gathered) of(ctx context.Context, n *network, p *program, im *images) ([]*nn.Stats, error) {
	stats := n.ownStats(p)
	if v := n.version.Load(); g.kept == nil || v != g.version {
		g.version, g.kept, g.order = v, make(map[searchspace.Arch][]float32), nil
	}
	values, ok := g.kept[p.arch]
	if ok {
		g.use(p.arch)
		return stats, n.writeStats(p, stats, values)
	}
	if err := n.gather(ctx, p, im, stats); err != nil {
		return nil, err
	}
	values, err := n.readStats(p, stats)
	if err != nil {
		return nil, err
	}
	if len(g.order) == keptStatistics {
		delete(g.kept, g.order[0])
		g.order = g.order[1:]
	}
	g.kept[p.arch] = values
	g.order = append(g.order, p.arch)
	return stats, nil
}

// use moves a sub-network to the end of the order.
func (g *gathered) use(a searchspace.Arch) {
	for i, b := range g.order {
		if a == b {
			g.order = append(append(g.order[:i], g.order[i+1:]...), a)
			return
		}
	}
}

// readStats downloads the statistics of a program.
func (n *network) readStats(p *program, stats []*nn.Stats) (values []float32, err error) {
	defer tensor.Recover(&err)
	st := n.runner.tape.Stream()
	for i, norm := range p.norms {
		for _, v := range []tensor.Vec{stats[i].Mean, stats[i].Var} {
			part := make([]float32, norm.Out.C)
			st.Read(v.Buf, v.Off, part)
			values = append(values, part...)
		}
	}
	return values, nil
}

// writeStats uploads what readStats downloaded.
func (n *network) writeStats(p *program, stats []*nn.Stats, values []float32) (err error) {
	defer tensor.Recover(&err)
	st := n.runner.tape.Stream()
	for i, norm := range p.norms {
		for _, v := range []tensor.Vec{stats[i].Mean, stats[i].Var} {
			st.Write(v.Buf, v.Off, values[:norm.Out.C])
			values = values[norm.Out.C:]
		}
	}
	return st.Sync()
}
