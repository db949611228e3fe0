package supernet

import (
	"context"
	"math"

	"github.com/tendril-nas/tendril/internal/nn"
	"github.com/tendril-nas/tendril/internal/tensor"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// gather makes stats the cumulative average, weighted by images, of the batch statistics of a program over a data set. Nothing but
// stats changes.
func (n *network) gather(ctx context.Context, p *program, im *images, stats []*nn.Stats) error {
	r := n.runner
	for _, s := range stats {
		s.Reset(r.tape.Stream())
	}
	return im.each(ctx, func(b *dataset.Batch) error {
		return r.forward(p, b, nn.Recalibrating(), pass{stats: stats, limit: p.gauge})
	})
}

// forward runs a batch of images through a program without gradients.
func (r *runner) forward(p *program, b *dataset.Batch, step nn.Step, how pass) (err error) {
	defer tensor.Recover(&err)
	r.tape.Begin(step)
	p.run(r, r.tape.Input(inputShape(b.N, b.Size), b.X), how)
	return nil
}

// logits downloads the logits of the last forward pass, one row per image. They are valid until the next call.
func (r *runner) logits(p *program, images, classes int) (rows []float32, err error) {
	defer tensor.Recover(&err)
	if cap(r.rows) < images*classes {
		r.rows = make([]float32, images*classes)
	}
	return r.tape.Read(r.slots[p.logits], r.rows[:images*classes]), nil
}

// measure judges a program on a data set with the given statistics, nil for the shared ones. Labels that the network does not
// know count as wrong and have no part in the loss. Images whose logits are not finite are wrong too, with a loss of
// lossCeiling. The measurement covers the images before an error.
func (n *network) measure(ctx context.Context, p *program, im *images, stats []*nn.Stats, step nn.Step) (searchspace.Measurement, error) {
	m := searchspace.Measurement{Arch: p.arch, Text: n.space.Format(p.arch), Stage: int(n.stage.Load()), WeightVersion: n.version.Load()}
	classes := p.graph.Classes
	known, sum := 0, 0.0
	err := im.each(ctx, func(b *dataset.Batch) error {
		if err := n.runner.forward(p, b, step, pass{stats: stats}); err != nil {
			return err
		}
		rows, err := n.runner.logits(p, b.N, classes)
		if err != nil {
			return err
		}
		for i, label := range b.Labels {
			row := rows[i*classes : (i+1)*classes]
			if argmax(row) == label {
				m.Correct++
			}
			if label < classes {
				known++
				sum += crossEntropy(row, label)
			}
		}
		m.Samples += b.N
		return nil
	})
	if m.Samples > 0 {
		m.Accuracy = float64(m.Correct) / float64(m.Samples)
	}
	if known > 0 {
		m.Loss = sum / float64(known)
	}
	return m, err
}

// argmax is the first index of the largest number, −1 if not all are finite.
func argmax(row []float32) int {
	best := 0
	for i, v := range row {
		if v-v != 0 {
			return -1
		}
		if v > row[best] {
			best = i
		}
	}
	return best
}

// lossCeiling bounds the loss of one image, in nats. A channel that hardly varies in the calibration images is divided by
// almost nothing, and in a deep sub-network that may grow beyond float32: such a sub-network is bad, not a reason to stop a
// search.
const lossCeiling = 1e6

// crossEntropy is −log softmax(row)[label], at most lossCeiling.
func crossEntropy(row []float32, label int) float64 {
	top := math.Inf(-1)
	for _, v := range row {
		top = math.Max(top, float64(v))
	}
	sum := 0.0
	for _, v := range row {
		sum += math.Exp(float64(v) - top)
	}
	if loss := top + math.Log(sum) - float64(row[label]); loss < lossCeiling {
		return loss
	}
	return lossCeiling
}

// softmax turns logits into probabilities.
func softmax(row []float32) {
	top := math.Inf(-1)
	for _, v := range row {
		top = math.Max(top, float64(v))
	}
	sum := 0.0
	for _, v := range row {
		sum += math.Exp(float64(v) - top)
	}
	for i, v := range row {
		row[i] = float32(math.Exp(float64(v)-top) / sum)
	}
}

// evaluating is a pass with running statistics, without gradients or dropout.
var evaluating = nn.Step{}
