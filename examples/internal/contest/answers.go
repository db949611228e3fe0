// Package contest compares trained networks on images that none of them was trained on: whether one
// is more often right than another, and which architecture of two wins.
package contest

import (
	"context"
	"fmt"
	"math"
	"math/bits"

	"gorgonia.org/tensor"

	"github.com/tendril-nas/tendril/adjuster"
	"github.com/tendril-nas/tendril/supernet"
	"github.com/tendril-nas/tendril/supernet/dataset"
)

// Answers says of each image of a set, one bit each, whether a network is right about it.
type Answers struct {
	Images int    `json:"images"`
	Right  []byte `json:"right"`
}

// Tally counts the right ones.
func (a Answers) Tally() adjuster.Tally {
	t := adjuster.Tally{Total: a.Images}
	for _, b := range a.Right {
		t.Correct += bits.OnesCount8(b)
	}
	return t
}

// Accuracy is the share of right ones.
func (a Answers) Accuracy() float64 { return a.Tally().Accuracy() }

// Difference is by how much a is more often right than b on the same images, a fraction, and the
// standard error of that: images that both get right or wrong tell nothing.
func (a Answers) Difference(b Answers) (mean, standardError float64) {
	var more, less float64
	for i := range min(len(a.Right), len(b.Right)) {
		more += float64(bits.OnesCount8(a.Right[i] &^ b.Right[i]))
		less += float64(bits.OnesCount8(b.Right[i] &^ a.Right[i]))
	}
	n := float64(a.Images)
	mean = (more - less) / n
	return mean, math.Sqrt((more+less-n*mean*mean)/n) / math.Sqrt(n)
}

// Verdict is what a network says about an image.
type Verdict struct {
	True        int     `json:"true"` // class, by its number in the network
	Answer      int     `json:"answer"`
	Probability float32 `json:"probability"` // of the true class
	Confidence  float32 `json:"confidence"`  // probability of the answer
}

// Right says whether the answer is the true class.
func (v Verdict) Right() bool { return v.True == v.Answer }

// Loss is −log of the probability of the true class, finite.
func (v Verdict) Loss() float64 {
	return -math.Log(max(float64(v.Probability), math.SmallestNonzeroFloat32))
}

// Verdicts asks a model about all images of a set, in their order.
func Verdicts(ctx context.Context, m *supernet.Model, ds dataset.Dataset, f func(Verdict)) error {
	err := m.Predict(ctx, ds, nil, func(probs *tensor.Dense, labels []int) error {
		p := probs.Data().([]float32)
		k := len(p) / len(labels)
		for i, label := range labels {
			row := p[i*k : (i+1)*k]
			v := Verdict{True: label}
			for c := range row {
				if row[c] > row[v.Answer] {
					v.Answer = c
				}
			}
			if v.Confidence = row[v.Answer]; label >= 0 && label < k {
				v.Probability = row[label]
			}
			f(v)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("evaluate: %w", err)
	}
	return nil
}

// Of are the answers of a model on a set.
func Of(ctx context.Context, m *supernet.Model, ds dataset.Dataset) (Answers, error) {
	a := Answers{Right: make([]byte, (ds.Len()+7)/8)}
	err := Verdicts(ctx, m, ds, func(v Verdict) {
		if v.Right() {
			a.Right[a.Images/8] |= 1 << (a.Images % 8)
		}
		a.Images++
	})
	return a, err
}
