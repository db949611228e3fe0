package growth

import (
	"context"
	"fmt"
	"math"
	"math/bits"

	"gorgonia.org/tensor"

	"github.com/tendril-nas/tendril/adjuster"
	"github.com/tendril-nas/tendril/examples/internal/run"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// answers says of each image of a set, one bit each, whether a network is right about it.
type answers struct {
	Images int    `json:"images"`
	Right  []byte `json:"right"`
}

func (a answers) tally() adjuster.Tally {
	t := adjuster.Tally{Total: a.Images}
	for _, b := range a.Right {
		t.Correct += bits.OnesCount8(b)
	}
	return t
}

func (a answers) accuracy() float64 { return a.tally().Accuracy() }

// difference is by how much a is more often right than b on the same images, a fraction, and the
// standard error of that: images that both get right or wrong tell nothing.
func (a answers) difference(b answers) (mean, standardError float64) {
	var more, less float64
	for i := range min(len(a.Right), len(b.Right)) {
		more += float64(bits.OnesCount8(a.Right[i] &^ b.Right[i]))
		less += float64(bits.OnesCount8(b.Right[i] &^ a.Right[i]))
	}
	n := float64(a.Images)
	mean = (more - less) / n
	return mean, math.Sqrt((more+less-n*mean*mean)/n) / math.Sqrt(n)
}

// verdicts asks a model about all images of a set. f gets, image by image, whether the answer is
// right and its loss, −log of the probability of the true class.
func verdicts(ctx context.Context, m *supernet.Model, ds dataset.Dataset, f func(right bool, loss float64)) error {
	err := m.Predict(ctx, ds, nil, func(probs *tensor.Dense, labels []int) error {
		p := probs.Data().([]float32)
		k := len(p) / len(labels)
		for i, label := range labels {
			row := p[i*k : (i+1)*k]
			best := 0
			for c := range row {
				if row[c] > row[best] {
					best = c
				}
			}
			probability := float32(0)
			if label >= 0 && label < k {
				probability = row[label]
			}
			f(best == label, -math.Log(max(float64(probability), math.SmallestNonzeroFloat32)))
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("evaluate: %w", err)
	}
	return nil
}

// answersOf are those of a model on a set.
func answersOf(ctx context.Context, m *supernet.Model, ds dataset.Dataset) (answers, error) {
	a := answers{Right: make([]byte, (ds.Len()+7)/8)}
	err := verdicts(ctx, m, ds, func(right bool, _ float64) {
		if right {
			a.Right[a.Images/8] |= 1 << (a.Images % 8)
		}
		a.Images++
	})
	return a, err
}

// tested are the answers of the model that serves after the snapshot under way to its test images.
func (e *engine) tested(ctx context.Context) (answers, error) {
	return run.Once(e.job, e.phase(kindTest), func() (answers, error) {
		s, err := e.service(e.t + 1)
		if err != nil {
			return answers{}, err
		}
		test, err := e.scenario.Test(e.t)
		if err != nil {
			return answers{}, err
		}
		return answersOf(ctx, s.model, test)
	})
}
