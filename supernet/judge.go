package supernet

import (
	"context"
	"fmt"
	"sync"

	"gorgonia.org/tensor"

	"github.com/tendril-nas/tendril/internal/nn"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// Judge is a supernet with data to judge sub-networks on. While the weights stay as they are it
// remembers what it measured, and the batch-norm statistics of the last sub-networks, so that
// judging one on further images costs these images only. It is safe for concurrent use.
type Judge struct {
	net         *Net
	data        *images
	calibration *images // nil: no recalibration
	gathered    *gathered
	o           EvalOptions

	mu      sync.Mutex
	version uint64
	memo    map[judged]searchspace.Measurement
}

// judged is a sub-network and a range of images.
type judged struct {
	arch     searchspace.Arch
	from, to int
}

// On binds data, so that sub-networks can be judged on them. The default gathers batch-norm
// statistics for every sub-network before it is judged, and needs o.Calibration for it. Classes are
// matched by name, with the names that the supernet has when it judges.
func (n *Net) On(val dataset.Dataset, o *EvalOptions) (*Judge, error) {
	j, err := n.on(val, o)
	if err != nil {
		return nil, fmt.Errorf("supernet: %w", err)
	}
	n.announce(val)
	return j, nil
}

func (n *Net) on(val dataset.Dataset, o *EvalOptions) (*Judge, error) {
	data, err := n.images(val, o)
	if err != nil {
		return nil, err
	}
	if o == nil {
		o = &EvalOptions{}
	}
	calibration, err := n.calibration(o)
	if err != nil {
		return nil, err
	}
	return newJudge(n, data, calibration, &gathered{}, *o), nil
}

func newJudge(n *Net, data, calibration *images, g *gathered, o EvalOptions) *Judge {
	return &Judge{net: n, data: data, calibration: calibration, gathered: g, o: o,
		memo: make(map[judged]searchspace.Measurement)}
}

// Len returns the number of images to judge on.
func (j *Judge) Len() int { return len(j.data.index) }

// Evaluate judges a sub-network with the inherited weights, which stay as they are. Images of
// classes that the network does not know count as wrong, in Measurement.Unknown too, and have no
// part in the loss; the loss of one image is bounded by 1e6 nats, which logits that overflow get
// too. When the context ends it returns what the images before say.
func (j *Judge) Evaluate(ctx context.Context, a searchspace.Arch) (searchspace.Measurement, error) {
	return j.recall(ctx, judged{a, 0, j.Len()})
}

// EvaluateRange judges a sub-network as Evaluate does on the images from to to−1 of the data.
// Ranges that make up the data add up to what Evaluate says, up to rounding. Measurements of
// several sub-networks on the same ranges give paired differences, and those their standard error.
func (j *Judge) EvaluateRange(ctx context.Context, a searchspace.Arch, from, to int) (
	searchspace.Measurement, error) {
	if from < 0 || from >= to || to > j.Len() {
		err := fmt.Errorf("supernet: evaluate: %w: images %d to below %d, expected some of %d", ErrData, from,
			to, j.Len())
		return searchspace.Measurement{Arch: a}, err
	}
	return j.recall(ctx, judged{a, from, to})
}

// EvaluateBatch judges a sub-network as Evaluate does on one batch of EvalOptions.BatchImages
// images. The number of the batch, from 0, decides the images: batches follow each other through an
// order of the data drawn with EvalOptions.Seed, and when no whole batch is left, through the next.
// It is not remembered.
func (j *Judge) EvaluateBatch(ctx context.Context, a searchspace.Arch,
	batch int) (searchspace.Measurement, error) {
	if batch < 0 {
		return searchspace.Measurement{Arch: a}, fmt.Errorf(
			"supernet: evaluate: batch %d, expected 0 or more", batch)
	}
	if err := j.net.acquire(ctx); err != nil {
		return searchspace.Measurement{Arch: a}, fmt.Errorf("supernet: evaluate: %w", err)
	}
	defer j.net.release()
	index := freshBatch(j.Len(), orInt(j.o.BatchImages, defaultBatchImages), j.o.Seed, batch)
	m, err := j.measure(ctx, a, j.data.part(index))
	if err != nil {
		return m, fmt.Errorf("supernet: evaluate: %w", err)
	}
	return m, nil
}

// Predict hands the probabilities of all images under a sub-network to f, in order: float32 [n,
// classes], with their classes, numbers of the supernet, −1 for one that it does not know. With
// EvalOptions.Classes there is one column for each of these classes, and they share the
// probability. Both are used again after f returns. An error of f ends it, and so do logits that
// are not finite, with ErrNotFinite.
func (j *Judge) Predict(ctx context.Context, a searchspace.Arch,
	f func(probs *tensor.Dense, labels []int) error) error {
	if err := j.net.acquire(ctx); err != nil {
		return fmt.Errorf("supernet: predict: %w", err)
	}
	defer j.net.release()
	p, stats, step, err := j.prepare(ctx, a)
	if err == nil {
		err = j.net.predict(ctx, p, j.data, stats, step, f)
	}
	if err != nil {
		return fmt.Errorf("supernet: predict: %w", err)
	}
	return nil
}

// Extract returns a sub-network as a standalone model, with statistics gathered as Evaluate gathers
// them: the model's own evaluation of the same data agrees with Evaluate. A Judge of some classes
// (EvalOptions.Classes, Among) gives a model for these alone, in their order; where the supernet
// does not know names, they are called by their numbers in it, and data without names count the
// model's classes from 0.
func (j *Judge) Extract(ctx context.Context, a searchspace.Arch) (*Model, error) {
	m, err := j.net.extract(ctx, a, j.calibration)
	if err == nil && j.o.Classes != nil {
		m, err = m.only(ctx, j.o.Classes)
	}
	if err != nil {
		return nil, fmt.Errorf("supernet: extract: %w", err)
	}
	return m, nil
}

// recall measures what was not measured with the present weights.
func (j *Judge) recall(ctx context.Context, q judged) (searchspace.Measurement, error) {
	if m, ok := j.remembered(q); ok {
		return m, ctx.Err()
	}
	if err := j.net.acquire(ctx); err != nil {
		return searchspace.Measurement{Arch: q.arch}, fmt.Errorf("supernet: evaluate: %w", err)
	}
	defer j.net.release()
	if m, ok := j.remembered(q); ok {
		return m, nil
	}
	m, err := j.measure(ctx, q.arch, j.data.part(interval(q.from, q.to)))
	if err != nil {
		return m, fmt.Errorf("supernet: evaluate: %w", err)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.version != m.WeightVersion {
		clear(j.memo)
		j.version = m.WeightVersion
	}
	j.memo[q] = m
	return m, nil
}

// remembered returns the measurement of the present weights, if there is one.
func (j *Judge) remembered(q judged) (searchspace.Measurement, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	m, ok := j.memo[q]
	m.Stage = j.net.Stage()
	return m, ok && j.version == j.net.WeightVersion()
}

// evaluate judges a sub-network on all images. The caller has the turn.
func (j *Judge) evaluate(ctx context.Context, a searchspace.Arch) (searchspace.Measurement, error) {
	return j.measure(ctx, a, j.data)
}

// measure judges a sub-network on some images. The caller has the turn.
func (j *Judge) measure(ctx context.Context, a searchspace.Arch,
	im *images) (searchspace.Measurement, error) {
	p, stats, step, err := j.prepare(ctx, a)
	if err != nil {
		return searchspace.Measurement{Arch: a}, err
	}
	m, err := j.net.measure(ctx, p, im, stats, step)
	m.Recalibrated = j.calibration != nil
	return m, err
}

// prepare lowers a sub-network and readies the statistics that it is judged with, nil for the
// shared ones. The caller has the turn.
func (j *Judge) prepare(ctx context.Context, a searchspace.Arch) (
	p *program, stats []*nn.Stats, step nn.Step, err error) {
	if p, err = j.net.program(a); err != nil {
		return nil, nil, evaluating, err
	}
	switch {
	case j.calibration != nil:
		stats, err = j.gathered.of(ctx, j.net.network, p, j.calibration)
		return p, stats, evaluating, err
	case j.o.Statistics == OfBatch:
		return p, j.net.ownStats(p), nn.Recalibrating(), nil
	}
	return p, nil, evaluating, nil
}
