package supernet

import (
	"context"
	"fmt"
	"math"

	"github.com/tendril-nas/tendril/internal/nn"
	"github.com/tendril-nas/tendril/internal/tensor"
	"github.com/tendril-nas/tendril/searchspace"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// forward runs a batch of images through a program without gradients.
func (r *runner) forward(p *program, b *dataset.Batch, step nn.Step, how pass) (err error) {
	defer tensor.Recover(&err)
	r.tape.Begin(step)
	p.run(r, r.tape.Input(inputShape(b.N, b.Size), b.X), how)
	return nil
}

// logits downloads the logits of the last forward pass, one row per image. They are valid until the
// next call.
func (r *runner) logits(p *program, images, classes int) (rows []float32, err error) {
	defer tensor.Recover(&err)
	if cap(r.rows) < images*classes {
		r.rows = make([]float32, images*classes)
	}
	return r.tape.Read(r.slots[p.logits], r.rows[:images*classes]), nil
}

// answers hands the logits of images to f, batch after batch: one row per image, of the classes
// that are asked about, valid during the call. Labels are classes of the network, −1 for those that
// it does not know. Statistics are nil for the shared ones.
func (n *network) answers(ctx context.Context, p *program, im *images, stats []*nn.Stats, step nn.Step,
	f func(rows []float32, labels []int) error) error {
	classes := p.graph.Classes
	return im.labelled(ctx, n.classes, func(b *dataset.Batch) error {
		if err := n.runner.forward(p, b, step, pass{stats: stats}); err != nil {
			return err
		}
		rows, err := n.runner.logits(p, b.N, classes)
		if err != nil {
			return err
		}
		return f(im.classes.take(rows, classes), b.Labels)
	})
}

// measure judges a program on images. Those of classes that the network does not know count as
// wrong and have no part in the loss; they are an error where only some classes are asked about.
// Images whose logits are not finite are wrong too, with a loss of lossCeiling. The measurement
// covers the batches before an error.
func (n *network) measure(ctx context.Context, p *program, im *images, stats []*nn.Stats, step nn.Step) (
	searchspace.Measurement, error) {
	m := searchspace.Measurement{Arch: p.arch, Text: n.space.Format(p.arch), Stage: int(n.stage.Load()),
		WeightVersion: n.version.Load()}
	sum := 0.0
	err := n.answers(ctx, p, im, stats, step, func(rows []float32, labels []int) error {
		k := len(rows) / len(labels)
		for i, label := range labels {
			row := rows[i*k : (i+1)*k]
			column := im.classes.columnOf(label, k)
			switch {
			case column < 0 && im.classes != nil:
				return fmt.Errorf("%w: image of %s, expected one of the classes %v", ErrData, className(label),
					im.classes.list)
			case column < 0:
				m.Unknown++
				continue
			}
			sum += crossEntropy(row, column)
			if argmax(row) == column {
				m.Correct++
			}
		}
		m.Samples += len(labels)
		return nil
	})
	if m.Samples > 0 {
		m.Accuracy = float64(m.Correct) / float64(m.Samples)
	}
	if known := m.Samples - m.Unknown; known > 0 {
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

// lossCeiling bounds the loss of one image, in nats. A channel that hardly varies in the
// calibration images is divided by almost nothing, and in a deep sub-network that may grow beyond
// float32: such a sub-network is bad, not a reason to stop a search.
const lossCeiling = 1e6

// crossEntropy is −log softmax(row)[label], at most lossCeiling.
func crossEntropy(row []float32, label int) float64 {
	top, sum := expSum(row)
	if loss := top + math.Log(sum) - float64(row[label]); loss < lossCeiling {
		return loss
	}
	return lossCeiling
}

// softmax turns logits into probabilities, in place. Logits of which one is not finite are an
// error.
func softmax(row []float32) error {
	top, sum := expSum(row)
	if math.IsNaN(sum) {
		return ErrNotFinite
	}
	for i, v := range row {
		row[i] = float32(math.Exp(float64(v)-top) / sum)
	}
	return nil
}

// expSum is the largest logit of a row and the sum of exp(logit − largest), which cannot overflow.
func expSum(row []float32) (top, sum float64) {
	top = math.Inf(-1)
	for _, v := range row {
		top = math.Max(top, float64(v))
	}
	for _, v := range row {
		sum += math.Exp(float64(v) - top)
	}
	return top, sum
}

// evaluating is a pass with running statistics, without gradients or dropout.
var evaluating = nn.Step{}

// answering is evaluating where single images come, so that preparing weights counts.
var answering = nn.Step{Constant: true}
