package supernet

import (
	"context"
	"fmt"
	"sync"

	"github.com/tendril-nas/tendril/internal/nn"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// Bound is a supernet with data to judge sub-networks on. It remembers what it measured while the weights stay as they are.
// It is safe for concurrent use.
type Bound struct {
	net         *Net
	data        *images
	calibration *images // nil: no recalibration
	o           EvalOptions

	mu      sync.Mutex
	version uint64
	memo    map[searchspace.Arch]searchspace.Measurement
}

// On binds data, so that sub-networks can be judged on them. The default gathers batch-norm statistics for every sub-network before
// it is judged, and needs o.Calibration for it.
func (n *Net) On(val dataset.Dataset, o *EvalOptions) (*Bound, error) {
	b, err := n.on(val, o)
	if err != nil {
		return nil, fmt.Errorf("supernet: %w", err)
	}
	return b, nil
}

func (n *Net) on(val dataset.Dataset, o *EvalOptions) (*Bound, error) {
	if o == nil {
		o = &EvalOptions{}
	}
	if err := checkData(val, n.Space().InputSize()); err != nil {
		return nil, err
	}
	calibration, err := n.calibration(o)
	if err != nil {
		return nil, err
	}
	return &Bound{net: n, data: newImages(val, o.BatchSize, n.norm, o.CacheBytes), calibration: calibration, o: *o,
		memo: make(map[searchspace.Arch]searchspace.Measurement)}, nil
}

// Evaluate judges a sub-network with the inherited weights, which stay as they are. Labels that the network has no class for
// count as wrong and have no part in the loss; the loss of one image is bounded by 1e6 nats, which logits that overflow get
// too. When the context ends it returns what the images before say.
func (b *Bound) Evaluate(ctx context.Context, a searchspace.Arch) (searchspace.Measurement, error) {
	if m, ok := b.recall(a); ok {
		return m, ctx.Err()
	}
	if err := b.net.acquire(ctx); err != nil {
		return searchspace.Measurement{Arch: a}, fmt.Errorf("supernet: evaluate: %w", err)
	}
	defer b.net.release()
	if m, ok := b.recall(a); ok {
		return m, nil
	}
	m, err := b.evaluate(ctx, a)
	if err != nil {
		return m, fmt.Errorf("supernet: evaluate: %w", err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.version != m.WeightVersion {
		clear(b.memo)
		b.version = m.WeightVersion
	}
	b.memo[a] = m
	return m, nil
}

// Extract returns a sub-network as a standalone model, with statistics gathered as Evaluate gathers them: the model's own evaluation
// of the same data agrees with Evaluate.
func (b *Bound) Extract(ctx context.Context, a searchspace.Arch) (*Model, error) {
	m, err := b.net.extract(ctx, a, &b.o)
	if err != nil {
		return nil, fmt.Errorf("supernet: extract: %w", err)
	}
	return m, nil
}

// recall returns the measurement of the present weights, if there is one.
func (b *Bound) recall(a searchspace.Arch) (searchspace.Measurement, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	m, ok := b.memo[a]
	m.Stage = b.net.Stage()
	return m, ok && b.version == b.net.WeightVersion()
}

// evaluate judges a sub-network. The caller has the turn.
func (b *Bound) evaluate(ctx context.Context, a searchspace.Arch) (searchspace.Measurement, error) {
	p, err := b.net.program(a)
	if err != nil {
		return searchspace.Measurement{Arch: a}, err
	}
	var stats []*nn.Stats
	step := evaluating
	switch {
	case b.calibration != nil:
		stats = b.net.ownStats(p)
		if err := b.net.gather(ctx, p, b.calibration, stats); err != nil {
			return searchspace.Measurement{Arch: a}, err
		}
	case b.o.BatchStatistics:
		stats, step = b.net.ownStats(p), nn.Recalibrating()
	}
	m, err := b.net.judge(ctx, p, b.data, stats, step)
	m.Recalibrated = b.calibration != nil
	return m, err
}
