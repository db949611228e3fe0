package supernet

import (
	"context"
	"fmt"
	"sync"

	"github.com/tendril-nas/tendril/internal/nn"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// Judge is a supernet with data to judge sub-networks on. It remembers what it measured while the weights stay as they are.
// It is safe for concurrent use.
type Judge struct {
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
func (n *Net) On(val dataset.Dataset, o *EvalOptions) (*Judge, error) {
	j, err := n.on(val, o)
	if err != nil {
		return nil, fmt.Errorf("supernet: %w", err)
	}
	return j, nil
}

func (n *Net) on(val dataset.Dataset, o *EvalOptions) (*Judge, error) {
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
	return &Judge{net: n, data: newImages(val, o.BatchSize, n.norm, o.CacheBytes), calibration: calibration, o: *o,
		memo: make(map[searchspace.Arch]searchspace.Measurement)}, nil
}

// Evaluate judges a sub-network with the inherited weights, which stay as they are. Labels that the network has no class for
// count as wrong and have no part in the loss; the loss of one image is bounded by 1e6 nats, which logits that overflow get
// too. When the context ends it returns what the images before say.
func (j *Judge) Evaluate(ctx context.Context, a searchspace.Arch) (searchspace.Measurement, error) {
	if m, ok := j.recall(a); ok {
		return m, ctx.Err()
	}
	if err := j.net.acquire(ctx); err != nil {
		return searchspace.Measurement{Arch: a}, fmt.Errorf("supernet: evaluate: %w", err)
	}
	defer j.net.release()
	if m, ok := j.recall(a); ok {
		return m, nil
	}
	m, err := j.evaluate(ctx, a)
	if err != nil {
		return m, fmt.Errorf("supernet: evaluate: %w", err)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.version != m.WeightVersion {
		clear(j.memo)
		j.version = m.WeightVersion
	}
	j.memo[a] = m
	return m, nil
}

// Extract returns a sub-network as a standalone model, with statistics gathered as Evaluate gathers them: the model's own evaluation
// of the same data agrees with Evaluate.
func (j *Judge) Extract(ctx context.Context, a searchspace.Arch) (*Model, error) {
	m, err := j.net.extract(ctx, a, &j.o)
	if err != nil {
		return nil, fmt.Errorf("supernet: extract: %w", err)
	}
	return m, nil
}

// recall returns the measurement of the present weights, if there is one.
func (j *Judge) recall(a searchspace.Arch) (searchspace.Measurement, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	m, ok := j.memo[a]
	m.Stage = j.net.Stage()
	return m, ok && j.version == j.net.WeightVersion()
}

// evaluate judges a sub-network. The caller has the turn.
func (j *Judge) evaluate(ctx context.Context, a searchspace.Arch) (searchspace.Measurement, error) {
	p, err := j.net.program(a)
	if err != nil {
		return searchspace.Measurement{Arch: a}, err
	}
	var stats []*nn.Stats
	step := evaluating
	switch {
	case j.calibration != nil:
		stats = j.net.ownStats(p)
		if err := j.net.gather(ctx, p, j.calibration, stats); err != nil {
			return searchspace.Measurement{Arch: a}, err
		}
	case j.o.Statistics == OfBatch:
		stats, step = j.net.ownStats(p), nn.Recalibrating()
	}
	m, err := j.net.measure(ctx, p, j.data, stats, step)
	m.Recalibrated = j.calibration != nil
	return m, err
}
